//! The program `keyring`: passwords go in through a pipe, and are looked for there again, since some
//! of its backends forget everything.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

/// The program.
pub(super) struct Keyring(PathBuf);

impl Keyring {
    pub(super) const fn at(program: PathBuf) -> Self {
        Self(program)
    }

    fn program(&self) -> &Path {
        &self.0
    }

    /// Returns the password that is kept.
    pub(super) fn get(&self, service: &str, user: &str) -> Option<Zeroizing<String>> {
        let done = Command::new(self.program())
            .args(["get", service, user])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let said = Zeroizing::new(String::from_utf8(done.stdout).ok()?);
        let password = said.trim_end_matches(['\r', '\n']);
        (done.status.success() && !password.is_empty()).then(|| Zeroizing::new(password.to_owned()))
    }

    /// Keeps a password. Returns whether it is there now.
    pub(super) fn set(&self, service: &str, user: &str, password: &str) -> bool {
        let started = Command::new(self.program())
            .args(["set", service, user])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = started else {
            return false;
        };
        if let Some(mut stdin) = child.stdin.take() {
            // One that reads nothing keeps nothing, and that is seen below.
            let _ = stdin.write_all(password.as_bytes());
        }
        let is_done = child.wait().is_ok_and(|status| status.success());
        is_done
            && self
                .get(service, user)
                .is_some_and(|kept| *kept == password)
    }

    /// Forgets a password. Returns whether it is gone.
    pub(super) fn forget(&self, service: &str, user: &str) -> bool {
        let done = Command::new(self.program())
            .args(["del", service, user])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        done.is_ok_and(|status| status.success()) || self.get(service, user).is_none()
    }
}
