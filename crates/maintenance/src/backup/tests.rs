use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tempfile::TempDir;
use tokio::sync::mpsc;
use uuid::Uuid;
use wheelhouse_index::actor::Actor;
use wheelhouse_index::audit::{AuditEvent, AuditKind};
use wheelhouse_index::change::{Attribution, Event, EventKind, EventSubject};
use wheelhouse_index::downloads::Day;
use wheelhouse_index::identity::{Fingerprint, IndexName, Serial, Timestamp};
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    BroughtBack, CatalogCopy, CatalogRow, CatalogSource, CatalogTarget, CopyScope, FileRow,
    FileStore, FillError, Filled, Filling, KeyRow, OpenError, PathOrMarks, PlaceMode, ProjectRow,
    StoreError, SystemClock,
};
use wheelhouse_index::record::{Contents, FileRecord, MetadataSummary};
use wheelhouse_standards::digest::{Digester, Digests, Sha256Digest};
use wheelhouse_standards::found::FoundFile;
use wheelhouse_store::catalog::rows;
use wheelhouse_store::files::memory::MemoryFileStore;

use super::*;

const INDEX: Uuid = Uuid::from_u128(7);
const AT: Timestamp = Timestamp(1_700_000_000_000_000);

/// What happens right after the rows of a moment were read.
type Afterwards = Box<dyn FnOnce() + Send>;

/// A catalog that has these rows at its moments, the last of which lasts.
struct Moments {
    moments: Mutex<VecDeque<(Vec<CatalogRow>, Afterwards)>>,
    /// Whether the rows stop without an end, as where a thread broke down.
    breaks_off: bool,
}

impl fmt::Debug for Moments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moments").finish_non_exhaustive()
    }
}

#[async_trait]
impl CatalogSource for Moments {
    async fn copy_rows(&self, scope: CopyScope) -> Result<CatalogCopy, StoreError> {
        assert_eq!(scope, CopyScope::Everything);
        let mut moments = self.moments.lock().unwrap();
        let (all, afterwards) = moments.pop_front().expect("a moment more");
        if moments.is_empty() {
            moments.push_back((all.clone(), Box::new(|| {})));
        }
        afterwards();
        let (sender, rows) = mpsc::channel(all.len() + 1);
        for row in all {
            sender.try_send(Ok(vec![row])).unwrap();
        }
        if !self.breaks_off {
            sender.try_send(Ok(Vec::new())).unwrap();
        }
        let head = Serial(70);
        Ok(CatalogCopy { head, rows })
    }
}

/// A catalog that is filled. It fails when it was asked so often.
#[derive(Debug, Default)]
struct Filling70 {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    name: Option<String>,
    filled: Filled,
    /// By what they are about.
    rows: BTreeMap<String, CatalogRow>,
    events: Vec<Event>,
    audit: Vec<AuditEvent>,
    ended: Option<Serial>,
    fails_after: Option<usize>,
}

impl Filling70 {
    fn holding(row: CatalogRow) -> Self {
        let catalog = Self::default();
        let mut inner = catalog.inner.lock().unwrap();
        inner.rows.insert("x".to_owned(), row);
        drop(inner);
        catalog
    }

    fn fail_after(&self, puts: Option<usize>) {
        self.inner.lock().unwrap().fails_after = puts;
    }

    fn ended(&self) -> Option<Serial> {
        self.inner.lock().unwrap().ended
    }

    /// All rows as lines, without the fingerprints, which are those of the target.
    fn lines(&self) -> Vec<String> {
        let inner = self.inner.lock().unwrap();
        let events = inner.events.iter().cloned().map(Box::new);
        let audit = inner.audit.iter().cloned().map(Box::new);
        let rows = inner.rows.values().cloned();
        lines_of(
            rows.chain(events.map(CatalogRow::Event))
                .chain(audit.map(CatalogRow::Audit)),
        )
    }
}

fn lines_of(rows: impl IntoIterator<Item = CatalogRow>) -> Vec<String> {
    let mut lines: Vec<String> = rows
        .into_iter()
        .map(|mut row| {
            if let CatalogRow::File(row) = &mut row {
                row.record.fingerprint = fingerprint();
            }
            rows::to_line(&row).unwrap()
        })
        .collect();
    lines.sort();
    lines
}

fn fingerprint() -> Fingerprint {
    Fingerprint::File {
        size_bytes: 0,
        modified_ns: 0,
        inode: 0,
    }
}

#[async_trait]
impl CatalogTarget for Filling70 {
    async fn begin_filling(&self, name: &str) -> Result<Filling, FillError> {
        let mut inner = self.inner.lock().unwrap();
        match inner.name.clone() {
            Some(theirs) if theirs == name => {}
            Some(theirs) => return Err(FillError::NotEmpty(theirs)),
            None if inner.rows.is_empty() => {
                inner.name = Some(name.to_owned());
                return Ok(Filling::default());
            }
            None => return Err(FillError::NotEmpty("it holds files already".to_owned())),
        }
        // The last serial may be there in part.
        let last = inner.events.last().map(|event| event.serial);
        inner.events.retain(|event| Some(event.serial) != last);
        let paths = inner.rows.values().filter_map(|row| match row {
            CatalogRow::File(row) => Some(row.record.path.clone()),
            _ => None,
        });
        Ok(Filling {
            filled: Some(inner.filled),
            last_path: paths.max(),
            journal: inner.events.last().map_or(Serial(0), |event| event.serial),
        })
    }

    async fn put_rows(&self, rows: Vec<CatalogRow>, filled: &Filled) -> Result<(), StoreError> {
        let mut inner = self.inner.lock().unwrap();
        match &mut inner.fails_after {
            Some(0) => {
                let full = StoreError::new("fake", "put rows", "it is full");
                return Err(full.for_want_of_room(true));
            }
            Some(left) => *left -= 1,
            None => {}
        }
        inner.filled = *filled;
        for row in rows {
            match row {
                CatalogRow::Event(event) => inner.events.push(*event),
                CatalogRow::Audit(event) => inner.audit.push(*event),
                CatalogRow::File(row) => {
                    let about = format!("file {}", row.record.path);
                    inner.rows.insert(about, CatalogRow::File(row));
                }
                row => {
                    inner.rows.insert(rows::to_line(&row).unwrap(), row);
                }
            }
        }
        Ok(())
    }

    async fn put_state(&self, _: Vec<PathOrMarks>) -> Result<(), StoreError> {
        unreachable!("a restore moves nothing")
    }

    async fn clear_beside(&self, _: Option<Day>) -> Result<(), StoreError> {
        unreachable!("a restore moves nothing")
    }

    async fn end_filling(&self, head: Serial) -> Result<(), StoreError> {
        let mut inner = self.inner.lock().unwrap();
        inner.name = None;
        inner.ended = Some(head);
        Ok(())
    }
}

fn path(text: &str) -> FilePath {
    text.parse().unwrap()
}

fn digests(bytes: &[u8]) -> Digests {
    let mut digester = Digester::new(None);
    digester.update(bytes);
    digester.finish()
}

fn sha256(bytes: &[u8]) -> Sha256Digest {
    digests(bytes).sha256
}

/// Puts a file into a store, and returns its row.
fn file(store: &MemoryFileStore, at: &str, bytes: &[u8]) -> CatalogRow {
    let fingerprint = store.put(&path(at), bytes.to_vec(), AT);
    let record = FileRecord {
        path: path(at),
        named: FoundFile::of(path(at).file_name()).unwrap(),
        fingerprint,
        uploaded_at: AT,
        contents: Some(Contents {
            digests: digests(bytes),
            metadata: MetadataSummary::None,
            has_provenance: at.starts_with("proven"),
        }),
    };
    CatalogRow::File(Box::new(FileRow {
        index: IndexName::main(),
        record,
        metadata: None,
    }))
}

/// The row of a file that nobody has read.
fn unread(store: &MemoryFileStore, at: &str, bytes: &[u8]) -> CatalogRow {
    let CatalogRow::File(mut row) = file(store, at, bytes) else {
        unreachable!("it is a file")
    };
    row.record.contents = None;
    CatalogRow::File(row)
}

fn project(name: &str) -> CatalogRow {
    CatalogRow::Project(ProjectRow {
        index: IndexName::main(),
        key: FoundFile::of(&format!("{name}-1.zip")).unwrap().key,
        display_name: name.to_owned(),
        last_serial: Serial(7),
    })
}

fn deleted(at: &str, bytes: &[u8]) -> CatalogRow {
    let path = path(at);
    CatalogRow::Mark(
        IndexName::main(),
        ProjectMark {
            project: FoundFile::of(path.file_name()).unwrap().key,
            mark: Mark::Deleted {
                sha256: sha256(bytes),
                path,
            },
            since: AT,
        },
    )
}

fn event(serial: u64, at: &str) -> CatalogRow {
    CatalogRow::Event(Box::new(Event {
        serial: Serial(serial),
        index: IndexName::main(),
        project: FoundFile::of(path(at).file_name()).unwrap().key,
        kind: EventKind::Uploaded,
        subject: EventSubject::File {
            path: path(at),
            before: None,
            after: None,
        },
        by: Attribution::system(AT),
    }))
}

fn audit(number: i64) -> CatalogRow {
    CatalogRow::Audit(Box::new(AuditEvent {
        kind: AuditKind::SignedIn,
        by: Attribution {
            actor: Actor::System,
            at: Timestamp(number),
            ..Attribution::system(AT)
        },
        project: None,
        detail: serde_json::json!({ "number": number }),
    }))
}

fn key() -> KeyRow {
    KeyRow {
        name: "tokens".to_owned(),
        value: b"secret of all tokens".to_vec(),
    }
}

/// An index and a place for its backups.
struct Town {
    store: MemoryFileStore,
    rows: Vec<CatalogRow>,
    folder: TempDir,
    recipients: Recipients,
    identities: Identities,
}

impl Town {
    /// An index with everything in it.
    async fn new() -> Self {
        let store = MemoryFileStore::new();
        let mut rows = vec![project("demo"), project("gone")];
        for number in 100..300 {
            let at = format!("demo-{number}.zip");
            rows.push(file(&store, &at, format!("bytes of {number}").as_bytes()));
        }
        rows.push(file(&store, "gone-1.zip", b"the one after"));
        rows.push(file(&store, "proven-1.zip", b"proven"));
        rows.push(unread(&store, "unread-1.zip", b"unread"));
        store.put(&path("proven-1.zip.provenance"), &b"by whom"[..], AT);
        let discarded = store.clone();
        for bytes in [&b"the one before"[..], b"the very first"] {
            let mut staging = discarded.stage().await.unwrap();
            staging.write(bytes.to_vec().into()).await.unwrap();
            let staged = staging.finish().await.unwrap();
            let kept = path("kept/gone-1.zip");
            drop(staged.place(&kept, PlaceMode::New, AT).await.unwrap());
            discarded.discard(&kept, &sha256(bytes), AT).await.unwrap();
            rows.push(deleted("kept/gone-1.zip", bytes));
        }
        store.put(&path("kept/gone-1.zip.provenance"), &b"by nobody"[..], AT);
        rows.push(deleted("gone-2.zip", b"forgotten long ago"));
        rows.extend((1..50).map(|number| event(number / 3 + 1, "demo-100.zip")));
        rows.extend((1..10).map(audit));
        Self {
            store,
            rows,
            folder: tempfile::tempdir().unwrap(),
            recipients: Recipients::default(),
            identities: Identities::default(),
        }
    }

    async fn encrypted() -> Self {
        let mut town = Self::new().await;
        (town.identities, town.recipients) = Identities::fleeting();
        town
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("backups")
    }

    fn begin(&self) -> Result<Arc<BackupPlace>, BackupError> {
        BackupPlace::begin(&self.path(), INDEX, &self.recipients).map(Arc::new)
    }

    fn source(&self, moments: Vec<(Vec<CatalogRow>, Afterwards)>) -> BackupSource {
        BackupSource {
            index: INDEX,
            catalog: Arc::new(Moments {
                moments: Mutex::new(moments.into()),
                breaks_off: false,
            }),
            files: Arc::new(self.store.clone()),
            keys: vec![key()],
            clock: Arc::new(SystemClock),
        }
    }

    async fn back_up(&self) -> Made {
        self.back_up_moments(vec![(self.rows.clone(), Box::new(|| {}))])
            .await
    }

    async fn back_up_moments(&self, moments: Vec<(Vec<CatalogRow>, Afterwards)>) -> Made {
        let place = self.begin().unwrap();
        back_up(&place, &self.source(moments), &Arc::default())
            .await
            .unwrap()
    }

    async fn open(&self) -> Result<Snapshot, BackupError> {
        let place = Arc::new(BackupPlace::open(&self.path())?);
        Snapshot::open(&place, None, &self.identities).await
    }

    async fn restore(
        &self,
        catalog: &Arc<Filling70>,
        files: &MemoryFileStore,
    ) -> Result<Restored, BackupError> {
        let snapshot = self.open().await?;
        let found = files.paths().first().map(ToString::to_string);
        let target = RestoreTarget {
            catalog: Arc::clone(catalog) as _,
            files: Arc::new(files.clone()),
            found: found.map(|found| format!("there is `{found}`")),
            now: AT,
        };
        restore(&snapshot, target, &Arc::default()).await
    }

    /// Restores into an empty index, and makes sure that all of it is there.
    async fn restored(&self) -> MemoryFileStore {
        let (catalog, files) = (Arc::default(), MemoryFileStore::new());
        let restored = self.restore(&catalog, &files).await.unwrap();
        assert_eq!(restored.missing, []);
        self.expect_all(&catalog, &files).await;
        files
    }

    async fn expect_all(&self, catalog: &Arc<Filling70>, files: &MemoryFileStore) {
        let mut expected = self.rows.clone();
        expected.push(CatalogRow::Key(key()));
        assert_eq!(catalog.lines(), lines_of(expected));
        assert_eq!(catalog.ended(), Some(Serial(1_700_000_000)));
        assert_eq!(files.paths(), self.store.paths());
        for at in files.paths() {
            assert_eq!(read(files, &at).await, read(&self.store, &at).await, "{at}");
        }
    }
}

async fn read(files: &MemoryFileStore, at: &FilePath) -> Option<Vec<u8>> {
    match files.open(at, None).await {
        Ok(file) => {
            let mut bytes = vec![0; 1_000];
            let count = file.content.read_at(0, &mut bytes).unwrap();
            bytes.truncate(count);
            Some(bytes)
        }
        Err(OpenError::NotFound) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Returns the paths of all files below a folder, in order.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(below(&path));
        } else {
            all.push(path);
        }
    }
    all.sort();
    all
}

fn contents_of(town: &Town) -> Vec<PathBuf> {
    below(&town.path().join("files"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_index_is_the_one_that_was_backed_up() {
    let town = Town::new().await;
    let made = town.back_up().await;
    assert_eq!(made.missing, []);
    // 203 files, a provenance, and two deleted ones that may come back, with theirs.
    assert_eq!(made.manifest.files, 208);
    let files = town.restored().await;
    for bytes in [&b"the one before"[..], b"the very first"] {
        let at = path("kept/gone-1.zip");
        let back = files.bring_back(&at, &sha256(bytes)).await.unwrap();
        assert_eq!(back, BroughtBack::AtItsPath);
        assert_eq!(read(&files, &at).await.as_deref(), Some(bytes));
        files.remove(&at, None).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_encrypted_is_restored_with_the_key_and_shows_nothing_without() {
    let town = Town::encrypted().await;
    town.back_up().await;
    town.restored().await;
    let place = Arc::new(BackupPlace::open(&town.path()).unwrap());
    let locked = Snapshot::open(&place, None, &Identities::default()).await;
    assert!(matches!(locked, Err(BackupError::Locked(_))));
    let (others, _) = Identities::fleeting();
    let wrong = Snapshot::open(&place, None, &others).await;
    assert!(matches!(wrong, Err(BackupError::WrongIdentity(_))));
    for path in below(&town.path()) {
        let bytes = fs::read(&path).unwrap();
        for secret in [&b"bytes of"[..], b"tokens", b"proven"] {
            let shows = bytes.windows(secret.len()).any(|window| window == secret);
            assert!(!shows, "{}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_backup_writes_only_what_is_new() {
    for mut town in [Town::new().await, Town::encrypted().await] {
        town.back_up().await;
        let before: Vec<_> = contents_of(&town)
            .into_iter()
            .map(|path| (fs::metadata(&path).unwrap().modified().unwrap(), path))
            .collect();
        town.rows.push(file(&town.store, "zebra-1.zip", b"new"));
        let progress = Arc::new(Progress::default());
        let place = town.begin().unwrap();
        let source = town.source(vec![(town.rows.clone(), Box::new(|| {}))]);
        back_up(&place, &source, &progress).await.unwrap();
        drop(place);
        for (modified, path) in &before {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // What nobody has read is read each time.
            if sha256(b"unread").to_string().ends_with(&name)
                || sha256(b"by whom").to_string().ends_with(&name)
                || sha256(b"by nobody").to_string().ends_with(&name)
            {
                continue;
            }
            let now = fs::metadata(path).unwrap().modified().unwrap();
            assert_eq!(now, *modified, "{}", path.display());
        }
        assert_eq!(contents_of(&town).len(), before.len() + 1);
        assert_eq!(
            progress.copied.load(std::sync::atomic::Ordering::Relaxed),
            5
        );
        town.restored().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_meanwhile_is_found_in_the_bin() {
    let town = Town::new().await;
    let store = town.store.clone();
    let delete: Afterwards = Box::new(move || {
        let at = path("demo-150.zip");
        let digest = sha256(b"bytes of 150");
        // It needs no waiting.
        futures_util::FutureExt::now_or_never(store.discard(&at, &digest, AT))
            .unwrap()
            .unwrap();
    });
    let made = town
        .back_up_moments(vec![(town.rows.clone(), delete)])
        .await;
    assert_eq!(made.missing, []);
    let (catalog, files) = (Arc::default(), MemoryFileStore::new());
    town.restore(&catalog, &files).await.unwrap();
    let back = read(&files, &path("demo-150.zip")).await;
    assert_eq!(back.as_deref(), Some(&b"bytes of 150"[..]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_replaced_meanwhile_is_that_of_a_later_moment() {
    let mut town = Town::new().await;
    let before = town.rows.clone();
    let other = MemoryFileStore::new();
    for at in town.store.paths() {
        let bytes = read(&town.store, &at).await.unwrap();
        other.put(&at, bytes, AT);
    }
    let (store, number) = (town.store.clone(), 100);
    let replace: Afterwards = Box::new(move || {
        store.put(&path("demo-150.zip"), &b"replaced"[..], AT);
    });
    let place = town.rows.iter().position(
        |row| matches!(row, CatalogRow::File(row) if row.record.path == path("demo-150.zip")),
    );
    town.rows[place.unwrap()] = file(&other, "demo-150.zip", b"replaced");
    let made = town
        .back_up_moments(vec![
            (before, replace),
            (town.rows.clone(), Box::new(|| {})),
        ])
        .await;
    assert_eq!(made.missing, [], "{number}");
    town.restored().await;
}

#[tokio::test]
async fn rows_that_break_off_are_no_backup() {
    let town = Town::new().await;
    let place = town.begin().unwrap();
    let source = BackupSource {
        catalog: Arc::new(Moments {
            moments: Mutex::new(VecDeque::from([(town.rows.clone(), Box::new(|| {}) as _)])),
            breaks_off: true,
        }),
        ..town.source(Vec::new())
    };
    let refused = back_up(&place, &source, &Arc::default()).await;
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("stopped before its end"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_gone_for_good_is_told_and_the_rest_is_there() {
    let town = Town::new().await;
    town.store
        .remove(&path("demo-150.zip"), None)
        .await
        .unwrap();
    town.store.put(&path("demo-151.zip"), &b"altered"[..], AT);
    let made = town.back_up().await;
    let names: Vec<_> = made.missing.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(names, ["demo-150.zip", "demo-151.zip"]);
    assert_eq!(made.manifest.missing, 2);
    let (catalog, files) = (Arc::<Filling70>::default(), MemoryFileStore::new());
    let restored = town.restore(&catalog, &files).await.unwrap();
    assert_eq!(restored.missing.len(), 2);
    assert_eq!(files.paths().len(), town.store.paths().len() - 1);
    assert!(catalog.ended().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_cut_short_anywhere_goes_on_when_it_is_started_again() {
    let town = Town::new().await;
    town.back_up().await;
    let mut cuts = 0;
    for puts in 0.. {
        let (catalog, files) = (Arc::<Filling70>::default(), MemoryFileStore::new());
        catalog.fail_after(Some(puts));
        match town.restore(&catalog, &files).await {
            Ok(_) => break,
            Err(BackupError::Store(error)) => assert!(error.is_full),
            Err(error) => panic!("{error}"),
        }
        assert_eq!(catalog.ended(), None);
        catalog.fail_after(None);
        let restored = town.restore(&catalog, &files).await.unwrap();
        assert_eq!(restored.is_resumed, puts > 0);
        town.expect_all(&catalog, &files).await;
        cuts += 1;
    }
    assert!(cuts > 3, "{cuts}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_empty_index_is_restored_into() {
    let town = Town::new().await;
    town.back_up().await;
    let catalog = Arc::new(Filling70::holding(project("other")));
    let error = town.restore(&catalog, &MemoryFileStore::new()).await;
    assert!(matches!(error, Err(BackupError::NotEmpty(_))), "{error:?}");
    let (catalog, files) = (Arc::<Filling70>::default(), MemoryFileStore::new());
    files.put(&path("other-1.zip"), &b"abc"[..], AT);
    let error = town.restore(&catalog, &files).await;
    assert!(matches!(error, Err(BackupError::NotEmpty(_))), "{error:?}");
    assert_eq!(catalog.lines(), [""; 0]);
    // A server may start over it again.
    assert_eq!(catalog.ended(), Some(Serial(0)));
    assert_eq!(files.paths(), [path("other-1.zip")]);
    let (catalog, files) = (Arc::<Filling70>::default(), MemoryFileStore::new());
    files.write_marks("{}".into()).await.unwrap();
    let error = town.restore(&catalog, &files).await;
    assert!(matches!(error, Err(BackupError::NotEmpty(_))), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_was_cut_short_is_none() {
    let town = Town::new().await;
    let name = town.back_up().await.manifest.name();
    fs::remove_file(town.path().join(format!("snapshots/{name}.json"))).unwrap();
    let place = BackupPlace::open(&town.path()).unwrap();
    assert!(place.snapshots_there().unwrap().is_empty());
    drop(place);
    let error = town.open().await.unwrap_err();
    assert!(matches!(error, BackupError::NoBackup(_)), "{error}");
    // The next one takes what was copied.
    fs::write(town.path().join("tmp/.tmpabc"), b"half").unwrap();
    town.back_up().await;
    assert!(below(&town.path().join("tmp")).is_empty());
    town.restored().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_cut_short_or_altered_is_never_restored() {
    for town in [Town::new().await, Town::encrypted().await] {
        town.back_up().await;
        let all: Vec<_> = below(&town.path())
            .into_iter()
            .filter(|path| path.file_name().is_none_or(|name| name != "lock"))
            .collect();
        // Of the contents two of two hundred are enough.
        let contents = contents_of(&town);
        for path in all {
            if contents[2..].contains(&path) {
                continue;
            }
            let whole = fs::read(&path).unwrap();
            let mut altered = whole.clone();
            altered[whole.len() / 2] ^= 1;
            // The last byte of what is JSON is the end of its line.
            let cut = whole[..whole.len() - 2].to_vec();
            for damaged in [altered, cut, Vec::new()] {
                fs::write(&path, &damaged).unwrap();
                let (catalog, files) = (Arc::<Filling70>::default(), MemoryFileStore::new());
                let refused = town.restore(&catalog, &files).await;
                assert!(refused.is_err(), "{}: {refused:?}", path.display());
                assert_eq!(catalog.ended(), None);
                let is_content = contents.contains(&path);
                if let Ok(snapshot) = town.open().await
                    && is_content
                {
                    let problems = snapshot.verify(&Arc::default()).await.unwrap();
                    assert_eq!(problems.len(), 1, "{problems:?}");
                }
            }
            fs::write(&path, &whole).unwrap();
        }
        let snapshot = town.open().await.unwrap();
        assert_eq!(snapshot.verify(&Arc::default()).await.unwrap(), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_is_for_one_index_and_its_keys() {
    let town = Town::encrypted().await;
    town.back_up().await;
    let begin =
        |index, recipients: Recipients| BackupPlace::begin(&town.path(), index, &recipients);
    // Without keys those of the place are taken.
    let place = begin(INDEX, Recipients::default()).unwrap();
    assert!(place.is_encrypted());
    let in_use = begin(INDEX, Recipients::default()).unwrap_err();
    assert!(matches!(in_use, BackupError::InUse(_)), "{in_use}");
    let in_use = BackupPlace::open(&town.path()).unwrap_err();
    assert!(matches!(in_use, BackupError::InUse(_)), "{in_use}");
    drop(place);
    let other = begin(Uuid::from_u128(8), Recipients::default()).unwrap_err();
    assert!(matches!(other, BackupError::AnotherIndex { .. }), "{other}");
    let (_, others) = Identities::fleeting();
    let other = begin(INDEX, others).unwrap_err();
    assert!(matches!(other, BackupError::OtherKeys { .. }), "{other}");
    let folder = town.folder.path().join("packages");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("demo-1.0.zip"), b"abc").unwrap();
    let other = BackupPlace::begin(&folder, INDEX, &Recipients::default()).unwrap_err();
    assert!(matches!(other, BackupError::OtherFolder(_)), "{other}");
    let newer = town.path().join("backup.json");
    let text = fs::read_to_string(&newer).unwrap();
    fs::write(&newer, text.replace("\"format\": 1", "\"format\": 2")).unwrap();
    let newer = BackupPlace::open(&town.path()).unwrap_err();
    assert!(
        matches!(newer, BackupError::Newer { format: 2, .. }),
        "{newer}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_old_snapshots_only_what_no_other_names_is_taken_away() {
    let mut town = Town::new().await;
    let first = town.back_up().await.manifest.name();
    town.rows.retain(
        |row| !matches!(row, CatalogRow::File(row) if row.record.path == path("demo-150.zip")),
    );
    town.store
        .remove(&path("demo-150.zip"), None)
        .await
        .unwrap();
    town.back_up().await;
    let before = contents_of(&town).len();
    let place = town.begin().unwrap();
    assert_eq!(prune(&place, 2).unwrap(), Pruned::default());
    let pruned = prune(&place, 1).unwrap();
    assert_eq!(pruned.snapshots, std::slice::from_ref(&first));
    assert_eq!((pruned.contents, pruned.bytes), (1, 12));
    drop(place);
    assert_eq!(contents_of(&town).len(), before - 1);
    assert!(below(&town.path()).iter().all(|path| {
        !path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with(&first)
    }));
    town.restored().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_taken_away_while_a_snapshot_cannot_be_read() {
    let town = Town::new().await;
    town.back_up().await;
    let name = town.back_up().await.manifest.name();
    let path = town.path().join(format!("snapshots/{name}.contents.zst"));
    fs::write(&path, b"").unwrap();
    let before = below(&town.path());
    let error = prune(&town.begin().unwrap(), 1).unwrap_err();
    assert!(matches!(error, BackupError::Damaged { .. }), "{error}");
    assert_eq!(below(&town.path()), before);
}
