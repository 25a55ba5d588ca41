//! The thread that writes: the only one that changes the database. Changes that wait for each
//! other share one sync of the disk; each is still all or nothing by itself.

use std::fmt;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::copying::hold;
use super::failure::{Failure, Outcome};
use super::mark::SerialMark;

/// How many pieces of work share one sync at most.
const MAX_GROUP: usize = 64;

/// Work on more files than this has a transaction of its own: it is not undone in parts, and
/// nobody waits for it who does not have to.
const SMALL: usize = 50;

/// The thread that writes. Dropping it waits until everything that was asked for is done.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    /// What was read of the mark of serials by somebody who writes nothing.
    read_mark: Option<SerialMark>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(mut connection: Connection, mut mark: SerialMark) -> Outcome<Self> {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("catalog-writer".into())
            .spawn(move || work(&mut connection, &mut mark, &receiver))?;
        Ok(Self {
            jobs: Some(sender),
            thread: Some(thread),
            read_mark: None,
        })
    }

    /// Nobody who writes: for a catalog that was opened for reading alone.
    pub(super) fn none(mark: SerialMark) -> Self {
        Self {
            jobs: None,
            thread: None,
            read_mark: Some(mark),
        }
    }

    /// Returns the mark of serials as it was read, if nobody writes here.
    pub(super) fn read_mark(&self) -> Option<&SerialMark> {
        self.read_mark.as_ref()
    }

    /// Writes all that `writing` does, or nothing if it fails, and answers when that is durable.
    /// Goes on to its end if the caller stops waiting. `files` is how many files it is about.
    ///
    /// # Errors
    /// [`Failure::Held`] while the catalog is held still, besides what `writing` says.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        files: usize,
        writing: impl FnOnce(&Connection, &mut SerialMark) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        self.run(files <= SMALL, writing, Whether::NotHeld).await
    }

    /// Writes as [`Self::write`] does, also while the catalog is held still.
    pub(super) async fn write_held<T: Send + 'static>(
        &self,
        writing: impl FnOnce(&Connection, &mut SerialMark) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        self.run(false, writing, Whether::Always).await
    }

    async fn run<T: Send + 'static>(
        &self,
        is_small: bool,
        writing: impl FnOnce(&Connection, &mut SerialMark) -> Outcome<T> + Send + 'static,
        whether: Whether,
    ) -> Outcome<T> {
        let writing = move |connection: &Connection, mark: &mut SerialMark| {
            if whether == Whether::NotHeld {
                hold::expect_none(connection)?;
            }
            writing(connection, mark)
        };
        let (answer, receiver) = oneshot::channel();
        let job = Job {
            is_small,
            run: Box::new(move |stage| {
                let outcome = stage.run(writing);
                Box::new(move |failure| {
                    let outcome = match failure {
                        Some(failure) => outcome.and(Err(Failure::Group(Arc::clone(failure)))),
                        None => outcome,
                    };
                    // Whoever asked may have stopped waiting.
                    let _ = answer.send(outcome);
                })
            }),
        };
        let none = || match self.read_mark {
            Some(_) => Failure::ReadAlone,
            None => Failure::Closed,
        };
        let jobs = self.jobs.as_ref().ok_or_else(none)?;
        jobs.send(job).map_err(|_| Failure::Closed)?;
        receiver.await.map_err(|_| Failure::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has said so already.
            let _ = thread.join();
        }
    }
}

/// When something may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whether {
    NotHeld,
    Always,
}

struct Job {
    is_small: bool,
    run: Box<dyn FnOnce(Stage<'_, '_>) -> Answer + Send>,
}

/// Answers whoever asked, once it is known whether the transaction failed, and why.
type Answer = Box<dyn FnOnce(Option<&Arc<Failure>>)>;

/// Where a job finds itself.
struct Stage<'a, 'connection> {
    transaction: Result<&'a mut Transaction<'connection>, Arc<Failure>>,
    mark: &'a mut SerialMark,
    /// Set by a job that has the transaction for itself and has failed.
    is_undone: &'a mut bool,
    is_small: bool,
}

impl Stage<'_, '_> {
    fn run<T>(
        self,
        writing: impl FnOnce(&Connection, &mut SerialMark) -> Outcome<T>,
    ) -> Outcome<T> {
        let transaction = self.transaction.map_err(Failure::Group)?;
        if self.is_small {
            // Dropped without a commit, it is as if the job had never been.
            let savepoint = transaction.savepoint()?;
            let written = writing(&savepoint, self.mark)?;
            savepoint.commit()?;
            return Ok(written);
        }
        let written = writing(transaction, self.mark);
        *self.is_undone = written.is_err();
        written
    }
}

fn work(connection: &mut Connection, mark: &mut SerialMark, jobs: &mpsc::Receiver<Job>) {
    let mut left_over = None;
    while let Some(first) = left_over.take().or_else(|| jobs.recv().ok()) {
        let mut group = vec![first];
        while group[0].is_small && group.len() < MAX_GROUP && left_over.is_none() {
            match jobs.try_recv() {
                Ok(job) if job.is_small => group.push(job),
                Ok(job) => left_over = Some(job),
                Err(_) => break,
            }
        }
        let mut answers = Vec::with_capacity(group.len());
        let outcome = write_group(connection, mark, group, &mut answers);
        let failure = outcome.err().map(Arc::new);
        for answer in answers {
            answer(failure.as_ref());
        }
    }
}

fn write_group(
    connection: &mut Connection,
    mark: &mut SerialMark,
    group: Vec<Job>,
    answers: &mut Vec<Answer>,
) -> Outcome<()> {
    let mut is_undone = false;
    let mut run = |job: Job, transaction: Result<&mut Transaction<'_>, Arc<Failure>>| {
        answers.push((job.run)(Stage {
            transaction,
            mark,
            is_undone: &mut is_undone,
            is_small: job.is_small,
        }));
    };
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let mut transaction = match begun {
        Ok(transaction) => transaction,
        Err(error) => {
            let failure = Arc::new(Failure::from(error));
            for job in group {
                run(job, Err(Arc::clone(&failure)));
            }
            return Ok(());
        }
    };
    for job in group {
        // A full disk, for one, ends the whole transaction: nothing may be written after that.
        if transaction.is_autocommit() {
            run(job, Err(Arc::new(Failure::Undone)));
        } else {
            run(job, Ok(&mut transaction));
        }
    }
    if transaction.is_autocommit() {
        return Err(Failure::Undone);
    }
    if is_undone {
        transaction.rollback()?;
    } else {
        transaction.commit()?;
    }
    Ok(())
}
