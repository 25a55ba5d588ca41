//! The accept loop: connections within limits, and a stop that lets requests end.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_rustls::server::TlsStream;

use crate::front::Front;
use crate::metrics::RequestLimit;
use crate::patient_io::PatientIo;
use crate::server::Farewell;
use crate::settings::Limits;
use crate::state::State;
use crate::tls::{Tls, is_for_proof};

/// Most requests that one HTTP/2 connection may have under way.
const MAX_STREAMS: u32 = 32;
/// How long all places may be taken before clients are told.
const FULL_PATIENCE: Duration = Duration::from_secs(2);
/// How many clients are told at once, and how long that may take.
const MAX_REFUSALS: usize = 256;
const REFUSAL_PATIENCE: Duration = Duration::from_secs(1);
/// How long connections are taken after the stop, and how long those that came at the very end have
/// until their first request is there.
const LAST_MOMENT: Duration = Duration::from_millis(100);
/// How long connections that are still have until they are closed, once another server listens.
const LINGER: Duration = Duration::from_secs(5);
/// Most bytes of a request's head.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Accepts connections until `stop` is done, then lets requests end, within the limits.
pub(crate) async fn serve(
    listener: TcpListener,
    front: Front,
    state: State,
    stop: impl Future<Output = Farewell>,
) {
    let limits = state.settings.limits.clone();
    let connections = builder(&limits);
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
    let graceful = GracefulShutdown::new();
    if let Some(tls) = &state.settings.tls {
        tokio::spawn(Arc::clone(tls).follow());
    }
    let is_replaced = AtomicBool::new(false);
    let stop = async {
        is_replaced.store(stop.await == Farewell::Replaced, Ordering::Relaxed);
    };
    let mut stop = pin!(stop);
    let mut stopped_at = None;
    let mut full_since = None;
    loop {
        if stopped_at.is_none() && (&mut stop).now_or_never().is_some() {
            stopped_at = Some(Instant::now());
        }
        if stopped_at.is_some_and(|at: Instant| at.elapsed() > LAST_MOMENT) {
            break;
        }
        // While all places are taken, connections wait in the system's queue for a while, and then
        // hear that they are too many.
        let mut place = Arc::clone(&places).try_acquire_owned().ok();
        if place.is_some() {
            full_since = None;
        } else {
            let since = *full_since.get_or_insert_with(|| {
                state.metrics.limited(RequestLimit::Connections);
                Instant::now()
            });
            tokio::select! {
                free = Arc::clone(&places).acquire_owned() => place = free.ok(),
                () = tokio::time::sleep_until(since + FULL_PATIENCE) => {}
                () = stopped(&mut stop, stopped_at) => break,
            }
        }
        let (stream, peer) = tokio::select! {
            // Whoever is in the system's queue when the stop comes was told by the system that we are
            // here: taken first, and not thrown away with the listener. Not for long: where they never
            // end, the loop does.
            biased;
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    accept_failed(&error).await;
                    continue;
                }
            },
            () = stopped(&mut stop, stopped_at) => break,
        };
        let Some(place) = place.or_else(|| Arc::clone(&places).try_acquire_owned().ok()) else {
            state.metrics.limited(RequestLimit::Connections);
            if let Ok(turn) = Arc::clone(&refusals).try_acquire_owned() {
                let is_plain = state.settings.tls.is_none();
                tokio::spawn(async move {
                    let _turn = turn;
                    let refused = refuse(stream, is_plain);
                    let _ = tokio::time::timeout(REFUSAL_PATIENCE, refused).await;
                });
            }
            continue;
        };
        let connection = Connection {
            builder: connections.clone(),
            watcher: graceful.watcher(),
            front: front.clone(),
            peer,
        };
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            state.metrics.connections.increment(1);
            if let Err(error) = connection.serve(ready(stream), &state).await {
                if let Some(limit) = limit_of(&*error) {
                    state.metrics.limited(limit);
                }
                tracing::debug!(client.address = %peer, "a connection ended early: {error}");
            }
            state.metrics.connections.decrement(1);
            drop(place);
        });
    }
    drop(listener);
    if is_replaced.load(Ordering::Relaxed) {
        state.is_replaced.store(true, Ordering::Release);
        tokio::time::sleep(LINGER).await;
    }
    // A connection that was taken last has not been read yet, and would be closed without an answer.
    tokio::time::sleep(LAST_MOMENT).await;
    if tokio::time::timeout(limits.drain_timeout, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests were cut off that did not end in time");
    }
}

/// Waits for the stop, unless it has come.
async fn stopped(stop: impl Future<Output = ()>, stopped_at: Option<Instant>) {
    if stopped_at.is_none() {
        stop.await;
    }
}

/// Returns the limit that a connection ended by, if it did by one.
fn limit_of(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<RequestLimit> {
    let error = error.downcast_ref::<hyper::Error>()?;
    if error.is_parse_too_large() {
        return Some(RequestLimit::HeadSize);
    }
    error.is_timeout().then_some(RequestLimit::HeadTime)
}

/// Tells a client that there are too many connections.
async fn refuse(mut stream: TcpStream, is_plain: bool) -> std::io::Result<()> {
    if !is_plain {
        return Ok(());
    }
    stream.write_all(TOO_MANY).await?;
    stream.shutdown().await?;
    // A client that is cut off while it still writes may not read what was said.
    let mut rest = [0; 4_096];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

/// What a client hears where all connections are taken.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 63\r\nRetry-After: 5\r\nConnection: close\r\n\r\ntoo many connections are open here; try again in a few seconds\n";

/// One connection, before it is known what it speaks.
struct Connection {
    builder: auto::Builder<TokioExecutor>,
    watcher: Watcher,
    front: Front,
    peer: SocketAddr,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Connection {
    async fn serve(self, stream: TcpStream, state: &State) -> Result<(), Failure> {
        let limits = &state.settings.limits;
        let Some(tls) = &state.settings.tls else {
            return self.serve_requests(stream, limits).await;
        };
        let hello = tokio::time::timeout(limits.header_timeout, shake_hands(tls, stream));
        match hello.await?? {
            Some(stream) => self.serve_requests(stream, limits).await,
            None => Ok(()),
        }
    }

    async fn serve_requests<S>(self, stream: S, limits: &Limits) -> Result<(), Failure>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Self {
            builder,
            watcher,
            front,
            peer,
        } = self;
        let service = service_fn(move |request| front.clone().answer(request, peer));
        let io = TokioIo::new(PatientIo::new(
            stream,
            limits.idle_timeout,
            limits.header_timeout,
        ));
        let connection = builder.serve_connection(io, service).into_owned();
        watcher.watch(connection).await
    }
}

/// Agrees on keys with a client. One that speaks plain HTTP is told so, one that asks for a proof
/// has got it then: both get `None`.
async fn shake_hands(
    tls: &Tls,
    mut stream: TcpStream,
) -> std::io::Result<Option<TlsStream<TcpStream>>> {
    let mut first = [0];
    let is_plain = stream.peek(&mut first).await? == 1 && first[0].is_ascii_uppercase();
    if is_plain {
        stream.write_all(SPEAK_TLS).await?;
        stream.shutdown().await?;
        return Ok(None);
    }
    let mut stream = tls.acceptor().accept(stream).await?;
    if is_for_proof(stream.get_ref().1.alpn_protocol()) {
        stream.shutdown().await?;
        return Ok(None);
    }
    Ok(Some(stream))
}

/// What a client hears that speaks plain HTTP where TLS is spoken.
const SPEAK_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 55\r\nConnection: close\r\n\r\nthis port speaks HTTPS; write https:// in the address.\n";

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // Plain clients end their side of the connection with their request.
        .half_close(true)
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(MAX_HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEAD_BYTES).unwrap_or(u32::MAX))
        .keep_alive_interval(Some(limits.idle_timeout))
        .keep_alive_timeout(limits.header_timeout);
    builder
}

fn ready(stream: TcpStream) -> TcpStream {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("cannot turn delays off: {error}");
    }
    stream
}

/// Waits a moment where trying again at once would only fail again.
async fn accept_failed(error: &std::io::Error) {
    use std::io::ErrorKind;
    if matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    ) {
        return;
    }
    tracing::error!("cannot accept a connection: {error}");
    tokio::time::sleep(Duration::from_millis(200)).await;
}
