//! The pip command that fetches a release: shown as a line for a shell, and run without one.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use tokio::process::Command;
use url::Url;

/// What starts pip: the first that is on the path.
const PROGRAMS: [&[&str]; 2] = [&["pip"], &["python3", "-m", "pip"]];

/// Fetches the files of one release into a folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct PipDownload<'a> {
    pub(super) index: &'a Url,
    pub(super) folder: &'a Path,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
}

impl PipDownload<'_> {
    /// Returns the command as a line that can be given to a shell. A password in the index's
    /// address is not shown.
    pub(super) fn shown(&self) -> String {
        let words = self.words(&without_password(self.index));
        let shown: Vec<String> = std::iter::once("pip".into())
            .chain(words)
            .map(|word| shell_word(&word.to_string_lossy()))
            .collect();
        shown.join(" ")
    }

    /// Runs the command and waits for it: `pip` where it is on the path, else
    /// `python3 -m pip`.
    ///
    /// # Errors
    ///
    /// A reason that can be shown: the command ended badly, or there is no pip.
    pub(super) async fn run(&self) -> Result<(), String> {
        self.run_with(&PROGRAMS).await
    }

    async fn run_with(&self, programs: &[&[&str]]) -> Result<(), String> {
        let words = self.words(self.index.as_str().trim_end_matches('/'));
        for program in programs {
            let mut command = Command::new(program[0]);
            command.args(&program[1..]).args(&words).kill_on_drop(true);
            return match command.status().await {
                Ok(status) if status.success() => Ok(()),
                Ok(status) => Err(format!("pip ended with {status}")),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => Err(format!("pip cannot be started: {error}")),
            };
        }
        Err("neither `pip` nor `python3` is on the path".to_owned())
    }

    /// The words after `pip`.
    fn words(&self, index: &str) -> Vec<OsString> {
        let mut words: Vec<OsString> = ["-q", "download", "--no-deps", "-i", index, "-d"]
            .map(OsString::from)
            .into();
        words.push(self.folder.into());
        words.push(format!("{}=={}", self.name, self.version).into());
        words
    }
}

/// Returns an address without a final slash, its password replaced as pip replaces it.
pub(super) fn without_password(index: &Url) -> String {
    let mut shown = index.clone();
    if shown.password().is_some() {
        // Refused only by URLs without a host, which have no password.
        let _ = shown.set_password(Some("****"));
    }
    shown.as_str().trim_end_matches('/').to_owned()
}

/// Quotes a word for a POSIX shell where it needs that.
fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\"'\"'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_command_is_that_of_pypiserver_with_words_quoted() {
        for (folder, index, line) in [
            (
                "/srv/packages",
                "https://index.example/simple/",
                "pip -q download --no-deps -i https://index.example/simple -d /srv/packages Demo==2.0",
            ),
            (
                "/srv/it's here",
                "https://me:secret@index.example/s;x",
                "pip -q download --no-deps -i 'https://me:****@index.example/s;x' \
                 -d '/srv/it'\"'\"'s here' Demo==2.0",
            ),
        ] {
            let command = PipDownload {
                index: &index.parse().unwrap(),
                folder: Path::new(folder),
                name: "Demo",
                version: "2.0",
            };
            assert_eq!(command.shown(), line);
        }
    }

    #[tokio::test]
    async fn first_program_on_the_path_is_run_and_its_end_is_told() {
        let command = PipDownload {
            index: &"https://index.example/simple".parse().unwrap(),
            folder: Path::new("/srv"),
            name: "demo",
            version: "2.0",
        };
        let missing: &[&str] = &["no-such-program-here"];
        let good: &[&str] = &[
            "sh",
            "-c",
            "test \"$*\" = 'download --no-deps -i https://index.example/simple -d /srv demo==2.0'",
        ];
        assert_eq!(command.run_with(&[missing, good]).await, Ok(()));
        for (programs, reason) in [
            (
                vec![missing, &["false"], good],
                "pip ended with exit status: 1",
            ),
            (vec![missing], "neither `pip` nor `python3` is on the path"),
            (vec![&["/"]], "pip cannot be started"),
        ] {
            let error = command.run_with(&programs).await.unwrap_err();
            assert!(error.starts_with(reason), "{error}");
        }
    }

    #[test]
    fn shell_words_mean_themselves() {
        for (word, quoted) in [
            ("plain-1.0_x", "plain-1.0_x"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(id)", "'$(id)'"),
            ("é", "'é'"),
            ("!1.0", "'!1.0'"),
        ] {
            assert_eq!(shell_word(word), quoted);
        }
    }
}
