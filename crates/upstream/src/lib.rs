#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod acme;
mod anchors;
mod caller;
mod client;
mod documents;
mod download;
mod error;
mod examination;
mod html;
mod json;
mod page;
mod proxies;
mod reader;
mod uploader;

pub use caller::{ApiAnswer, ApiCaller, CallError};
pub use documents::DocumentReader;
pub use download::DownloadError;
pub use error::{LookupError, SetupError, ShownUrl};
pub use examination::{Ability, Answer, Examination, Examiner, Subject, Verdict};
pub use page::{UpstreamFile, UpstreamPage};
pub use proxies::Proxies;
pub use reader::{IndexReader, ReaderSettings};
pub use uploader::{OutgoingFile, Progress, Reception, Sent, UploadError, Uploader};
