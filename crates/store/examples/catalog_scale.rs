//! What a catalog costs on a large index. Prints one figure a line.
//!
//! `cargo run --release -p wheelhouse-store --example catalog_scale -- FILES PROJECTS WHERE`, where
//! `WHERE` is the address of an empty database of PostgreSQL, or the path of a file of SQLite that is
//! not there yet; both are left as they are filled, for whoever wants to serve them.

#![expect(clippy::print_stdout, reason = "the figures are for whoever runs it")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wheelhouse_index::change::{Arrival, Attribution, Change, FileChange};
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

/// Files of one commit, as a scan or an import gives them: in the order of their paths.
const BATCH: usize = 500_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || {
        arguments
            .next()
            .ok_or("FILES PROJECTS WHERE are to be given")
    };
    let (files, projects, place): (usize, usize, String) =
        (next()?.parse()?, next()?.parse()?, next()?);
    let index = Index { files, projects };
    fill(&index, &place).await?;
    let catalog = timed("open a known catalog", open(&place)).await?;
    read(&*catalog, &index).await?;
    write(&catalog, &index).await?;
    if let Ok(file) = Path::new(&place).metadata() {
        println!("{:>10} MiB the file", file.len() >> 20);
    }
    Ok(())
}

/// Fills an empty catalog.
async fn fill(index: &Index, place: &str) -> Result<(), Box<dyn Error>> {
    let catalog = timed("open a new catalog", open(place)).await?;
    let start = Instant::now();
    let mut batch = Vec::with_capacity(BATCH);
    let (mut count, mut slowest) = (0, Duration::ZERO);
    for (project, n) in index.arrivals() {
        batch.push(record(&format!("p{project}"), n)?);
        if batch.len() == BATCH {
            let began = Instant::now();
            batch.sort_by(|a: &FileRecord, b| a.path.cmp(&b.path));
            catalog.commit(change(std::mem::take(&mut batch))).await?;
            slowest = slowest.max(began.elapsed());
            count += BATCH;
            let seconds = start.elapsed().as_secs_f64();
            println!("{count:>10} files after {seconds:.0} s");
        }
    }
    count += batch.len();
    catalog.commit(change(batch)).await?;
    println!("{count:>10} files, {} projects", index.projects);
    let rate = 1_000 * count as u128 / start.elapsed().as_millis().max(1);
    println!("{rate:>10} files/s filled");
    println!(
        "{:>10.0} ms  the slowest {BATCH} of them",
        slowest.as_secs_f64() * 1e3
    );
    Ok(())
}

/// Asks what pages and searches ask.
async fn read(catalog: &dyn Catalog, index: &Index) -> Result<(), Box<dyn Error>> {
    let main = IndexName::main();
    let big = ProjectKey::of("p0").ok_or("a name")?;
    for _ in 0..2 {
        let found = timed("the largest project", catalog.project(&main, &big)).await?;
        println!(
            "{:>10} files of it",
            found.map_or(0, |found| found.files.len())
        );
    }
    let mut times = Vec::new();
    for n in 0..2_000 {
        let key = ProjectKey::of(&format!("p{}", index.scattered(n * 7 + 3))).ok_or("a name")?;
        let began = Instant::now();
        catalog.project(&main, &key).await?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    for (name, place) in [("half", 2), ("99 %", 100)] {
        let of = if place == 2 {
            times.len() / 2
        } else {
            times.len() - times.len() / place
        };
        println!(
            "{:>10.3} ms  {name} of 2,000 projects at most",
            times[of].as_secs_f64() * 1e3
        );
    }
    let all = timed("all projects", catalog.projects(&main)).await?;
    println!("{:>10} projects", all.projects.len());
    drop(all);
    timed("counts", catalog.counts(&main)).await?;
    timed(
        "a page of 5,000 files",
        catalog.files_after(&main, None, 5_000),
    )
    .await?;
    timed("unread files", catalog.unread_after(&main, None, 100)).await?;
    timed(
        "100 events of the journal",
        catalog.events_after(Serial(index.files as u64 / 2), 100),
    )
    .await?;
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
    Ok(())
}

/// Publishes.
async fn write(catalog: &Arc<dyn Catalog>, index: &Index) -> Result<(), Box<dyn Error>> {
    timed(
        "commit one file",
        catalog.commit(change([record("p0", 99_999)?])),
    )
    .await?;
    timed("commit 500 files, one after the other", async {
        for n in 0..500 {
            let name = format!("p{}", index.scattered(n));
            let record = record(&name, 99_998)?;
            catalog
                .commit(change([record]))
                .await
                .map_err(|error| error.to_string())?;
        }
        Ok::<_, String>(())
    })
    .await?;
    timed("commit 2,000 files, each by itself, at one time", async {
        let commits = (0..2_000).map(|n| {
            let (catalog, record) = (Arc::clone(catalog), record(&format!("many{n}"), n));
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
    Ok(())
}

/// Which projects there are, and how many files each has: few have many.
struct Index {
    files: usize,
    projects: usize,
}

impl Index {
    /// The files in the order of their arrival: each project's next version, again and again, the
    /// projects in no order, as the years bring them. Bulk loads that are sorted cost less.
    fn arrivals(&self) -> impl Iterator<Item = (usize, usize)> {
        (0..)
            .flat_map(|n| (0..self.projects).map(move |at| (at, n)))
            .map(|(at, n)| (self.scattered(at), n))
            .filter(|&(project, n)| n < self.files_of(project))
            .take(self.files)
    }

    /// Twenty on average where there are twenty times as many files as projects.
    fn files_of(&self, project: usize) -> usize {
        let of_twenty = match (project % 1_000, project % 100, project % 10) {
            (0, _, _) => 2_100,
            (_, 0, _) => 300,
            (_, _, 0) => 40,
            _ => 13,
        };
        (of_twenty * self.files).div_ceil(self.projects * 20)
    }

    /// A project of all, as if by chance.
    fn scattered(&self, at: usize) -> usize {
        // A prime that no number of projects is a multiple of.
        (at * 2_654_435_761) % self.projects
    }
}

/// Prints how long some work takes.
async fn timed<T, E>(what: &str, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let start = Instant::now();
    let outcome = work.await;
    println!("{:>10.1} ms  {what}", start.elapsed().as_secs_f64() * 1e3);
    outcome
}

async fn open(place: &str) -> Result<Arc<dyn Catalog>, Box<dyn Error>> {
    if place.contains("://") {
        let address = PostgresAddress::parse(place, |_| None)?;
        let catalog = PostgresCatalog::open(&address, Arc::new(SystemClock)).await?;
        return Ok(Arc::new(catalog));
    }
    let options = SqliteOptions {
        clock: Arc::new(SystemClock),
        serial_mark: Some(Path::new(place).with_extension("serial")),
        when_damaged: WhenDamaged::BeginAnew,
    };
    Ok(Arc::new(SqliteCatalog::open(Path::new(place), &options)?))
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
        contents: Some(contents(n)),
    })
}

fn contents(number: usize) -> Contents {
    Contents {
        digests: Digester::new(None).finish(),
        metadata: MetadataSummary::Read {
            offered: None,
            requires_python: Some(">=3.9".into()),
            summary: Some(format!("A project with the number {number}")),
        },
        has_provenance: false,
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
