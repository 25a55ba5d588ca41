//! The catalog as the source of a copy, as its target, and held still meanwhile.

mod hold;
mod rows;
mod source;
mod target;
