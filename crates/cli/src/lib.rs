//! The program `wheelhouse`, which also answers to the name `pypi-server`: settings, commands, and
//! the wiring of the rooms behind them.

mod banner;
mod command_line;
mod commands;
mod config;
mod environment;
mod exit;
mod handover;
pub mod logging;
mod maintainers;
mod options;
mod own_moving;
mod owners;
mod program;
pub mod public_index;
mod serve;
pub mod settings;
mod sign_in;
pub mod update;
mod wiring;

use std::ffi::OsString;
use std::process::ExitCode;

/// Answering takes many small pieces of memory on many threads, at which this allocator is faster
/// than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs the program: what it does depends on its command line, its own name included.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    program::start(&words, &environment::Environment::of_process())
}
