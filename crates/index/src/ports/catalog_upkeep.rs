//! The port for what a catalog can find wrong with itself.

use std::fmt;

use async_trait::async_trait;

use super::StoreError;
use crate::identity::IndexName;

/// A catalog that can be looked over: what its database says of itself, and what it counts.
#[async_trait]
pub trait CatalogUpkeep: fmt::Debug + Send + Sync + 'static {
    /// Looks whether the database is whole, whether what is counted is what there is, and whether
    /// serials cannot go down, and returns what is wrong. Reads every row.
    ///
    /// What can be computed is written anew with [`Repair::Proven`], in the transaction that found it.
    async fn look_over(
        &self,
        index: &IndexName,
        repair: Repair,
    ) -> Result<Vec<CatalogFlaw>, StoreError>;
}

/// Whether something may be changed by whoever looks for what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repair {
    /// Nothing.
    Nothing,
    /// What is proven to be wrong, and can be proven to be right then.
    Proven,
}

/// Something that is wrong with a catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogFlaw {
    /// What kind of thing.
    pub kind: FlawKind,
    /// What about: a project, or nothing for the whole.
    pub about: Option<String>,
    /// What is wrong, as a sentence.
    pub sentence: String,
    /// Whether it is right again.
    pub is_mended: bool,
}

/// What kind of thing is wrong with a catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlawKind {
    /// The database is damaged.
    Damage,
    /// Something was counted that is not so.
    Count,
    /// The mark that serials never reach was reached.
    SerialMark,
}
