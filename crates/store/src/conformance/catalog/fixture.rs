//! Records and changes to test with.

use wheelhouse_index::change::{
    Applied, Arrival, Attribution, Change, Departure, FileChange, Learned,
};
use wheelhouse_index::identity::{Fingerprint, IndexName, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{Catalog, Clock, Committed};
use wheelhouse_index::record::{Contents, FileRecord, MetadataSummary};
use wheelhouse_standards::digest::{Digester, Digests, Sha256Digest};
use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;

/// The second at which [`FixedClock`] stands.
pub(crate) const NOW_SECONDS: u64 = 1_700_000_000;

/// A clock that stands still.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_999_999)
    }
}

pub(super) fn main() -> IndexName {
    IndexName::main()
}

pub(super) fn path(text: &str) -> FilePath {
    text.parse().expect("a path")
}

pub(super) fn key(text: &str) -> ProjectKey {
    ProjectKey::of(text).expect("a key")
}

/// A record of an unread file; `state` tells one content of the path from another.
pub(crate) fn record(path_text: &str, state: i64) -> FileRecord {
    let path = path(path_text);
    FileRecord {
        named: FoundFile::of(path.file_name()).expect("a package file"),
        path,
        fingerprint: Fingerprint::File {
            size_bytes: 100,
            modified_ns: state,
            inode: 7,
        },
        uploaded_at: Timestamp(state),
        contents: None,
    }
}

pub(super) fn digests(of: &str) -> Digests {
    let mut digester = Digester::new(None);
    digester.update(of.as_bytes());
    digester.finish()
}

pub(super) fn sha256(of: &str) -> Sha256Digest {
    digests(of).sha256
}

/// What reading a file with this summary shows.
pub(crate) fn contents(summary: &str) -> Contents {
    Contents {
        digests: digests(summary),
        metadata: MetadataSummary::Read {
            offered: None,
            requires_python: Some(">=3.9".into()),
            summary: Some(summary.into()),
        },
        has_provenance: false,
    }
}

pub(crate) fn core(summary: &str) -> Box<CoreMetadata> {
    Box::new(CoreMetadata {
        name: Some("demo".into()),
        summary: Some(summary.into()),
        ..CoreMetadata::default()
    })
}

pub(crate) fn found(record: FileRecord) -> FileChange {
    FileChange::Add {
        kind: Arrival::Found,
        record,
        metadata: None,
    }
}

pub(super) fn uploaded(record: FileRecord) -> FileChange {
    FileChange::Add {
        kind: Arrival::Upload,
        record,
        metadata: None,
    }
}

pub(super) fn lost(path_text: &str) -> FileChange {
    FileChange::Remove {
        kind: Departure::Lost,
        path: path(path_text),
    }
}

pub(super) fn learned(record: &FileRecord, summary: &str) -> Learned {
    Learned {
        path: record.path.clone(),
        fingerprint: record.fingerprint,
        contents: contents(summary),
        metadata: Some(core(summary)),
    }
}

pub(crate) fn change_in(index: IndexName, files: Vec<FileChange>) -> Change {
    Change {
        index,
        by: Attribution::system(Timestamp(5)),
        expects: Vec::new(),
        files,
        marks: Vec::new(),
    }
}

/// Commits to the default index.
pub(super) async fn commit(catalog: &dyn Catalog, files: Vec<FileChange>) -> Committed {
    let change = change_in(main(), files);
    catalog.commit(change).await.expect("a commit")
}

/// Commits to the default index what must change something.
pub(super) async fn apply(catalog: &dyn Catalog, files: Vec<FileChange>) -> Applied {
    match commit(catalog, files).await {
        Committed::Applied(applied) => applied,
        other => panic!("the change was not recorded: {other:?}"),
    }
}

/// Returns the record at a path of the default index.
pub(super) async fn file(catalog: &dyn Catalog, path_text: &str) -> Option<FileRecord> {
    let file = catalog.file(&main(), &path(path_text)).await;
    file.expect("a reading")
}
