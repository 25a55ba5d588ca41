//! A wheel's `RECORD`, held against what is in the wheel.
//!
//! Standard: PyPA specifications, "Recording installed projects".

use std::collections::HashMap;

use crate::archive::{Member, MemberKind};
use crate::check::first_field;

/// Most lines that are read.
const MAX_LINES: usize = 50_000;

/// One line, or a file that has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// The path.
    pub path: String,
    /// The digest, as the line has it.
    pub hash: String,
    /// The size, as the line has it.
    pub size: String,
    /// What the wheel says to that.
    pub verdict: Verdict,
}

/// What a wheel says to a line of its `RECORD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The file is there, with this size or with none in the line.
    Fits,
    /// The file is there, with another size, in bytes.
    OtherSize(u64),
    /// There is no such file.
    Missing,
    /// The file is there and has no line.
    NotListed,
    /// Another line has the same path.
    Twice,
    /// The line is none.
    NoLine,
}

/// Reads a `RECORD` and holds it against the members of its wheel. `folder` is the folder that it
/// is in. What is wrong comes first.
pub fn check(text: &str, folder: &str, members: &[Member]) -> Vec<RecordRow> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut sizes: HashMap<&str, (u64, u32)> = HashMap::with_capacity(members.len());
    for member in members {
        if member.kind != MemberKind::Folder {
            // Of two members with one path the last one counts.
            sizes.insert(&member.path, (member.size_bytes, 0));
        }
    }
    let mut rows = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if rows.len() >= MAX_LINES {
            break;
        }
        let Some((path, rest)) = first_field(line) else {
            rows.push(RecordRow {
                path: line.to_owned(),
                hash: String::new(),
                size: String::new(),
                verdict: Verdict::NoLine,
            });
            continue;
        };
        let (hash, size) = rest.rsplit_once(',').unwrap_or(("", rest));
        let (hash, size) = (hash.trim().to_owned(), size.trim().to_owned());
        let verdict = match sizes.get_mut(path.as_str()) {
            None => Verdict::Missing,
            Some((actual, lines)) => {
                *lines += 1;
                if *lines > 1 {
                    Verdict::Twice
                } else if size.parse().is_ok_and(|size: u64| size != *actual) {
                    Verdict::OtherSize(*actual)
                } else {
                    Verdict::Fits
                }
            }
        };
        rows.push(RecordRow {
            path,
            hash,
            size,
            verdict,
        });
    }
    // What signs the `RECORD`, or is it, need not be in it.
    let is_exempt = |path: &str| {
        path.strip_prefix(folder)
            .is_some_and(|file| matches!(file, "/RECORD" | "/RECORD.jws" | "/RECORD.p7s"))
    };
    let mut unlisted: Vec<_> = sizes
        .iter()
        .filter(|(path, (_, lines))| *lines == 0 && !is_exempt(path))
        .map(|(path, (size, _))| RecordRow {
            path: (*path).to_owned(),
            hash: String::new(),
            size: size.to_string(),
            verdict: Verdict::NotListed,
        })
        .collect();
    unlisted.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    rows.extend(unlisted);
    rows.sort_by_key(|row| row.verdict == Verdict::Fits);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(path: &str, size_bytes: u64) -> Member {
        Member {
            place: 0,
            path: path.to_owned(),
            kind: MemberKind::File,
            size_bytes,
            compressed_bytes: None,
            crc32: None,
            marks: Vec::new(),
        }
    }

    #[test]
    fn what_does_not_fit_the_wheel_stands_first() {
        let record = "a.py,sha256=abc,3\n\"b,c.py\",sha256=x,9\nd.py,,\nno line\n\
                      a.py,sha256=abc,3\ngone.py,sha256=y,1\nx.dist-info/RECORD,,\n";
        let members = [
            member("a.py", 3),
            member("b,c.py", 4),
            member("d.py", 5),
            member("new.py", 6),
            member("x.dist-info/RECORD", 7),
            member("x.dist-info/RECORD.jws", 8),
        ];
        let rows = check(record, "x.dist-info", &members);
        let found: Vec<_> = rows
            .iter()
            .map(|row| (row.path.as_str(), row.verdict))
            .collect();
        assert_eq!(
            found,
            [
                ("b,c.py", Verdict::OtherSize(4)),
                ("no line", Verdict::NoLine),
                ("a.py", Verdict::Twice),
                ("gone.py", Verdict::Missing),
                ("new.py", Verdict::NotListed),
                ("a.py", Verdict::Fits),
                ("d.py", Verdict::Fits),
                ("x.dist-info/RECORD", Verdict::Fits),
            ]
        );
        assert_eq!(
            (rows[5].hash.as_str(), rows[5].size.as_str()),
            ("sha256=abc", "3")
        );
    }
}
