//! `fmt`: the one tidy layout.

use super::args::FmtArgs;
use super::exit::{Exit, Result};
use super::output::Output;

pub fn run(_args: &FmtArgs, out: &Output) -> Result<Exit> {
    out.say("not there yet");
    Ok(Exit::CouldNotRun)
}
