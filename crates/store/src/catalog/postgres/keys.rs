//! Keys that all replicas over one database share.

use super::failure::Outcome;
use super::pool::connection;
use crate::catalog::stored::BadRow;

/// Returns the key of a name, which is made with `fill` if there is none. Of many that make one at
/// the same time, all get the same.
pub(super) async fn shared_key<const N: usize>(
    pool: &deadpool_postgres::Pool,
    name: &str,
    fill: impl FnOnce(&mut [u8; N]) -> std::io::Result<()>,
) -> Result<[u8; N], KeyError> {
    if let Some(key) = read(pool, name).await? {
        return Ok(key);
    }
    let mut key = [0; N];
    fill(&mut key)?;
    put(pool, name, &key).await?;
    Ok(read(pool, name).await?.unwrap_or(key))
}

/// A key cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyError {
    /// The database fails.
    #[error(transparent)]
    Failure(#[from] super::failure::Failure),
    /// The system gives no random bytes.
    #[error(transparent)]
    Random(#[from] std::io::Error),
}

async fn read<const N: usize>(
    pool: &deadpool_postgres::Pool,
    name: &str,
) -> Outcome<Option<[u8; N]>> {
    let client = connection(pool).await?;
    let sql = "SELECT value FROM shared_keys WHERE name = $1";
    let Some(row) = client.query_opt(sql, &[&name]).await? else {
        return Ok(None);
    };
    let value: &[u8] = row.try_get(0)?;
    let key = value.try_into();
    Ok(Some(key.map_err(|_| {
        BadRow::new("key", "it does not have the length of one")
    })?))
}

async fn put(pool: &deadpool_postgres::Pool, name: &str, value: &[u8]) -> Outcome<()> {
    let client = connection(pool).await?;
    let sql = "INSERT INTO shared_keys (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    client.execute(sql, &[&name, &value]).await?;
    Ok(())
}
