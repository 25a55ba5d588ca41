//! The head of the journal when a catalog is opened.

use tokio_postgres::Client;

use super::failure::Outcome;

/// Tells one life of the database from another: which database it is, and on which line of its
/// history, which is another one after a restore to a moment or after a standby took over. Commits
/// may be missing then that somebody has seen.
const HOME: &str = "
    SELECT oid::text || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
    FROM pg_database WHERE datname = current_database()";

/// Makes sure that serials go on above all that were used. A new journal begins at the present time
/// in seconds; one that was restored goes on there, if that is more than it has reached.
pub(super) async fn settle(client: &Client, now_seconds: u64) -> Outcome<()> {
    let home: String = client.query_one(HOME, &[]).await?.try_get(0)?;
    let now = i64::try_from(now_seconds).unwrap_or(0);
    client
        .execute(
            "INSERT INTO journal_head (id, serial, home) VALUES (1, $1, $2)
             ON CONFLICT (id) DO UPDATE SET
                 serial = greatest(journal_head.serial, excluded.serial), home = excluded.home
             WHERE journal_head.home <> excluded.home",
            &[&now, &home],
        )
        .await?;
    Ok(())
}
