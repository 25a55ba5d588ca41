//! Files of other indexes, whole and onto the disk.

use std::io;
use std::path::Path;

use reqwest::StatusCode;
use reqwest::header::AUTHORIZATION;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::error::{LookupError, ShownUrl};
use crate::page::UpstreamFile;
use crate::reader::{IndexReader, transport_error};

/// A file of another index was not downloaded.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The index did not give it.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// It cannot be written here.
    #[error("cannot write what was downloaded: {0}")]
    Write(#[from] io::Error),
}

impl IndexReader {
    /// Downloads a file that a page of `index` lists. Files at other hosts are asked for without
    /// credentials.
    ///
    /// # Errors
    /// [`DownloadError`]; what is larger than `max_bytes` counts as [`LookupError::TooLarge`].
    pub async fn download(
        &self,
        index: &Url,
        file: &UpstreamFile,
        path: &Path,
        max_bytes: u64,
    ) -> Result<(), DownloadError> {
        let shown = ShownUrl::of(&file.url);
        let failed = |error| transport_error(shown.clone(), error);
        let mut request = self.client.get(file.url.clone());
        if let Some(value) = &self.authorization
            && index.origin() == file.url.origin()
        {
            request = request.header(AUTHORIZATION, value.clone());
        }
        let mut response = request.send().await.map_err(failed)?;
        if response.status() != StatusCode::OK {
            let status = response.status().as_u16();
            return Err(LookupError::Status { status, url: shown }.into());
        }
        let mut written = File::create(path).await?;
        let mut size_bytes = 0;
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            size_bytes += chunk.len() as u64;
            if size_bytes > max_bytes {
                let limit_bytes = usize::try_from(max_bytes).unwrap_or(usize::MAX);
                return Err(LookupError::TooLarge {
                    url: shown,
                    limit_bytes,
                }
                .into());
            }
            written.write_all(&chunk).await?;
        }
        written.flush().await?;
        Ok(())
    }
}
