//! Statements that are sent one behind the other without waiting for answers in between: many cost
//! one round trip.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use super::failure::{Failure, Outcome};

type Step<'a> = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send + 'a>>;

/// Statements to send, in their order.
#[derive(Default)]
pub(super) struct Pipeline<'a> {
    steps: Vec<Step<'a>>,
}

impl<'a> Pipeline<'a> {
    /// Adds one. It is sent when it is first polled, which is when its turn comes.
    fn add<T>(&mut self, step: impl Future<Output = Result<T, tokio_postgres::Error>> + Send + 'a) {
        self.steps
            .push(Box::pin(async move { step.await.map(drop) }));
    }

    /// Adds a statement that was made ready, with its values.
    pub(super) fn execute(
        &mut self,
        client: &'a Client,
        statement: &'a Statement,
        values: Vec<&'a (dyn ToSql + Sync)>,
    ) {
        self.add(async move { client.execute(statement, &values).await });
    }

    /// Adds words without an answer, such as `COMMIT`.
    pub(super) fn say(&mut self, client: &'a Client, words: &'static str) {
        self.add(client.batch_execute(words));
    }

    /// Sends all and waits for all. Fails with what the first says that fails: those behind it only
    /// say that they were not done because of it.
    pub(super) async fn run(self) -> Outcome<()> {
        let mut steps: Vec<Option<Step<'a>>> = self.steps.into_iter().map(Some).collect();
        let mut first: Option<(usize, tokio_postgres::Error)> = None;
        poll_fn(|context| {
            let mut is_waiting = false;
            for (place, slot) in steps.iter_mut().enumerate() {
                let Some(step) = slot else { continue };
                match step.as_mut().poll(context) {
                    Poll::Pending => is_waiting = true,
                    Poll::Ready(outcome) => {
                        *slot = None;
                        if let Err(error) = outcome
                            && first.as_ref().is_none_or(|(at, _)| place < *at)
                        {
                            first = Some((place, error));
                        }
                    }
                }
            }
            if is_waiting {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
        match first {
            None => Ok(()),
            Some((_, error)) => Err(Failure::Postgres(error)),
        }
    }
}
