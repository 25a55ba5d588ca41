//! Indexes for tests: over folders, and over objects in memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;
use uuid::Uuid;
use wheelhouse_index::actor::Actor;
use wheelhouse_index::change::Attribution;
use wheelhouse_index::identity::{IndexName, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{Catalog, FileStore, Repair, SealedRecords, SystemClock};
use wheelhouse_index::publish::{ClaimedDigests, Overwrite, Upload};
use wheelhouse_index::replica::Replica;
use wheelhouse_index::verify::Depth;
use wheelhouse_index::{Index, IndexOptions};
use wheelhouse_standards::found::FoundFile;
use wheelhouse_store::catalog::{SqliteCatalog, SqliteOptions, WhenDamaged};
use wheelhouse_store::files::objects::{Access, ObjectFileStore, ObjectsOptions};
use wheelhouse_testkit::Wheel;

use crate::check::{Check, Finding, Outcome, Summary, Told};

/// An index whose files are objects in memory, and whose catalog is in a folder.
pub(crate) struct Sample {
    pub(crate) index: Arc<Index>,
    pub(crate) catalog: Arc<SqliteCatalog>,
    pub(crate) files: Arc<ObjectFileStore>,
    _folder: TempDir,
}

impl Sample {
    pub(crate) fn new() -> Self {
        Self::over(Access::in_memory())
    }

    /// An index with an empty catalog over a place that may have files.
    pub(crate) fn over(access: Access) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = ObjectsOptions {
            rest: Duration::ZERO,
            ..ObjectsOptions::new(
                &"s3://wheels/team".parse().expect("a place"),
                IndexName::main(),
                Uuid::nil(),
                folder.path().to_owned(),
            )
        };
        let files = Arc::new(ObjectFileStore::of_anybody(access, options));
        let catalog = SqliteCatalog::open(
            &folder.path().join("catalog.sqlite"),
            &SqliteOptions {
                clock: Arc::new(SystemClock),
                serial_mark: Some(folder.path().join("serial")),
                when_damaged: WhenDamaged::Refuse,
            },
        );
        let catalog = Arc::new(catalog.expect("a catalog"));
        let index = Index::new(
            IndexName::main(),
            Arc::clone(&catalog) as _,
            Arc::clone(&files) as _,
            Arc::new(SystemClock),
            IndexOptions::default(),
            Vec::new(),
            Replica::alone(),
        );
        Self {
            index,
            catalog,
            files,
            _folder: folder,
        }
    }

    pub(crate) fn sealed(&self) -> &dyn SealedRecords {
        self.files.sealed_records().expect("objects have records")
    }

    /// Uploads a wheel, and returns its path.
    pub(crate) async fn upload(&self, name: &str, version: &str) -> FilePath {
        let wheel = Wheel::named(name).version(version);
        let file_name = wheel.file_name();
        let mut staging = self.index.stage().await.expect("staged");
        staging.write(wheel.bytes().into()).await.expect("written");
        let upload = Upload {
            named: FoundFile::of(&file_name).expect("a wheel"),
            file_name: file_name.clone(),
            staged: staging.finish().await.expect("finished"),
            claimed: ClaimedDigests::default(),
            provenance: None,
        };
        let by = Attribution {
            actor: Actor::System,
            address: None,
            agent: None,
            request_id: None,
            at: self.index.now(),
        };
        let published = self.index.publish(vec![upload], Overwrite::Refuse, by);
        published.await.expect("published");
        file_name.parse().expect("a path")
    }

    /// Puts content and its record into the store, as an upload does that is never recorded.
    pub(crate) async fn place(&self, path: &str, bytes: &'static [u8], at: Timestamp) {
        let mut staging = self.files.stage().await.expect("staged");
        let bytes = Bytes::from_static(bytes);
        staging.write(bytes).await.expect("written");
        let staged = staging.finish().await.expect("finished");
        let path: FilePath = path.parse().expect("a path");
        let mode = wheelhouse_index::ports::PlaceMode::New;
        drop(staged.place(&path, mode, at).await.expect("placed"));
    }

    /// Checks everything, and returns what was found as lines.
    pub(crate) async fn check(
        &self,
        depth: Depth,
        repair: Repair,
        grace: Duration,
    ) -> (Vec<String>, Summary) {
        let check = Check {
            index: Arc::clone(&self.index),
            catalog: Arc::clone(&self.catalog) as Arc<dyn Catalog>,
            upkeep: Some(Arc::clone(&self.catalog) as _),
            files: Arc::clone(&self.files) as _,
            depth,
            repair,
            settle: Duration::ZERO,
            grace,
        };
        let mut lines = Vec::new();
        let mut tell = |told| {
            if let Told::Found(finding) = told {
                lines.push(line(&finding));
            }
        };
        let summary = check.run(&mut tell).await.expect("checked");
        (lines, summary)
    }
}

/// A finding in few words.
pub(crate) fn line(finding: &Finding) -> String {
    let outcome = match &finding.outcome {
        Outcome::Mendable => "mendable",
        Outcome::Mended(_) => "mended",
        Outcome::Left(_) => "left",
        Outcome::Notice => "notice",
    };
    format!("{} {} {outcome}", finding.kind.name(), finding.about)
}
