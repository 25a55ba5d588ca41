//! Bodies of answers: bytes that are ready, a file that is read as it is sent, or what a route
//! made.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use http_body::{Frame, SizeHint};
use sha2::Digest;
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
/// without a change of threads; only the rest waits for a thread that may block, or comes as a
/// stream where the content is one that is read best so.
#[derive(Debug)]
pub(crate) struct FileBody {
    content: Arc<dyn Content>,
    cache: Arc<ChunkCache>,
    id: FileId,
    offset: u64,
    left_bytes: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
    stream: Option<Box<ChunkStream>>,
    proof: Option<Box<Proof>>,
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
            stream: None,
            proof: None,
        }
    }

    /// Has all bytes compared with a digest before the last of them are sent. `damaged` is called
    /// if they have another one; the answer is cut short then.
    pub(crate) fn proven_by(
        self,
        sha256: [u8; 32],
        damaged: Box<dyn FnOnce() + Send + Sync>,
    ) -> Self {
        Self {
            proof: Some(Box::new(Proof::new(sha256, damaged))),
            ..self
        }
    }

    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let next = ready!(self.poll_unproven(context));
        let (Some(proof), Some(Ok(bytes))) = (&mut self.proof, &next) else {
            return Poll::Ready(next);
        };
        if proof.take(bytes, self.left_bytes == 0) {
            return Poll::Ready(next);
        }
        self.cache.forget(&self.id);
        let text = "the content is not what was uploaded";
        Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::InvalidData, text))))
    }

    fn poll_unproven(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
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
        } else if let Some(stream) = &mut self.stream {
            match ready!(stream.poll_chunk(context)) {
                Ok(chunk) => self.keep(chunk_start, chunk),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        } else if let Some(chunk) = self.cache.get(&self.id, chunk_start) {
            chunk
        } else if let Some(stream) = self.stream_from(chunk_start) {
            self.stream = Some(Box::new(stream));
            return self.poll_unproven(context);
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
                    return self.poll_unproven(context);
                }
            }
        };
        Poll::Ready(Some(self.take(&chunk, chunk_start)))
    }

    /// Begins to read from a chunk to the last one that is wanted.
    fn stream_from(&self, chunk_start: u64) -> Option<ChunkStream> {
        let end = (self.offset + self.left_bytes).next_multiple_of(CHUNK_BYTES as u64);
        let end = end.min(self.content.size_bytes());
        let stream = self.content.stream(chunk_start..end)?;
        Some(ChunkStream {
            stream,
            gathered: BytesMut::new(),
            left_bytes: end - chunk_start,
        })
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

/// Content that comes as a stream, in chunks.
struct ChunkStream {
    stream: BoxStream<'static, io::Result<Bytes>>,
    gathered: BytesMut,
    /// How much is still to be given.
    left_bytes: u64,
}

impl fmt::Debug for ChunkStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkStream")
            .field("left_bytes", &self.left_bytes)
            .finish_non_exhaustive()
    }
}

impl ChunkStream {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let wanted = usize::try_from(self.left_bytes).unwrap_or(usize::MAX);
        let wanted = wanted.min(CHUNK_BYTES);
        while self.gathered.len() < wanted {
            match ready!(self.stream.poll_next_unpin(context)) {
                Some(Ok(bytes)) => self.gathered.extend_from_slice(&bytes),
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            }
        }
        self.left_bytes -= wanted as u64;
        Poll::Ready(Ok(self.gathered.split_to(wanted).freeze()))
    }
}

/// Compares what is sent with what was uploaded.
struct Proof {
    digest: sha2::Sha256,
    expected: [u8; 32],
    damaged: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").finish_non_exhaustive()
    }
}

impl Proof {
    fn new(expected: [u8; 32], damaged: Box<dyn FnOnce() + Send + Sync>) -> Self {
        Self {
            digest: sha2::Sha256::new(),
            expected,
            damaged: Some(damaged),
        }
    }

    /// Takes the next bytes, and tells whether they may be sent.
    fn take(&mut self, bytes: &[u8], is_last: bool) -> bool {
        self.digest.update(bytes);
        if !is_last || self.digest.finalize_reset()[..] == self.expected {
            return true;
        }
        if let Some(damaged) = self.damaged.take() {
            damaged();
        }
        false
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

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::stream;
    use wheelhouse_index::identity::Fingerprint;
    use wheelhouse_standards::digest::Sha256Digest;

    use super::*;

    /// Content that comes in odd pieces, and is counted.
    #[derive(Debug)]
    struct Streamed {
        bytes: Vec<u8>,
        streams: AtomicUsize,
    }

    impl Content for Streamed {
        fn size_bytes(&self) -> u64 {
            self.bytes.len() as u64
        }

        fn read_at(&self, _offset: u64, _buffer: &mut [u8]) -> io::Result<usize> {
            panic!("it is streamed")
        }

        fn stream(&self, range: Range<u64>) -> Option<BoxStream<'static, io::Result<Bytes>>> {
            self.streams.fetch_add(1, Ordering::Relaxed);
            let place = |offset| usize::try_from(offset).expect("small");
            let bytes = &self.bytes[place(range.start)..place(range.end)];
            let pieces: Vec<_> = bytes
                .chunks(70_001)
                .map(|piece| Ok(Bytes::copy_from_slice(piece)))
                .collect();
            Some(stream::iter(pieces).boxed())
        }

        fn fingerprint(&self) -> io::Result<Fingerprint> {
            Ok(fingerprint(self.bytes.len() as u64))
        }
    }

    fn fingerprint(size_bytes: u64) -> Fingerprint {
        Fingerprint::Object {
            size_bytes,
            sha256: Sha256Digest::new([0; 32]),
        }
    }

    fn content() -> Arc<Streamed> {
        let bytes = (0_u32..300_000).flat_map(u32::to_le_bytes).collect();
        Arc::new(Streamed {
            bytes,
            streams: AtomicUsize::new(0),
        })
    }

    fn body(content: &Arc<Streamed>, cache: &Arc<ChunkCache>, range: Range<u64>) -> FileBody {
        let id = FileId {
            path: "demo-1.0.zip".parse().expect("a path"),
            fingerprint: fingerprint(content.size_bytes()),
        };
        let content: Arc<dyn Content> = Arc::clone(content) as _;
        let length = range.end - range.start;
        FileBody::new(content, Arc::clone(cache), id, range.start, length)
    }

    async fn collect(mut body: FileBody) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(bytes) = std::future::poll_fn(|context| body.poll_bytes(context)).await {
            all.extend_from_slice(&bytes?);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn a_stream_gives_each_part_and_fills_the_cache() {
        let (content, cache) = (content(), Arc::new(ChunkCache::new(64 << 20)));
        for range in [5..6, 262_100..262_200, 0..1_200_000, 1_199_999..1_200_000] {
            let sent = collect(body(&content, &cache, range.clone())).await;
            let place = |offset| usize::try_from(offset).expect("small");
            let expected = &content.bytes[place(range.start)..place(range.end)];
            assert!(sent.expect("whole") == expected, "{range:?}");
        }
        let before = content.streams.load(Ordering::Relaxed);
        collect(body(&content, &cache, 0..1_200_000))
            .await
            .expect("whole");
        assert_eq!(
            content.streams.load(Ordering::Relaxed),
            before,
            "all is kept"
        );
    }

    #[tokio::test]
    async fn what_is_not_what_was_uploaded_is_cut_short_and_forgotten() {
        let (content, cache) = (content(), Arc::new(ChunkCache::new(64 << 20)));
        let truth: [u8; 32] = sha2::Sha256::digest(&content.bytes).into();
        let told = Arc::new(AtomicUsize::new(0));
        for (digest, is_fine) in [(truth, true), ([7; 32], false), ([7; 32], false)] {
            let told = Arc::clone(&told);
            let damaged = move || {
                told.fetch_add(1, Ordering::Relaxed);
            };
            let body = body(&content, &cache, 0..1_200_000).proven_by(digest, Box::new(damaged));
            assert_eq!(collect(body).await.is_ok(), is_fine);
        }
        assert_eq!(told.load(Ordering::Relaxed), 2);
        // The first was from the stream, the second from memory, the third from the stream again.
        assert_eq!(content.streams.load(Ordering::Relaxed), 2);
    }
}
