//! Reading every file again now and then, slowly, to find damage before somebody needs the file.
//!
//! One server does it, one file at a time, spread evenly over the time that a round may take. How far
//! it is stands in a small file, so that a start goes on where the last one ended. What somebody is
//! changing in a folder is passed over: the server follows that by itself.

mod position;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use wheelhouse_index::Index;
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::ports::{Catalog, StoreError};
use wheelhouse_index::record::FileRecord;
use wheelhouse_index::verify::{Depth, FaultKind, Verified};

use position::Position;

/// How many records are taken from the catalog at a time.
const PAGE: usize = 100;
/// How many bytes are read in a second at most, also when a round is late.
const BYTES_PER_SECOND: u64 = 16 * 1024 * 1024;
/// For how long one of several servers has its turn without asking again.
const TURN: Duration = Duration::from_secs(30);
/// The longest sleep, so that what changes meanwhile is heeded.
const NAP: Duration = Duration::from_secs(10);
/// Which part of a round is left over, in percent, for times at which the server does not run.
const SPARE: u64 = 10;

/// What reads every file again.
#[derive(Debug)]
pub struct Scrub {
    /// The index.
    pub index: Arc<Index>,
    /// Its catalog.
    pub catalog: Arc<dyn Catalog>,
    /// How long a round takes.
    pub period: Duration,
    /// The file in which its position stands, if anything can be kept.
    pub place: Option<PathBuf>,
}

impl Scrub {
    /// Reads on and on. Never ends.
    pub async fn run(self) {
        let now = self.index.now();
        let recalled = self.place.as_deref().and_then(Position::recall);
        let mut position = recalled.unwrap_or_else(|| Position::begin(now));
        loop {
            self.index.scrubbed().set_in_round(position.files);
            if !self.index.replica().is_turn("read files again", TURN).await {
                tokio::time::sleep(NAP).await;
                continue;
            }
            if let Err(error) = self.read_on(&mut position).await {
                tracing::warn!("files cannot be read again now, to find damage: {error}");
                tokio::time::sleep(NAP).await;
            }
        }
    }

    /// Reads some files, or waits for the time at which the next one is due.
    async fn read_on(&self, position: &mut Position) -> Result<(), StoreError> {
        let total = self.catalog.counts(self.index.name()).await?.files;
        if total == 0 {
            tokio::time::sleep(NAP).await;
            return Ok(());
        }
        let now = self.index.now();
        let wait = until_due(position, total, self.period, now);
        if !wait.is_zero() {
            tokio::time::sleep(wait.min(NAP)).await;
            return Ok(());
        }
        let after = position.after();
        let page = self
            .catalog
            .files_after(self.index.name(), after.as_ref(), PAGE)
            .await?;
        if page.is_empty() {
            tracing::info!(
                files.count = position.files,
                "all files were read again, to find damage"
            );
            self.index.scrubbed().end_round();
            // A round that was late is not made up for.
            *position = Position::begin(now.max(position.began.after(self.period)));
            self.note(position);
            return Ok(());
        }
        for record in page {
            if !until_due(position, total, self.period, self.index.now()).is_zero() {
                break;
            }
            let bytes = self.look_at(&record).await?;
            position.pass(&record.path);
            self.index.scrubbed().set_in_round(position.files);
            self.note(position);
            let pause = Duration::from_micros(bytes.saturating_mul(1_000_000) / BYTES_PER_SECOND);
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }

    /// Reads a file to its end and says what is wrong with it. Returns how many bytes that were.
    async fn look_at(&self, record: &FileRecord) -> Result<u64, StoreError> {
        let bytes = record.fingerprint.size_bytes();
        let path = &record.path;
        let faults = match self.index.verify(record, Depth::Bytes).await {
            Ok(Verified::Whole) => {
                self.index.forget_damage(path);
                self.index.scrubbed().count(bytes);
                return Ok(bytes);
            }
            Ok(Verified::Changing | Verified::Away(_)) => return Ok(0),
            Ok(Verified::Faulty(faults)) => faults,
            Err(error) if error.is_away => return Err(error),
            Err(error) => {
                self.index.report_damage(path, &error.to_string());
                return Ok(bytes);
            }
        };
        self.index.scrubbed().count(bytes);
        // It may have been deleted or replaced while it was read.
        let now = self.catalog.file(self.index.name(), path).await?;
        if now.is_none_or(|now| now.fingerprint != record.fingerprint) {
            return Ok(bytes);
        }
        for fault in faults {
            match fault.kind {
                FaultKind::Altered | FaultKind::Damaged => {
                    self.index.report_damage(path, &fault.sentence);
                }
                // Whoever follows the folder takes note of it.
                FaultKind::Gone | FaultKind::Changed => {}
                FaultKind::Digest
                | FaultKind::Readable
                | FaultKind::Metadata
                | FaultKind::Provenance => tracing::warn!(
                    file.path = %path,
                    "what is recorded of a file is not what it says: {}; `wheelhouse check --rehash --repair` mends it",
                    fault.sentence
                ),
            }
        }
        Ok(bytes)
    }

    fn note(&self, position: &Position) {
        if let Some(place) = &self.place
            && let Err(error) = position.note(place)
        {
            tracing::debug!("how far files were read again is not kept: {error}");
        }
    }
}

/// Returns how long it is until the next file is due, or until the next round begins.
fn until_due(position: &Position, total: u64, period: Duration, now: Timestamp) -> Duration {
    // The last one is due when all of the time but the spare is over.
    let done = (position.files + 1).min(total);
    let span = period / 100 * u32::try_from(100 - SPARE).unwrap_or(100);
    let share = span.as_secs_f64() / precise(total.max(1)) * precise(done);
    let due = position.began.after(Duration::from_secs_f64(share));
    let micros = u64::try_from(due.0.saturating_sub(now.0)).unwrap_or(0);
    Duration::from_micros(micros)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share of a round, not a count"
)]
fn precise(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn files_are_spread_over_the_round_and_late_ones_are_due_at_once() {
        let mut position = Position::begin(Timestamp(0));
        let after = |days: u32| Timestamp(0).after(DAY * days);
        assert_eq!(until_due(&position, 9, DAY * 10, after(0)), DAY);
        position.pass(&"a-1.zip".parse().expect("a path"));
        assert_eq!(until_due(&position, 9, DAY * 10, after(0)), DAY * 2);
        assert_eq!(until_due(&position, 9, DAY * 10, after(2)), Duration::ZERO);
        assert_eq!(until_due(&position, 9, DAY * 10, after(8)), Duration::ZERO);
        // A round of the future, after one that is over.
        let next = Position::begin(after(10));
        assert_eq!(until_due(&next, 9, DAY * 10, after(9)), DAY * 2);
        assert_eq!(until_due(&next, 0, DAY * 10, after(10)), Duration::ZERO);
    }
}
