//! Comparing everything that is known of an index with everything that is there: the catalog with
//! itself, each record with its file, the marks with those beside the files, and contents with their
//! sealed records.
//!
//! It goes on beside servers that work. What one of them is in the middle of looks wrong for a moment:
//! so whatever looks wrong is looked at a second time, a while later, and what is young may still be
//! under way.

mod contents;
mod files;
mod finding;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use wheelhouse_index::Index;
use wheelhouse_index::ports::{Catalog, CatalogUpkeep, FileStore, Repair, StoreError, Truth};
use wheelhouse_index::verify::{Depth, Mended};

pub(crate) use finding::Report;
pub use finding::{Finding, Kind, Outcome, Summary, Told};

/// An index that is to be checked, and how.
#[derive(Debug, Clone)]
pub struct Check {
    /// The index.
    pub index: Arc<Index>,
    /// Its catalog.
    pub catalog: Arc<dyn Catalog>,
    /// The same, as somebody sees it who looks after it.
    pub upkeep: Option<Arc<dyn CatalogUpkeep>>,
    /// Its files.
    pub files: Arc<dyn FileStore>,
    /// How closely files are looked at.
    pub depth: Depth,
    /// Whether what can be proven is mended.
    pub repair: Repair,
    /// How long servers have to end what they are in the middle of, before something that looks wrong
    /// is looked at again. Nothing, if there are none.
    pub settle: Duration,
    /// How young something may be that nobody lists yet, because an upload of it is under way.
    pub grace: Duration,
}

impl Check {
    /// Checks everything, and tells what is found as it is found.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be done to its end; what was found was told.
    pub async fn run(&self, tell: &mut (dyn FnMut(Told) + Send)) -> Result<Summary, StoreError> {
        let mut report = Report::new(tell);
        self.look_over(&mut report).await?;
        self.marks(&mut report).await?;
        self.all_files(&mut report).await?;
        if self.files.truth() == Truth::Catalog {
            self.all_contents(&mut report).await?;
        }
        let unread = self.catalog.counts(self.index.name()).await?.unread;
        if unread > 0 {
            report.found(Finding {
                kind: Kind::NotRead,
                about: String::new(),
                sentence: format!(
                    "{unread} files were not read yet, so nobody knows their digests and metadata; a server reads them in the background"
                ),
                outcome: Outcome::Notice,
            });
        }
        Ok(report.summary)
    }

    async fn look_over(&self, report: &mut Report<'_>) -> Result<(), StoreError> {
        let Some(upkeep) = &self.upkeep else {
            return Ok(());
        };
        report.progress("looking the catalog over", 0, 1);
        let flaws = match upkeep.look_over(self.index.name(), self.repair).await {
            Ok(flaws) => flaws,
            Err(error) if error.is_away => return Err(error),
            Err(error) => {
                report.found(Finding {
                    kind: Kind::CatalogDamaged,
                    about: String::new(),
                    sentence: format!("the catalog cannot be looked over: {error}"),
                    outcome: Outcome::Left(DAMAGED.to_owned()),
                });
                return Ok(());
            }
        };
        for flaw in flaws {
            let kind = Kind::from(flaw.kind);
            report.found(Finding {
                kind,
                about: flaw.about.unwrap_or_default(),
                sentence: flaw.sentence,
                outcome: match kind {
                    Kind::CatalogDamaged => Outcome::Left(DAMAGED.to_owned()),
                    _ if flaw.is_mended => Outcome::Mended("wrote what there is".to_owned()),
                    _ => Outcome::Mendable,
                },
            });
        }
        Ok(())
    }

    async fn marks(&self, report: &mut Report<'_>) -> Result<(), StoreError> {
        if self.index.compare_marks().await?.is_none() {
            return Ok(());
        }
        tokio::time::sleep(self.settle).await;
        let Some(differ) = self.index.compare_marks().await? else {
            return Ok(());
        };
        let outcome = match self.repair {
            Repair::Nothing => Outcome::Mendable,
            Repair::Proven => outcome(self.index.mend_marks().await?),
        };
        report.found(Finding {
            kind: Kind::MarksDiffer,
            about: String::new(),
            sentence: differ.to_string(),
            outcome,
        });
        Ok(())
    }
}

/// What can be done about a database that is damaged.
const DAMAGED: &str =
    "restore the catalog from a backup, or make it again with `wheelhouse recover`";

fn outcome(mended: Mended) -> Outcome {
    match mended {
        Mended::Yes(how) => Outcome::Mended(how.to_owned()),
        Mended::No(why) => Outcome::Left(why),
    }
}
