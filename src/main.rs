//! Hands the arguments to the library and returns its exit code; nothing else.

fn main() -> std::process::ExitCode {
    ownward::cli::main()
}
