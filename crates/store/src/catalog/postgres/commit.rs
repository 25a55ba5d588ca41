//! Recording changes and their events: everything that is needed is read with one round trip, and
//! everything that changes is written with a second one.

use std::collections::{BTreeSet, HashMap};

use deadpool_postgres::Object;
use futures_util::future::join5;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};
use wheelhouse_index::change::{Change, MarkChange};
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::mark::Mark;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::record::FileRecord;
use wheelhouse_standards::name::ProjectKey;

use super::failure::{Failure, Outcome};
use super::marks::mark_from_row;
use super::pipeline::Pipeline;
use super::plan::{Plan, Present};
use super::row::{RECORD_COLUMNS, record_columns, record_from_row, text};
use crate::catalog::stored::{FORMAT, key_from_text, parsed};

mod arrays;

use arrays::{Commits, Events, Marks, Projects, chunks};
pub(super) use arrays::{Files, metadata_chunks};

/// Where `NOTIFY` tells of commits. What it says is the serial, and nothing else.
pub(super) const CHANNEL: &str = "wheelhouse_journal";
/// What is told there, in place of a serial, when somebody changed who may do what. Older programs do
/// not know it, and look by themselves now and then.
pub(super) const ACCESS_CHANGED: &str = "access";

/// Takes the lock of all writers, and tells the number of the transaction, by which it is found
/// out what became of it if the connection is lost.
pub(super) const LOCK: &str =
    "SELECT serial, pg_current_xact_id()::text FROM journal_head WHERE id = 1 FOR UPDATE";

/// The records at many paths, with the numbers of their rows.
pub(super) const FIND: &str = concat!(
    "SELECT ",
    record_columns!(),
    ", f.id FROM unnest($2::text[]) AS wanted (path)
     JOIN files f ON f.index_id = (SELECT id FROM indexes WHERE name = $1)
         AND left(f.path, 500) = left(wanted.path, 500) AND f.path = wanted.path
     JOIN projects p ON p.id = f.project_id"
);

pub(super) const FIND_MARKS: &str = "
    SELECT m.project, m.format, m.body, m.since, m.id FROM unnest($2::text[]) AS wanted (project)
    JOIN marks m ON m.index_id = (SELECT id FROM indexes WHERE name = $1)
        AND left(m.project, 500) = left(wanted.project, 500) AND m.project = wanted.project";

const FIND_PATHS: &str = "
    SELECT p.key, f.path FROM unnest($2::text[]) AS wanted (project)
    JOIN projects p ON p.index_id = (SELECT id FROM indexes WHERE name = $1)
        AND left(p.key, 500) = left(wanted.project, 500) AND p.key = wanted.project
    JOIN files f ON f.project_id = p.id";

/// What a transaction for writing found when it began.
pub(super) struct Begun {
    pub(super) head: i64,
    /// The number of the transaction.
    pub(super) transaction: String,
}

impl Begun {
    pub(super) fn of(row: &Row) -> Outcome<Self> {
        Ok(Self {
            head: row.try_get(0)?,
            transaction: row.try_get(1)?,
        })
    }
}

/// Begins a transaction, takes the lock and reads what the changes name.
pub(super) async fn begin(client: &Object, changes: &[Change]) -> Outcome<(Begun, Present)> {
    let index = changes
        .first()
        .map_or_else(IndexName::main, |change| change.index.clone());
    let wanted = Wanted::of(changes)?;
    let lock = client.prepare_cached(LOCK).await?;
    let find = client.prepare_cached(FIND).await?;
    let find_marks = client.prepare_cached(FIND_MARKS).await?;
    let find_paths = client.prepare_cached(FIND_PATHS).await?;
    let index: &str = index.as_str();
    let (files, marks, paths): (Values<'_, 2>, Values<'_, 2>, Values<'_, 2>) = (
        [&index, &wanted.paths],
        [&index, &wanted.marked],
        [&index, &wanted.with_status],
    );
    // Sent in this order, one behind the other.
    let (begun, locked, files, marks, paths) = join5(
        client.batch_execute("BEGIN"),
        client.query_one(&lock, &[]),
        client.query(&find, &files),
        client.query(&find_marks, &marks),
        client.query(&find_paths, &paths),
    )
    .await;
    begun?;
    let begun = Begun::of(&locked?)?;
    let mut marks: Vec<_> = marks?
        .iter()
        .map(|row| mark_from_row(row, 0))
        .collect::<Outcome<_>>()?;
    marks.sort_by_key(|(id, _)| *id);
    let present = Present {
        head: begun.head,
        files: files_from_rows(&files?)?,
        marks,
        paths: paths?.iter().map(path_from_row).collect::<Outcome<_>>()?,
    };
    Ok((begun, present))
}

/// Reads rows of [`FIND`].
pub(super) fn files_from_rows(rows: &[Row]) -> Outcome<HashMap<FilePath, (i64, FileRecord)>> {
    rows.iter()
        .map(|row| {
            let record = record_from_row(row)?;
            Ok((record.path.clone(), (row.try_get(RECORD_COLUMNS)?, record)))
        })
        .collect()
}

fn path_from_row(row: &Row) -> Outcome<(ProjectKey, FilePath)> {
    Ok((
        key_from_text(text(row, 0)?)?,
        parsed("path", text(row, 1)?)?,
    ))
}

/// The paths and projects that changes name.
#[derive(Default)]
struct Wanted<'a> {
    paths: Vec<&'a str>,
    marked: Vec<&'a str>,
    with_status: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    fn of(changes: &'a [Change]) -> Outcome<Self> {
        let mut paths = BTreeSet::new();
        let (mut marked, mut with_status) = (BTreeSet::new(), BTreeSet::new());
        for change in changes {
            paths.extend(change.files.iter().map(|file| file.path().as_str()));
            paths.extend(change.expects.iter().map(|expected| expected.path.as_str()));
            let counting = change.expects.iter();
            let counting = counting.filter_map(|expected| expected.unused_in.as_ref());
            for project in counting.chain(change.marks.iter().map(MarkChange::project)) {
                if project.as_str().contains('\0') {
                    return Err(Failure::Nul("project's name"));
                }
                marked.insert(project.as_str());
            }
            for mark in &change.marks {
                let project = mark.project().as_str();
                if matches!(mark.mark(), Mark::Status { .. }) {
                    with_status.insert(project);
                }
            }
        }
        Ok(Self {
            paths: paths.into_iter().collect(),
            marked: marked.into_iter().collect(),
            with_status: with_status.into_iter().collect(),
        })
    }
}

type Values<'a, const N: usize> = [&'a (dyn ToSql + Sync); N];

/// The statements that write, made ready.
struct Statements {
    head: Statement,
    index: Statement,
    commits: Statement,
    projects: Statement,
    remove_files: Statement,
    put_files: Statement,
    put_metadata: Statement,
    events: Statement,
    remove_marks: Statement,
    put_marks: Statement,
    new_marks: Statement,
    finish_projects: Statement,
    count: Statement,
    notify: Statement,
}

impl Statements {
    async fn ready(client: &Object) -> Outcome<Self> {
        let ready = |sql: &'static str| client.prepare_cached(sql);
        Ok(Self {
            head: ready("UPDATE journal_head SET serial = serial + $1 WHERE id = 1").await?,
            index: ready("INSERT INTO indexes (name) VALUES ($1) ON CONFLICT DO NOTHING").await?,
            commits: ready(COMMITS).await?,
            projects: ready(PROJECTS).await?,
            remove_files: ready("DELETE FROM files WHERE id = ANY($1)").await?,
            put_files: ready(PUT_FILES).await?,
            put_metadata: ready(PUT_METADATA).await?,
            events: ready(EVENTS).await?,
            remove_marks: ready("DELETE FROM marks WHERE id = ANY($1)").await?,
            put_marks: ready(PUT_MARKS).await?,
            new_marks: ready(NEW_MARKS).await?,
            finish_projects: ready(FINISH_PROJECTS).await?,
            count: ready(COUNT).await?,
            notify: ready("SELECT pg_notify($1, $2)").await?,
        })
    }
}

pub(super) const COMMITS: &str = "
    INSERT INTO commits (serial, index_name, actor, address, agent, request_id, at)
    SELECT made.serial, $1, made.actor, made.address, made.agent, made.request_id, made.at
    FROM unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bigint[])
        AS made (serial, actor, address, agent, request_id, at)";

/// How many of these commits there are, as they are here.
const RECORDED: &str = "
    SELECT count(*) FROM unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[],
        $7::bigint[]) AS made (serial, actor, address, agent, request_id, at)
    JOIN commits c ON c.serial = made.serial AND c.index_name = $1 AND c.actor = made.actor
        AND c.address IS NOT DISTINCT FROM made.address AND c.agent IS NOT DISTINCT FROM made.agent
        AND c.request_id IS NOT DISTINCT FROM made.request_id AND c.at = made.at";

/// Returns whether what was planned is in the journal.
pub(super) async fn is_recorded(client: &Object, index: &IndexName, plan: &Plan) -> Outcome<bool> {
    let commits = Commits::of(plan);
    let name = index.as_str();
    let statement = client.prepare_cached(RECORDED).await?;
    let row = client.query_one(&statement, &commits.values(&name)).await?;
    let count: i64 = row.try_get(0)?;
    Ok(usize::try_from(count) == Ok(plan.commits.len()))
}

/// Makes rows for projects that have none.
pub(super) const PROJECTS: &str = "
    INSERT INTO projects (index_id, key, display_name, last_serial, file_count)
    SELECT i.id, named.key, named.spelled_name, named.serial, 0
    FROM unnest($2::text[], $3::text[], $4::bigint[]) AS named (key, spelled_name, serial),
        indexes i
    WHERE i.name = $1 AND NOT EXISTS (
        SELECT 1 FROM projects p WHERE p.index_id = i.id
            AND left(p.key, 500) = left(named.key, 500) AND p.key = named.key)";

pub(super) const PUT_FILES: &str = "
    INSERT INTO files (
        index_id, project_id, path, file_name, kind, spelled_name, version, size_bytes,
        modified_ns, inode, object_sha256, uploaded_at, sha256, blake2b_256, md5,
        listed_algorithm, listed_hex, metadata_state, unreadable_reason, offered_sha256,
        requires_python, summary, has_provenance
    )
    SELECT p.index_id, p.id, f.path, f.file_name, f.kind, f.spelled_name, f.version, f.size_bytes,
        f.modified_ns, f.inode, f.object_sha256, f.uploaded_at, f.sha256, f.blake2b_256, f.md5,
        f.listed_algorithm, f.listed_hex, f.metadata_state, f.unreadable_reason,
        f.offered_sha256, f.requires_python, f.summary, f.has_provenance
    FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::bigint[], $9::bigint[], $10::bigint[], $11::bytea[], $12::bigint[], $13::bytea[],
        $14::bytea[], $15::bytea[], $16::text[], $17::text[], $18::text[], $19::bytea[],
        $20::bytea[], $21::bytea[], $22::bytea[], $23::boolean[])
        AS f (key, path, file_name, kind, spelled_name, version, size_bytes, modified_ns, inode,
            object_sha256, uploaded_at, sha256, blake2b_256, md5, listed_algorithm, listed_hex,
            metadata_state, unreadable_reason, offered_sha256, requires_python, summary,
            has_provenance)
    JOIN projects p ON p.index_id = (SELECT id FROM indexes WHERE name = $1)
        AND left(p.key, 500) = left(f.key, 500) AND p.key = f.key";

/// Puts the whole core metadata of files.
pub(super) const PUT_METADATA: &str = "
    INSERT INTO core_metadata (file_id, format, body, classifiers)
    SELECT f.id, $2, m.body, m.classifiers
    FROM unnest($3::text[], $4::text[], $5::text[]) AS m (path, body, classifiers)
    JOIN files f ON f.index_id = (SELECT id FROM indexes WHERE name = $1)
        AND left(f.path, 500) = left(m.path, 500) AND f.path = m.path
    ON CONFLICT (file_id) DO UPDATE SET
        format = excluded.format, body = excluded.body, classifiers = excluded.classifiers";

pub(super) const EVENTS: &str = "
    INSERT INTO events (serial, number, project, kind, path, format, before, after)
    SELECT e.serial, e.number, e.project, e.kind, e.path, $1, e.before, e.after
    FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::text[]) AS e (serial, number, project, kind, path, before, after)";

const PUT_MARKS: &str = "
    UPDATE marks m SET format = $1, body = put.body, since = put.since
    FROM unnest($2::bigint[], $3::text[], $4::bigint[]) AS put (id, body, since)
    WHERE m.id = put.id";

pub(super) const NEW_MARKS: &str = "
    INSERT INTO marks (index_id, project, format, body, since)
    SELECT i.id, new.project, $2, new.body, new.since
    FROM unnest($3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY
        AS new (project, body, since, place), indexes i
    WHERE i.name = $1 ORDER BY new.place";

/// Brings projects up to date, and the count of those that have files. The name is that of the
/// newest file, signatures only if there is nothing else; a project without files keeps the name
/// that it had.
pub(super) const FINISH_PROJECTS: &str = "
    WITH finished AS (
        UPDATE projects p SET
            last_serial = done.serial,
            file_count = p.file_count + done.files_more,
            status = coalesce(done.status, p.status),
            display_name = coalesce(
                (SELECT f.spelled_name FROM files f WHERE f.project_id = p.id
                 ORDER BY (f.kind <> 'signature') DESC, f.uploaded_at DESC, f.path DESC LIMIT 1),
                p.display_name)
        FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[])
            AS done (key, serial, files_more, status)
        WHERE p.index_id = (SELECT id FROM indexes WHERE name = $1)
            AND left(p.key, 500) = left(done.key, 500) AND p.key = done.key
        RETURNING p.file_count AS files, p.file_count - done.files_more AS files_before
    )
    UPDATE indexes SET project_count = project_count + (
        SELECT count(*) FILTER (WHERE files > 0 AND files_before = 0)
            - count(*) FILTER (WHERE files = 0 AND files_before > 0) FROM finished
    ) WHERE name = $1";

pub(super) const COUNT: &str = "
    UPDATE indexes SET file_count = file_count + $2, unread_count = unread_count + $3
    WHERE name = $1";

/// Writes what was planned, and commits it.
pub(super) async fn write(client: &Object, index: &IndexName, plan: &Plan) -> Outcome<()> {
    let ready = Statements::ready(client).await?;
    let name = index.as_str();
    let serials = i64::try_from(plan.commits.len()).unwrap_or(i64::MAX);
    let removed: Vec<i64> = plan
        .files
        .values()
        .filter(|state| state.is_changed)
        .filter_map(|state| state.row)
        .collect();
    let commits = Commits::of(plan);
    let projects = chunks(plan.projects.iter(), Projects::of);
    let files = plan.files.values().filter(|state| state.is_changed);
    let files: Vec<_> = files.filter_map(|state| state.now.as_ref()).collect();
    let metadata = files
        .iter()
        .filter_map(|(record, metadata)| Some((record, metadata.as_deref()?)));
    let metadata = metadata.map(|(record, metadata)| (record.path.as_str(), metadata));
    let metadata = metadata_chunks(metadata)?;
    let files = chunks(files.iter().map(|(record, _)| record), Files::of);
    let events = chunks((0_i64..).zip(&plan.events), Events::of);
    let marks = Marks::of(&plan.marks)?;
    let head = plan.head.to_string();

    let mut pipeline = Pipeline::default();
    pipeline.execute(client, &ready.head, vec![&serials]);
    pipeline.execute(client, &ready.index, vec![&name]);
    pipeline.execute(client, &ready.commits, commits.values(&name));
    for chunk in &projects {
        pipeline.execute(
            client,
            &ready.projects,
            vec![&name, &chunk.key, &chunk.spelled_name, &chunk.serial],
        );
    }
    if !removed.is_empty() {
        pipeline.execute(client, &ready.remove_files, vec![&removed]);
    }
    for chunk in &files {
        pipeline.execute(client, &ready.put_files, chunk.values(&name));
    }
    for chunk in &metadata {
        pipeline.execute(client, &ready.put_metadata, chunk.values(&name));
    }
    for chunk in &events {
        pipeline.execute(client, &ready.events, chunk.values());
    }
    if !marks.removed.is_empty() {
        pipeline.execute(client, &ready.remove_marks, vec![&marks.removed]);
    }
    if !marks.put_row.is_empty() {
        pipeline.execute(
            client,
            &ready.put_marks,
            vec![&FORMAT, &marks.put_row, &marks.put_body, &marks.put_since],
        );
    }
    if !marks.new_body.is_empty() {
        pipeline.execute(
            client,
            &ready.new_marks,
            vec![
                &name,
                &FORMAT,
                &marks.new_project,
                &marks.new_body,
                &marks.new_since,
            ],
        );
    }
    for chunk in &projects {
        pipeline.execute(
            client,
            &ready.finish_projects,
            vec![
                &name,
                &chunk.key,
                &chunk.serial,
                &chunk.files_more,
                &chunk.status,
            ],
        );
    }
    pipeline.execute(
        client,
        &ready.count,
        vec![&name, &plan.files_more, &plan.unread_more],
    );
    pipeline.execute(client, &ready.notify, vec![&CHANNEL, &head]);
    pipeline.say(client, "COMMIT");
    pipeline.run().await
}
