//! Asking. Each question is one statement, which is one look at the database and one round trip.

use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{IsolationLevel, Row};

use super::failure::{Failure, Outcome};
use super::pool::{connection, renew};

/// How long an answer is waited for: a little longer than the database itself works on one.
const PATIENCE: Duration = Duration::from_secs(35);

/// Values of a statement.
pub(super) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Connections to ask over.
#[derive(Debug, Clone)]
pub(super) struct Reads {
    pool: Pool,
}

impl Reads {
    pub(super) fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// Returns the rows of one statement. If the connection turns out to be lost, as all are after
    /// the database has started anew, asks once more over another.
    pub(super) async fn rows(&self, sql: &'static str, values: Values<'_>) -> Outcome<Vec<Row>> {
        match self.ask(sql, values).await {
            Err(failure) if failure.is_lost_connection() => {
                self.renew();
                self.ask(sql, values).await
            }
            outcome => outcome,
        }
    }

    /// Returns the only row that a statement may have.
    pub(super) async fn row(&self, sql: &'static str, values: Values<'_>) -> Outcome<Option<Row>> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Begins to look at one state of the database with several statements.
    pub(super) async fn connection(&self) -> Outcome<Object> {
        connection(&self.pool).await
    }

    /// Gives up connections that are probably lost.
    pub(super) fn renew(&self) {
        renew(&self.pool);
    }

    async fn ask(&self, sql: &'static str, values: Values<'_>) -> Outcome<Vec<Row>> {
        let client = self.connection().await?;
        let asked = timeout(PATIENCE, async {
            let statement = client.prepare_cached(sql).await?;
            client.query(&statement, values).await
        });
        let Ok(answer) = asked.await else {
            // Nobody else is to wait for it.
            drop(Object::take(client));
            return Err(Failure::Busy("the database does not answer"));
        };
        Ok(answer?)
    }
}

/// Begins a transaction that sees one state of the database however long it takes.
pub(super) async fn one_look(client: &mut Object) -> Outcome<deadpool_postgres::Transaction<'_>> {
    let begun = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start();
    Ok(begun.await?)
}
