//! Which files of two releases can be compared.

use wheelhouse_standards::archive::is_looked_into;
use wheelhouse_standards::found::FileKind;

use crate::record::FileRecord;

/// Two files to compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The file of the older release.
    pub old: FileRecord,
    /// The file of the newer one.
    pub new: FileRecord,
    /// How much alike the two are.
    pub likeness: Likeness,
}

/// How much alike two files are. The order is that in which they are preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Likeness {
    /// Both are wheels for the same places, or both are eggs or installers.
    Same,
    /// Both are sdists.
    Sdists,
    /// Both are wheels, for different places.
    OtherTags,
    /// They are files of different kinds.
    OtherKinds,
}

/// Returns the pairs that can be compared, the best first. What is less alike is compared only if
/// nothing better is there.
pub(super) fn comparable(old: &[&FileRecord], new: &[&FileRecord]) -> Vec<Pair> {
    let readable = |record: &&&FileRecord| {
        record.named.kind != FileKind::Signature && is_looked_into(record.file_name())
    };
    let mut pairs: Vec<Pair> = Vec::new();
    for new in new.iter().filter(readable) {
        let best = old
            .iter()
            .filter(readable)
            .map(|old| (likeness(old, new), old.file_name(), old))
            .min_by_key(|(likeness, name, _)| (*likeness, *name));
        if let Some((likeness, _, old)) = best {
            pairs.push(Pair {
                old: (*old).clone(),
                new: (*new).clone(),
                likeness,
            });
        }
    }
    pairs.sort_by(|a, b| rank(a).cmp(&rank(b)));
    let has_alike = pairs
        .first()
        .is_some_and(|pair| pair.likeness <= Likeness::Sdists);
    if has_alike {
        pairs.retain(|pair| pair.likeness <= Likeness::Sdists);
    } else {
        pairs.truncate(1);
    }
    pairs
}

fn likeness(old: &FileRecord, new: &FileRecord) -> Likeness {
    match (old.named.kind, new.named.kind) {
        (FileKind::Wheel, FileKind::Wheel) if tags(old) == tags(new) => Likeness::Same,
        (FileKind::Wheel, FileKind::Wheel) => Likeness::OtherTags,
        (FileKind::Sdist, FileKind::Sdist) => Likeness::Sdists,
        (old, new) if old == new => Likeness::OtherTags,
        _ => Likeness::OtherKinds,
    }
}

/// Wheels for every place come first: they are what most people have.
fn rank(pair: &Pair) -> (Likeness, bool, &str) {
    let name = pair.new.file_name();
    (pair.likeness, !name.ends_with("-any.whl"), name)
}

/// Returns the part of a wheel's name that says where it can be installed.
fn tags(wheel: &FileRecord) -> Option<&str> {
    let stem = wheel.file_name().strip_suffix(".whl")?;
    let (place, _) = stem.rmatch_indices('-').nth(2)?;
    Some(&stem[place..])
}

#[cfg(test)]
mod tests {
    use wheelhouse_standards::found::FoundFile;

    use super::*;
    use crate::identity::{Fingerprint, Timestamp};

    fn record(name: &str) -> FileRecord {
        FileRecord {
            path: name.parse().expect("a path"),
            named: FoundFile::of(name).expect("a package file"),
            fingerprint: Fingerprint::File {
                size_bytes: 1,
                modified_ns: 0,
                inode: 1,
            },
            uploaded_at: Timestamp(0),
            contents: None,
        }
    }

    fn pairs(old: &[&str], new: &[&str]) -> Vec<(String, String, Likeness)> {
        let (old, new) = (
            old.iter().copied().map(record),
            new.iter().copied().map(record),
        );
        let (old, new): (Vec<_>, Vec<_>) = (old.collect(), new.collect());
        let (old, new): (Vec<_>, Vec<_>) = (old.iter().collect(), new.iter().collect());
        comparable(&old, &new)
            .into_iter()
            .map(|pair| {
                let name = |record: &FileRecord| record.file_name().to_owned();
                (name(&pair.old), name(&pair.new), pair.likeness)
            })
            .collect()
    }

    #[test]
    fn a_wheel_is_compared_with_the_wheel_of_the_same_tags() {
        let found = pairs(
            &[
                "d-1-cp312-cp312-linux_x86_64.whl",
                "d-1-py3-none-any.whl",
                "d-1.tar.gz",
            ],
            &[
                "d-2-cp312-cp312-linux_x86_64.whl",
                "d-2-2-py3-none-any.whl",
                "d-2.zip",
                "d-2-cp399-cp399-linux_x86_64.whl",
                "d-2.tar.gz.asc",
            ],
        );
        let text = |old: &str, new: &str, likeness| (old.to_owned(), new.to_owned(), likeness);
        assert_eq!(
            found,
            [
                text(
                    "d-1-py3-none-any.whl",
                    "d-2-2-py3-none-any.whl",
                    Likeness::Same
                ),
                text(
                    "d-1-cp312-cp312-linux_x86_64.whl",
                    "d-2-cp312-cp312-linux_x86_64.whl",
                    Likeness::Same
                ),
                text("d-1.tar.gz", "d-2.zip", Likeness::Sdists),
            ]
        );
    }

    #[test]
    fn what_is_less_alike_is_compared_where_nothing_better_is() {
        let found = pairs(
            &["d-1-py2-none-any.whl"],
            &["d-2-py3-none-any.whl", "d-2.tar.gz"],
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].2, Likeness::OtherTags);
        assert_eq!(
            pairs(&["d-1.tar.gz"], &["d-2-py3-none-any.whl"])[0].2,
            Likeness::OtherKinds
        );
        assert_eq!(pairs(&["d-1.tar.bz2"], &["d-2-py3-none-any.whl"]), []);
    }
}
