//! Filling a catalog with the rows of another one.

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use wheelhouse_index::downloads::Day;
use wheelhouse_index::identity::{IndexName, Serial};
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::ports::{
    CatalogRow, CatalogTarget, FillError, Filled, Filling, PathOrMarks, StoreError,
};
use wheelhouse_standards::name::ProjectKey;

use super::rows::{make_index, new_marks, number, put_rows};
use crate::catalog::copying::{FILLING, not_empty, other_filling};
use crate::catalog::postgres::failure::{Failure, Outcome};
use crate::catalog::postgres::marks::mark_from_row;
use crate::catalog::postgres::pool::connection;
use crate::catalog::postgres::read::serial_of;
use crate::catalog::postgres::row::text;
use crate::catalog::postgres::{PostgresCatalog, told};
use crate::catalog::stored::{parsed, status_of_mark};

#[async_trait]
impl CatalogTarget for PostgresCatalog {
    async fn begin_filling(&self, name: &str) -> Result<Filling, FillError> {
        let begun = self.in_transaction(async |transaction| begin(transaction, name).await);
        told("begin to fill the catalog", begun.await)?.map_err(FillError::NotEmpty)
    }

    async fn put_rows(&self, rows: Vec<CatalogRow>, filled: &Filled) -> Result<(), StoreError> {
        let put =
            self.in_transaction(async |transaction| put_rows(transaction, &rows, filled).await);
        told("fill the catalog", put.await)
    }

    async fn put_state(&self, states: Vec<PathOrMarks>) -> Result<(), StoreError> {
        let put = self.in_transaction(async |transaction| {
            for state in &states {
                put_state(transaction, state).await?;
            }
            Ok(())
        });
        told("fill the catalog", put.await)
    }

    async fn clear_beside(&self, downloads_from: Option<Day>) -> Result<(), StoreError> {
        let cleared = self.in_transaction(async |transaction| {
            transaction
                .batch_execute("DELETE FROM access; DELETE FROM shared_keys")
                .await?;
            if let Some(day) = downloads_from {
                let sql = "DELETE FROM downloads WHERE day >= $1";
                transaction.execute(sql, &[&day.0]).await?;
            }
            Ok(())
        });
        told("fill the catalog", cleared.await)
    }

    async fn end_filling(&self, head: Serial) -> Result<(), StoreError> {
        let ended = self.in_transaction(async |transaction| end(transaction, head).await);
        told("end the filling of the catalog", ended.await)
    }
}

impl PostgresCatalog {
    /// Does work that may take long in one transaction.
    async fn in_transaction<T>(
        &self,
        work: impl AsyncFnOnce(&Transaction<'_>) -> Outcome<T>,
    ) -> Outcome<T> {
        let mut client = connection(&self.writes).await?;
        let transaction = client.transaction().await?;
        transaction
            .batch_execute("SET LOCAL statement_timeout = 0")
            .await?;
        let done = work(&transaction).await?;
        transaction.commit().await?;
        Ok(done)
    }
}

async fn begin(transaction: &Transaction<'_>, name: &str) -> Outcome<Result<Filling, String>> {
    // Of two that begin at one time the second sees what the first did.
    transaction
        .batch_execute("LOCK TABLE copying IN EXCLUSIVE MODE")
        .await?;
    let sql = "SELECT state, name, serial, audit_events FROM copying";
    if let Some(row) = transaction.query_opt(sql, &[]).await? {
        let (state, theirs) = (text(&row, 0)?, text(&row, 1)?);
        if state != FILLING || theirs != name {
            return Ok(Err(other_filling(theirs)));
        }
        let filled = Filled {
            since: serial_of(row.try_get(2)?),
            audit_events: u64::try_from(row.try_get::<_, i64>(3)?).unwrap_or(0),
        };
        return Ok(Ok(go_on(transaction, filled).await?));
    }
    for table in ["files", "commits", "marks", "projects", "access", "audit"] {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table})");
        if transaction.query_one(&sql, &[]).await?.try_get(0)? {
            return Ok(Err(not_empty(table)));
        }
    }
    let sql = "INSERT INTO copying (id, state, name, place, since, serial, audit_events)
         VALUES (1, $1, $2, '', 0, 0, 0)";
    transaction.execute(sql, &[&FILLING, &name]).await?;
    Ok(Ok(Filling::default()))
}

/// Looks how far a filling got. The last serial may be there in part: its events come again.
async fn go_on(transaction: &Transaction<'_>, filled: Filled) -> Outcome<Filling> {
    transaction
        .batch_execute(
            "DELETE FROM events WHERE serial = (SELECT max(serial) FROM commits);
             DELETE FROM commits WHERE serial = (SELECT max(serial) FROM commits)",
        )
        .await?;
    let sql =
        "SELECT (SELECT max(path) FROM files), (SELECT coalesce(max(serial), 0) FROM commits)";
    let row = transaction.query_one(sql, &[]).await?;
    let path: Option<&str> = row.try_get(0)?;
    Ok(Filling {
        filled: Some(filled),
        last_path: path.map(|path| parsed("path", path)).transpose()?,
        journal: serial_of(row.try_get(1)?),
    })
}

async fn put_state(transaction: &Transaction<'_>, state: &PathOrMarks) -> Outcome<()> {
    match state {
        PathOrMarks::NoFile(index, path) => {
            let sql = "DELETE FROM files WHERE index_id = (SELECT id FROM indexes WHERE name = $1)
                     AND left(path, 500) = left($2::text, 500) AND path = $2::text";
            transaction
                .execute(sql, &[&index.as_str(), &path.as_str()])
                .await?;
        }
        PathOrMarks::Marks(index, project, marks) => {
            make_index(transaction, index).await?;
            forget_marks(transaction, index, project).await?;
            let marks: Vec<&ProjectMark> = marks.iter().collect();
            new_marks(transaction, index, &marks).await?;
        }
    }
    Ok(())
}

async fn forget_marks(
    transaction: &Transaction<'_>,
    index: &IndexName,
    project: &ProjectKey,
) -> Outcome<()> {
    if project.as_str().contains('\0') {
        return Err(Failure::Nul("project's name"));
    }
    let sql = "DELETE FROM marks WHERE index_id = (SELECT id FROM indexes WHERE name = $1)
             AND left(project, 500) = left($2::text, 500) AND project = $2::text";
    transaction
        .execute(sql, &[&index.as_str(), &project.as_str()])
        .await?;
    Ok(())
}

async fn end(transaction: &Transaction<'_>, head: Serial) -> Outcome<()> {
    let sql = "UPDATE journal_head SET serial = greatest(serial, $1) WHERE id = 1";
    transaction.execute(sql, &[&number(head.0)]).await?;
    transaction
        .batch_execute(
            "UPDATE projects p SET status = 'active', file_count =
                 (SELECT count(*) FROM files f WHERE f.project_id = p.id);
             UPDATE indexes i SET
                 project_count = (SELECT count(*) FROM projects p WHERE p.index_id = i.id AND p.file_count > 0),
                 file_count = (SELECT count(*) FROM files f WHERE f.index_id = i.id),
                 unread_count = (SELECT count(*) FROM files f WHERE f.index_id = i.id AND f.sha256 IS NULL)",
        )
        .await?;
    let sql = "SELECT project, format, body, since, id, index_id FROM marks ORDER BY id";
    for row in transaction.query(sql, &[]).await? {
        let (_, ProjectMark { project, mark, .. }) = mark_from_row(&row, 0)?;
        if !matches!(mark, Mark::Status { .. }) {
            continue;
        }
        let status = status_of_mark(Some(&mark)).marker();
        let index: i64 = row.try_get(5)?;
        let sql = "UPDATE projects SET status = $3 WHERE index_id = $1
                 AND left(key, 500) = left($2::text, 500) AND key = $2::text";
        transaction
            .execute(sql, &[&index, &project.as_str(), &status])
            .await?;
    }
    transaction
        .execute("DELETE FROM copying WHERE state = $1", &[&FILLING])
        .await?;
    // What was just filled is planned for as it is, and not as an empty one.
    transaction.batch_execute("ANALYZE").await?;
    Ok(())
}
