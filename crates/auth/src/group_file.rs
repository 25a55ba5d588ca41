//! Groups from a file in Apache's form: `GROUP: USER USER …`, one group a line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use wheelhouse_index::permission::GroupName;

/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 16 << 20;
/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The groups of each user.
type Groups = HashMap<String, Vec<GroupName>>;

/// A file of groups, which is read again when it changes.
#[derive(Debug)]
pub struct GroupFile {
    path: PathBuf,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    groups: Arc<Groups>,
    looked_at: Instant,
    stamp: Option<(u64, SystemTime)>,
}

/// A file of groups cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GroupFileError {
    /// It cannot be read.
    #[error("the file of groups `{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is no group.
    #[error("line {line} of the file of groups `{}` is not `GROUP: USER USER …`", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
}

impl GroupFile {
    /// Reads the file.
    ///
    /// # Errors
    /// [`GroupFileError`] if it cannot be used.
    pub fn open(path: PathBuf) -> Result<Self, GroupFileError> {
        let (groups, stamp) = read(&path)?;
        Ok(Self {
            known: Mutex::new(Known {
                groups: Arc::new(groups),
                looked_at: Instant::now(),
                stamp,
            }),
            path,
        })
    }

    /// Returns the groups of a user. While the file cannot be read nobody has any: a group can only
    /// allow something.
    pub fn groups_of(&self, user: &str) -> Vec<GroupName> {
        let groups = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.looked_at.elapsed() >= LOOK_EVERY {
                known.looked_at = Instant::now();
                self.look(&mut known);
            }
            Arc::clone(&known.groups)
        };
        groups.get(user).cloned().unwrap_or_default()
    }

    fn look(&self, known: &mut Known) {
        let stamp = stamp_of(&self.path);
        if stamp.is_some() && stamp == known.stamp {
            return;
        }
        match read(&self.path) {
            Ok((groups, stamp)) => {
                known.groups = Arc::new(groups);
                known.stamp = stamp;
            }
            Err(error) => {
                if known.stamp.is_some() {
                    tracing::error!("{error}; nobody is in any of its groups until it can be read");
                }
                known.groups = Arc::default();
                known.stamp = None;
            }
        }
    }
}

fn stamp_of(path: &Path) -> Option<(u64, SystemTime)> {
    let metadata = std::fs::metadata(path).ok()?;
    let modified = metadata.modified().ok()?;
    // A change within one tick of the clock would not show: such a time is not believed.
    let has_rested = modified.elapsed().is_ok_and(|rest| rest > 2 * LOOK_EVERY);
    has_rested.then_some((metadata.len(), modified))
}

fn read(path: &Path) -> Result<(Groups, Option<(u64, SystemTime)>), GroupFileError> {
    let unreadable = |source| GroupFileError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let stamp = stamp_of(path);
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > MAX_BYTES {
        let reason = format!("it is larger than {MAX_BYTES} bytes");
        return Err(unreadable(std::io::Error::other(reason)));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let groups = parse(&text).map_err(|line| GroupFileError::Line {
        path: path.to_owned(),
        line,
    })?;
    Ok((groups, stamp))
}

/// Reads the text of a file, or returns the number of the first line that is wrong.
fn parse(text: &str) -> Result<Groups, usize> {
    let mut groups = Groups::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, users) = line.split_once(':').ok_or(number + 1)?;
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(number + 1);
        }
        for user in users.split_whitespace() {
            groups
                .entry(user.to_owned())
                .or_default()
                .push(GroupName::new(name));
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(groups: &Groups, user: &str) -> Vec<String> {
        let mut names: Vec<String> = groups
            .get(user)
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect();
        names.sort();
        names
    }

    #[test]
    fn groups_are_lines_of_users() {
        let groups = parse("# people\n\n data : ada  bob\nstaff: ada\nempty:\n").expect("groups");
        assert_eq!(names(&groups, "ada"), ["data", "staff"]);
        assert_eq!(names(&groups, "bob"), ["data"]);
        assert_eq!(names(&groups, "eve"), [""; 0]);
        assert_eq!(parse("a: b\nno colon\n"), Err(2));
        assert_eq!(parse(": b\n"), Err(1));
        assert_eq!(parse("a b: c\n"), Err(1));
    }

    #[test]
    fn a_changed_file_is_read_again_and_a_lost_one_gives_nobody_a_group() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("groups");
        assert!(GroupFile::open(path.clone()).is_err());
        std::fs::write(&path, "data: ada\n").expect("written");
        let file = GroupFile::open(path.clone()).expect("a file");
        let due = || {
            let mut known = file.known.lock().expect("whole");
            known.looked_at = Instant::now()
                .checked_sub(LOOK_EVERY)
                .expect("later than the first second");
        };
        assert_eq!(file.groups_of("ada").len(), 1);
        std::fs::write(&path, "data: bob\n").expect("written");
        due();
        assert_eq!(file.groups_of("ada").len(), 0);
        assert_eq!(file.groups_of("bob").len(), 1);
        std::fs::remove_file(&path).expect("removed");
        due();
        assert_eq!(file.groups_of("bob").len(), 0);
        std::fs::write(&path, "data: bob\n").expect("written");
        due();
        assert_eq!(file.groups_of("bob").len(), 1);
    }
}
