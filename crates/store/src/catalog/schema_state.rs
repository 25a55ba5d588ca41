//! Whether a program and the tables of a catalog fit.

/// What a catalog's tables are, and what this program makes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaState {
    /// The version of the tables; 0 where there are none.
    pub found: u32,
    /// The greatest version that this program knows.
    pub known: u32,
    /// The version that a program must know at least to work with these tables.
    pub compatible: u32,
    /// What this program would do to them, in order.
    pub pending: Vec<Step>,
}

/// One change of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The version that the tables have after it.
    pub version: u32,
    /// What it is about.
    pub name: &'static str,
}

impl SchemaState {
    /// Returns whether this program can work with the tables, now or after the pending steps.
    pub fn fits(&self) -> bool {
        self.compatible <= self.known
    }
}
