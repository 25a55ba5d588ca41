//! How often files were downloaded. All servers add to the same rows: whoever does takes a lock, so
//! that no two wait for each other.

use async_trait::async_trait;
use deadpool_postgres::{Object, Pool};
use tokio_postgres::types::ToSql;
use wheelhouse_index::downloads::{Day, Days};
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::ports::{
    DownloadCount, DownloadCounts, DownloadSums, ProjectDownloads, StoreError,
};
use wheelhouse_standards::name::ProjectKey;

use super::failure::{Failure, Outcome};
use super::pipeline::Pipeline;
use super::pool::connection;
use super::reads::Reads;
use super::row::{bound, text};
use super::writer::{Settled, again, begin_with_lock, settled, within};
use super::{PostgresCatalog, told};
use crate::catalog::downloads::{FOLD, FORGET, MOST, OLDEST, SUMS, Sums, rows};
use crate::catalog::stored::key_from_text;

/// Whoever changes counts of downloads takes this lock.
const DOWNLOADS_LOCK: i64 = 0x5748_534C_0003;

pub(super) const NAME: &str = "
    INSERT INTO counted_files (index_name, project, file)
    SELECT DISTINCT $1::text, project, file
    FROM unnest($2::text[], $3::text[]) AS counted (project, file)
    WHERE NOT EXISTS (
        SELECT 1 FROM counted_files f
        WHERE f.index_name = $1 AND f.project = counted.project AND f.file = counted.file
    )
    ON CONFLICT DO NOTHING";

const ADD: &str = "
    INSERT INTO downloads AS kept (file_id, day, python, platform, client, count)
    SELECT f.id, c.day, c.python, c.platform, c.client, c.count
    FROM unnest($2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[],
        $8::bigint[]) AS c (project, file, day, python, platform, client, count)
    JOIN counted_files f
        ON f.index_name = $1 AND f.project = c.project AND f.file = c.file
    ON CONFLICT (file_id, day, python, platform, client)
        DO UPDATE SET count = kept.count + excluded.count";

#[async_trait]
impl DownloadCounts for PostgresCatalog {
    async fn add_downloads(
        &self,
        index: &IndexName,
        counts: Vec<DownloadCount>,
    ) -> Result<(), StoreError> {
        if counts.is_empty() {
            return Ok(());
        }
        let pool = self.writes.clone();
        let work = Work::Add {
            index: index.clone(),
            columns: Columns::of(counts),
        };
        // Goes on to its end if the caller stops waiting.
        let added = tokio::spawn(async move { changed(&pool, &work).await });
        let outcome = added.await.unwrap_or(Err(Failure::Closed));
        told("count downloads", outcome)
    }

    async fn project_downloads(
        &self,
        index: &IndexName,
        project: &ProjectKey,
        days: Days,
    ) -> Result<DownloadSums, StoreError> {
        let sums = sums(&self.reads, index, project.as_str(), days).await;
        told("read counts of downloads", sums)
    }

    async fn all_downloads(
        &self,
        index: &IndexName,
        days: Days,
    ) -> Result<DownloadSums, StoreError> {
        let sums = sums(&self.reads, index, "", days).await;
        told("read counts of downloads", sums)
    }

    async fn most_downloaded(
        &self,
        index: &IndexName,
        days: Days,
        limit: usize,
    ) -> Result<Vec<ProjectDownloads>, StoreError> {
        let most = most(&self.reads, index, days, limit).await;
        told("list the most downloaded projects", most)
    }

    async fn fold_downloads(&self, before: Day) -> Result<bool, StoreError> {
        let (reads, pool) = (self.reads.clone(), self.writes.clone());
        let folded = tokio::spawn(async move { fold(&reads, &pool, before).await });
        let outcome = folded.await.unwrap_or(Err(Failure::Closed));
        told("fold counts of downloads", outcome)
    }
}

/// Rows, column by column.
#[derive(Default)]
struct Columns {
    project: Vec<String>,
    file: Vec<String>,
    day: Vec<i32>,
    python: Vec<String>,
    platform: Vec<&'static str>,
    client: Vec<&'static str>,
    count: Vec<i64>,
}

impl Columns {
    fn of(counts: Vec<DownloadCount>) -> Self {
        let mut columns = Self::default();
        for (row, count) in rows(counts) {
            columns.project.push(row.project);
            columns.file.push(row.file);
            columns.day.push(row.day);
            columns.python.push(row.python);
            columns.platform.push(row.platform);
            columns.client.push(row.client);
            columns.count.push(count);
        }
        columns
    }
}

/// A change of counts.
enum Work {
    /// Adds to them.
    Add { index: IndexName, columns: Columns },
    /// Folds a day into its month.
    Fold(Day),
}

impl Work {
    /// Does it, and commits it.
    async fn write(&self, client: &Object) -> Outcome<()> {
        match self {
            Self::Add { index, columns } => write_counts(client, index.as_str(), columns).await,
            Self::Fold(day) => write_month(client, day.0, day.month().0).await,
        }
    }
}

async fn write_counts(client: &Object, index: &str, columns: &Columns) -> Outcome<()> {
    let name = client.prepare_cached(NAME).await?;
    let add = client.prepare_cached(ADD).await?;
    let names: Vec<&(dyn ToSql + Sync)> = vec![&index, &columns.project, &columns.file];
    let mut values = names.clone();
    values.extend([
        &columns.day as &(dyn ToSql + Sync),
        &columns.python,
        &columns.platform,
        &columns.client,
        &columns.count,
    ]);
    let mut pipeline = Pipeline::default();
    pipeline.execute(client, &name, names);
    pipeline.execute(client, &add, values);
    pipeline.say(client, "COMMIT");
    pipeline.run().await
}

async fn write_month(client: &Object, day: i32, month: i32) -> Outcome<()> {
    let fold = client.prepare_cached(FOLD).await?;
    let forget = client.prepare_cached(FORGET).await?;
    let mut pipeline = Pipeline::default();
    pipeline.execute(client, &fold, vec![&month, &day]);
    pipeline.execute(client, &forget, vec![&day]);
    pipeline.say(client, "COMMIT");
    pipeline.run().await
}

/// Folds the oldest day before one, and returns whether there was one.
async fn fold(reads: &Reads, pool: &Pool, before: Day) -> Outcome<bool> {
    let row = reads.row(OLDEST, &[&before.0]).await?;
    let oldest = row
        .map(|row| row.try_get::<_, Option<i32>>(0))
        .transpose()?;
    let Some(day) = oldest.flatten() else {
        return Ok(false);
    };
    changed(pool, &Work::Fold(Day(day))).await?;
    Ok(true)
}

/// Changes counts in one transaction, once: whether it was committed is found out by its number if
/// the connection is lost meanwhile.
async fn changed(pool: &Pool, work: &Work) -> Outcome<()> {
    for tried in 1.. {
        let client = connection(pool).await?;
        let transaction = match within(begin_with_lock(&client, DOWNLOADS_LOCK)).await {
            Ok(transaction) => transaction,
            Err(failure) => match again(pool, failure, client, tried).await {
                None => continue,
                Some(failure) => return Err(failure),
            },
        };
        let written = within(work.write(&client)).await;
        match settled(pool, client, &transaction, written, tried).await {
            Settled::Done | Settled::FoundOut => return Ok(()),
            Settled::Again => {}
            Settled::Failed(failure) => return Err(failure),
        }
    }
    Err(Failure::Closed)
}

async fn sums(
    reads: &Reads,
    index: &IndexName,
    project: &str,
    days: Days,
) -> Outcome<DownloadSums> {
    let values: [&(dyn ToSql + Sync); 4] = [&index.as_str(), &project, &days.first.0, &days.last.0];
    let mut sums = Sums::default();
    for row in reads.rows(SUMS, &values).await? {
        let texts = [text(&row, 2)?, text(&row, 3)?, text(&row, 4)?];
        let (kind, day): (i32, i32) = (row.try_get(0)?, row.try_get(1)?);
        sums.add(kind.into(), day.into(), texts, row.try_get(5)?);
    }
    Ok(sums.ordered())
}

async fn most(
    reads: &Reads,
    index: &IndexName,
    days: Days,
    limit: usize,
) -> Outcome<Vec<ProjectDownloads>> {
    let values: [&(dyn ToSql + Sync); 4] =
        [&index.as_str(), &days.first.0, &days.last.0, &bound(limit)];
    let rows = reads.rows(MOST, &values).await?;
    let read = |row: &tokio_postgres::Row| {
        let count: i64 = row.try_get(1)?;
        Ok(ProjectDownloads {
            project: key_from_text(text(row, 0)?)?,
            count: u64::try_from(count).unwrap_or(0),
        })
    };
    rows.iter().map(read).collect()
}
