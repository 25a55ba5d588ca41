//! A PostgreSQL of our own for tests: one cluster for all tests of a run, whichever processes they
//! are in, and a database for each test. It listens on a socket alone, and ends when the program
//! ends that runs the tests.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, parent_id};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use super::super::{PostgresAddress, PostgresCatalog};
use crate::conformance::catalog::FixedClock;

/// Waits for the runner to end, then ends the cluster by the number in its folder.
const WATCH: &str = r#"(while [ -e "/proc/$1" ]; do sleep 1; done
    "$2/pg_ctl" -D "$3/data" -m immediate stop; rm -rf "$3") &"#;

/// A database for one test.
pub(crate) struct Database {
    cluster: PathBuf,
    name: String,
}

impl Database {
    /// Makes an empty database.
    pub(crate) async fn new() -> Self {
        let cluster = tokio::task::spawn_blocking(cluster).await.unwrap();
        let name = format!("test_{}", Uuid::new_v4().simple());
        let database = Self { cluster, name };
        let client = database.client_of("postgres").await;
        let make = format!("CREATE DATABASE {} TEMPLATE template0", database.name);
        client.batch_execute(&make).await.unwrap();
        database
    }

    pub(crate) fn address(&self) -> PostgresAddress {
        self.address_of(&self.name)
    }

    fn address_of(&self, database: &str) -> PostgresAddress {
        let host = self.cluster.display().to_string().replace('/', "%2F");
        let text = format!("postgres://postgres@{host}/{database}");
        PostgresAddress::parse(&text, |_| None).unwrap()
    }

    /// Opens a catalog in it.
    pub(crate) async fn open(&self) -> PostgresCatalog {
        let address = self.address();
        let opened = PostgresCatalog::open(&address, Arc::new(FixedClock)).await;
        opened.unwrap()
    }

    /// Makes a connection apart from any catalog.
    pub(crate) async fn client(&self) -> Client {
        self.client_of(&self.name).await
    }

    /// Makes a connection to the same server and another database.
    pub(crate) async fn client_beside(&self) -> Client {
        self.client_of("postgres").await
    }

    async fn client_of(&self, database: &str) -> Client {
        let config = self.address_of(database).config;
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let _ = Command::new(binaries().join("psql"))
            .args(["-qX", "-U", "postgres", "-d", "postgres", "-c", &drop, "-h"])
            .arg(&self.cluster)
            .stderr(Stdio::null())
            .status();
    }
}

/// Returns the folder of the cluster's socket, after whoever came first has started it.
fn cluster() -> PathBuf {
    let runner = parent_id();
    let stat = fs::read_to_string(format!("/proc/{runner}/stat")).unwrap();
    // A number may be used again, but not with the same moment of its start.
    let started = stat.rsplit(' ').nth(30).unwrap();
    let folder = std::env::temp_dir().join(format!("wheelhouse-pg-{runner}-{started}"));
    let user = rustix::process::geteuid().as_raw();
    let lock = std::env::temp_dir().join(format!("wheelhouse-pg-{user}.lock"));
    let lock = File::create(lock).unwrap();
    lock.lock().unwrap();
    if !folder.join("ready").exists() {
        start(&folder, runner);
        fs::write(folder.join("ready"), "").unwrap();
    }
    folder
}

fn start(folder: &Path, runner: u32) {
    let binaries = binaries();
    fs::create_dir(folder).unwrap();
    if rustix::process::geteuid().is_root() {
        let owned = Command::new("chown").arg("postgres").arg(folder).status();
        assert!(owned.unwrap().success(), "the user postgres is needed");
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let data = folder.join("data");
    let made = as_postgres(&binaries.join("initdb"))
        .args(["-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"])
        .args(["-U", "postgres", "-D"])
        .arg(&data)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let options = format!(
        "-k {} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=300",
        folder.display()
    );
    let started = as_postgres(&binaries.join("pg_ctl"))
        .args(["-w", "-D"])
        .arg(&data)
        .arg("-l")
        .arg(folder.join("log"))
        .args(["-o", &options, "start"])
        .status()
        .unwrap();
    assert!(started.success(), "see {}/log", folder.display());
    let watched = as_postgres(Path::new("sh"))
        .args(["-c", WATCH, "watch", &runner.to_string()])
        .arg(&binaries)
        .arg(folder)
        .process_group(0)
        .status()
        .unwrap();
    assert!(watched.success());
}

/// Runs as the user that the server wants, which is not root.
fn as_postgres(program: &Path) -> Command {
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "--",
        ]);
        command.arg(program);
        command
    } else {
        Command::new(program)
    };
    // Nobody who waits for the test's own output waits for what goes on behind it.
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Returns the folder with the newest server's programs.
fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is not installed");
    let mut folders: Vec<_> = versions
        .map(|version| version.unwrap().path().join("bin"))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    folders.sort();
    folders
        .pop()
        .expect("the server of PostgreSQL is not installed")
}
