//! The first lines of a pipeline, by which it is known again: who wrote it, and whether somebody changed
//! it since.

use super::System;
use wheelhouse_standards::digest::Digester;

/// What the second line of our files holds.
const MARK: &str = "wheelhouse-ci ";

/// Whose a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// Ours, as we wrote it.
    Ours,
    /// Ours, for the project in another folder.
    OfAnotherFolder,
    /// Ours, and changed since.
    Changed,
    /// Somebody else's.
    Theirs,
}

/// Returns a file with our mark above it.
pub fn marked(system: System, folder: &str, text: &str) -> String {
    let comment = system.comment();
    let name = system.name();
    let what = said(folder, text);
    format!(
        "{comment} Written by `wheelhouse ci {name}`, which writes it anew as long as nobody changes it by hand.\n\
         {comment} {MARK}{what}\n{text}"
    )
}

/// Tells whose a file is that stands where the pipeline of the project in a folder goes.
pub fn whose(folder: &str, file: &str) -> Hand {
    // Git may have written other ends of lines.
    let file = file.replace("\r\n", "\n");
    let mut lines = file.splitn(3, '\n').skip(1);
    let mark = lines.next().and_then(|line| Some(line.split_once(MARK)?.1));
    let (Some(mark), text) = (mark, lines.next().unwrap_or_default()) else {
        return Hand::Theirs;
    };
    let Some((of, _)) = mark.split_once(' ') else {
        return Hand::Theirs;
    };
    if of != digest(folder) {
        Hand::OfAnotherFolder
    } else if mark == said(folder, text) {
        Hand::Ours
    } else {
        Hand::Changed
    }
}

fn said(folder: &str, text: &str) -> String {
    format!("{} {}", digest(folder), digest(text))
}

/// A digest that is long enough to see a change by.
fn digest(text: &str) -> String {
    let mut digester = Digester::new(None);
    digester.update(text.as_bytes());
    digester.finish().sha256.to_string()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_files_are_known_until_somebody_changes_them() {
        for system in System::ALL {
            let file = marked(system, "a/b", "x: 1\n");
            assert_eq!(whose("a/b", &file), Hand::Ours);
            assert_eq!(whose("a/b", &file.replace('\n', "\r\n")), Hand::Ours);
            assert_eq!(whose("", &file), Hand::OfAnotherFolder);
            assert_eq!(whose("a/b", &format!("{file}# mine\n")), Hand::Changed);
            assert_eq!(whose("a/b", &file.replace("x: 1", "x: 2")), Hand::Changed);
        }
        for theirs in [
            "",
            "\n",
            "stages: [a]\n",
            "# x\n# wheelhouse-ci",
            "# x\n# wheelhouse-ci x\n",
        ] {
            assert_eq!(whose("", theirs), Hand::Theirs, "{theirs:?}");
        }
    }
}
