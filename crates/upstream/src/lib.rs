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
mod objects;
mod page;
mod proxies;
mod reader;
mod uploader;

pub use caller::{ApiAnswer, ApiCaller, CallError};
pub use documents::DocumentReader;
pub use download::DownloadError;
pub use error::{LookupError, SetupError, ShownUrl};
pub use examination::{Ability, Answer, Examination, Examiner, Subject, Verdict};
pub use objects::client_for_objects;
pub use page::{UpstreamFile, UpstreamPage};
pub use proxies::Proxies;
pub use reader::{IndexReader, ReaderSettings};
pub use uploader::{OutgoingFile, Progress, Reception, Sent, UploadError, Uploader};
