//! A connection that is given up when the other end takes nothing for too long.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// A stream whose writes fail when none of them gets any further for `patience`, and whose first
/// read fails when no protocol can be told by `greeting`. All later reads have limits of their own:
/// a request's head and body are each waited for elsewhere.
#[derive(Debug)]
pub(crate) struct PatientIo<S> {
    stream: S,
    patience: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
    greeting: Option<Greeting>,
}

/// What a client says before its protocol is known.
#[derive(Debug)]
struct Greeting {
    deadline: Pin<Box<Sleep>>,
    bytes: usize,
}

/// The length of what every HTTP/2 connection begins with, in bytes.
const PREFACE_BYTES: usize = 24;

impl<S> PatientIo<S> {
    pub(crate) fn new(stream: S, patience: Duration, greeting: Duration) -> Self {
        Self {
            stream,
            patience,
            deadline: None,
            greeting: Some(Greeting {
                deadline: Box::pin(sleep_until(Instant::now() + greeting)),
                bytes: 0,
            }),
        }
    }

    /// Turns a write that waits too long into an error.
    fn within_patience<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.deadline = None;
            return written;
        }
        let patience = self.patience;
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + patience)));
        ready!(deadline.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PatientIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let Some(greeting) = &mut self.greeting else {
            return read;
        };
        if read.is_pending() {
            ready!(greeting.deadline.as_mut().poll(context));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let new = &buffer.filled()[before..];
        greeting.bytes += new.len();
        if greeting.bytes >= PREFACE_BYTES || new.is_empty() || new.contains(&b'\n') {
            self.greeting = None;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PatientIo<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.within_patience(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.within_patience(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.within_patience(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.within_patience(context, shut)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_given_up() {
        let (near, far) = tokio::io::duplex(16);
        let mut stream = PatientIo::new(near, Duration::from_mins(1), Duration::from_mins(1));
        stream.write_all(&[0; 16]).await.expect("there is room");
        let error = stream.write_all(&[0; 16]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(far);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_say_its_protocol_is_given_up() {
        for said in [&b""[..], b"P", b"PRI * HT"] {
            let (near, mut far) = tokio::io::duplex(64);
            far.write_all(said).await.expect("there is room");
            let mut stream = PatientIo::new(near, Duration::from_mins(1), Duration::from_secs(3));
            let mut read = Vec::new();
            let error = stream
                .read_to_end(&mut read)
                .await
                .expect_err("nothing follows");
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{said:?}");
            assert_eq!(read, said);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_said_its_protocol_may_wait() {
        let (near, mut far) = tokio::io::duplex(64);
        far.write_all(b"GET / HTTP/1.1\r\n")
            .await
            .expect("there is room");
        let mut stream = PatientIo::new(near, Duration::from_mins(1), Duration::from_secs(3));
        let waits = async {
            tokio::time::sleep(Duration::from_mins(5)).await;
            drop(far);
        };
        let mut read = Vec::new();
        let (end, ()) = tokio::join!(stream.read_to_end(&mut read), waits);
        end.expect("the client ended by itself");
    }
}
