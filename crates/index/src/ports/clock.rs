//! The port for the time of day.

use std::fmt;

use time::OffsetDateTime;

use crate::identity::Timestamp;

/// Tells the time of day. Order never comes from it: that is what serials are for.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Returns the present moment.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        OffsetDateTime::now_utc().into()
    }
}
