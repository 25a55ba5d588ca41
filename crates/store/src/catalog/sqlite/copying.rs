//! The catalog as the source of a copy, as its target, and held still meanwhile.

pub(super) mod hold;
mod source;
mod target;
