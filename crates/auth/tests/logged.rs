//! What an operator finds in the log about a password file, and what nobody must find there.

#![expect(clippy::unwrap_used, reason = "what fails here is a test")]

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use tempfile::TempDir;
use wheelhouse_auth::htpasswd::{HtpasswdFile, HtpasswdOptions};
use wheelhouse_index::actor::{Credentials, Secret};
use wheelhouse_index::ports::Identities as _;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static START: Once = Once::new();

struct Sink;

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A password file in a folder of its own, so that its path tells its lines of the common log.
struct Fixture {
    directory: TempDir,
    path: PathBuf,
}

impl Fixture {
    fn new(text: &str) -> Self {
        START.call_once(|| {
            tracing_subscriber::fmt()
                .with_ansi(false)
                .with_max_level(tracing::Level::TRACE)
                .with_writer(|| Sink)
                .init();
        });
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("htpasswd");
        fs::write(&path, text).unwrap();
        Self { directory, path }
    }

    fn open(&self) -> HtpasswdFile {
        let options = HtpasswdOptions {
            look_every: Duration::ZERO,
            ..HtpasswdOptions::default()
        };
        HtpasswdFile::open(self.path.clone(), &options).unwrap()
    }

    /// The lines about this file that hold `text`.
    fn logged(&self, text: &str) -> Vec<String> {
        let log = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
        let place = self.directory.path().to_str().unwrap();
        let lines = log
            .lines()
            .filter(|l| l.contains(place) && l.contains(text));
        lines.map(str::to_owned).collect()
    }
}

async fn sign_in(file: &HtpasswdFile, password: &str) {
    let credentials = Credentials {
        user: "ada".into(),
        password: Secret::new(password.into()),
    };
    let _ = file.identify(&credentials).await;
}

#[tokio::test]
async fn a_disabled_line_is_named_once_for_each_reading() {
    let fixture = Fixture::new("ada:hunter2\nbob:$2y$hunter2\nhunter2\n");
    let file = fixture.open();
    for _ in 0..3 {
        sign_in(&file, "hunter2").await;
    }
    let bob = fixture.logged("line 2, user \"bob\": the bcrypt value is damaged");
    assert_eq!(bob.len(), 1, "{bob:?}");
    assert!(bob[0].contains("WARN"), "{bob:?}");
    assert_eq!(fixture.logged("line 3: the line has no colon").len(), 1);
    let command = format!("`htpasswd -B {} ada`", fixture.path.display());
    assert_eq!(fixture.logged(&command).len(), 1);
    fs::write(&fixture.path, "# changed\nada:hunter2\n").unwrap();
    sign_in(&file, "hunter2").await;
    assert_eq!(fixture.logged(&command).len(), 2);
    assert_eq!(
        fixture.logged("hunter2"),
        [""; 0],
        "a stored value is never logged"
    );
}

#[tokio::test]
async fn a_file_that_is_gone_is_named_once() {
    let fixture = Fixture::new("ada:{SHA}ny/rDx70JbKS8vlLyEgklN9DBBM=\n");
    let file = fixture.open();
    fs::remove_file(&fixture.path).unwrap();
    for _ in 0..3 {
        sign_in(&file, "love").await;
    }
    let errors = fixture.logged("ERROR");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("nobody can sign in"), "{errors:?}");
    assert_eq!(fixture.logged("read the password file").len(), 1);
}

#[test]
fn a_file_full_of_rubbish_does_not_flood_the_log() {
    let fixture = Fixture::new(&"rubbish\n".repeat(5000));
    let _file = fixture.open();
    assert_eq!(fixture.logged("no colon").len(), 50);
    assert_eq!(fixture.logged("4950 more lines are disabled").len(), 1);
}

#[test]
fn nothing_secret_is_in_the_debug_form() {
    let fixture = Fixture::new("ada:{SHA}ny/rDx70JbKS8vlLyEgklN9DBBM=\n");
    let shown = format!("{:?}", Arc::new(fixture.open()));
    assert!(!shown.contains("ny/rD"), "{shown}");
    assert!(shown.contains("[redacted]"), "{shown}");
}
