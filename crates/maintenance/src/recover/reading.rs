//! Reading all files of a catalog that was made again, which proves their digests.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use wheelhouse_index::Index;
use wheelhouse_index::ports::{Catalog, StoreError};
use wheelhouse_index::reading::ReadError;
use wheelhouse_index::record::MetadataSummary;

use crate::check::{Finding, Kind, Outcome, Report, Told};

/// How many records are taken from the catalog at a time.
const PAGE: usize = 1_000;
/// What is being done, for people.
const STEP: &str = "reading files";

/// Reads every file that nobody has read yet, records what they say, and tells what cannot be read or
/// is not what its record says. Returns how many such findings there were.
///
/// # Errors
/// [`StoreError`] if the catalog or the files cannot be reached.
pub async fn read_all(
    index: &Arc<Index>,
    catalog: &dyn Catalog,
    tell: &mut (dyn FnMut(Told) + Send),
) -> Result<u64, StoreError> {
    let mut report = Report::new(tell);
    let total = catalog.counts(index.name()).await?.unread;
    let (mut after, mut done) = (None, 0);
    loop {
        let page = catalog.unread_after(index.name(), after.as_ref(), PAGE);
        let page = page.await?;
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.path.clone());
        let together = index.options().reading_threads.max(1);
        let mut readings = stream::iter(page)
            .map(|record| async move {
                let read = index.read_contents_of(&record).await;
                (record, read)
            })
            .buffer_unordered(together);
        while let Some((record, read)) = readings.next().await {
            done += 1;
            if done % 100 == 0 {
                report.progress(STEP, done, total.max(done));
            }
            let (kind, sentence, advice) = match read {
                Ok(contents) => match &contents.metadata {
                    MetadataSummary::Unreadable(reason) => (
                        Kind::FileUnreadable,
                        format!("it is listed, and its core metadata cannot be read: {reason}"),
                        "look whether it is whole where it was built",
                    ),
                    MetadataSummary::None | MetadataSummary::Read { .. } => continue,
                },
                Err(ReadError::Store(error)) if error.is_away => {
                    return Err(StoreError::new("index", "read a file", error));
                }
                Err(ReadError::Damaged(reason)) => (
                    Kind::ContentAltered,
                    reason,
                    "upload the same file again to mend it",
                ),
                Err(error) => (
                    Kind::FileUnreadable,
                    error.to_string(),
                    "a server tries again at its start",
                ),
            };
            report.found(Finding {
                kind,
                about: record.path.to_string(),
                sentence,
                outcome: Outcome::Left(advice.to_owned()),
            });
        }
    }
    report.progress(STEP, done, total.max(done));
    Ok(report.summary.left)
}
