//! How often files were downloaded.

use async_trait::async_trait;
use rusqlite::{Connection, params};
use wheelhouse_index::downloads::{Day, Days};
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::ports::{
    DownloadCount, DownloadCounts, DownloadSums, ProjectDownloads, StoreError,
};
use wheelhouse_standards::name::ProjectKey;

use super::SqliteCatalog;
use super::failure::Outcome;
use super::row::text;
use crate::catalog::downloads::{FOLD, FORGET, MOST, OLDEST, SUMS, Sums, rows};
use crate::catalog::stored::key_from_text;

/// How many files a job is said to be about that is not to wait for others.
const MANY: usize = usize::MAX;

#[async_trait]
impl DownloadCounts for SqliteCatalog {
    async fn add_downloads(
        &self,
        index: &IndexName,
        counts: Vec<DownloadCount>,
    ) -> Result<(), StoreError> {
        let (index, files) = (index.clone(), counts.len());
        let outcome = self
            .writer
            .write(files, move |connection, _| add(connection, &index, counts))
            .await;
        self.told("count downloads", outcome)
    }

    async fn project_downloads(
        &self,
        index: &IndexName,
        project: &ProjectKey,
        days: Days,
    ) -> Result<DownloadSums, StoreError> {
        let (index, project) = (index.clone(), project.clone());
        self.read("read counts of downloads", move |connection| {
            sums(connection, &index, project.as_str(), days)
        })
        .await
    }

    async fn all_downloads(
        &self,
        index: &IndexName,
        days: Days,
    ) -> Result<DownloadSums, StoreError> {
        let index = index.clone();
        self.read("read counts of downloads", move |connection| {
            sums(connection, &index, "", days)
        })
        .await
    }

    async fn most_downloaded(
        &self,
        index: &IndexName,
        days: Days,
        limit: usize,
    ) -> Result<Vec<ProjectDownloads>, StoreError> {
        let index = index.clone();
        self.read("list the most downloaded projects", move |connection| {
            most(connection, &index, days, limit)
        })
        .await
    }

    async fn fold_downloads(&self, before: Day) -> Result<bool, StoreError> {
        let outcome = self
            .writer
            .write(MANY, move |connection, _| fold(connection, before))
            .await;
        self.told("fold counts of downloads", outcome)
    }
}

fn add(connection: &Connection, index: &IndexName, counts: Vec<DownloadCount>) -> Outcome<()> {
    let mut name = connection.prepare_cached(
        "INSERT INTO counted_files (index_name, project, file) VALUES (?1, ?2, ?3)
         ON CONFLICT DO NOTHING",
    )?;
    let mut add = connection.prepare_cached(
        "INSERT INTO downloads (file_id, day, python, platform, client, count)
         SELECT id, ?4, ?5, ?6, ?7, ?8 FROM counted_files
             WHERE index_name = ?1 AND project = ?2 AND file = ?3
         ON CONFLICT DO UPDATE SET count = count + excluded.count",
    )?;
    let mut named = None;
    for (row, count) in rows(counts) {
        let names = (row.project, row.file);
        let (project, file) = &names;
        // Rows of one file follow each other.
        if named.as_ref() != Some(&names) {
            name.execute(params![index.as_str(), project, file])?;
        }
        add.execute(params![
            index.as_str(),
            project,
            file,
            row.day,
            row.python,
            row.platform,
            row.client,
            count
        ])?;
        named = Some(names);
    }
    Ok(())
}

fn sums(
    connection: &Connection,
    index: &IndexName,
    project: &str,
    days: Days,
) -> Outcome<DownloadSums> {
    let mut statement = connection.prepare_cached(SUMS)?;
    let mut rows = statement.query(params![index.as_str(), project, days.first.0, days.last.0])?;
    let mut sums = Sums::default();
    while let Some(row) = rows.next()? {
        let texts = [text(row, 2)?, text(row, 3)?, text(row, 4)?];
        sums.add(row.get(0)?, row.get(1)?, texts, row.get(5)?);
    }
    Ok(sums.ordered())
}

fn most(
    connection: &Connection,
    index: &IndexName,
    days: Days,
    limit: usize,
) -> Outcome<Vec<ProjectDownloads>> {
    let mut statement = connection.prepare_cached(MOST)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![index.as_str(), days.first.0, days.last.0, limit])?;
    let mut projects = Vec::new();
    while let Some(row) = rows.next()? {
        projects.push(ProjectDownloads {
            project: key_from_text(text(row, 0)?)?,
            count: row.get(1)?,
        });
    }
    Ok(projects)
}

fn fold(connection: &Connection, before: Day) -> Outcome<bool> {
    let oldest: Option<i32> = connection
        .prepare_cached(OLDEST)?
        .query_row([before.0], |row| row.get(0))?;
    let Some(day) = oldest else {
        return Ok(false);
    };
    let month = Day(day).month().0;
    connection.prepare_cached(FOLD)?.execute([month, day])?;
    connection.prepare_cached(FORGET)?.execute([day])?;
    Ok(true)
}
