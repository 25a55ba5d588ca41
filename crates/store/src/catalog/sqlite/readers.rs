//! The threads that read: each has a connection of its own, and each reading is one consistent
//! look at the database.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::failure::{Failure, Outcome};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A few threads that read. Dropping it waits for what they are doing.
pub(super) struct Readers {
    jobs: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers")
            .field("threads", &self.threads.len())
            .finish_non_exhaustive()
    }
}

impl Readers {
    /// Starts a thread for each connection.
    pub(super) fn start(connections: Vec<Connection>) -> Outcome<Self> {
        let (sender, receiver) = mpsc::channel::<Job>();
        let receiver = Arc::new(Mutex::new(receiver));
        let threads = connections
            .into_iter()
            .map(|mut connection| {
                let receiver = Arc::clone(&receiver);
                thread::Builder::new()
                    .name("catalog-reader".into())
                    .spawn(move || {
                        while let Some(job) = next(&receiver) {
                            job(&mut connection);
                        }
                    })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            jobs: Some(sender),
            threads,
        })
    }

    /// Reads in one transaction.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        reading: impl FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Whoever asked may have gone: then there is nothing to do.
            if !sender.is_closed() {
                let _ = sender.send(in_transaction(connection, reading));
            }
        });
        let jobs = self.jobs.as_ref().ok_or(Failure::Closed)?;
        jobs.send(job).map_err(|_| Failure::Closed)?;
        receiver.await.map_err(|_| Failure::Closed)?
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A thread that has panicked has said so already.
            let _ = thread.join();
        }
    }
}

fn next(receiver: &Mutex<mpsc::Receiver<Job>>) -> Option<Job> {
    let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
    receiver.recv().ok()
}

fn in_transaction<T>(
    connection: &mut Connection,
    reading: impl FnOnce(&Connection) -> Outcome<T>,
) -> Outcome<T> {
    let transaction = connection.transaction()?;
    let read = reading(&transaction)?;
    transaction.commit()?;
    Ok(read)
}
