//! Completions and man pages, made from the same definition as the command line itself.

use super::args::{Cli, CompletionsArgs, ManArgs};
use super::exit::{Exit, Failure, Result};
use clap::CommandFactory;

pub fn completions(args: &CompletionsArgs) -> Result<Exit> {
    let mut command = Cli::command();
    // Into memory first: the generator panics where a pipe is closed.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "ownward", &mut script);
    std::io::Write::write_all(&mut std::io::stdout(), &script)?;
    Ok(Exit::Fine)
}

pub fn man(args: &ManArgs) -> Result<Exit> {
    let failed = |error: std::io::Error| {
        Failure::could_not_run(format!("man pages cannot be written into `{}`: {error}", args.dir.display()))
    };
    std::fs::create_dir_all(&args.dir).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &args.dir).map_err(failed)?;
    Ok(Exit::Fine)
}
