//! The program under the name of the one that it replaces.

use std::process::ExitCode;

fn main() -> ExitCode {
    wheelhouse::main()
}
