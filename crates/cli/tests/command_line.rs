//! The program as scripts see it: what it prints, where to, and its exit code.

use std::path::Path;
use std::process::{Command, Output};

const WHEELHOUSE: &str = env!("CARGO_BIN_EXE_wheelhouse");
const PYPI_SERVER: &str = env!("CARGO_BIN_EXE_pypi-server");

fn run(program: &str, folder: &Path, line: &str) -> Output {
    Command::new(program)
        .args(line.split_whitespace())
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .output()
        .expect("the program starts")
}

#[track_caller]
fn assert_refused(program: &str, line: &str, code: i32, says: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("packages")).expect("a folder");
    let output = run(program, folder.path(), line);
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(code), "{line}: {stderr}");
    assert!(stderr.contains(says), "{line}: {stderr}");
    assert!(
        !stderr.contains("panicked") && !stderr.contains("backtrace"),
        "{line}: {stderr}"
    );
    assert!(output.stdout.is_empty(), "{line}: something on stdout");
}

#[test]
fn kept_what_argparse_complains_about_is_2() {
    for (line, says) in [
        ("run --nonsense", "there is no option `--nonsense`"),
        ("run -p http", "`--port` is `http`"),
        ("run absent", "there is no folder"),
        ("absent", "there is no folder"),
        (
            "update --ignorelist-file absent packages",
            "cannot read the list",
        ),
        ("run --hash-algo SHA256 packages", "lower case"),
        ("run --hash-algo shake_128 packages", "no fixed length"),
        ("run --health-endpoint health packages", "write a slash"),
    ] {
        assert_refused(PYPI_SERVER, line, 2, says);
    }
}

#[test]
fn kept_what_pypiserver_finds_later_is_1() {
    for (line, says) in [
        ("run -a . packages", "`-a .`"),
        ("run -P . packages", "`-P .`"),
        ("run -P absent packages", "cannot read the password file"),
        (
            "run --welcome absent packages",
            "cannot read the welcome page",
        ),
        (
            "run --health-endpoint /simple/ packages",
            "has an answer already",
        ),
    ] {
        assert_refused(PYPI_SERVER, line, 1, says);
        assert_refused(WHEELHOUSE, line, 2, says);
    }
}

#[test]
fn kept_old_form_without_a_sub_command_warns_and_goes_on() {
    assert_refused(PYPI_SERVER, "packages -P absent", 1, "is the old form");
    assert_refused(
        PYPI_SERVER,
        "packages -P absent",
        1,
        "cannot read the password file",
    );
}

#[test]
fn log_file_that_cannot_be_opened_stops_the_start() {
    assert_refused(
        PYPI_SERVER,
        "run --log-file absent/log packages",
        1,
        "absent/log",
    );
    assert_refused(
        WHEELHOUSE,
        "run --log-file absent/log packages",
        2,
        "absent/log",
    );
}

#[test]
fn wheelhouse_ends_with_2_for_usage_and_configuration() {
    for (line, says) in [
        ("rnu", "did you mean `run`?"),
        ("run --prot 1", "did you mean `--port`?"),
        (
            "run --config absent.toml packages",
            "cannot read the settings in",
        ),
        (
            "run packages --trusted-proxy everybody",
            "write an address such as",
        ),
    ] {
        assert_refused(WHEELHOUSE, line, 2, says);
    }
}

#[test]
fn health_of_a_server_that_is_not_there_is_1() {
    // Port 1 on loopback has no server on any machine that tests run on.
    assert_refused(
        WHEELHOUSE,
        "health --url http://127.0.0.1:1/",
        1,
        "cannot connect to",
    );
}

#[test]
fn kept_version_is_the_number_alone_under_the_old_name() {
    let folder = tempfile::tempdir().unwrap();
    let number = env!("CARGO_PKG_VERSION");
    for (program, line, expected) in [
        (PYPI_SERVER, "--version", format!("{number}\n")),
        (PYPI_SERVER, "run --version", format!("{number}\n")),
        (WHEELHOUSE, "pypi-server --version", format!("{number}\n")),
        (WHEELHOUSE, "--version", format!("wheelhouse {number}\n")),
    ] {
        let output = run(program, folder.path(), line);
        assert_eq!(output.status.code(), Some(0), "{program} {line}");
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            expected,
            "{program} {line}"
        );
    }
}

#[test]
fn link_with_the_old_name_takes_the_old_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("pypi-server");
    std::os::unix::fs::symlink(WHEELHOUSE, &link).unwrap();
    let output = run(link.to_str().unwrap(), folder.path(), "--help");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("Usage: pypi-server run"), "{stdout}");
}

#[test]
fn program_without_a_command_shows_its_help() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(WHEELHOUSE, folder.path(), "");
    assert_eq!(output.status.code(), Some(0));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("wheelhouse run packages")
    );
}

#[test]
fn config_check_starts_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(WHEELHOUSE, folder.path(), "config check new");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stdout}");
    assert!(stdout.contains("the settings are good"), "{stdout}");
    assert!(stdout.contains("would be made"), "{stdout}");
    assert!(!folder.path().join("new").exists());
    assert_refused(
        WHEELHOUSE,
        "config check --welcome absent",
        2,
        "cannot read the welcome page",
    );
}

#[test]
fn config_show_tells_values_and_origins_and_can_be_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = "port = 1234\nfallback-url = \"https://ann:s3cret@index.example/simple/\"\n";
    std::fs::write(folder.path().join("wheelhouse.toml"), file).unwrap();
    let output = run(
        WHEELHOUSE,
        folder.path(),
        "config show --overwrite --log-frmt a\"b",
    );
    let stdout = String::from_utf8(output.stdout).unwrap();
    let origin = |key: &str| {
        let line = stdout
            .lines()
            .find(|line| line.starts_with(&format!("{key} =")));
        line.and_then(|line| line.rsplit_once(" # "))
            .map(|(_, origin)| origin)
    };
    assert!(
        origin("port").is_some_and(|origin| origin.ends_with("line 1")),
        "{stdout}"
    );
    assert_eq!(origin("overwrite"), Some("command line"));
    assert_eq!(origin("host"), Some("default"));
    assert!(!stdout.contains("s3cret"), "{stdout}");
    std::fs::write(folder.path().join("shown.toml"), stdout).unwrap();
    let output = run(WHEELHOUSE, folder.path(), "config show --config shown.toml");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
