//! Hearing of commits, whoever makes them. A notification of the database wakes at once; because
//! one can be lost, the head is also asked for again and again.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use wheelhouse_index::identity::Serial;

use super::address::PostgresAddress;
use super::commit::{ACCESS_CHANGED, CHANNEL};
use super::failure::{Failure, Outcome};
use super::read::serial_of;

/// How often the head is asked for.
const POLL: Duration = Duration::from_secs(1);

/// How long to wait before the next try, if there is no connection.
const RETRY: Duration = Duration::from_millis(250);

/// The head of the journal, as it moves. It never goes back.
#[derive(Debug)]
pub struct JournalChanges {
    head: watch::Receiver<Heard>,
    task: JoinHandle<()>,
}

impl JournalChanges {
    /// Begins to listen, with a connection of its own.
    pub(super) fn follow(address: &PostgresAddress, head: Serial) -> Self {
        let (sender, receiver) = watch::channel(Heard { head, stirs: 0 });
        let address = address.clone();
        Self {
            head: receiver,
            task: tokio::spawn(async move { listen(&address, &sender).await }),
        }
    }

    /// Returns the serial that was heard of last.
    pub fn head(&self) -> Serial {
        self.head.borrow().head
    }

    /// Waits for a serial that was not waited for yet, or for somebody to change who may do what, and
    /// returns the greatest serial.
    pub async fn next(&mut self) -> Serial {
        if self.head.changed().await.is_err() {
            // The task ends with this value, and not before.
            std::future::pending::<()>().await;
        }
        self.head.borrow_and_update().head
    }
}

impl Drop for JournalChanges {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(address: &PostgresAddress, head: &watch::Sender<Heard>) {
    loop {
        if let Err(failure) = listen_once(address, head).await {
            tracing::debug!("the journal cannot be listened to at the moment: {failure}");
        }
        sleep(RETRY).await;
    }
}

async fn listen_once(address: &PostgresAddress, head: &watch::Sender<Heard>) -> Outcome<()> {
    let (client, mut heard) = connect(&address.config, address.tls.as_ref()).await?;
    client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
    let ask = client
        .prepare("SELECT serial FROM journal_head WHERE id = 1")
        .await?;
    let mut poll = interval(POLL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            serial = heard.recv() => match serial {
                Some(Told::Serial(serial)) => told(head, serial),
                Some(Told::Access) => head.send_modify(|heard| heard.stirs += 1),
                None => return Err(Failure::Busy("the connection was closed")),
            },
            // The first time at once: what was missed before is heard of now.
            _ = poll.tick() => {
                let row = client.query_one(&ask, &[]).await?;
                told(head, row.try_get(0)?);
            }
        }
    }
}

fn told(head: &watch::Sender<Heard>, serial: i64) {
    let serial = serial_of(serial);
    head.send_if_modified(|known| {
        let is_new = serial > known.head;
        if is_new {
            known.head = serial;
        }
        is_new
    });
}

/// What was heard up to now.
#[derive(Debug)]
struct Heard {
    /// The greatest serial.
    head: Serial,
    /// How often somebody changed who may do what.
    stirs: u64,
}

/// What one message says.
enum Told {
    Serial(i64),
    Access,
}

type Messages = mpsc::UnboundedReceiver<Told>;

async fn connect(config: &Config, tls: Option<&Arc<ClientConfig>>) -> Outcome<(Client, Messages)> {
    match tls {
        None => connect_with(config, NoTls).await,
        Some(tls) => connect_with(config, MakeRustlsConnect::new((**tls).clone())).await,
    }
}

async fn connect_with<T>(config: &Config, tls: T) -> Outcome<(Client, Messages)>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let (client, mut connection) = config.connect(tls).await?;
    let (sender, receiver) = mpsc::unbounded_channel();
    // Ends when the client is dropped, or the connection breaks.
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            let AsyncMessage::Notification(told) = message else {
                continue;
            };
            if told.payload() == ACCESS_CHANGED {
                let _ = sender.send(Told::Access);
            } else if let Ok(serial) = told.payload().parse() {
                let _ = sender.send(Told::Serial(serial));
            }
        }
    });
    Ok((client, receiver))
}
