//! The rows that a catalog is filled with, many at a time.

use std::collections::{BTreeMap, BTreeSet};

use deadpool_postgres::Transaction;
use wheelhouse_index::change::{Event, EventSubject};
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::mark::ProjectMark;
use wheelhouse_index::ports::{
    AccessChange, AccessRecord, CatalogRow, ClaimRow, CountedWhen, DownloadsRow, FileRow, Filled,
    KeyRow, ProjectRow,
};

use crate::catalog::copying::FILLING;
use crate::catalog::postgres::access::{NOTE, Notes, PUT};
use crate::catalog::postgres::commit::{
    COMMITS, EVENTS, FIND_MARKS, Files, NEW_MARKS, PROJECTS, PUT_FILES, PUT_METADATA,
    metadata_chunks,
};
use crate::catalog::postgres::downloads::NAME;
use crate::catalog::postgres::failure::Outcome;
use crate::catalog::postgres::marks::mark_from_row;
use crate::catalog::stored::{BadRow, FORMAT, mark_to_text, record_to_text};

/// Rows by what they are about.
#[derive(Default)]
struct Sorted<'a> {
    projects: Vec<&'a ProjectRow>,
    files: Vec<&'a FileRow>,
    marks: Vec<(&'a IndexName, &'a ProjectMark)>,
    events: Vec<&'a Event>,
    claims: Vec<&'a ClaimRow>,
    downloads: Vec<&'a DownloadsRow>,
    keys: Vec<&'a KeyRow>,
    access: Vec<&'a AccessRecord>,
    change: AccessChange,
}

impl<'a> Sorted<'a> {
    fn of(rows: &'a [CatalogRow]) -> Self {
        let mut sorted = Self::default();
        for row in rows {
            match row {
                CatalogRow::Project(row) => sorted.projects.push(row),
                CatalogRow::File(row) => sorted.files.push(row),
                CatalogRow::Mark(index, marked) => sorted.marks.push((index, marked)),
                CatalogRow::Event(event) => sorted.events.push(event),
                CatalogRow::Access(record) => sorted.access.push(record),
                CatalogRow::Claim(row) => sorted.claims.push(row),
                CatalogRow::Audit(event) => sorted.change.events.push((**event).clone()),
                CatalogRow::Downloads(row) => sorted.downloads.push(row),
                CatalogRow::Key(row) => sorted.keys.push(row),
            }
        }
        sorted
    }
}

/// Puts rows, and notes how far the filling got.
pub(super) async fn put_rows(
    transaction: &Transaction<'_>,
    rows: &[CatalogRow],
    filled: &Filled,
) -> Outcome<()> {
    let sorted = Sorted::of(rows);
    for (index, projects) in by_index(sorted.projects, |row| &row.index) {
        put_projects(transaction, index, &projects).await?;
    }
    for (index, files) in by_index(sorted.files, |row| &row.index) {
        put_files(transaction, index, &files).await?;
    }
    for (index, marks) in by_index(sorted.marks, |(index, _)| index) {
        let marks: Vec<_> = marks.into_iter().map(|(_, marked)| marked).collect();
        put_marks(transaction, index, &marks).await?;
    }
    put_events(transaction, &sorted.events).await?;
    put_access(transaction, &sorted.access, &sorted.change).await?;
    put_claims(transaction, &sorted.claims).await?;
    for (index, downloads) in by_index(sorted.downloads, |row| &row.index) {
        put_downloads(transaction, index, &downloads).await?;
    }
    for KeyRow { name, value } in sorted.keys {
        let sql = "INSERT INTO shared_keys (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        transaction.execute(sql, &[name, value]).await?;
    }
    let (since, audit) = (number(filled.since.0), number(filled.audit_events));
    let sql = "UPDATE copying SET serial = $2, audit_events = $3 WHERE state = $1";
    let changed = transaction
        .execute(sql, &[&FILLING, &since, &audit])
        .await?;
    if changed == 0 {
        return Err(BadRow::new("copying", "the catalog is not being filled").into());
    }
    Ok(())
}

fn by_index<'a, T>(
    rows: Vec<T>,
    index: impl Fn(&T) -> &'a IndexName,
) -> BTreeMap<&'a IndexName, Vec<T>> {
    let mut sorted: BTreeMap<&IndexName, Vec<T>> = BTreeMap::new();
    for row in rows {
        sorted.entry(index(&row)).or_default().push(row);
    }
    sorted
}

/// Returns a number as the tables have it.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Makes a row for an index that has none.
pub(super) async fn make_index(transaction: &Transaction<'_>, index: &IndexName) -> Outcome<()> {
    let sql = "INSERT INTO indexes (name) VALUES ($1) ON CONFLICT DO NOTHING";
    transaction.execute(sql, &[&index.as_str()]).await?;
    Ok(())
}

async fn put_projects(
    transaction: &Transaction<'_>,
    index: &IndexName,
    rows: &[&ProjectRow],
) -> Outcome<()> {
    make_index(transaction, index).await?;
    // What is named twice is what the last says.
    let rows: BTreeMap<&str, &ProjectRow> =
        rows.iter().map(|row| (row.key.as_str(), *row)).collect();
    let keys: Vec<&str> = rows.keys().copied().collect();
    let names: Vec<&str> = rows.values().map(|row| row.display_name.as_str()).collect();
    let serials: Vec<i64> = rows.values().map(|row| number(row.last_serial.0)).collect();
    let make = transaction.prepare_cached(PROJECTS).await?;
    transaction
        .execute(&make, &[&index.as_str(), &keys, &names, &serials])
        .await?;
    let name = transaction
        .prepare_cached(
            "UPDATE projects p SET display_name = named.name, last_serial = named.serial
             FROM unnest($2::text[], $3::text[], $4::bigint[]) AS named (key, name, serial)
             WHERE p.index_id = (SELECT id FROM indexes WHERE name = $1)
                 AND left(p.key, 500) = left(named.key, 500) AND p.key = named.key",
        )
        .await?;
    transaction
        .execute(&name, &[&index.as_str(), &keys, &names, &serials])
        .await?;
    Ok(())
}

async fn put_files(
    transaction: &Transaction<'_>,
    index: &IndexName,
    rows: &[&FileRow],
) -> Outcome<()> {
    make_index(transaction, index).await?;
    let name = index.as_str();
    let rows: BTreeMap<&str, &FileRow> = rows
        .iter()
        .map(|row| (row.record.path.as_str(), *row))
        .collect();
    let paths: Vec<&str> = rows.keys().copied().collect();
    let projects: BTreeMap<&str, &str> = rows
        .values()
        .map(|row| {
            (
                row.record.project().as_str(),
                row.record.named.spelled_name.as_str(),
            )
        })
        .collect();
    let keys: Vec<&str> = projects.keys().copied().collect();
    let names: Vec<&str> = projects.values().copied().collect();
    let serials = vec![0_i64; keys.len()];
    let make = transaction.prepare_cached(PROJECTS).await?;
    transaction
        .execute(&make, &[&name, &keys, &names, &serials])
        .await?;
    let remove = transaction
        .prepare_cached(
            "DELETE FROM files f USING unnest($2::text[]) AS gone (path)
             WHERE f.index_id = (SELECT id FROM indexes WHERE name = $1)
                 AND left(f.path, 500) = left(gone.path, 500) AND f.path = gone.path",
        )
        .await?;
    transaction.execute(&remove, &[&name, &paths]).await?;
    let files = Files::of(&mut rows.values().map(|row| &row.record));
    let put = transaction.prepare_cached(PUT_FILES).await?;
    transaction.execute(&put, &files.values(&name)).await?;
    let metadata = rows
        .iter()
        .filter_map(|(path, row)| Some((*path, row.metadata.as_ref()?)));
    let put = transaction.prepare_cached(PUT_METADATA).await?;
    for chunk in metadata_chunks(metadata)? {
        transaction.execute(&put, &chunk.values(&name)).await?;
    }
    Ok(())
}

async fn put_marks(
    transaction: &Transaction<'_>,
    index: &IndexName,
    marks: &[&ProjectMark],
) -> Outcome<()> {
    make_index(transaction, index).await?;
    let projects: BTreeSet<&str> = marks.iter().map(|marked| marked.project.as_str()).collect();
    let projects: Vec<&str> = projects.into_iter().collect();
    let find = transaction.prepare_cached(FIND_MARKS).await?;
    let mut gone: Vec<i64> = Vec::new();
    for row in transaction
        .query(&find, &[&index.as_str(), &projects])
        .await?
    {
        let (id, there) = mark_from_row(&row, 0)?;
        let is_same = |marked: &&ProjectMark| {
            marked.project == there.project && there.mark.has_subject_of(&marked.mark)
        };
        if marks.iter().any(is_same) {
            gone.push(id);
        }
    }
    transaction
        .execute("DELETE FROM marks WHERE id = ANY($1)", &[&gone])
        .await?;
    new_marks(transaction, index, marks).await
}

/// Adds marks, in their order.
pub(super) async fn new_marks(
    transaction: &Transaction<'_>,
    index: &IndexName,
    marks: &[&ProjectMark],
) -> Outcome<()> {
    let projects: Vec<&str> = marks.iter().map(|marked| marked.project.as_str()).collect();
    let bodies: Vec<String> = marks
        .iter()
        .map(|marked| mark_to_text(&marked.mark))
        .collect::<Result<_, _>>()?;
    let since: Vec<i64> = marks.iter().map(|marked| marked.since.0).collect();
    let put = transaction.prepare_cached(NEW_MARKS).await?;
    transaction
        .execute(
            &put,
            &[&index.as_str(), &FORMAT, &projects, &bodies, &since],
        )
        .await?;
    Ok(())
}

async fn put_events(transaction: &Transaction<'_>, events: &[&Event]) -> Outcome<()> {
    let sql = "SELECT coalesce(max(serial), 0) FROM commits";
    let last: i64 = transaction.query_one(sql, &[]).await?.try_get(0)?;
    let sql = "SELECT coalesce(max(number), -1) FROM events WHERE serial = $1";
    let mut next: i64 = transaction.query_one(sql, &[&last]).await?.try_get(0)?;
    let events = events.iter().filter(|event| number(event.serial.0) >= last);
    let mut by_index: BTreeMap<&IndexName, Vec<&Event>> = BTreeMap::new();
    let (mut serials, mut numbers, mut projects) = (Vec::new(), Vec::new(), Vec::new());
    let (mut kinds, mut paths) = (Vec::new(), Vec::new());
    let (mut before_texts, mut after_texts) = (Vec::new(), Vec::new());
    for event in events {
        let commits = by_index.entry(&event.index).or_default();
        let is_new = number(event.serial.0) > last;
        if is_new
            && commits
                .last()
                .is_none_or(|commit| commit.serial != event.serial)
        {
            commits.push(event);
        }
        next += 1;
        serials.push(number(event.serial.0));
        numbers.push(next);
        projects.push(event.project.as_str());
        kinds.push(event.kind.name());
        let (path, before, after) = match &event.subject {
            EventSubject::File {
                path,
                before,
                after,
            } => {
                let text =
                    |record: &Option<Box<_>>| record.as_deref().map(record_to_text).transpose();
                (path.as_str(), text(before)?, text(after)?)
            }
            EventSubject::Mark { before, after } => {
                let text = |mark: &Option<_>| mark.as_ref().map(mark_to_text).transpose();
                ("", text(before)?, text(after)?)
            }
        };
        paths.push(path);
        before_texts.push(before);
        after_texts.push(after);
    }
    for (index, commits) in by_index {
        put_commits(transaction, index, &commits).await?;
    }
    let put = transaction.prepare_cached(EVENTS).await?;
    transaction
        .execute(
            &put,
            &[
                &FORMAT,
                &serials,
                &numbers,
                &projects,
                &kinds,
                &paths,
                &before_texts,
                &after_texts,
            ],
        )
        .await?;
    Ok(())
}

/// Puts the commits of events, each the first of its serial.
async fn put_commits(
    transaction: &Transaction<'_>,
    index: &IndexName,
    events: &[&Event],
) -> Outcome<()> {
    let by = || events.iter().map(|event| &event.by);
    let bytes = |text: Option<&String>| text.map(|text| text.as_bytes().to_vec());
    let serials: Vec<i64> = events.iter().map(|event| number(event.serial.0)).collect();
    let actors: Vec<Vec<u8>> = by().map(|by| by.actor.to_string().into_bytes()).collect();
    let addresses: Vec<_> = by().map(|by| bytes(by.address.as_ref())).collect();
    let agents: Vec<_> = by().map(|by| bytes(by.agent.as_ref())).collect();
    let requests: Vec<_> = by().map(|by| bytes(by.request_id.as_ref())).collect();
    let at: Vec<i64> = by().map(|by| by.at.0).collect();
    let put = transaction.prepare_cached(COMMITS).await?;
    transaction
        .execute(
            &put,
            &[
                &index.as_str(),
                &serials,
                &actors,
                &addresses,
                &agents,
                &requests,
                &at,
            ],
        )
        .await?;
    Ok(())
}

async fn put_access(
    transaction: &Transaction<'_>,
    records: &[&AccessRecord],
    change: &AccessChange,
) -> Outcome<()> {
    if !records.is_empty() {
        let kinds: Vec<&[u8]> = records
            .iter()
            .map(|record| record.kind.as_bytes())
            .collect();
        let keys: Vec<&[u8]> = records.iter().map(|record| record.key.as_bytes()).collect();
        let bodies: Vec<String> = records
            .iter()
            .map(|record| record.body.to_string())
            .collect();
        let put = transaction.prepare_cached(PUT).await?;
        transaction.execute(&put, &[&kinds, &keys, &bodies]).await?;
    }
    if !change.events.is_empty() {
        let notes = Notes::of(&change.events);
        let put = transaction.prepare_cached(NOTE).await?;
        transaction.execute(&put, &notes.values()).await?;
    }
    Ok(())
}

async fn put_claims(transaction: &Transaction<'_>, claims: &[&ClaimRow]) -> Outcome<()> {
    let keys: Vec<&[u8]> = claims.iter().map(|claim| &claim.key_sha256[..]).collect();
    let until: Vec<i64> = claims.iter().map(|claim| claim.until.0).collect();
    let sql = "INSERT INTO claims (key_sha256, until)
         SELECT * FROM unnest($1::bytea[], $2::bigint[])
         ON CONFLICT (key_sha256) DO UPDATE SET until = excluded.until";
    transaction.execute(sql, &[&keys, &until]).await?;
    Ok(())
}

async fn put_downloads(
    transaction: &Transaction<'_>,
    index: &IndexName,
    rows: &[&DownloadsRow],
) -> Outcome<()> {
    let name = index.as_str();
    let projects: Vec<&str> = rows.iter().map(|row| row.project.as_str()).collect();
    let files: Vec<&str> = rows.iter().map(|row| row.file.as_str()).collect();
    let make = transaction.prepare_cached(NAME).await?;
    transaction
        .execute(&make, &[&name, &projects, &files])
        .await?;
    for row in rows {
        let count = number(row.count);
        match &row.when {
            CountedWhen::Day {
                day,
                python,
                platform,
                client,
            } => {
                let put = transaction
                    .prepare_cached(
                        "INSERT INTO downloads (file_id, day, python, platform, client, count)
                         SELECT id, $4, $5, $6, $7, $8 FROM counted_files
                         WHERE index_name = $1 AND project = $2 AND file = $3
                         ON CONFLICT (file_id, day, python, platform, client)
                         DO UPDATE SET count = excluded.count",
                    )
                    .await?;
                transaction
                    .execute(
                        &put,
                        &[
                            &name,
                            &row.project,
                            &row.file,
                            &day.0,
                            python,
                            platform,
                            client,
                            &count,
                        ],
                    )
                    .await?;
            }
            CountedWhen::Month(month) => {
                let put = transaction
                    .prepare_cached(
                        "INSERT INTO download_months (file_id, month, count)
                         SELECT id, $4, $5 FROM counted_files
                         WHERE index_name = $1 AND project = $2 AND file = $3
                         ON CONFLICT (file_id, month) DO UPDATE SET count = excluded.count",
                    )
                    .await?;
                transaction
                    .execute(&put, &[&name, &row.project, &row.file, &month.0, &count])
                    .await?;
            }
        }
    }
    Ok(())
}
