//! Adding what reading the files showed.

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, params, params_from_iter};
use wheelhouse_index::change::Learned;
use wheelhouse_index::identity::IndexName;

use super::commit::{find, index_id, put_metadata};
use super::failure::Outcome;
use super::row::contents_values;

/// Adds what was read to the records that are still about it, within the transaction of
/// `connection`, and returns how many those were.
pub(super) fn learn(
    connection: &Connection,
    index: &IndexName,
    learned: &[Learned],
) -> Outcome<usize> {
    let Some(index_id) = index_id(connection, index)? else {
        return Ok(0);
    };
    let mut update = connection.prepare_cached(
        "UPDATE files SET sha256 = ?1, blake2b_256 = ?2, md5 = ?3, listed_algorithm = ?4,
             listed_hex = ?5, metadata_state = ?6, unreadable_reason = ?7, offered_sha256 = ?8,
             requires_python = ?9, summary = ?10, has_provenance = ?11
         WHERE id = ?12",
    )?;
    let (mut count, mut unread_less) = (0, 0_i64);
    for learned in learned {
        let found = find(connection, index_id, &learned.path)?;
        let Some((file_id, record)) = found else {
            continue;
        };
        if record.fingerprint != learned.fingerprint {
            continue;
        }
        let values = contents_values(Some(&learned.contents)).into_iter();
        let values = values.chain([ToSqlOutput::from(file_id)]);
        update.execute(params_from_iter(values))?;
        put_metadata(connection, file_id, learned.metadata.as_deref())?;
        unread_less += i64::from(record.contents.is_none());
        count += 1;
    }
    connection
        .prepare_cached("UPDATE indexes SET unread_count = unread_count - ?2 WHERE id = ?1")?
        .execute(params![index_id, unread_less])?;
    Ok(count)
}
