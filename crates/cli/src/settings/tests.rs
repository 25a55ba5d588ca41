//! What the settings come to under both names of the program.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wheelhouse_index::permission::Lock;
use wheelhouse_standards::check::Strictness;
use wheelhouse_standards::digest::HashAlgorithm;

use super::*;
use crate::command_line::{self, Command};
use crate::config;
use crate::environment::Environment;

/// A working folder with `packages` in it, which is also the home folder's.
struct Place {
    folder: tempfile::TempDir,
    environment: Environment,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("home/packages")).unwrap();
        fs::create_dir(folder.path().join("packages")).unwrap();
        let environment = Environment::for_test(&folder.path().canonicalize().unwrap(), &[]);
        Self {
            folder,
            environment,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn resolve<T>(
        &self,
        line: &str,
        of: fn(Source<'_>) -> Result<T, SettingsError>,
    ) -> Result<T, SettingsError> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let invocation = command_line::read(&words, &|_| false).expect("a good command line");
        let (Command::Run(parsed) | Command::Update(parsed)) = invocation.command else {
            panic!("{line:?} takes settings");
        };
        let values = config::gather(parsed, invocation.profile, &self.environment).unwrap();
        let environment = &self.environment;
        of(Source {
            values: &values,
            environment,
            may_make_folders: true,
        })
    }

    fn run(&self, line: &str) -> RunSettings {
        self.try_run(line)
            .unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    fn try_run(&self, line: &str) -> Result<RunSettings, SettingsError> {
        self.resolve(line, RunSettings::of)
    }
}

#[test]
fn doors_differ_in_single_settings_only() {
    let place = Place::new();
    let ours = place.run("wheelhouse run packages");
    let theirs = place.run("pypi-server run packages");
    assert_eq!(
        (ours.bind.host.as_str(), theirs.bind.host.as_str()),
        ("127.0.0.1", "0.0.0.0")
    );
    assert_eq!(
        (ours.uploads.legacy_actions, theirs.uploads.legacy_actions),
        (LegacyActions::Gone, LegacyActions::Accept)
    );
    assert_eq!(
        (
            ours.uploads.checks.strictness,
            theirs.uploads.checks.strictness
        ),
        (Strictness::Standard, Strictness::Lenient)
    );
    assert_eq!(
        (
            ours.limits.max_failed_sign_ins,
            theirs.limits.max_failed_sign_ins
        ),
        (Some(30), None)
    );
    assert_eq!(
        (ours.pages.file_caching, theirs.pages.file_caching),
        (FileCaching::Revalidate, FileCaching::Silent)
    );
    assert_eq!(
        (
            ours.pages.tar_gz_type.as_str(),
            theirs.pages.tar_gz_type.as_str()
        ),
        ("application/octet-stream", "application/x-tar")
    );
    assert_eq!(
        (ours.pages.signature_links, theirs.pages.signature_links),
        (false, true)
    );
    assert_eq!(
        (
            ours.access.invalid_credentials,
            theirs.access.invalid_credentials
        ),
        (InvalidCredentials::Reject, InvalidCredentials::Ignore)
    );
    assert_eq!(
        (
            ours.proxies.trust_private_ranges,
            theirs.proxies.trust_private_ranges
        ),
        (false, true)
    );
    assert_eq!(
        (ours.fallback.mode, theirs.fallback.mode),
        (FallbackMode::Given, FallbackMode::Known)
    );
    assert_eq!(
        (
            ours.fallback.read_installer_settings,
            theirs.fallback.read_installer_settings
        ),
        (false, true)
    );
    // Everything else is the same.
    assert_eq!(ours.folders, theirs.folders);
    let max_failed_sign_ins = theirs.limits.max_failed_sign_ins;
    let limits = LimitSettings {
        max_failed_sign_ins,
        ..ours.limits
    };
    assert_eq!(limits, theirs.limits);
    assert_eq!(ours.logging, theirs.logging);
    assert_eq!(ours.state, theirs.state);
    assert_eq!(ours.access.locks, theirs.access.locks);
    assert_eq!(ours.health_endpoint, theirs.health_endpoint);
}

#[test]
fn either_door_can_be_told_to_be_as_the_other() {
    let place = Place::new();
    let ours = place.run(
        "wheelhouse run packages -H 0.0.0.0 --legacy-actions accept --file-caching silent \
         --tar-gz-type application/x-tar --signature-links true --invalid-credentials ignore \
         --trust-private-proxies true --fallback-source known --installer-settings true \
         --create-missing false --upload-strictness lenient --max-failed-sign-ins 0 \
         --attestations ignore --front-page welcome --web-sign-in off",
    );
    let theirs = place.run("pypi-server run packages");
    assert_eq!(ours.bind, theirs.bind);
    assert_eq!(ours.uploads, theirs.uploads);
    assert_eq!(ours.pages, theirs.pages);
    assert_eq!(ours.access, theirs.access);
    assert_eq!(ours.limits, theirs.limits);
    assert_eq!(ours.proxies, theirs.proxies);
    assert_eq!(ours.fallback, theirs.fallback);
}

#[test]
fn kept_defaults_of_pypiserver() {
    let place = Place::new();
    let settings = place.run("pypi-server run");
    assert_eq!(settings.folders.roots, [place.path("home/packages")]);
    assert_eq!(settings.bind.port, 8080);
    assert_eq!(settings.bind.base_path, "");
    assert_eq!(settings.access.locks, [Lock::Update]);
    assert_eq!(settings.access.passwords, PasswordSource::Nobody);
    assert_eq!(settings.pages.hash_algorithm, Some(HashAlgorithm::Sha256));
    assert_eq!(settings.health_endpoint, "/health");
    assert_eq!(settings.logging.verbosity, 0);
    assert_eq!(settings.logging.stream, Some(LogStream::Stdout));
    assert!(!settings.uploads.overwrite);
}

#[test]
fn kept_locks_and_passwords_must_agree() {
    let place = Place::new();
    place.write(".htpasswd", "ann:x\n");
    let access = |line: &str| place.try_run(line).map(|settings| settings.access);
    assert_eq!(
        access("pypi-server run -a . -P .").unwrap().passwords,
        PasswordSource::NotNeeded
    );
    let both = access("pypi-server run -a Update,list,list -P .htpasswd").unwrap();
    assert_eq!(both.locks, [Lock::Update, Lock::List]);
    assert_eq!(
        both.passwords,
        PasswordSource::File(place.path(".htpasswd"))
    );
    for line in ["pypi-server run -a .", "pypi-server run -a . -P .htpasswd"] {
        assert!(
            matches!(access(line), Err(SettingsError::PasswordsWithoutLocks)),
            "{line}"
        );
    }
    for line in ["pypi-server run -P .", "wheelhouse run -a list -P ."] {
        assert!(
            matches!(access(line), Err(SettingsError::LocksWithoutPasswords)),
            "{line}"
        );
    }
}

#[test]
fn password_file_that_cannot_be_read_stops_the_start() {
    let place = Place::new();
    for name in ["absent", "packages"] {
        let line = format!("pypi-server run -P {name}");
        let refused = place.try_run(&line).expect_err(name);
        assert!(
            matches!(refused, SettingsError::PasswordFile { .. }),
            "{refused}"
        );
    }
}

#[test]
fn kept_named_folder_must_be_there_under_the_old_name() {
    let place = Place::new();
    let refused = place.try_run("pypi-server run absent").expect_err("absent");
    assert!(matches!(
        refused,
        SettingsError::FolderMissing {
            is_default: false,
            ..
        }
    ));
    place.write("file", "");
    let refused = place.try_run("wheelhouse run file").expect_err("no folder");
    assert!(
        matches!(refused, SettingsError::FolderUnreadable { .. }),
        "{refused}"
    );
}

#[test]
fn mended_default_folder_that_is_missing_is_refused_with_advice() {
    let place = Place::new();
    fs::remove_dir(place.path("home/packages")).unwrap();
    let refused = place.try_run("pypi-server run").expect_err("absent");
    assert!(matches!(
        refused,
        SettingsError::FolderMissing {
            is_default: true,
            ..
        }
    ));
    assert!(refused.hint().expect("advice").contains("name the folder"));
}

#[test]
fn missing_folder_is_made_by_wheelhouse() {
    let place = Place::new();
    let settings = place.run("wheelhouse run new/deep packages");
    assert_eq!(
        settings.folders.roots,
        [place.path("new/deep"), place.path("packages")]
    );
    assert!(place.path("new/deep").is_dir());
    assert!(
        settings.notes[0].text.contains("new/deep"),
        "{:?}",
        settings.notes
    );
}

#[test]
fn nothing_is_made_when_another_setting_is_wrong() {
    let place = Place::new();
    place
        .try_run("wheelhouse run new --welcome absent")
        .expect_err("no such page");
    assert!(!place.path("new").exists());
}

#[test]
fn folder_that_is_named_twice_counts_once() {
    let place = Place::new();
    let settings = place.run("wheelhouse run packages ./packages/../packages");
    assert_eq!(settings.folders.roots, [place.path("packages")]);
}

#[test]
fn kept_cache_control_of_zero_says_nothing_and_negatives_are_passed_on() {
    let place = Place::new();
    let caching = |line: &str| place.run(line).pages.file_caching;
    assert_eq!(
        caching("pypi-server run --cache-control 60"),
        FileCaching::MaxAge(60)
    );
    assert_eq!(
        caching("pypi-server run --cache-control -5"),
        FileCaching::MaxAge(-5)
    );
    assert_eq!(
        caching("wheelhouse run --cache-control 0"),
        FileCaching::Silent
    );
}

#[test]
fn kept_fallback_loses_its_final_slashes_and_can_be_turned_off() {
    let place = Place::new();
    let fallback = |line: &str| place.run(line).fallback;
    let given = fallback("pypi-server run --fallback-url https://index.example/simple//");
    assert_eq!(given.url.as_deref(), Some("https://index.example/simple"));
    let off = fallback("pypi-server run --disable-fallback --fallback-url https://index.example/");
    assert_eq!(off.mode, FallbackMode::Off);
}

#[test]
fn kept_health_path_must_be_free() {
    let place = Place::new();
    for path in ["/simple/", "/packages", "/RPC2"] {
        let refused = place.try_run(&format!("pypi-server run --health-endpoint {path}"));
        assert!(
            matches!(refused, Err(SettingsError::HealthPathTaken { .. })),
            "{path}"
        );
    }
    for path in ["/healthz", "/up/now"] {
        let settings = place.run(&format!("pypi-server run --health-endpoint {path}"));
        assert_eq!(settings.health_endpoint, path);
    }
}

#[test]
fn base_path_begins_with_a_slash_and_does_not_end_in_one() {
    let place = Place::new();
    for (written, expected) in [("/", ""), ("x", "/x"), ("/x/", "/x"), ("/a/b", "/a/b")] {
        let settings = place.run(&format!("pypi-server run --server-base-url {written}"));
        assert_eq!(settings.bind.base_path, expected, "{written}");
    }
}

#[test]
fn kept_hash_algorithm_can_be_turned_off() {
    let place = Place::new();
    for (name, expected) in [
        ("md5", Some(HashAlgorithm::Md5)),
        ("OFF", None),
        ("0", None),
    ] {
        let settings = place.run(&format!("pypi-server run --hash-algo {name}"));
        assert_eq!(settings.pages.hash_algorithm, expected, "{name}");
    }
}

#[test]
fn kept_server_and_backend_do_nothing_and_say_so_at_info() {
    let place = Place::new();
    let notes = place
        .run("pypi-server run --server gunicorn --backend simple-dir")
        .notes;
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes.iter().all(|note| note.level == NoteLevel::Info),
        "{notes:?}"
    );
    assert_eq!(place.run("pypi-server run").notes, []);
}

#[test]
fn paths_in_a_file_are_relative_to_its_folder() {
    let place = Place::new();
    fs::create_dir_all(place.path("etc/wheels")).unwrap();
    place.write("etc/passwords", "ann:x\n");
    place.write(
        "etc/wheelhouse.toml",
        "roots = [\"wheels\"]\npasswords = \"passwords\"\nlog-file = \"~/log\"\n",
    );
    let settings = place.run("pypi-server run --config etc/wheelhouse.toml");
    assert_eq!(settings.folders.roots, [place.path("etc/wheels")]);
    assert_eq!(
        settings.access.passwords,
        PasswordSource::File(place.path("etc/passwords"))
    );
    assert_eq!(settings.logging.file, Some(place.path("home/log")));
}

#[test]
fn welcome_page_is_read_at_the_start() {
    let place = Place::new();
    place.write("welcome.html", "<p>{{URL}}</p>");
    let settings = place.run("pypi-server run --welcome welcome.html");
    assert_eq!(settings.pages.welcome.as_deref(), Some("<p>{{URL}}</p>"));
}

#[test]
fn limits_have_their_units() {
    let place = Place::new();
    let settings = place.run(
        "wheelhouse run --max-upload-mib 2 --page-cache-mib 1 --drain-seconds 3 --workers 4 \
         --scan-interval-seconds 7 --watch POLL",
    );
    assert_eq!(settings.uploads.max_upload_bytes, 2 * 1024 * 1024);
    assert_eq!(settings.limits.page_cache_bytes, 1024 * 1024);
    assert_eq!(settings.limits.drain_timeout, Duration::from_secs(3));
    assert_eq!(settings.limits.workers, Some(4));
    assert_eq!(settings.folders.scan_interval, Some(Duration::from_secs(7)));
    assert_eq!(settings.folders.watch, WatchMode::Poll);
}

#[test]
fn kept_ignore_list_has_comments_and_blank_lines() {
    let place = Place::new();
    place.write("ignored", "# ours\n\n  Helpers \nother\n #x\n");
    let settings = place
        .resolve(
            "pypi-server update -x -u -d new --blacklist-file ignored packages",
            UpdateSettings::of,
        )
        .unwrap();
    assert_eq!(settings.ignored_projects, ["Helpers", "other"]);
    assert!(settings.execute && settings.allow_unstable);
    assert_eq!(settings.download_folder, Some(place.path("new")));
    let refused = place.resolve(
        "pypi-server update --ignorelist-file absent",
        UpdateSettings::of,
    );
    assert!(matches!(refused, Err(SettingsError::IgnoreList { .. })));
}

#[test]
fn verbosity_has_a_ceiling() {
    let place = Place::new();
    assert_eq!(place.run("pypi-server run -vvvv").logging.verbosity, 4);
    let many = format!("pypi-server run -{}", "v".repeat(300));
    assert_eq!(place.run(&many).logging.verbosity, u8::MAX);
}

#[test]
fn every_number_in_the_definitions_fits_its_setting() {
    let place = Place::new();
    let least = "wheelhouse run -p 0 --workers 1 --max-upload-mib 1 --max-connections 1";
    assert_eq!(place.run(least).bind.port, 0);
    let most = "wheelhouse run -p 65535 --workers 1024 --max-upload-mib 1048576";
    let most = place.run(most);
    assert_eq!(most.bind.port, 65535);
    assert_eq!(most.limits.workers, Some(1024));
    assert_eq!(most.uploads.max_upload_bytes, 1 << 40);
}

#[test]
fn absolute_path_stays_as_it_is() {
    let place = Place::new();
    let folder = place.path("packages");
    let settings = place.run(&format!("wheelhouse run {}", folder.display()));
    assert_eq!(settings.folders.roots, [folder]);
    assert_eq!(settings.state.folder, None);
    let settings = place.run("wheelhouse run --state-dir /var/lib/wheelhouse");
    assert_eq!(
        settings.state.folder.as_deref(),
        Some(Path::new("/var/lib/wheelhouse"))
    );
}

#[test]
fn the_catalog_is_where_the_settings_say() {
    let place = Place::new();
    let catalog = |line: &str| place.run(line).state.catalog;
    assert_eq!(catalog("wheelhouse run"), CatalogSettings::StateFolder);
    assert_eq!(
        catalog("wheelhouse run --catalog sqlite:kept/c.sqlite"),
        CatalogSettings::Sqlite(place.path("kept/c.sqlite"))
    );
    let settings = place.run("wheelhouse run --catalog postgres://ann:s3cret@localhost/team");
    let CatalogSettings::Postgres(address) = &settings.state.catalog else {
        panic!("{:?}", settings.state.catalog);
    };
    assert_eq!(address.to_string(), "the database `team` at localhost:5432");
    let told: Vec<_> = settings.notes.iter().map(|note| &note.text).collect();
    assert!(
        told.iter()
            .any(|text| text.contains("can read the password")),
        "{told:?}"
    );
    assert!(!format!("{settings:?}").contains("s3cret"));

    place.write(
        "wheelhouse.toml",
        "catalog = \"postgres://ann:s3cret@localhost/team\"\n",
    );
    assert!(place.run("wheelhouse run").notes.is_empty());
}

#[test]
fn the_password_of_the_catalog_can_be_in_a_file_of_its_own() {
    let place = Place::new();
    let catalog = |line: &str| place.run(line).state.catalog;
    let words = "wheelhouse run --catalog postgres://ann@localhost/team";
    place.write("db.txt", "s3cret word\r\n");
    let from_file = catalog(&format!("{words} --catalog-password-file db.txt"));
    let in_address = "wheelhouse run --catalog postgres://ann:s3cret%20word@localhost/team";
    assert_eq!(from_file, catalog(in_address));
    assert_ne!(from_file, catalog(words));
    assert!(!format!("{from_file:?}").contains("s3cret"));
    place.run("wheelhouse run --catalog-password-file nothing.txt");

    let refused = |line: &str| place.try_run(line).expect_err("two passwords, or none");
    let two = refused(&format!("{in_address} --catalog-password-file db.txt"));
    assert!(matches!(two, SettingsError::TwoCatalogPasswords));
    place.write("db.txt", "\n");
    for file in ["db.txt", "nothing.txt", "."] {
        let error = refused(&format!("{words} --catalog-password-file {file}"));
        assert!(
            matches!(error, SettingsError::CatalogPasswordFile { .. }),
            "{file}: {error}"
        );
    }
}
