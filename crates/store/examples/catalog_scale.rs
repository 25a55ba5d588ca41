//! How long the catalog takes on a large index. Prints one figure a line.
//!
//! `cargo run --release -p wheelhouse-store --example catalog_scale -- [FILES] [PROJECTS] [ADDRESS]`,
//! where the address is that of an empty database of PostgreSQL; without one, a file of SQLite is used.

#![expect(clippy::print_stdout, reason = "the figures are for whoever runs it")]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use tempfile::TempDir;
use wheelhouse_index::change::{Arrival, Attribution, Change, FileChange, Learned};
use wheelhouse_index::identity::{Fingerprint, IndexName, Serial, Timestamp};
use wheelhouse_index::path::FilePathError;
use wheelhouse_index::ports::{Catalog, SearchTerms, SystemClock};
use wheelhouse_index::record::{Contents, FileRecord, MetadataSummary};
use wheelhouse_standards::digest::Digester;
use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_store::catalog::{
    PostgresAddress, PostgresCatalog, SqliteCatalog, SqliteOptions, WhenDamaged,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(3);
    let address = address.as_deref();
    let mut arguments = std::env::args().skip(1).take(2);
    let mut number = |default: usize| match arguments.next() {
        None => Ok(default),
        Some(text) => text.parse(),
    };
    let (files, projects) = (number(100_000)?, number(10_000)?.max(1));
    let folder = TempDir::new()?;
    let main = IndexName::main();
    let big = ProjectKey::of("big").ok_or("a name")?;

    let catalog = timed("open a new catalog", open(&folder, address)).await?;
    let mut records = (0..files)
        .map(|n| record(&format!("p{}", n % projects), n / projects))
        .collect::<Result<Vec<_>, _>>()?;
    for n in 0..2_000 {
        records.push(record("big", n)?);
    }
    // As a scan finds them.
    records.sort_by(|a, b| a.path.cmp(&b.path));
    println!("{} files, {} projects", records.len(), projects + 1);
    let first_scan = change(records.iter().cloned());
    timed("commit all of them", catalog.commit(first_scan)).await?;
    let learned = records.iter().map(learned).collect();
    timed("learn all of them", catalog.learn(&main, learned)).await?;
    let known = change(records.iter().cloned());
    timed("commit all of them again: unchanged", catalog.commit(known)).await?;
    drop(catalog);

    let catalog = timed("open a known catalog", open(&folder, address)).await?;
    timed("project of 2,000 files", catalog.project(&main, &big)).await?;
    timed(
        "project of 2,000 files, again",
        catalog.project(&main, &big),
    )
    .await?;
    let small = ProjectKey::of("p7").ok_or("a name")?;
    for _ in 0..10 {
        timed("a small project", catalog.project(&main, &small)).await?;
    }
    timed("all projects", catalog.projects(&main)).await?;
    timed("counts", catalog.counts(&main)).await?;
    timed(
        "a page of 5,000 files",
        catalog.files_after(&main, None, 5_000),
    )
    .await?;
    timed("unread files", catalog.unread_after(&main, None, 100)).await?;
    let terms = |name: &[&str], summary: &[&str]| SearchTerms {
        name: name.iter().map(ToString::to_string).collect(),
        summary: summary.iter().map(ToString::to_string).collect(),
        any: true,
    };
    let (none, some) = (
        terms(&["no such name"], &[]),
        terms(&["p77"], &["number 7"]),
    );
    timed("search for nothing", catalog.search(&main, &none, 20_000)).await?;
    timed("search for some", catalog.search(&main, &some, 20_000)).await?;
    timed("journal of one scan", catalog.events_after(Serial(0), 1)).await?;

    let upload = change([record("big", 9_999)?]);
    timed("commit one file", catalog.commit(upload)).await?;
    timed("commit 500 files, each by itself", async {
        let commits = (0..500).map(|n| {
            let (catalog, record) = (Arc::clone(&catalog), record("many", n));
            tokio::spawn(async move {
                catalog
                    .commit(change([record?]))
                    .await
                    .map_err(|error| error.to_string())
            })
        });
        for commit in commits.collect::<Vec<_>>() {
            commit.await.map_err(|error| error.to_string())??;
        }
        Ok::<_, String>(())
    })
    .await?;
    if address.is_none() {
        let bytes = folder.path().join("catalog.sqlite").metadata()?.len();
        println!("{:>10} KiB the file", bytes / 1024);
    }
    Ok(())
}

/// Prints how long some work takes.
async fn timed<T, E>(what: &str, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let start = Instant::now();
    let outcome = work.await;
    println!("{:>10.1} ms  {what}", start.elapsed().as_secs_f64() * 1e3);
    outcome
}

async fn open(folder: &TempDir, address: Option<&str>) -> Result<Arc<dyn Catalog>, Box<dyn Error>> {
    if let Some(address) = address {
        let address = PostgresAddress::parse(address, |_| None)?;
        let catalog = PostgresCatalog::open(&address, Arc::new(SystemClock)).await?;
        return Ok(Arc::new(catalog));
    }
    let options = SqliteOptions {
        clock: Arc::new(SystemClock),
        serial_mark: Some(folder.path().join("serial")),
        when_damaged: WhenDamaged::BeginAnew,
    };
    let path = folder.path().join("catalog.sqlite");
    Ok(Arc::new(SqliteCatalog::open(&path, &options)?))
}

fn record(project: &str, n: usize) -> Result<FileRecord, String> {
    let name = format!("{project}-1.{n}-py3-none-any.whl");
    Ok(FileRecord {
        named: FoundFile::of(&name).ok_or("a package file")?,
        path: format!("team/{project}/{name}")
            .parse()
            .map_err(|error: FilePathError| error.to_string())?,
        fingerprint: Fingerprint::File {
            size_bytes: 1_000,
            modified_ns: 1_700_000_000_000_000_000,
            inode: 7,
        },
        uploaded_at: Timestamp(1_700_000_000_000_000),
        contents: None,
    })
}

fn learned(record: &FileRecord) -> Learned {
    Learned {
        path: record.path.clone(),
        fingerprint: record.fingerprint,
        contents: Contents {
            digests: Digester::new(None).finish(),
            metadata: MetadataSummary::Read {
                offered: None,
                requires_python: Some(">=3.9".into()),
                summary: Some(format!("A project with the number {}", record.project())),
            },
            has_provenance: false,
        },
        metadata: None,
    }
}

fn change(records: impl IntoIterator<Item = FileRecord>) -> Change {
    let found = |record| FileChange::Add {
        kind: Arrival::Found,
        record,
        metadata: None,
    };
    Change {
        index: IndexName::main(),
        by: Attribution::system(Timestamp(0)),
        expects: Vec::new(),
        files: records.into_iter().map(found).collect(),
        marks: Vec::new(),
    }
}
