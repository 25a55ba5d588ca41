//! How pages and files are answered.

use wheelhouse_standards::digest::HashAlgorithm;
use wheelhouse_ui::theme::Theme;

use super::error::SettingsError;
use super::source::{Source, read_small_file};
use super::theme::read_theme;
use crate::options::defs;

/// How pages and files are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct PageSettings {
    /// The algorithm in the links of HTML pages. `None` leaves hashes out of them.
    pub hash_algorithm: Option<HashAlgorithm>,
    /// The text of the operator's own welcome template, as it was at the start. `None` means the
    /// built-in one.
    pub welcome: Option<String>,
    /// Whether `/` is the home page.
    pub has_home_page: bool,
    /// A company's own look.
    pub theme: Theme,
    /// What files say about caching.
    pub file_caching: FileCaching,
    /// Whether signature files are links of their own on HTML project pages.
    pub signature_links: bool,
    /// The content type of `.tar.gz` files.
    pub tar_gz_type: TarGzType,
    /// Whether answers say under which words a content delivery network forgets them.
    pub surrogate_keys: bool,
    /// Whether downloads are counted.
    pub count_downloads: bool,
    /// For how many days counts of downloads are kept in detail.
    pub download_detail_days: u32,
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

impl PageSettings {
    pub(super) fn of(source: Source<'_>) -> Result<Self, SettingsError> {
        let values = source.values;
        let welcome = match source.path(&defs::WELCOME) {
            Some(path) => Some(
                read_small_file(&path)
                    .map_err(|source| SettingsError::WelcomeFile { path, source })?,
            ),
            None => None,
        };
        Ok(Self {
            // The words that turn hashes off are no names of algorithms.
            hash_algorithm: values
                .text(&defs::HASH_ALGO)
                .and_then(|name| name.parse().ok()),
            has_home_page: welcome.is_none() && values.text(&defs::FRONT_PAGE) == Some("home"),
            welcome,
            theme: match source.path(&defs::THEME) {
                Some(folder) => read_theme(&folder)?,
                None => Theme::default(),
            },
            file_caching: match values.integer(&defs::CACHE_CONTROL) {
                Some(0) => FileCaching::Silent,
                Some(seconds) => FileCaching::MaxAge(seconds),
                None if values.text(&defs::FILE_CACHING) == Some("revalidate") => {
                    FileCaching::Revalidate
                }
                None => FileCaching::Silent,
            },
            signature_links: values.truth(&defs::SIGNATURE_LINKS),
            tar_gz_type: match values.text(&defs::TAR_GZ_TYPE) {
                Some("application/octet-stream") => TarGzType::OctetStream,
                _ => TarGzType::XTar,
            },
            surrogate_keys: values.truth(&defs::SURROGATE_KEYS),
            count_downloads: values.truth(&defs::COUNT_DOWNLOADS),
            download_detail_days: source.number(&defs::DOWNLOAD_DETAIL_DAYS).unwrap_or(90),
        })
    }
}
