//! Nothing is lost: whole indexes are copied, moved, checked and made again here.
//!
//! This room speaks to the ports of [`wheelhouse_index`], and to `wheelhouse_store` only for the form in which rows
//! are written down. It opens no backend: whoever calls it has opened them.

pub mod backup;
pub mod check;
pub mod contents;
pub mod moving;
pub mod recover;
#[cfg(test)]
mod samples;
pub mod scrub;
