//! The program `wheelhouse`, which also answers to the name `pypi-server`: settings, commands, and
//! the wiring of the rooms behind them.

mod command_line;
mod commands;
mod config;
mod environment;
mod exit;
pub mod logging;
mod options;
mod program;
pub mod serve;
pub mod settings;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program: what it does depends on its command line, its own name included.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    program::start(&words, &environment::Environment::of_process())
}
