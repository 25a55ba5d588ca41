//! Bodies of answers: bytes that are ready, a file that is read as it is sent, or what a route
//! made.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::task::JoinHandle;
use wheelhouse_index::ports::Content;

use crate::chunks::{CHUNK_BYTES, ChunkCache, FileId};

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Body {
    /// Bytes that are ready, or nothing any more.
    Ready(Option<Bytes>),
    /// A part of a file.
    File(FileBody),
    /// Several of these, one behind the other.
    Chain(Chain),
    /// What a route made.
    Route(axum::body::Body),
}

/// Bodies one behind the other, none of which is a chain or made by a route.
#[derive(Debug)]
pub(crate) struct Chain {
    links: VecDeque<Body>,
    left_bytes: u64,
}

impl Chain {
    /// Puts bodies of a known length together.
    pub(crate) fn new(links: impl IntoIterator<Item = Body>) -> Self {
        let links: VecDeque<Body> = links.into_iter().collect();
        let size = |body: &Body| http_body::Body::size_hint(body).lower();
        Self {
            left_bytes: links.iter().map(size).sum(),
            links,
        }
    }

    /// Returns how many bytes are still to come.
    pub(crate) fn left_bytes(&self) -> u64 {
        self.left_bytes
    }

    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        while let Some(first) = self.links.front_mut() {
            let next = match first {
                Body::Ready(bytes) => bytes.take().map(Ok),
                Body::File(file) => ready!(file.poll_bytes(context)),
                Body::Chain(_) | Body::Route(_) => None,
            };
            match next {
                Some(Ok(bytes)) => {
                    self.left_bytes = self.left_bytes.saturating_sub(bytes.len() as u64);
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    self.links.pop_front();
                }
            }
        }
        Poll::Ready(None)
    }
}

impl Body {
    pub(crate) fn empty() -> Self {
        Self::Ready(None)
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Ready(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Ready(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::File(file) => file
                .poll_bytes(context)
                .map(|next| next.map(|bytes| bytes.map(Frame::data).map_err(Into::into))),
            Self::Chain(chain) => chain
                .poll_bytes(context)
                .map(|next| next.map(|bytes| bytes.map(Frame::data).map_err(Into::into))),
            Self::Route(body) => Pin::new(body)
                .poll_frame(context)
                .map(|next| next.map(|f| f.map_err(Into::into))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Ready(bytes) => bytes.is_none(),
            Self::File(file) => file.left_bytes == 0,
            Self::Chain(chain) => chain.left_bytes == 0,
            Self::Route(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Ready(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::File(file) => SizeHint::with_exact(file.left_bytes),
            Self::Chain(chain) => SizeHint::with_exact(chain.left_bytes),
            Self::Route(body) => body.size_hint(),
        }
    }
}

/// A part of a file, read piece by piece as the client takes it.
///
/// A piece that is kept in memory is not read; one that the system has at hand is read at once,
/// without a change of threads; only the rest waits for a thread that may block.
#[derive(Debug)]
pub(crate) struct FileBody {
    content: Arc<dyn Content>,
    cache: Arc<ChunkCache>,
    id: FileId,
    offset: u64,
    left_bytes: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl FileBody {
    /// Makes the body of `length_bytes` from `offset`. The caller has checked that the file is
    /// long enough.
    pub(crate) fn new(
        content: Arc<dyn Content>,
        cache: Arc<ChunkCache>,
        id: FileId,
        offset: u64,
        length_bytes: u64,
    ) -> Self {
        Self {
            content,
            cache,
            id,
            offset,
            left_bytes: length_bytes,
            reading: None,
        }
    }

    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.left_bytes == 0 {
            return Poll::Ready(None);
        }
        let chunk_start = self.offset - self.offset % CHUNK_BYTES as u64;
        let chunk = if let Some(reading) = &mut self.reading {
            let read = ready!(Pin::new(reading).poll(context));
            self.reading = None;
            match read.unwrap_or_else(|failure| Err(io::Error::other(failure))) {
                Ok(chunk) => self.keep(chunk_start, chunk),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        } else if let Some(chunk) = self.cache.get(&self.id, chunk_start) {
            chunk
        } else {
            match self.read_at_hand(chunk_start) {
                Some(Ok(chunk)) => self.keep(chunk_start, chunk),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    let content = Arc::clone(&self.content);
                    self.reading = Some(tokio::task::spawn_blocking(move || {
                        read_chunk(
                            |offset, buffer| content.read_at(offset, buffer),
                            &*content,
                            chunk_start,
                        )
                    }));
                    return self.poll_bytes(context);
                }
            }
        };
        Poll::Ready(Some(self.take(&chunk, chunk_start)))
    }

    fn read_at_hand(&self, chunk_start: u64) -> Option<io::Result<Bytes>> {
        let mut waits = false;
        let read = read_chunk(
            |offset, buffer| {
                self.content.try_read_at(offset, buffer).unwrap_or_else(|| {
                    waits = true;
                    Err(io::ErrorKind::WouldBlock.into())
                })
            },
            &*self.content,
            chunk_start,
        );
        (!waits).then_some(read)
    }

    fn keep(&self, chunk_start: u64, chunk: Bytes) -> Bytes {
        self.cache.keep(&self.id, chunk_start, &chunk);
        chunk
    }

    fn take(&mut self, chunk: &Bytes, chunk_start: u64) -> io::Result<Bytes> {
        let skip = usize::try_from(self.offset - chunk_start).expect("less than a chunk");
        let left = usize::try_from(self.left_bytes).unwrap_or(usize::MAX);
        let end = chunk.len().min(skip.saturating_add(left));
        if end <= skip {
            // The file was cut since it was opened: the answer must not look whole.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let bytes = chunk.slice(skip..end);
        self.offset += bytes.len() as u64;
        self.left_bytes -= bytes.len() as u64;
        Ok(bytes)
    }
}

fn read_chunk(
    mut read_at: impl FnMut(u64, &mut [u8]) -> io::Result<usize>,
    content: &dyn Content,
    chunk_start: u64,
) -> io::Result<Bytes> {
    let length = content
        .size_bytes()
        .saturating_sub(chunk_start)
        .min(CHUNK_BYTES as u64);
    let length = usize::try_from(length).expect("at most a chunk");
    let mut buffer = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match read_at(chunk_start + filled as u64, &mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    buffer.truncate(filled);
    Ok(buffer.into())
}
