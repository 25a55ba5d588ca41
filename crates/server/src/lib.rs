#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod abuse;
mod access;
pub mod access_log;
mod administrator;
pub mod api;
mod audit_queue;
mod basic;
mod body;
mod chunks;
mod compress;
mod drained;
mod durations;
mod edge;
mod error;
mod external;
mod file_cache;
mod flights;
mod front;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod generations;
mod kept;
mod listen;
mod metrics;
pub mod moving;
mod origin;
mod page_cache;
mod patient_io;
mod readmes;
mod render;
mod request;
mod room;
mod route;
mod routes;
mod server;
mod session;
pub mod settings;
mod state;
pub mod tls;
pub mod welcome;
mod whole_body;
mod xmlrpc;

pub use administrator::AdministratorApi;
pub use file_cache::FileCache;
pub use page_cache::PageCache;
pub use server::{Farewell, Gate, Server, ServerError};
