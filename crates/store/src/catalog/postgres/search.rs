//! Finding files by parts of names and summaries, and by classifiers. Looks at every file, as a
//! search for parts of texts must, a page of projects at a time, so that what finds enough early
//! does not look at the rest; all pages see one state of the database.

use std::collections::BTreeSet;

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::ports::{SearchHit, SearchTerms};

use super::failure::Outcome;
use super::reads::{Reads, one_look};
use super::row::{odd_text, text};
use crate::catalog::matching::Matcher;
use crate::catalog::stored::{classifiers_from_text, key_from_text};

/// How many projects are looked at with one statement.
const PAGE: i64 = 1_000;

/// The next page of projects that may be shown. Each is in the answer, whatever is joined to it.
macro_rules! page_of_projects {
    () => {
        "WITH page AS MATERIALIZED (
             SELECT id, key FROM projects
             WHERE index_id = (SELECT id FROM indexes WHERE name = $1)
                 AND left(key, 500) >= left($2::text, 500) AND key > $2::text
                 AND file_count > 0 AND status <> 'quarantined'
             ORDER BY left(key, 500), key LIMIT $3
         )
         SELECT p.key, f.path, f.spelled_name, f.version, f.summary"
    };
}

pub(super) const SEARCH: &str = concat!(
    page_of_projects!(),
    " FROM page p LEFT JOIN files f ON f.project_id = p.id AND (f.kind <> 'signature')"
);

/// The text of each wanted classifier, as it is written in a list, must be in the list; whether it
/// is one of its items is seen after that.
const CLASSIFIED: &str = concat!(
    page_of_projects!(),
    ", f.classifiers
     FROM page p LEFT JOIN (
         SELECT f.project_id, f.path, f.spelled_name, f.version, f.summary, m.classifiers
         FROM files f JOIN core_metadata m ON m.file_id = f.id
     ) f ON f.project_id = p.id AND NOT EXISTS (
         SELECT 1 FROM unnest($4::text[]) wanted WHERE position(wanted IN f.classifiers) = 0
     )"
);

/// Compared here and not in SQL, so that letters of all scripts are the same in either case.
pub(super) async fn search(
    reads: &Reads,
    index: &IndexName,
    terms: &SearchTerms,
    limit: usize,
) -> Outcome<Vec<SearchHit>> {
    let matcher = Matcher::new(terms);
    let is_hit = |row: &Row| {
        let summary = odd_text(row, 4)?;
        Ok(matcher.matches(text(row, 0)?, text(row, 2)?, summary))
    };
    pages(reads, SEARCH, index, None, limit, is_hit).await
}

pub(super) async fn classified(
    reads: &Reads,
    index: &IndexName,
    wanted: &[String],
    limit: usize,
) -> Outcome<Vec<SearchHit>> {
    let written = wanted
        .iter()
        .map(|wanted| serde_json::Value::from(wanted.as_str()).to_string())
        .collect();
    let is_hit = |row: &Row| {
        let has = classifiers_from_text(text(row, 5)?)?;
        Ok(wanted.iter().all(|wanted| has.contains(wanted)))
    };
    pages(reads, CLASSIFIED, index, Some(written), limit, is_hit).await
}

/// Returns all classifiers, each once, ordered. Lists that are the same are looked at once.
pub(super) async fn classifiers(reads: &Reads, index: &IndexName) -> Outcome<Vec<String>> {
    let rows = reads
        .rows(
            "SELECT DISTINCT m.classifiers FROM files f JOIN core_metadata m ON m.file_id = f.id
             WHERE f.index_id = (SELECT id FROM indexes WHERE name = $1)",
            &[&index.as_str()],
        )
        .await?;
    let mut all = BTreeSet::new();
    for row in &rows {
        all.extend(classifiers_from_text(text(row, 0)?)?);
    }
    Ok(all.into_iter().collect())
}

/// Asks page after page until enough is found. A connection that turns out to be lost is asked over
/// another one.
async fn pages(
    reads: &Reads,
    sql: &'static str,
    index: &IndexName,
    written: Option<Vec<String>>,
    limit: usize,
    is_hit: impl Fn(&Row) -> Outcome<bool>,
) -> Outcome<Vec<SearchHit>> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let written = written.as_ref();
    match look_through(reads, sql, index, written, limit, &is_hit).await {
        Err(failure) if failure.is_lost_connection() => {
            reads.renew();
            look_through(reads, sql, index, written, limit, &is_hit).await
        }
        outcome => outcome,
    }
}

async fn look_through(
    reads: &Reads,
    sql: &'static str,
    index: &IndexName,
    written: Option<&Vec<String>>,
    limit: usize,
    is_hit: &impl Fn(&Row) -> Outcome<bool>,
) -> Outcome<Vec<SearchHit>> {
    let mut hits = Vec::new();
    let mut client = reads.connection().await?;
    let look = one_look(&mut client).await?;
    let statement = look.prepare_cached(sql).await?;
    let mut after = String::new();
    loop {
        let name = index.as_str();
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&name, &after, &PAGE];
        if let Some(written) = written {
            values.push(written);
        }
        let rows = look.query(&statement, &values).await?;
        let last = add_hits(&mut hits, &rows, limit, is_hit)?;
        match last {
            Some(last) if hits.len() < limit => after = last,
            _ => break,
        }
    }
    look.commit().await?;
    Ok(hits)
}

/// Adds what is found in a page, and returns the key of its last project if another page may follow.
fn add_hits(
    hits: &mut Vec<SearchHit>,
    rows: &[Row],
    limit: usize,
    is_hit: &impl Fn(&Row) -> Outcome<bool>,
) -> Outcome<Option<String>> {
    let mut found = Vec::new();
    let mut keys = BTreeSet::new();
    for row in rows {
        let key = text(row, 0)?;
        keys.insert(key);
        if row.try_get::<_, Option<&str>>(1)?.is_some() && is_hit(row)? {
            found.push((key, text(row, 1)?, row));
        }
    }
    found.sort_by_key(|(key, path, _)| (*key, *path));
    for (key, _, row) in found.into_iter().take(limit - hits.len()) {
        hits.push(SearchHit {
            project: key_from_text(key)?,
            spelled_name: text(row, 2)?.to_owned(),
            version: text(row, 3)?.to_owned(),
            summary: odd_text(row, 4)?.map(str::to_owned),
        });
    }
    let is_full = i64::try_from(keys.len()).is_ok_and(|count| count >= PAGE);
    Ok(keys.last().filter(|_| is_full).map(|key| (*key).to_owned()))
}
