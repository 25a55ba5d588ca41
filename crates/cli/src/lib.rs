//! The program `wheelhouse`, which also answers to the name `pypi-server`: settings, commands, and
//! the wiring of the rooms behind them.

pub mod serve;
pub mod settings;
