//! Adding what reading the files showed.

use std::collections::HashMap;

use deadpool_postgres::Object;
use futures_util::future::join3;
use tokio_postgres::types::ToSql;
use wheelhouse_index::change::Learned;
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::path::FilePath;

use super::commit::{Begun, COUNT, FIND, LOCK, PUT_METADATA, files_from_rows, metadata_chunks};
use super::failure::Outcome;
use super::pipeline::Pipeline;
use super::row::ContentsArrays;

const UPDATE: &str = "
    UPDATE files f SET sha256 = read.sha256, blake2b_256 = read.blake2b_256, md5 = read.md5,
        listed_algorithm = read.listed_algorithm, listed_hex = read.listed_hex,
        metadata_state = read.metadata_state, unreadable_reason = read.unreadable_reason,
        offered_sha256 = read.offered_sha256, requires_python = read.requires_python,
        summary = read.summary, has_provenance = read.has_provenance
    FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::text[], $6::text[],
        $7::text[], $8::bytea[], $9::bytea[], $10::bytea[], $11::bytea[], $12::boolean[])
        AS read (id, sha256, blake2b_256, md5, listed_algorithm, listed_hex, metadata_state,
            unreadable_reason, offered_sha256, requires_python, summary, has_provenance)
    WHERE f.id = read.id";

/// What was found out when the transaction began: how many of the files are still the ones that
/// were read, and what is to be written of them.
pub(super) struct Known<'a> {
    pub(super) begun: Begun,
    pub(super) count: usize,
    rows: HashMap<&'a FilePath, (i64, &'a Learned)>,
    unread_less: i64,
}

/// Begins a transaction, takes the lock and looks which records are still about what was read.
pub(super) async fn begin<'a>(
    client: &Object,
    index: &IndexName,
    learned: &'a [Learned],
) -> Outcome<Known<'a>> {
    let lock = client.prepare_cached(LOCK).await?;
    let find = client.prepare_cached(FIND).await?;
    let mut paths: Vec<&str> = learned.iter().map(|read| read.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    let values: [&(dyn ToSql + Sync); 2] = [&index.as_str(), &paths];
    // Sent in this order, one behind the other.
    let (begun, locked, found) = join3(
        client.batch_execute("BEGIN"),
        client.query_one(&lock, &[]),
        client.query(&find, &values),
    )
    .await;
    begun?;
    let mut known = Known {
        begun: Begun::of(&locked?)?,
        count: 0,
        rows: HashMap::new(),
        unread_less: 0,
    };
    let found = files_from_rows(&found?)?;
    for read in learned {
        let Some((row, record)) = found.get(&read.path) else {
            continue;
        };
        if record.fingerprint != read.fingerprint {
            continue;
        }
        known.count += 1;
        if known.rows.insert(&read.path, (*row, read)).is_none() {
            known.unread_less += i64::from(record.contents.is_none());
        }
    }
    Ok(known)
}

/// Writes what is known, and commits it.
pub(super) async fn write(client: &Object, index: &IndexName, known: &Known<'_>) -> Outcome<()> {
    let update = client.prepare_cached(UPDATE).await?;
    let forget = client
        .prepare_cached("DELETE FROM core_metadata WHERE file_id = ANY($1)")
        .await?;
    let put = client.prepare_cached(PUT_METADATA).await?;
    let count = client.prepare_cached(COUNT).await?;
    let name = index.as_str();
    let mut rows = Vec::with_capacity(known.rows.len());
    let mut without = Vec::new();
    let mut contents = ContentsArrays::default();
    for (row, read) in known.rows.values() {
        rows.push(*row);
        contents.add(Some(&read.contents));
        if read.metadata.is_none() {
            without.push(*row);
        }
    }
    let with = known
        .rows
        .values()
        .filter_map(|(_, read)| Some((read.path.as_str(), read.metadata.as_deref()?)));
    let metadata = metadata_chunks(with)?;
    let unread_more = -known.unread_less;
    let none = 0_i64;

    let mut pipeline = Pipeline::default();
    let own: [&(dyn ToSql + Sync); 1] = [&rows];
    pipeline.execute(
        client,
        &update,
        own.into_iter().chain(contents.values()).collect(),
    );
    if !without.is_empty() {
        pipeline.execute(client, &forget, vec![&without]);
    }
    for chunk in &metadata {
        pipeline.execute(client, &put, chunk.values(&name));
    }
    pipeline.execute(client, &count, vec![&name, &none, &unread_more]);
    pipeline.say(client, "COMMIT");
    pipeline.run().await
}
