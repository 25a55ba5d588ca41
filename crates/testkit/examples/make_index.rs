//! Fills a folder with many small valid wheels, for measuring large indexes:
//!
//! ```text
//! cargo run --release -p wheelhouse-testkit --example make_index -- DIR --files 100000 [--nested]
//! ```
//!
//! The same arguments give the same files. Ten versions make a project; `--nested` gives each
//! hundred projects a folder of their own. A wheel that is there already is left alone.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use wheelhouse_testkit::Wheel;

/// When the first file was written, after 1970.
const WRITTEN: Duration = Duration::from_secs(1_600_000_000);
/// Releases of a project.
const RELEASES: usize = 10;
/// Projects of a folder, where there are folders.
const PROJECTS_PER_FOLDER: usize = 100;
/// What names are made of, so that they look like names.
const FIRST: [&str; 20] = [
    "acme", "async", "cloud", "data", "django", "easy", "fast", "flask", "google", "json", "micro",
    "ml", "open", "py", "pytest", "simple", "smart", "text", "web", "zope",
];
const SECOND: [&str; 20] = [
    "api", "auth", "cache", "client", "config", "core", "db", "docs", "forms", "http", "io", "log",
    "model", "parser", "plugin", "queue", "sdk", "table", "tools", "utils",
];

struct Arguments {
    folder: PathBuf,
    files: usize,
    is_nested: bool,
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(problem) => {
            let _ = writeln!(
                io::stderr(),
                "{problem}\nusage: make_index DIR --files N [--nested]"
            );
            return ExitCode::from(2);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let arguments = &arguments;
    let made = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| scope.spawn(move || make(arguments, worker, threads)))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("a worker does not panic"))
            .collect::<io::Result<Vec<()>>>()
    });
    match made {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "cannot make the files: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments, String> {
    let mut words = std::env::args().skip(1);
    let (mut folder, mut files, mut is_nested) = (None, None, false);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--files" => {
                let number = words.next().ok_or("--files needs a number")?;
                files = Some(number.parse().map_err(|_| "--files needs a number")?);
            }
            "--nested" => is_nested = true,
            _ => folder = Some(PathBuf::from(word)),
        }
    }
    Ok(Arguments {
        folder: folder.ok_or("no folder is named")?,
        files: files.ok_or("--files is missing")?,
        is_nested,
    })
}

fn make(arguments: &Arguments, worker: usize, workers: usize) -> io::Result<()> {
    let projects = arguments.files.div_ceil(RELEASES);
    for project in (worker..projects).step_by(workers) {
        let folder = if arguments.is_nested {
            arguments
                .folder
                .join(format!("part-{}", project / PROJECTS_PER_FOLDER))
        } else {
            arguments.folder.clone()
        };
        fs::create_dir_all(&folder)?;
        let first = project * RELEASES;
        for number in first..(first + RELEASES).min(arguments.files) {
            make_one(&folder, project, number - first)?;
        }
    }
    Ok(())
}

fn make_one(folder: &Path, project: usize, release: usize) -> io::Result<()> {
    let (first, second) = (FIRST[project % 20], SECOND[project / 20 % 20]);
    let wheel = Wheel::named(&format!("{first}-{second}-{}", project / 400))
        .version(&format!("{}.{}.{}", release / 4, release % 4, project % 7))
        .field("Requires-Python", ">=3.9")
        .field("Summary", "Made for measuring.");
    let path = folder.join(wheel.file_name());
    if path.exists() {
        return Ok(());
    }
    let mut file = fs::File::create(path)?;
    file.write_all(&wheel.bytes())?;
    // As if it had been there for long: what was written a moment ago may not be complete.
    file.set_modified(UNIX_EPOCH + WRITTEN + Duration::from_secs(project as u64))
}
