//! The front door: one file a command, joined here with files, the clock and the screen.
//!
//! Results go to stdout, messages to stderr. Exit codes: 0 fine; 1 findings, a failed `verify` or `max-moves`; 2 could
//! not run (design section 7).

mod apply;
mod args;
mod asides;
mod check;
mod check_fix;
mod check_missing;
mod ci;
mod contest_notes;
mod decide;
mod diff;
mod evaluate;
mod exit;
mod explain;
mod explanation;
mod fmt;
mod formats;
mod history;
pub mod ics;
mod init;
mod junit;
mod output;
mod past_run;
mod people_text;
mod pin;
mod pin_notes;
mod pins;
mod plan;
mod plan_file;
mod recall;
mod record;
mod session;
mod shell;
mod sought;
mod teams;
mod test;
mod test_coverage;
mod test_generate;
mod test_mutate;
mod touches;
mod upcoming;
mod verify;
mod what_if;
mod why_not;

pub use args::Cli;

use args::Command;
use clap::Parser;
use exit::Exit;
use std::process::ExitCode;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results; anything else is a usage error.
            let code = if error.use_stderr() { Exit::CouldNotRun } else { Exit::Fine };
            let _ = error.print();
            return code.into();
        }
    };
    let exit = run(&cli);
    exit.into()
}

fn run(cli: &Cli) -> Exit {
    let out = output::Output::new(&cli.global);
    if let Err(failure) = formats::refuse_others(&cli.command, cli.global.format) {
        return out.failure(&failure);
    }
    let result = match &cli.command {
        Command::Init(args) => init::run(args, &out),
        Command::Check(args) => check::run(args, &out),
        Command::Fmt(args) => fmt::run(args, &out),
        Command::Test(args) => test::run(args, &out),
        Command::Decide(args) => decide::run(args, &cli.global, &out),
        Command::Plan(args) => plan::run(args, &cli.global, &out),
        Command::Diff(args) => diff::run(args, &cli.global, &out),
        Command::Apply(args) => apply::run(args, &cli.global, &out),
        Command::Explain(args) => explain::run(args, &cli.global, &out),
        Command::History(args) => history::run(args, &cli.global, &out),
        Command::Pin(args) => pin::pin(args, &out),
        Command::Unpin(args) => pin::unpin(args, &out),
        Command::Pins(args) => pins::run(args, &cli.global, &out),
        Command::Upcoming(args) => upcoming::run(args, &cli.global, &out),
        Command::Verify(args) => verify::run(args, &cli.global, &out),
        Command::Completions(args) => shell::completions(args),
        Command::Man(args) => shell::man(args),
    };
    match result {
        Ok(exit) => exit,
        Err(failure) => out.failure(&failure),
    }
}
