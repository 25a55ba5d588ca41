//! The task that writes changes of packages: one transaction at a time, because all of them take
//! the same lock. Small changes that wait for each other share one; each still has a serial of its
//! own, and is all or nothing by itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use futures_util::future::join;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::types::ToSql;
use wheelhouse_index::change::{Change, Learned};
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::ports::Committed;

use super::commit;
use super::failure::{Failure, Outcome};
use super::learn;
use super::plan::Plan;
use super::pool::{connection, renew};

/// How many changes share one transaction at most.
const MAX_GROUP: usize = 64;

/// A change of more files and marks than this has a transaction of its own.
const SMALL: usize = 50;

/// How often a transaction is tried that failed for no reason of its own.
const TRIES: usize = 3;

/// How long one transaction may take that writes much.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long it is tried to find out what became of a transaction.
const FATE_PATIENCE: Duration = Duration::from_secs(15);

/// The task that writes. Dropping it lets it end with what was asked for.
pub(super) struct Writer {
    jobs: mpsc::UnboundedSender<Job>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

enum Job {
    Commit(Box<Change>, oneshot::Sender<Outcome<Committed>>),
    Learn(IndexName, Vec<Learned>, oneshot::Sender<Outcome<usize>>),
}

impl Writer {
    /// Starts the task.
    pub(super) fn start(pool: Pool) -> Self {
        let (jobs, receiver) = mpsc::unbounded_channel();
        tokio::spawn(work(pool, receiver));
        Self { jobs }
    }

    /// Records a change. Goes on to its end if the caller stops waiting.
    pub(super) fn commit(&self, change: Change) -> impl Future<Output = Outcome<Committed>> {
        let (answer, receiver) = oneshot::channel();
        let sent = self.jobs.send(Job::Commit(Box::new(change), answer));
        answered(sent.is_ok(), receiver)
    }

    /// Adds what was read.
    pub(super) fn learn(
        &self,
        index: IndexName,
        learned: Vec<Learned>,
    ) -> impl Future<Output = Outcome<usize>> {
        let (answer, receiver) = oneshot::channel();
        let sent = self.jobs.send(Job::Learn(index, learned, answer));
        answered(sent.is_ok(), receiver)
    }
}

async fn answered<T>(is_sent: bool, receiver: oneshot::Receiver<Outcome<T>>) -> Outcome<T> {
    if !is_sent {
        return Err(Failure::Closed);
    }
    receiver.await.map_err(|_| Failure::Closed)?
}

async fn work(pool: Pool, mut jobs: mpsc::UnboundedReceiver<Job>) {
    let mut left_over = None;
    loop {
        let job = match left_over.take() {
            Some(job) => job,
            None => match jobs.recv().await {
                Some(job) => job,
                None => return,
            },
        };
        match job {
            Job::Learn(index, learned, answer) => {
                // Whoever asked may have stopped waiting.
                let _ = answer.send(add_learned(&pool, &index, &learned).await);
            }
            Job::Commit(change, answer) => {
                let mut group = vec![*change];
                let mut answers = vec![answer];
                while is_small(&group[0]) && group.len() < MAX_GROUP && left_over.is_none() {
                    match jobs.try_recv() {
                        Ok(Job::Commit(change, answer))
                            if is_small(&change) && change.index == group[0].index =>
                        {
                            group.push(*change);
                            answers.push(answer);
                        }
                        Ok(job) => left_over = Some(job),
                        Err(_) => break,
                    }
                }
                record_group(&pool, &group, answers).await;
            }
        }
    }
}

fn is_small(change: &Change) -> bool {
    change.files.len() + change.marks.len() <= SMALL
}

async fn record_group(
    pool: &Pool,
    group: &[Change],
    answers: Vec<oneshot::Sender<Outcome<Committed>>>,
) {
    match record(pool, group).await {
        Ok(committed) => {
            for (answer, committed) in answers.into_iter().zip(committed) {
                let _ = answer.send(Ok(committed));
            }
        }
        // One of them is at fault: it must not take the others with it.
        Err(failure) if group.len() > 1 && !failure.is_away() => {
            for (change, answer) in group.iter().zip(answers) {
                let alone = record(pool, std::slice::from_ref(change)).await;
                let one = |committed: Vec<_>| committed.into_iter().next();
                let _ = answer.send(alone.and_then(|all| one(all).ok_or(Failure::Closed)));
            }
        }
        Err(failure) => {
            let failure = Arc::new(failure);
            for answer in answers {
                let _ = answer.send(Err(Failure::Group(Arc::clone(&failure))));
            }
        }
    }
}

async fn record(pool: &Pool, group: &[Change]) -> Outcome<Vec<Committed>> {
    let index = &group[0].index;
    for tried in 1.. {
        let client = connection(pool).await?;
        let begun = within(commit::begin(&client, group)).await;
        let (begun, present) = match begun {
            Ok(begun) => begun,
            Err(failure) => match again(pool, failure, client, tried).await {
                None => continue,
                Some(failure) => return Err(failure),
            },
        };
        let mut plan = Plan::new(present);
        let planned: Outcome<Vec<_>> = group.iter().map(|change| plan.add(change)).collect();
        let committed = match planned {
            Ok(committed) if !plan.is_empty() => committed,
            // Nothing is to be written, or nothing can be.
            planned => {
                undo(&client).await;
                return planned;
            }
        };
        let written = within(commit::write(&client, index, &plan)).await;
        let became = settled(pool, client, &begun.transaction, written, tried).await;
        match proven(pool, index, &plan, became, tried).await {
            Settled::Done => return Ok(committed),
            Settled::FoundOut | Settled::Again => {}
            Settled::Failed(failure) => return Err(failure),
        }
    }
    Err(Failure::Closed)
}

async fn add_learned(pool: &Pool, index: &IndexName, learned: &[Learned]) -> Outcome<usize> {
    if learned.is_empty() {
        return Ok(0);
    }
    for tried in 1.. {
        let client = connection(pool).await?;
        let known = match within(learn::begin(&client, index, learned)).await {
            Ok(known) => known,
            Err(failure) => match again(pool, failure, client, tried).await {
                None => continue,
                Some(failure) => return Err(failure),
            },
        };
        if known.count == 0 {
            undo(&client).await;
            return Ok(0);
        }
        let written = within(learn::write(&client, index, &known)).await;
        match settled(pool, client, &known.begun.transaction, written, tried).await {
            // What was not recorded is learned again.
            Settled::Done | Settled::FoundOut => return Ok(known.count),
            Settled::Again => {}
            Settled::Failed(failure) => return Err(failure),
        }
    }
    Err(Failure::Closed)
}

/// Gives up waiting for a database that does not answer at all.
pub(super) async fn within<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    timeout(PATIENCE, work)
        .await
        .unwrap_or(Err(Failure::Busy("the database does not answer")))
}

/// Returns `None` if what failed before anything was written may be tried again.
pub(super) async fn again(
    pool: &Pool,
    failure: Failure,
    client: Object,
    tried: usize,
) -> Option<Failure> {
    if failure.is_lost_connection() {
        drop(Object::take(client));
        renew(pool);
    } else if let Failure::Busy(_) = failure {
        drop(Object::take(client));
        return Some(failure);
    } else {
        undo(&client).await;
    }
    let is_worth_it = failure.is_lost_connection() || failure.is_conflict();
    (!is_worth_it || tried >= TRIES).then_some(failure)
}

/// What became of a transaction.
pub(super) enum Settled {
    /// It is committed.
    Done,
    /// The connection was lost, and a transaction of its number is committed.
    FoundOut,
    /// It is undone, for no reason of its own.
    Again,
    /// It is undone, or nobody can tell.
    Failed(Failure),
}

/// Finds out what became of a transaction that was to be committed.
pub(super) async fn settled(
    pool: &Pool,
    client: Object,
    transaction: &str,
    written: Outcome<()>,
    tried: usize,
) -> Settled {
    let Err(failure) = written else {
        return Settled::Done;
    };
    let is_unclear = failure.is_lost_connection() || matches!(failure, Failure::Busy(_));
    if !is_unclear {
        let is_conflict = failure.is_conflict();
        undo(&client).await;
        return if is_conflict && tried < TRIES {
            Settled::Again
        } else {
            Settled::Failed(failure)
        };
    }
    drop(Object::take(client));
    renew(pool);
    match fate(pool, transaction).await {
        Some(true) => Settled::FoundOut,
        Some(false) if tried < TRIES && failure.is_lost_connection() => Settled::Again,
        Some(false) => Settled::Failed(failure),
        None => Settled::Failed(Failure::Unknown),
    }
}

/// Looks into the journal for what is told to be there after all. A database that was killed gives a
/// number a second time if nothing of the transaction that had it first has reached the disk.
pub(super) async fn proven(
    pool: &Pool,
    index: &IndexName,
    plan: &Plan,
    became: Settled,
    tried: usize,
) -> Settled {
    if !matches!(became, Settled::FoundOut) {
        return became;
    }
    let give_up = Instant::now() + FATE_PATIENCE;
    while Instant::now() < give_up {
        let recorded = async {
            let client = connection(pool).await?;
            commit::is_recorded(&client, index, plan).await
        };
        match within(recorded).await {
            Ok(true) => return Settled::Done,
            Ok(false) if tried < TRIES => return Settled::Again,
            Ok(false) => return Settled::Failed(Failure::Busy("the database was restarted")),
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
    Settled::Failed(Failure::Unknown)
}

/// Asks the database whether a transaction was committed, until it can say so.
pub(super) async fn fate(pool: &Pool, transaction: &str) -> Option<bool> {
    let give_up = Instant::now() + FATE_PATIENCE;
    while Instant::now() < give_up {
        match asked_fate(pool, transaction).await {
            Ok(Some(status)) if status == "committed" => return Some(true),
            Ok(Some(status)) if status == "aborted" => return Some(false),
            // So old that it is forgotten: then the lock was held by others since.
            Ok(None) => return None,
            Ok(Some(_)) | Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
    None
}

async fn asked_fate(pool: &Pool, transaction: &str) -> Outcome<Option<String>> {
    let client = connection(pool).await?;
    let row = client
        .query_one("SELECT pg_xact_status($1::text::xid8)", &[&transaction])
        .await?;
    Ok(row.try_get(0)?)
}

/// Ends a transaction that is not to be committed, so that the connection can be used by others.
async fn undo(client: &Object) {
    // If this fails, the connection is lost, and with it the transaction.
    let _ = client.batch_execute("ROLLBACK").await;
}

/// Begins a transaction and takes a lock that everybody takes who writes the same. Returns the number of
/// the transaction.
pub(super) async fn begin_with_lock(client: &Object, lock: i64) -> Outcome<String> {
    let take = client
        .prepare_cached("SELECT pg_current_xact_id()::text, pg_advisory_xact_lock($1)")
        .await?;
    let values: [&(dyn ToSql + Sync); 1] = [&lock];
    // Sent in this order, one behind the other.
    let (begun, locked) = join(
        client.batch_execute("BEGIN"),
        client.query_one(&take, &values),
    )
    .await;
    begun?;
    Ok(locked?.try_get(0)?)
}
