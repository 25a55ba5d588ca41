//! Catalogs that are made from sealed records alone.

use std::sync::Arc;

use wheelhouse_index::identity::{IndexName, Timestamp};
use wheelhouse_index::ports::{
    Catalog as _, FileStore as _, SealedFile, SealedRecords as _, SystemClock,
};
use wheelhouse_index::record::FileRecord;
use wheelhouse_standards::digest::Digester;
use wheelhouse_store::files::objects::Access;

use super::{RecoverError, SealedRecovery, read_all};
use crate::check::Told;
use crate::samples::{Sample, line};

/// Makes a catalog for a sample, and returns what could not be proven.
async fn recovered(sample: &Sample) -> Result<Vec<String>, RecoverError> {
    let recovery = SealedRecovery {
        name: "recover".to_owned(),
        index: IndexName::main(),
        catalog: Arc::clone(&sample.catalog) as _,
        target: Arc::clone(&sample.catalog) as _,
        files: Arc::clone(&sample.files) as _,
        clock: Arc::new(SystemClock),
    };
    let mut lines = Vec::new();
    recovery
        .run(&mut |told| {
            if let Told::Found(finding) = told {
                lines.push(line(&finding));
            }
        })
        .await?;
    Ok(lines)
}

async fn files(sample: &Sample) -> Vec<FileRecord> {
    let files = sample.catalog.files_after(sample.index.name(), None, 1_000);
    files.await.expect("listed")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_catalog_from_records_alone_lists_what_the_lost_one_did() {
    let access = Access::in_memory();
    let lost = Sample::over(access.clone());
    for (name, version) in [("demo", "1.0"), ("demo", "2.0"), ("Other_One", "1.0")] {
        lost.upload(name, version).await;
    }
    let sample = Sample::over(access);
    let serial = sample.catalog.head().await.expect("a head");
    assert_eq!(
        recovered(&sample).await.expect("made"),
        Vec::<String>::new()
    );
    let left = read_all(&sample.index, &*sample.catalog, &mut |_| {}).await;
    assert_eq!(left.expect("read"), 0);
    assert_eq!(files(&sample).await, files(&lost).await);
    let projects = |sample: &Sample| {
        let catalog = Arc::clone(&sample.catalog);
        async move {
            let listed = catalog.projects(&IndexName::main()).await.expect("listed");
            let named = listed.projects.into_iter();
            named
                .map(|it| (it.key, it.display_name))
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(projects(&sample).await, projects(&lost).await);
    let counts = sample
        .catalog
        .counts(sample.index.name())
        .await
        .expect("counted");
    assert_eq!((counts.projects, counts.files, counts.unread), (2, 3, 0));
    assert!(sample.catalog.head().await.expect("a head") > serial);
    let events = sample
        .catalog
        .events_after(serial, 1_000)
        .await
        .expect("events");
    assert_eq!(events.len(), 3, "one of each file");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_catalog_that_is_there_is_left_alone() {
    let sample = Sample::new();
    sample.upload("demo", "1.0").await;
    let before = files(&sample).await;
    let error = recovered(&sample).await.expect_err("there is one");
    assert!(matches!(error, RecoverError::NotEmpty(_)), "{error}");
    assert_eq!(files(&sample).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_records_of_a_path_the_later_upload_counts() {
    // Their digests begin with different bytes, and either may be found first.
    for (earlier, later) in [(&b"abc"[..], &b"xyz"[..]), (b"xyz", b"abc")] {
        let sample = Sample::new();
        sample
            .place(
                "a-1.zip",
                b"abc",
                Timestamp(if earlier == b"abc" { 1 } else { 2 }),
            )
            .await;
        sample
            .place(
                "a-1.zip",
                b"xyz",
                Timestamp(if earlier == b"xyz" { 1 } else { 2 }),
            )
            .await;
        assert_eq!(
            recovered(&sample).await.expect("made"),
            ["record-older a-1.zip left"]
        );
        let listed = files(&sample).await;
        let mut digester = Digester::new(None);
        digester.update(later);
        let sha256 = digester.finish().sha256;
        let found = listed.iter().map(|record| record.fingerprint);
        let expected = wheelhouse_index::identity::Fingerprint::Object {
            size_bytes: 3,
            sha256,
        };
        assert_eq!(found.collect::<Vec<_>>(), [expected]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_records_and_those_without_content_are_named_and_passed_over() {
    let sample = Sample::new();
    sample.place("a-1.zip", b"abc", Timestamp(1)).await;
    let mut digester = Digester::new(None);
    digester.update(b"nowhere");
    let digests = digester.finish();
    let file = |index: &str, path: &str| SealedFile {
        index: index.parse().expect("a name"),
        path: path.parse().expect("a path"),
        size_bytes: 7,
        digests: digests.clone(),
        uploaded_at: Timestamp(1),
    };
    sample
        .files
        .seal(&file("other", "b-1.zip"))
        .await
        .expect("sealed");
    sample
        .files
        .seal(&file("main", "c-1.zip"))
        .await
        .expect("sealed");
    let mut lines = recovered(&sample).await.expect("made");
    lines.sort();
    assert_eq!(lines[0], "content-damaged c-1.zip left");
    assert!(
        lines[1].starts_with("record-unreadable team/records/"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 2);
    let listed = files(&sample).await;
    let paths: Vec<_> = listed.iter().map(|record| record.path.as_str()).collect();
    assert_eq!(paths, ["a-1.zip"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_file_stays_deleted_though_its_record_is_there() {
    let sample = Sample::new();
    sample.place("a-1.zip", b"abc", Timestamp(1)).await;
    let mut digester = Digester::new(None);
    digester.update(b"abc");
    let marks = format!(
        r#"{{"format":1,"index":"main","projects":{{"a":[{{"since":5,"mark":"deleted","path":"a-1.zip","sha256":"{}"}}]}}}}"#,
        digester.finish().sha256
    );
    sample
        .files
        .write_marks(marks.into())
        .await
        .expect("written");
    assert_eq!(
        recovered(&sample).await.expect("made"),
        ["record-not-listed a-1.zip notice"]
    );
    assert_eq!(files(&sample).await, []);
    assert_eq!(sample.index.marks(None).await.expect("read").len(), 1);
    let mut kept = (0, 0);
    for first in 0..=u8::MAX {
        let shard = sample.files.shard(first).await.expect("listed");
        kept.0 += shard.records.len();
        kept.1 += shard.tombstones.len();
    }
    assert_eq!(kept, (0, 1), "a tombstone is in the place of its record");
}
