//! How records are written down in the journal, in any database. The formats are kept stable here,
//! apart from the index's own types: what was written once must be readable for ever.

use serde::{Deserialize, Serialize};
use wheelhouse_index::actor::{Actor, TokenId, UserName};
use wheelhouse_index::audit::AuditKind;
use wheelhouse_index::change::{EventKind, EventSubject};
use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::mark::Mark;
use wheelhouse_index::record::{Contents, FileRecord, MetadataSummary};
use wheelhouse_standards::digest::{Digests, ListedDigest};
use wheelhouse_standards::found::{FileKind, FoundFile};
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;
use wheelhouse_standards::version::VersionText;

/// A row holds something that this program never writes.
#[derive(Debug, thiserror::Error)]
#[error("the catalog holds a row that cannot be understood: {field}: {why}")]
pub(super) struct BadRow {
    pub(super) field: String,
    pub(super) why: String,
}

impl BadRow {
    /// Says that `field` cannot be understood.
    pub(super) fn new(field: &str, why: impl std::fmt::Display) -> Self {
        Self {
            field: field.to_owned(),
            why: why.to_string(),
        }
    }
}

type Outcome<T> = Result<T, BadRow>;

/// The format that is written. Readers know all formats up to it.
pub(super) const FORMAT: i64 = 1;

#[derive(Serialize, Deserialize)]
struct Record {
    path: String,
    kind: String,
    name: String,
    project: String,
    version: String,
    fingerprint: Print,
    uploaded_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    contents: Option<Read>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Print {
    File {
        size: u64,
        modified_ns: i64,
        inode: u64,
    },
    Object {
        size: u64,
        sha256: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Read {
    sha256: String,
    blake2b_256: String,
    md5: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    listed: Option<(String, String)>,
    metadata: Summary,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    provenance: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Summary {
    None,
    Unreadable(String),
    Read {
        #[serde(skip_serializing_if = "Option::is_none")]
        offered: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        requires_python: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        summary: Option<String>,
    },
}

/// Writes a record down in [`FORMAT`].
pub(super) fn record_to_text(record: &FileRecord) -> Outcome<String> {
    let fingerprint = match record.fingerprint {
        Fingerprint::File {
            size_bytes,
            modified_ns,
            inode,
        } => Print::File {
            size: size_bytes,
            modified_ns,
            inode,
        },
        Fingerprint::Object { size_bytes, sha256 } => Print::Object {
            size: size_bytes,
            sha256: sha256.to_string(),
        },
    };
    let stored = Record {
        path: record.path.to_string(),
        kind: kind_name(record.named.kind).to_owned(),
        name: record.named.spelled_name.clone(),
        project: record.named.key.as_str().to_owned(),
        version: record.named.version.as_str().to_owned(),
        fingerprint,
        uploaded_at: record.uploaded_at.0,
        contents: record.contents.as_ref().map(read_of),
    };
    serde_json::to_string(&stored).map_err(|error| BadRow::new("record", error))
}

fn read_of(contents: &Contents) -> Read {
    let digests = &contents.digests;
    Read {
        sha256: digests.sha256.to_string(),
        blake2b_256: digests.blake2b_256.to_string(),
        md5: digests.md5.to_string(),
        listed: digests
            .listed
            .as_ref()
            .map(|listed| (listed.algorithm.name().to_owned(), listed.hex.to_string())),
        metadata: match &contents.metadata {
            MetadataSummary::None => Summary::None,
            MetadataSummary::Unreadable(reason) => Summary::Unreadable(reason.clone()),
            MetadataSummary::Read {
                offered,
                requires_python,
                summary,
            } => Summary::Read {
                offered: offered.map(|sha256| sha256.to_string()),
                requires_python: requires_python.clone(),
                summary: summary.clone(),
            },
        },
        provenance: contents.has_provenance,
    }
}

/// Reads a record that was written down in `format`.
pub(super) fn record_from_text(text: &str, format: i64) -> Outcome<FileRecord> {
    check_format(format)?;
    let stored: Record = serde_json::from_str(text).map_err(|error| BadRow::new("event", error))?;
    Ok(FileRecord {
        path: parsed("path", &stored.path)?,
        named: FoundFile {
            kind: kind_from_name(&stored.kind)?,
            spelled_name: stored.name,
            key: key_from_text(&stored.project)?,
            version: VersionText::new(stored.version),
        },
        fingerprint: match stored.fingerprint {
            Print::File {
                size,
                modified_ns,
                inode,
            } => Fingerprint::File {
                size_bytes: size,
                modified_ns,
                inode,
            },
            Print::Object { size, sha256 } => Fingerprint::Object {
                size_bytes: size,
                sha256: parsed("sha256", &sha256)?,
            },
        },
        uploaded_at: Timestamp(stored.uploaded_at),
        contents: stored.contents.map(contents_of).transpose()?,
    })
}

fn contents_of(read: Read) -> Outcome<Contents> {
    let listed = read.listed.map(|(algorithm, hex)| {
        Ok::<_, BadRow>(ListedDigest {
            algorithm: parsed("listed_algorithm", &algorithm)?,
            hex: hex.into(),
        })
    });
    Ok(Contents {
        digests: Digests {
            sha256: parsed("sha256", &read.sha256)?,
            blake2b_256: parsed("blake2b_256", &read.blake2b_256)?,
            md5: parsed("md5", &read.md5)?,
            listed: listed.transpose()?,
        },
        metadata: match read.metadata {
            Summary::None => MetadataSummary::None,
            Summary::Unreadable(reason) => MetadataSummary::Unreadable(reason),
            Summary::Read {
                offered,
                requires_python,
                summary,
            } => MetadataSummary::Read {
                offered: offered.map(|text| parsed("offered", &text)).transpose()?,
                requires_python,
                summary,
            },
        },
        has_provenance: read.provenance,
    })
}

/// Writes a mark down, in the form that it also has beside the files.
pub(super) fn mark_to_text(mark: &Mark) -> Outcome<String> {
    serde_json::to_string(mark).map_err(|error| BadRow::new("mark", error))
}

/// Reads a mark that was written down.
pub(super) fn mark_from_text(text: &str) -> Outcome<Mark> {
    serde_json::from_str(text).map_err(|error| BadRow::new("mark", error))
}

/// Fails for a format that only a newer program writes.
pub(super) fn check_format(format: i64) -> Outcome<()> {
    if format == FORMAT {
        Ok(())
    } else {
        Err(BadRow::new("format", format!("{format} is not known")))
    }
}

/// Returns the stored name of a kind of file. Names are never changed or reused; the index on the
/// files of a project knows `signature` by name.
pub(super) const fn kind_name(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Wheel => "wheel",
        FileKind::Sdist => "sdist",
        FileKind::Egg => "egg",
        FileKind::WindowsInstaller => "windows-installer",
        FileKind::Signature => "signature",
    }
}

/// Reads the stored name of a kind of file.
pub(super) fn kind_from_name(name: &str) -> Outcome<FileKind> {
    [
        FileKind::Wheel,
        FileKind::Sdist,
        FileKind::Egg,
        FileKind::WindowsInstaller,
        FileKind::Signature,
    ]
    .into_iter()
    .find(|&kind| kind_name(kind) == name)
    .ok_or_else(|| BadRow::new("kind", format!("{name:?}")))
}

/// Reads a stored project key.
pub(super) fn key_from_text(text: &str) -> Outcome<ProjectKey> {
    ProjectKey::of(text).ok_or_else(|| BadRow::new("project", "empty"))
}

/// Reads the stored form of an actor, which is the one that is shown.
pub(super) fn actor_from_text(text: &str) -> Outcome<Actor> {
    match text {
        "anonymous" => Ok(Actor::Anonymous),
        "administrator" => Ok(Actor::Administrator),
        "system" => Ok(Actor::System),
        _ => user_or_token(text).ok_or_else(|| BadRow::new("actor", format!("{text:?}"))),
    }
}

fn user_or_token(text: &str) -> Option<Actor> {
    if let Some(name) = text.strip_prefix("user:") {
        return Some(Actor::User(UserName::new(name)));
    }
    let (id, owner) = text.strip_prefix("token:")?.split_once(':')?;
    Some(Actor::Token {
        id: TokenId::new(id),
        owner: UserName::new(owner),
    })
}

/// Reads the stored name of a project's status.
pub(super) fn status_from_text(text: &str) -> Outcome<ProjectStatus> {
    ProjectStatus::from_marker(text).ok_or_else(|| BadRow::new("status", format!("{text:?}")))
}

/// Returns the status that a mark about the status gives.
pub(super) fn status_of_mark(mark: Option<&Mark>) -> ProjectStatus {
    match mark {
        Some(Mark::Status { status, .. }) => *status,
        _ => ProjectStatus::Active,
    }
}

/// Writes the whole core metadata of a file down.
pub(super) fn metadata_to_text(metadata: &CoreMetadata) -> Outcome<String> {
    serde_json::to_string(metadata).map_err(|error| BadRow::new("core metadata", error))
}

/// Reads core metadata that was written down in `format`.
pub(super) fn metadata_from_text(text: &str, format: i64) -> Outcome<CoreMetadata> {
    check_format(format)?;
    serde_json::from_str(text).map_err(|error| BadRow::new("core metadata", error))
}

/// Reads a stored list of classifiers.
pub(super) fn classifiers_from_text(list: &str) -> Outcome<Vec<String>> {
    serde_json::from_str(list).map_err(|error| BadRow::new("core metadata", error))
}

/// Reads the stored body of a record about access, or the detail of an event of the trail.
pub(super) fn json_from_text(field: &str, text: &str) -> Outcome<serde_json::Value> {
    serde_json::from_str(text).map_err(|error| BadRow::new(field, error))
}

/// Reads the stored name of a kind of event of the journal.
pub(super) fn event_kind_from_name(name: &str) -> Outcome<EventKind> {
    EventKind::from_name(name).ok_or_else(|| BadRow::new("kind", format!("{name:?}")))
}

/// Reads the stored name of a kind of event of the trail.
pub(super) fn audit_kind_from_name(name: &str) -> Outcome<AuditKind> {
    AuditKind::from_name(name).ok_or_else(|| BadRow::new("kind", format!("{name:?}")))
}

/// Reads what an event of the journal is about. One about a mark has no path.
pub(super) fn subject_from_texts(
    path: &str,
    format: i64,
    before: Option<&str>,
    after: Option<&str>,
) -> Outcome<EventSubject> {
    if path.is_empty() {
        check_format(format)?;
        return Ok(EventSubject::Mark {
            before: before.map(mark_from_text).transpose()?,
            after: after.map(mark_from_text).transpose()?,
        });
    }
    let record = |text: Option<&str>| {
        text.map(|text| record_from_text(text, format).map(Box::new))
            .transpose()
    };
    Ok(EventSubject::File {
        path: parsed("path", path)?,
        before: record(before)?,
        after: record(after)?,
    })
}

/// Reads a stored text as a value.
pub(super) fn parsed<T>(field: &str, text: &str) -> Outcome<T>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.parse().map_err(|error| BadRow::new(field, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = concat!(
        r#"{"path":"a/demo-1.0.tar.gz","kind":"sdist","name":"demo","project":"demo","#,
        r#""version":"1.0","fingerprint":{"file":{"size":18446744073709551615,"#,
        r#""modified_ns":-1,"inode":7}},"uploaded_at":-5,"contents":{"#,
        r#""sha256":"1111111111111111111111111111111111111111111111111111111111111111","#,
        r#""blake2b_256":"2222222222222222222222222222222222222222222222222222222222222222","#,
        r#""md5":"33333333333333333333333333333333","listed":["sha1","44"],"#,
        r#""metadata":{"read":{"requires_python":">=3.9","summary":"A demo"}}}}"#,
    );

    #[test]
    fn what_was_written_once_is_read_and_written_the_same() {
        let record = record_from_text(WRITTEN, 1).expect("format 1");
        assert_eq!(record_to_text(&record).expect("a record"), WRITTEN);
        assert_eq!(record.fingerprint.size_bytes(), u64::MAX);
    }

    #[test]
    fn an_unknown_format_is_not_guessed_at() {
        for (text, format) in [(WRITTEN, 2), (WRITTEN, 0), ("{}", 1), ("", 1)] {
            assert!(record_from_text(text, format).is_err(), "{format} {text:?}");
        }
        assert!(kind_from_name("rpm").is_err());
        assert!(actor_from_text("token:x").is_err());
    }

    #[test]
    fn actors_are_read_as_they_are_shown() {
        for actor in [
            Actor::Anonymous,
            Actor::Administrator,
            Actor::System,
            Actor::User(UserName::new("system")),
            Actor::User(UserName::new("a:b")),
        ] {
            let text = actor.to_string();
            assert_eq!(actor_from_text(&text).expect("an actor"), actor);
        }
    }
}
