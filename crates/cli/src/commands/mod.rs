//! The sub-commands, a file for each.

pub(crate) mod backup;
pub(crate) mod config;
pub(crate) mod container;
pub(crate) mod health;
pub(crate) mod migrate;
pub(crate) mod move_to;
pub(crate) mod restore;
pub(crate) mod run;
pub(crate) mod update;
