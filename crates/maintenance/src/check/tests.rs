//! What is found in an index over objects. Folders, and databases that were changed by hand, are
//! tested with the whole program.

use std::time::Duration;

use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::ports::{Catalog as _, FileStore as _, Repair, SealedRecords as _};
use wheelhouse_index::verify::Depth;

use super::Kind;
use crate::samples::Sample;

const HOUR: Duration = Duration::from_hours(1);

async fn found(sample: &Sample, repair: Repair) -> Vec<String> {
    sample.check(Depth::Bytes, repair, Duration::ZERO).await.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_found_where_nothing_is_wrong() {
    let sample = Sample::new();
    for version in ["1.0", "1.1", "2.0"] {
        sample.upload("demo", version).await;
    }
    for depth in [Depth::Presence, Depth::Bytes] {
        let (lines, summary) = sample.check(depth, Repair::Proven, Duration::ZERO).await;
        assert_eq!(lines, Vec::<String>::new());
        assert_eq!((summary.files, summary.left, summary.mended), (3, 0, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_record_is_written_again_and_says_the_same() {
    let sample = Sample::new();
    let path = sample.upload("demo", "1.0").await;
    let name = only_record(&sample).await;
    let before = sample.sealed().unseal(&name).await.expect("a record");
    sample.files.remove_record(&name).await.expect("removed");
    assert_eq!(
        found(&sample, Repair::Nothing).await,
        [format!("record-missing {path} mendable")]
    );
    assert_eq!(
        found(&sample, Repair::Proven).await,
        [format!("record-missing {path} mended")]
    );
    assert_eq!(found(&sample, Repair::Nothing).await, Vec::<String>::new());
    let again = only_record(&sample).await;
    let after = sample.sealed().unseal(&again).await.expect("a record");
    assert_eq!(after, before);
}

async fn only_record(sample: &Sample) -> wheelhouse_index::ports::RecordName {
    let mut records = Vec::new();
    for first in 0..=u8::MAX {
        let shard = sample.files.shard(first).await.expect("listed");
        records.extend(shard.records);
    }
    let [record] = <[_; 1]>::try_from(records).expect("one record");
    record
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_upload_has_placed_is_nothing_wrong_before_its_time() {
    let sample = Sample::new();
    sample.upload("demo", "1.0").await;
    sample.place("late-1.0.zip", b"abc", Timestamp(7)).await;
    let (lines, _) = sample.check(Depth::Bytes, Repair::Nothing, HOUR).await;
    assert_eq!(lines, Vec::<String>::new());
    // An hour later nobody is uploading it any more.
    assert_eq!(
        found(&sample, Repair::Proven).await,
        ["record-not-listed late-1.0.zip left"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_that_nothing_needs_is_a_notice() {
    let sample = Sample::new();
    sample.place("late-1.0.zip", b"abc", Timestamp(7)).await;
    let name = only_record(&sample).await;
    sample.files.remove_record(&name).await.expect("removed");
    let (lines, summary) = sample
        .check(Depth::Presence, Repair::Proven, Duration::ZERO)
        .await;
    assert_eq!(
        lines,
        [format!("content-not-needed {} notice", name.sha256)]
    );
    assert_eq!((summary.left, summary.notices), (0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_that_is_gone_is_named_and_its_record_too() {
    let sample = Sample::new();
    let path = sample.upload("demo", "1.0").await;
    let record = sample.catalog.file(sample.index.name(), &path).await;
    let record = record.expect("read").expect("listed");
    let name = only_record(&sample).await;
    sample.files.remove_record(&name).await.expect("removed");
    // Two sweeps that do not ask the catalog: aside, and away.
    for _ in 0..2 {
        sample.files.sweep(&Nobody).await.expect("swept");
    }
    assert_eq!(
        found(&sample, Repair::Proven).await,
        [
            format!("{} {path} left", Kind::ContentDamaged.name()),
            format!("{} {path} left", Kind::RecordMissing.name()),
        ]
    );
    assert_eq!(record.path, path);
}

/// A catalog that lists nothing.
#[derive(Debug)]
struct Nobody;

#[async_trait::async_trait]
impl wheelhouse_index::ports::ListedContents for Nobody {
    async fn listed_among(
        &self,
        _contents: &std::collections::HashSet<wheelhouse_standards::digest::Sha256Digest>,
    ) -> Result<
        std::collections::HashSet<wheelhouse_standards::digest::Sha256Digest>,
        wheelhouse_index::ports::StoreError,
    > {
        Ok(std::collections::HashSet::new())
    }
}
