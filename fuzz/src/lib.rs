//! What the targets share. How they are run is in `README.md`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::runtime::Runtime;
use wheelhouse_index::access::{Provider, Publisher};
use wheelhouse_index::identity::{IndexName, Timestamp};
use wheelhouse_index::permission::Rights;
use wheelhouse_index::ports::SystemClock;
use wheelhouse_index::replica::Replica;
use wheelhouse_index::{Index, IndexOptions};
use wheelhouse_store::catalog::MemoryCatalog;
use wheelhouse_store::files::memory::MemoryFileStore;

/// Compresses bytes, fast.
pub fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// Encodes bytes as the parts of a JSON web token are.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Some trusted publisher.
pub fn publisher() -> Publisher {
    let wanted = [
        ("owner", "acme"),
        ("repository", "demo"),
        ("workflow", "release.yml"),
    ];
    Publisher {
        id: "0123456789abcdef".to_owned(),
        provider: Provider::GitHub,
        issuer: "https://issuer.example".to_owned(),
        wanted: BTreeMap::from(wanted.map(|(name, value)| (name.to_owned(), value.to_owned()))),
        rights: Rights::default(),
        projects: Vec::new(),
        since: Timestamp(0),
    }
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
});

/// One for all inputs: each has a task of its own, which would wait in this runtime for ever.
static INDEX: LazyLock<Arc<Index>> = LazyLock::new(|| {
    let _within = RUNTIME.enter();
    let clock = Arc::new(SystemClock);
    Index::new(
        IndexName::main(),
        Arc::new(MemoryCatalog::new(&*clock)),
        Arc::new(MemoryFileStore::new()),
        clock,
        IndexOptions::default(),
        Vec::new(),
        Replica::alone(),
    )
});

/// Reads the form of an upload that comes in pieces of these sizes, over and over.
pub fn read_form(body: &[u8], sizes: &[u8]) {
    let index = Arc::clone(&INDEX);
    RUNTIME.block_on(async {
        let (mut rest, mut pieces) = (body, Vec::new());
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((usize::from(*size) + 1).min(rest.len()));
            pieces.push(piece.to_vec());
            rest = after;
        }
        wheelhouse_server::fuzzing::read_form(&index, "multipart/form-data; boundary=b", pieces)
            .await;
    });
}
