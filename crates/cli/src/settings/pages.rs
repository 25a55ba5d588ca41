//! How pages and files are answered.

use wheelhouse_standards::digest::HashAlgorithm;

/// How pages and files are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSettings {
    /// The algorithm in the links of HTML pages. `None` leaves hashes out of them.
    pub hash_algorithm: Option<HashAlgorithm>,
    /// The text of the operator's own welcome template, as it was at the start. `None` means the
    /// built-in one.
    pub welcome: Option<String>,
    /// What files say about caching.
    pub file_caching: FileCaching,
    /// Whether signature files are links of their own on HTML project pages.
    pub signature_links: bool,
    /// The content type of `.tar.gz` files.
    pub tar_gz_type: TarGzType,
}

/// What file answers say about caching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileCaching {
    /// Nothing.
    Silent,
    /// `Cache-Control: no-cache`: keep it, but ask before using it again.
    Revalidate,
    /// `Cache-Control: public, max-age=N`, in seconds. As in pypiserver, N may be negative and is
    /// never 0.
    MaxAge(i64),
}

/// The content type of `.tar.gz` files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TarGzType {
    /// `application/x-tar`, as pypiserver says.
    XTar,
    /// `application/octet-stream`, as the public index says.
    OctetStream,
}

impl TarGzType {
    /// Returns the value of the header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::XTar => "application/x-tar",
            Self::OctetStream => "application/octet-stream",
        }
    }
}
