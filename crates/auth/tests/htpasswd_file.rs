//! Who can sign in, from the password file as it is now.

#![expect(clippy::unwrap_used, reason = "what fails here is a test")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use wheelhouse_auth::htpasswd::{HtpasswdFile, HtpasswdOptions};
use wheelhouse_index::actor::{Actor, Credentials, Secret, UserName};
use wheelhouse_index::ports::{IdentifyError, Identities as _};

const LOVE: &str = "{SHA}ny/rDx70JbKS8vlLyEgklN9DBBM=";
const LACE: &str = "{SHA}+uhI6dcX9LhvJmX1Psr2A3jl4j8=";

struct Fixture {
    _directory: TempDir,
    path: PathBuf,
}

impl Fixture {
    fn new(text: impl AsRef<[u8]>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("htpasswd");
        fs::write(&path, text).unwrap();
        Self {
            _directory: directory,
            path,
        }
    }

    fn open(&self) -> HtpasswdFile {
        self.open_with(&HtpasswdOptions::default())
    }

    /// Opens the file so that every sign-in looks at it first.
    fn open_with(&self, options: &HtpasswdOptions) -> HtpasswdFile {
        let options = HtpasswdOptions {
            look_every: Duration::ZERO,
            ..options.clone()
        };
        HtpasswdFile::open(self.path.clone(), &options).unwrap()
    }

    fn write(&self, text: impl AsRef<[u8]>) {
        fs::write(&self.path, text).unwrap();
    }
}

async fn sign_in(file: &HtpasswdFile, user: &str, password: &str) -> Result<bool, IdentifyError> {
    let credentials = Credentials {
        user: user.to_owned(),
        password: Secret::new(password.to_owned()),
    };
    let actor = file.identify(&credentials).await?;
    if let Some(actor) = &actor {
        assert_eq!(*actor.actor(), Actor::User(UserName::new(user)));
    }
    Ok(actor.is_some())
}

async fn may(file: &HtpasswdFile, user: &str, password: &str) -> bool {
    sign_in(file, user, password).await.expect("the file reads")
}

fn open_error(path: &Path) -> String {
    let error = HtpasswdFile::open(path.to_owned(), &HtpasswdOptions::default()).unwrap_err();
    error.to_string()
}

#[tokio::test]
async fn users_of_every_scheme_sign_in_and_nobody_else() {
    let mut text = String::new();
    for (user, table) in [
        ("apr1", include_str!("vectors/apr1.tsv")),
        ("sha1", include_str!("vectors/sha1.tsv")),
        ("bcrypt", include_str!("vectors/bcrypt.tsv")),
        ("sha256", include_str!("vectors/sha256_crypt.tsv")),
        ("sha512", include_str!("vectors/sha512_crypt.tsv")),
        ("des", include_str!("vectors/des_crypt.tsv")),
    ] {
        let line = table
            .lines()
            .find(|line| line.ends_with("\tsecret"))
            .unwrap();
        let stored = line.strip_suffix("\tsecret").unwrap();
        let broken = &stored[..9];
        text = format!(
            "{text}{user}:{stored}
broken-{user}:{broken}
"
        );
    }
    let file = Fixture::new(&text);
    let file = file.open();
    for user in ["apr1", "sha1", "bcrypt", "sha256", "sha512", "des"] {
        assert!(may(&file, user, "secret").await, "{user}");
        assert!(may(&file, user, "secret").await, "{user}, remembered");
        for wrong in ["", "Secret", "secret "] {
            assert!(!may(&file, user, wrong).await, "{user} {wrong:?}");
        }
        assert!(
            !may(&file, &format!("broken-{user}"), "secret").await,
            "{user}"
        );
        assert!(!may(&file, &user.to_uppercase(), "secret").await, "{user}");
        assert!(!may(&file, &format!("{user} "), "secret").await, "{user}");
    }
    assert!(!may(&file, "nobody", "secret").await);
    assert!(!may(&file, "", "").await);
}

#[tokio::test]
async fn the_stored_text_of_an_unsupported_hash_is_no_password() {
    for stored in [
        "$1$abcdefgh$eIMz/iKDkbtys/uU7LEK00",
        "{SSHA}abcd",
        "$2y$05$x",
        "",
        "{PLAIN}x",
    ] {
        let file = Fixture::new(format!("ada:{stored}\n"));
        let file = file.open_with(&HtpasswdOptions {
            allow_plain_passwords: true,
            ..HtpasswdOptions::default()
        });
        assert!(!may(&file, "ada", stored).await, "{stored:?}");
        assert!(!may(&file, "ada", "").await, "{stored:?}");
    }
}

#[tokio::test]
async fn plain_text_passwords_work_only_where_allowed() {
    let fixture = Fixture::new("ada:lovelace\n");
    assert!(!may(&fixture.open(), "ada", "lovelace").await);
    let file = fixture.open_with(&HtpasswdOptions {
        allow_plain_passwords: true,
        ..HtpasswdOptions::default()
    });
    assert!(may(&file, "ada", "lovelace").await);
    assert!(!may(&file, "ada", "love").await);
}

#[tokio::test]
async fn a_changed_file_counts_at_the_next_look() {
    let fixture = Fixture::new(format!("ada:{LOVE}\n"));
    let file = fixture.open();
    assert!(may(&file, "ada", "love").await);
    fixture.write(format!("ada:{LACE}\nbob:{LOVE}\n"));
    assert!(may(&file, "bob", "love").await);
    assert!(may(&file, "ada", "lace").await);
    assert!(
        !may(&file, "ada", "love").await,
        "the old password is remembered no more"
    );
    fixture.write(format!("bob:{LOVE}\n"));
    assert!(
        !may(&file, "ada", "lace").await,
        "a removed user is gone at once"
    );
    fixture.write("");
    assert!(!may(&file, "bob", "love").await);
}

#[tokio::test]
async fn the_mark_of_what_proves_a_user_goes_with_the_password() {
    let fixture = Fixture::new(format!("ada:{LOVE}\nbob:{LOVE}\n"));
    let file = fixture.open();
    let mark = async |user: &str| file.standing(&UserName::new(user)).await.unwrap();
    let before = mark("ada").await.expect("ada is known");
    assert_eq!(mark("nobody").await, None, "not that of the decoy");
    fixture.write(format!("bob:{LACE}\nada:{LOVE}\neve:{LOVE}\n"));
    assert_eq!(mark("ada").await, Some(before), "others do not matter");
    fixture.write(format!("ada:{LACE}\n"));
    assert_ne!(mark("ada").await, Some(before));
    assert_eq!(mark("bob").await, None);
    fs::remove_file(&fixture.path).unwrap();
    let gone = file.standing(&UserName::new("ada")).await;
    assert!(matches!(gone, Err(IdentifyError::Unavailable(_))));
}

#[tokio::test]
async fn a_change_that_keeps_size_and_time_is_seen() {
    let fixture = Fixture::new(format!("ada:{LOVE}\n"));
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let set_time = || {
        let file = File::options().write(true).open(&fixture.path).unwrap();
        file.set_modified(long_ago).unwrap();
    };
    set_time();
    let file = fixture.open();
    for (right, wrong, stored) in [("lace", "love", LACE), ("love", "lace", LOVE)] {
        fixture.write(format!("ada:{stored}\n"));
        set_time();
        assert!(may(&file, "ada", right).await);
        assert!(!may(&file, "ada", wrong).await);
    }
}

#[tokio::test]
async fn a_file_renamed_over_the_old_one_counts() {
    let fixture = Fixture::new(format!("ada:{LOVE}\n"));
    let file = fixture.open();
    let new = fixture.path.with_extension("new");
    fs::write(&new, format!("ada:{LACE}\n")).unwrap();
    fs::rename(&new, &fixture.path).unwrap();
    assert!(may(&file, "ada", "lace").await);
    assert!(!may(&file, "ada", "love").await);
}

#[tokio::test]
async fn nobody_signs_in_while_the_file_is_gone() {
    let fixture = Fixture::new(format!("ada:{LOVE}\n"));
    let file = fixture.open();
    assert!(may(&file, "ada", "love").await);
    fs::remove_file(&fixture.path).unwrap();
    for user in ["ada", "nobody"] {
        let answer = sign_in(&file, user, "love").await;
        assert!(
            matches!(answer, Err(IdentifyError::Unavailable(_))),
            "{user} {answer:?}"
        );
    }
    fixture.write(format!("ada:{LOVE}\n"));
    assert!(
        may(&file, "ada", "love").await,
        "the same bytes are read again"
    );
}

#[tokio::test]
async fn nobody_signs_in_while_the_file_is_not_a_password_file() {
    let fixture = Fixture::new(format!("ada:{LOVE}\n"));
    let file = fixture.open();
    fixture.write(b"\xFF\xFEa\0:\0");
    for _ in 0..2 {
        let answer = sign_in(&file, "ada", "love").await;
        assert!(
            matches!(answer, Err(IdentifyError::Unavailable(_))),
            "{answer:?}"
        );
    }
    fixture.write(format!("ada:{LOVE}\n"));
    assert!(may(&file, "ada", "love").await);
}

#[tokio::test]
async fn the_file_is_not_looked_at_before_it_is_due() {
    let fixture = Fixture::new(format!("ada:{LOVE}\n"));
    let options = HtpasswdOptions {
        look_every: Duration::from_hours(1),
        ..HtpasswdOptions::default()
    };
    let file = HtpasswdFile::open(fixture.path.clone(), &options).unwrap();
    fixture.write("");
    assert!(may(&file, "ada", "love").await);
}

#[tokio::test]
async fn a_bad_line_never_stops_the_others() {
    let bad = "no colon\nx:y:z\n:empty\nempty:\n\u{0}\nbroken:$2y$\nplain:text\n";
    let fixture = Fixture::new(format!("{bad}ada:{LOVE}\n{bad}"));
    let file = fixture.open();
    assert!(may(&file, "ada", "love").await);
    for (user, password) in [
        ("x", "y:z"),
        ("", "empty"),
        ("empty", ""),
        ("plain", "text"),
    ] {
        assert!(!may(&file, user, password).await, "{user}");
    }
    let fixture = Fixture::new(bad);
    assert!(!may(&fixture.open(), "ada", "love").await);
}

#[test]
fn a_path_that_is_no_readable_file_stops_the_start_with_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    let text = open_error(&missing);
    assert!(text.contains(missing.to_str().unwrap()), "{text}");
    assert!(text.contains("No such file"), "{text}");
    let text = open_error(directory.path());
    assert!(text.contains("not a regular file"), "{text}");
    // Reading this device would never end, and opening a pipe would wait for a writer.
    let text = open_error(Path::new("/dev/zero"));
    assert!(text.contains("not a regular file"), "{text}");
    let utf_16 = directory.path().join("utf-16");
    fs::write(&utf_16, b"\xFF\xFEa\0").unwrap();
    let text = open_error(&utf_16);
    assert!(text.contains("UTF-16"), "{text}");
    let large = directory.path().join("large");
    File::create(&large).unwrap().set_len(1 << 40).unwrap();
    let text = open_error(&large);
    assert!(text.contains("larger than 8 MiB"), "{text}");
}
