//! The users of one reading of a password file, and what the log says about its lines.

use std::collections::HashMap;
use std::path::Path;

use wheelhouse_standards::htpasswd::{Entry, Htpasswd, PasswordHash, Scheme};

use crate::checker::Stored;

/// How many lines are named in the log, one by one, for each reading.
const MAX_LOGGED: usize = 50;

/// The users who can sign in.
#[derive(Debug)]
pub(super) struct Users {
    by_name: HashMap<String, PasswordHash>,
    /// A stored form of the commonest scheme, to check unknown users' passwords against: the
    /// answer is no, and takes as long as for most users. `None` if there are no users.
    decoy: Option<PasswordHash>,
}

impl Users {
    /// Takes the entries that may be used, and names all other lines in the log.
    pub(super) fn new(file: Htpasswd, path: &Path, allow_plain: bool) -> Self {
        let mut log = Log { path, logged: 0 };
        for problem in &file.problems {
            log.warn(|| format!("{problem}; this line is disabled"));
        }
        let mut entries = file.entries;
        entries.retain(|entry| {
            let is_allowed = allow_plain || entry.hash.scheme() != Scheme::PlainText;
            if !is_allowed {
                log.warn(|| plain_text_refused(entry, path));
            }
            is_allowed
        });
        log.finish(file.more_problems);
        tracing::info!(path = %path.display(), users = entries.len(), "read the password file");
        Self {
            decoy: commonest(&entries).cloned(),
            by_name: entries.into_iter().map(|e| (e.user, e.hash)).collect(),
        }
    }

    /// Returns what to check a user's password against, or `None` if there are no users at all.
    pub(super) fn find(&self, user: &str) -> Option<Stored<'_>> {
        let known = self.by_name.get(user);
        Some(Stored {
            hash: known.or(self.decoy.as_ref())?,
            is_decoy: known.is_none(),
        })
    }
}

/// Returns the first entry of the scheme that most entries have.
fn commonest(entries: &[Entry]) -> Option<&PasswordHash> {
    let mut counts: HashMap<Scheme, usize> = HashMap::new();
    for entry in entries {
        *counts.entry(entry.hash.scheme()).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    let mut hashes = entries.iter().map(|entry| &entry.hash);
    hashes.find(|hash| counts[&hash.scheme()] == most)
}

fn plain_text_refused(entry: &Entry, path: &Path) -> String {
    let Entry { line, user, .. } = entry;
    let (file, name) = (shell_word(&path.to_string_lossy()), shell_word(user));
    format!(
        "line {line}, user {user:?}: the password is stored as plain text, so this user is \
         refused; store a hash with `htpasswd -B {file} {name}`, or allow such passwords with \
         `--allow-plain-passwords`"
    )
}

/// Quotes a text so that a shell takes it as one word.
fn shell_word(text: &str) -> String {
    let is_safe = |c: char| c.is_alphanumeric() || "-_./@+,".contains(c);
    if !text.is_empty() && text.chars().all(is_safe) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Writes warnings about one reading, up to [`MAX_LOGGED`].
struct Log<'a> {
    path: &'a Path,
    logged: usize,
}

impl Log<'_> {
    fn warn(&mut self, text: impl FnOnce() -> String) {
        if self.logged < MAX_LOGGED {
            tracing::warn!(path = %self.path.display(), "password file: {}", text());
        }
        self.logged += 1;
    }

    fn finish(self, uncounted: usize) {
        let more = self.logged.saturating_sub(MAX_LOGGED) + uncounted;
        if more > 0 {
            let path = self.path.display();
            tracing::warn!(%path, "password file: {more} more lines are disabled");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA1: &str = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";
    const DES: &str = "BXLZr7wHsCHHg";

    fn users(text: &str, allow_plain: bool) -> Users {
        let file = Htpasswd::parse(text.as_bytes()).unwrap();
        Users::new(file, Path::new("passwords"), allow_plain)
    }

    #[test]
    fn an_unknown_user_is_checked_against_the_commonest_scheme() {
        let users = users(
            &format!("a:{DES}\nb:{SHA1}\nc:{SHA1}\nd:x\ne:x\nf:x"),
            false,
        );
        let decoy = users.find("nobody").unwrap();
        assert!(decoy.is_decoy);
        assert_eq!(decoy.hash.scheme(), Scheme::Sha1);
        let known = users.find("a").unwrap();
        assert!(!known.is_decoy);
        assert_eq!(known.hash.scheme(), Scheme::DesCrypt);
    }

    #[test]
    fn plain_text_users_are_unknown_unless_allowed() {
        assert!(users("a:x\n", false).find("a").is_none());
        assert!(!users("a:x\n", true).find("a").unwrap().is_decoy);
    }

    #[test]
    fn the_converting_command_can_be_pasted_into_a_shell() {
        let file = Htpasswd::parse(b"o'neil & co:hunter2").unwrap();
        let text = plain_text_refused(&file.entries[0], Path::new("/srv/my files/.htpasswd"));
        let command = r"`htpasswd -B '/srv/my files/.htpasswd' 'o'\''neil & co'`";
        assert!(text.contains(command), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(shell_word("/data/.htpasswd"), "/data/.htpasswd");
        assert_eq!(shell_word(""), "''");
    }
}
