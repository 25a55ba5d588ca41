//! The rows of a catalog as lines of text, whatever its database.
//!
//! A line is a JSON object with one key, which says what kind of row it is: `project`, `file`,
//! `mark`, `event`, `access`, `claim`, `audit`, `downloads` or `key`. What is below the key is
//! written as the databases write it: records of files and core metadata in their own forms,
//! marks in that which they have beside the files, moments in microseconds and days in days since
//! 1970, bytes as hexadecimal digits. Names of kinds and fields are never changed or reused. A
//! reader refuses what it does not know, because leaving it out would lose it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use wheelhouse_index::audit::AuditEvent;
use wheelhouse_index::change::{Attribution, Event, EventSubject};
use wheelhouse_index::downloads::Day;
use wheelhouse_index::identity::{Serial, Timestamp};
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::ports::{
    AccessRecord, CatalogRow, ClaimRow, CountedWhen, DownloadsRow, FileRow, KeyRow, ProjectRow,
};
use wheelhouse_index::record::FileRecord;
use wheelhouse_standards::digest::Sha256Digest;

use super::stored::{
    self, BadRow, FORMAT, actor_from_text, audit_kind_from_name, event_kind_from_name,
    key_from_text, parsed,
};

/// Longest line that is read, in bytes: core metadata of which each byte is escaped, and some.
pub const MAX_LINE_BYTES: usize = 128 * 1024 * 1024;

/// A line is none that this program writes, or a row none that it can write.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// It is not the JSON of a row: of a newer program, or altered.
    #[error("it is not a row that this program knows: {0}")]
    Form(#[from] serde_json::Error),
    /// A field holds what it cannot hold.
    #[error("its {field} cannot be understood: {why}")]
    Field {
        /// Which one.
        field: String,
        /// Why.
        why: String,
    },
}

impl From<BadRow> for RowError {
    fn from(bad: BadRow) -> Self {
        let BadRow { field, why } = bad;
        Self::Field { field, why }
    }
}

/// Writes a row down as a line, without its end.
///
/// # Errors
/// [`RowError`] if it holds what no JSON can.
pub fn to_line(row: &CatalogRow) -> Result<String, RowError> {
    Ok(serde_json::to_string(&Line::of(row)?)?)
}

/// Reads a row from a line.
///
/// # Errors
/// [`RowError`] if it is none that this program writes.
pub fn from_line(line: &str) -> Result<CatalogRow, RowError> {
    serde_json::from_str::<Line>(line)?.into_row()
}

/// Returns the name of the kind of a row, as lines have it.
pub const fn kind_of(row: &CatalogRow) -> &'static str {
    match row {
        CatalogRow::Project(_) => "project",
        CatalogRow::File(_) => "file",
        CatalogRow::Mark(..) => "mark",
        CatalogRow::Event(_) => "event",
        CatalogRow::Access(_) => "access",
        CatalogRow::Claim(_) => "claim",
        CatalogRow::Audit(_) => "audit",
        CatalogRow::Downloads(_) => "downloads",
        CatalogRow::Key(_) => "key",
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Line {
    Project {
        index: String,
        key: String,
        name: String,
        serial: u64,
    },
    File {
        index: String,
        record: Box<RawValue>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        metadata: Option<Box<RawValue>>,
    },
    Mark {
        index: String,
        project: String,
        mark: Mark,
        since: i64,
    },
    Event {
        serial: u64,
        index: String,
        project: String,
        kind: String,
        subject: Subject,
        by: By,
    },
    Access {
        kind: String,
        key: String,
        body: Value,
    },
    Claim {
        key_sha256: String,
        until: i64,
    },
    Audit {
        kind: String,
        by: By,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project: Option<String>,
        detail: Value,
    },
    Downloads {
        index: String,
        project: String,
        file: String,
        when: When,
        count: u64,
    },
    Key {
        name: String,
        value: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Subject {
    File {
        path: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Box<RawValue>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Box<RawValue>>,
    },
    Mark {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Mark>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Mark>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct By {
    actor: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    at: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum When {
    Day {
        day: i32,
        python: String,
        platform: String,
        client: String,
    },
    Month(i32),
}

impl Line {
    fn of(row: &CatalogRow) -> Result<Self, RowError> {
        Ok(match row {
            CatalogRow::Project(row) => Self::Project {
                index: row.index.to_string(),
                key: row.key.as_str().to_owned(),
                name: row.display_name.clone(),
                serial: row.last_serial.0,
            },
            CatalogRow::File(row) => Self::File {
                index: row.index.to_string(),
                record: record_of(&row.record)?,
                metadata: match &row.metadata {
                    Some(metadata) => Some(raw(stored::metadata_to_text(metadata)?)?),
                    None => None,
                },
            },
            CatalogRow::Mark(index, marked) => Self::Mark {
                index: index.to_string(),
                project: marked.project.as_str().to_owned(),
                mark: marked.mark.clone(),
                since: marked.since.0,
            },
            CatalogRow::Event(event) => Self::Event {
                serial: event.serial.0,
                index: event.index.to_string(),
                project: event.project.as_str().to_owned(),
                kind: event.kind.name().to_owned(),
                subject: Subject::of(&event.subject)?,
                by: By::of(&event.by),
            },
            CatalogRow::Access(record) => Self::Access {
                kind: record.kind.clone(),
                key: record.key.clone(),
                body: record.body.clone(),
            },
            CatalogRow::Claim(claim) => Self::Claim {
                key_sha256: hex::encode(claim.key_sha256),
                until: claim.until.0,
            },
            CatalogRow::Audit(event) => Self::Audit {
                kind: event.kind.name().to_owned(),
                by: By::of(&event.by),
                project: event.project.as_ref().map(|key| key.as_str().to_owned()),
                detail: event.detail.clone(),
            },
            CatalogRow::Downloads(row) => Self::Downloads {
                index: row.index.to_string(),
                project: row.project.clone(),
                file: row.file.clone(),
                when: When::of(&row.when),
                count: row.count,
            },
            CatalogRow::Key(key) => Self::Key {
                name: key.name.clone(),
                value: hex::encode(&key.value),
            },
        })
    }

    fn into_row(self) -> Result<CatalogRow, RowError> {
        Ok(match self {
            Self::Project {
                index,
                key,
                name,
                serial,
            } => CatalogRow::Project(ProjectRow {
                index: parsed("index", &index)?,
                key: key_from_text(&key)?,
                display_name: name,
                last_serial: Serial(serial),
            }),
            Self::File {
                index,
                record,
                metadata,
            } => CatalogRow::File(Box::new(FileRow {
                index: parsed("index", &index)?,
                record: stored::record_from_text(record.get(), FORMAT)?,
                metadata: match metadata {
                    Some(metadata) => Some(stored::metadata_from_text(metadata.get(), FORMAT)?),
                    None => None,
                },
            })),
            Self::Mark {
                index,
                project,
                mark,
                since,
            } => {
                let marked = ProjectMark {
                    project: key_from_text(&project)?,
                    mark,
                    since: Timestamp(since),
                };
                CatalogRow::Mark(parsed("index", &index)?, marked)
            }
            Self::Event {
                serial,
                index,
                project,
                kind,
                subject,
                by,
            } => CatalogRow::Event(Box::new(Event {
                serial: Serial(serial),
                index: parsed("index", &index)?,
                project: key_from_text(&project)?,
                kind: event_kind_from_name(&kind)?,
                subject: subject.read()?,
                by: by.read()?,
            })),
            Self::Access { kind, key, body } => {
                CatalogRow::Access(AccessRecord { kind, key, body })
            }
            Self::Claim { key_sha256, until } => CatalogRow::Claim(ClaimRow {
                key_sha256: *parsed::<Sha256Digest>("key", &key_sha256)?.as_bytes(),
                until: Timestamp(until),
            }),
            Self::Audit {
                kind,
                by,
                project,
                detail,
            } => CatalogRow::Audit(Box::new(AuditEvent {
                kind: audit_kind_from_name(&kind)?,
                by: by.read()?,
                project: project.as_deref().map(key_from_text).transpose()?,
                detail,
            })),
            Self::Downloads {
                index,
                project,
                file,
                when,
                count,
            } => CatalogRow::Downloads(DownloadsRow {
                index: parsed("index", &index)?,
                project,
                file,
                when: when.read(),
                count,
            }),
            Self::Key { name, value } => CatalogRow::Key(KeyRow {
                name,
                value: hex::decode(value).map_err(|_| BadRow::new("key", "no digits"))?,
            }),
        })
    }
}

impl Subject {
    fn of(subject: &EventSubject) -> Result<Self, RowError> {
        let raw_of = |record: &Option<Box<FileRecord>>| record.as_deref().map(record_of);
        Ok(match subject {
            EventSubject::File {
                path,
                before,
                after,
            } => Self::File {
                path: path.to_string(),
                before: raw_of(before).transpose()?,
                after: raw_of(after).transpose()?,
            },
            EventSubject::Mark { before, after } => Self::Mark {
                before: before.clone(),
                after: after.clone(),
            },
        })
    }

    fn read(self) -> Result<EventSubject, RowError> {
        let record = |raw: Option<Box<RawValue>>| {
            raw.map(|raw| stored::record_from_text(raw.get(), FORMAT).map(Box::new))
                .transpose()
        };
        Ok(match self {
            Self::File {
                path,
                before,
                after,
            } => EventSubject::File {
                path: parsed("path", &path)?,
                before: record(before)?,
                after: record(after)?,
            },
            Self::Mark { before, after } => EventSubject::Mark { before, after },
        })
    }
}

impl By {
    fn of(by: &Attribution) -> Self {
        Self {
            actor: by.actor.to_string(),
            address: by.address.clone(),
            agent: by.agent.clone(),
            request_id: by.request_id.clone(),
            at: by.at.0,
        }
    }

    fn read(self) -> Result<Attribution, RowError> {
        Ok(Attribution {
            actor: actor_from_text(&self.actor)?,
            address: self.address,
            agent: self.agent,
            request_id: self.request_id,
            at: Timestamp(self.at),
        })
    }
}

impl When {
    fn of(when: &CountedWhen) -> Self {
        match when {
            CountedWhen::Day {
                day,
                python,
                platform,
                client,
            } => Self::Day {
                day: day.0,
                python: python.clone(),
                platform: platform.clone(),
                client: client.clone(),
            },
            CountedWhen::Month(first) => Self::Month(first.0),
        }
    }

    fn read(self) -> CountedWhen {
        match self {
            Self::Day {
                day,
                python,
                platform,
                client,
            } => CountedWhen::Day {
                day: Day(day),
                python,
                platform,
                client,
            },
            Self::Month(first) => CountedWhen::Month(Day(first)),
        }
    }
}

fn record_of(record: &FileRecord) -> Result<Box<RawValue>, RowError> {
    raw(stored::record_to_text(record)?)
}

fn raw(json: String) -> Result<Box<RawValue>, RowError> {
    Ok(RawValue::from_string(json)?)
}

#[cfg(test)]
mod tests;
