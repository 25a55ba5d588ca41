//! The sub-commands, a file for each.

pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod container;
pub(crate) mod health;
mod maintaining;
pub(crate) mod migrate;
pub(crate) mod move_to;
pub(crate) mod recover;
pub(crate) mod restore;
pub(crate) mod run;
pub(crate) mod update;
