//! Looking the catalog over: whether what is counted is what there is. Whether the database is whole
//! is for its own tools to say.

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::ports::{CatalogFlaw, CatalogUpkeep, FlawKind, Repair, StoreError};

use super::commit::LOCK;
use super::failure::Outcome;
use super::pool::connection;
use super::reads::one_look;
use super::{PostgresCatalog, told};

const PROJECTS: &str = "
    SELECT p.key, p.file_count::bigint, count(f.id) FROM projects p
    LEFT JOIN files f ON f.project_id = p.id
    WHERE p.index_id = (SELECT id FROM indexes WHERE name = $1)
    GROUP BY p.id HAVING p.file_count <> count(f.id) LIMIT 1000";

const MEND_PROJECTS: &str = "
    UPDATE projects p SET file_count = found.files FROM (
        SELECT p.id, count(f.id) AS files FROM projects p
        LEFT JOIN files f ON f.project_id = p.id
        WHERE p.index_id = (SELECT id FROM indexes WHERE name = $1)
        GROUP BY p.id HAVING p.file_count <> count(f.id)
    ) found WHERE p.id = found.id";

const COUNTED: &str = "
    SELECT i.project_count, i.file_count, i.unread_count,
        (SELECT count(DISTINCT project_id) FROM files f WHERE f.index_id = i.id),
        (SELECT count(*) FROM files f WHERE f.index_id = i.id),
        (SELECT count(*) FROM files f WHERE f.index_id = i.id AND f.sha256 IS NULL)
    FROM indexes i WHERE i.name = $1";

const MEND: &str = "
    UPDATE indexes SET project_count = $2, file_count = $3, unread_count = $4 WHERE name = $1";

#[async_trait]
impl CatalogUpkeep for PostgresCatalog {
    async fn look_over(
        &self,
        index: &IndexName,
        repair: Repair,
    ) -> Result<Vec<CatalogFlaw>, StoreError> {
        told("look the catalog over", self.counts_of(index, repair).await)
    }
}

impl PostgresCatalog {
    async fn counts_of(&self, index: &IndexName, repair: Repair) -> Outcome<Vec<CatalogFlaw>> {
        match repair {
            Repair::Nothing => {
                let mut client = self.reads.connection().await?;
                let look = one_look(&mut client).await?;
                look.batch_execute("SET LOCAL statement_timeout = 0")
                    .await?;
                let flaws = counts(&look, index, repair).await?;
                look.commit().await?;
                Ok(flaws)
            }
            Repair::Proven => {
                let mut client = connection(&self.writes).await?;
                let transaction = client.transaction().await?;
                transaction
                    .batch_execute("SET LOCAL statement_timeout = 0")
                    .await?;
                // Whoever commits waits for this, as for another commit.
                transaction.query_one(LOCK, &[]).await?;
                let flaws = counts(&transaction, index, repair).await?;
                transaction.commit().await?;
                Ok(flaws)
            }
        }
    }
}

async fn counts(
    look: &Transaction<'_>,
    index: &IndexName,
    repair: Repair,
) -> Outcome<Vec<CatalogFlaw>> {
    let is_mended = repair == Repair::Proven;
    let flaw = |about, sentence| CatalogFlaw {
        kind: FlawKind::Count,
        about,
        sentence,
        is_mended,
    };
    let name = index.as_str();
    let mut flaws = Vec::new();
    for row in look.query(PROJECTS, &[&name]).await? {
        let (counted, found): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
        flaws.push(flaw(
            Some(row.try_get(0)?),
            format!("{counted} files are counted, and there are {found}"),
        ));
    }
    if is_mended && !flaws.is_empty() {
        look.execute(MEND_PROJECTS, &[&name]).await?;
    }
    let Some(row) = look.query_opt(COUNTED, &[&name]).await? else {
        return Ok(flaws);
    };
    let mut is_right = true;
    let mut all_found = [0_i64; 3];
    for (place, what) in ["projects", "files", "files that nobody has read"]
        .into_iter()
        .enumerate()
    {
        let (counted, found): (i64, i64) = (row.try_get(place)?, row.try_get(place + 3)?);
        all_found[place] = found;
        if counted != found {
            is_right = false;
            flaws.push(flaw(
                None,
                format!("{counted} {what} are counted, and there are {found}"),
            ));
        }
    }
    if is_mended && !is_right {
        let [projects, files, unread] = all_found;
        look.execute(MEND, &[&name, &projects, &files, &unread])
            .await?;
    }
    Ok(flaws)
}
