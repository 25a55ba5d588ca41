//! Provenance: the attestations of a file, which stand beside it.
//!
//! Standard: PEP 740, "Index support for digital attestations".

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use wheelhouse_standards::digest::Sha256Digest;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::version::VersionText;

use crate::identity::Timestamp;
use crate::index::Index;
use crate::path::FilePath;
use crate::ports::{Content, OpenError, PlaceMode, PlacedFile, StoreError};
use crate::publish::PublishError;
use crate::reading::ReadError;

/// Largest provenance, in bytes.
const MAX_PROVENANCE_BYTES: u64 = 1024 * 1024;

impl Index {
    /// Returns the provenance of a file of a release, as it stands beside the file, or `None` if
    /// there is none: no such file, or nothing beside it that is a provenance.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog or the files cannot be read.
    pub async fn provenance(
        self: &Arc<Self>,
        project: &ProjectKey,
        version: &str,
        file_name: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let version = VersionText::from(version);
        for record in self.catalog.files_named(&self.name, file_name).await? {
            if record.project() == project
                && record.named.version.key() == version.key()
                && let Some(provenance) = self.provenance_of(&record.path).await?
            {
                return Ok(Some(provenance));
            }
        }
        Ok(None)
    }

    /// Returns the provenance that stands beside a file, or `None` if the file is not offered or
    /// nothing beside it is a provenance of its content.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog or the files cannot be read.
    pub async fn provenance_of(
        self: &Arc<Self>,
        file: &FilePath,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(record) = self.view.file(file).await? else {
            return Ok(None);
        };
        let contents = match self.read(&record).await {
            Ok(contents) => contents,
            Err(ReadError::Store(error)) => {
                return Err(StoreError::new("index", "read a file", error));
            }
            Err(
                ReadError::NotFound
                | ReadError::Changed
                | ReadError::Away(_)
                | ReadError::Damaged(_),
            ) => return Ok(None),
        };
        self.provenance_beside(file, contents.digests.sha256).await
    }

    /// Returns what stands beside a file, if it is a provenance of content with this digest: it
    /// may be left from another file of the same name.
    pub(crate) async fn provenance_beside(
        &self,
        file: &FilePath,
        sha256: Sha256Digest,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Ok(path) = file.provenance() else {
            return Ok(None);
        };
        let opened = match self.files.open(&path, None).await {
            Ok(opened) => opened,
            Err(OpenError::NotFound | OpenError::Away(_) | OpenError::Damaged(_)) => {
                return Ok(None);
            }
            Err(OpenError::Store(error)) => return Err(error),
        };
        if opened.content.size_bytes() > MAX_PROVENANCE_BYTES {
            tracing::warn!(file.path = %path, "a provenance is too large and not shown");
            return Ok(None);
        }
        let bytes = tokio::task::spawn_blocking(move || read_whole(&*opened.content))
            .await
            .map_err(|failure| StoreError::new("index", "read a provenance", failure))?
            .map_err(|error| StoreError::new("index", "read a provenance", error))?;
        match read_provenance(&bytes) {
            Some(subjects) if subjects.iter().all(|subject| *subject == sha256) => Ok(Some(bytes)),
            Some(_) => {
                tracing::warn!(file.path = %path, "a provenance is about another file and not shown");
                Ok(None)
            }
            None => {
                tracing::warn!(file.path = %path, "this is no provenance of version 1 and not shown");
                Ok(None)
            }
        }
    }

    /// Puts a provenance beside a file, in place of what may be there.
    pub(crate) async fn place_provenance(
        &self,
        file: &FilePath,
        provenance: Vec<u8>,
        at: Timestamp,
    ) -> Result<Box<dyn PlacedFile>, PublishError> {
        let path = file
            .provenance()
            .map_err(|error| StoreError::new("index", "place a provenance", error))?;
        let mut staging = self.files.stage().await?;
        staging.write(Bytes::from(provenance)).await?;
        let staged = staging.finish().await?;
        Ok(staged.place(&path, PlaceMode::Replace, at).await?)
    }
}

fn read_whole(content: &dyn Content) -> std::io::Result<Vec<u8>> {
    let size = usize::try_from(content.size_bytes().min(MAX_PROVENANCE_BYTES)).unwrap_or(0);
    let mut bytes = vec![0; size];
    let mut filled = 0;
    while filled < size {
        match content.read_at(filled as u64, &mut bytes[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Returns the digests of the files that a provenance is about, one for each attestation, or `None`
/// if these bytes are no provenance as far as everybody relies on its form.
fn read_provenance(bytes: &[u8]) -> Option<Vec<Sha256Digest>> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    if value["version"] != 1 {
        return None;
    }
    let mut subjects = Vec::new();
    for bundle in value["attestation_bundles"].as_array()? {
        for attestation in bundle["attestations"].as_array()? {
            subjects.push(subject_of(attestation)?);
        }
    }
    Some(subjects)
}

/// Returns the digest of the one file that an attestation is about.
fn subject_of(attestation: &Value) -> Option<Sha256Digest> {
    let statement = attestation["envelope"]["statement"].as_str()?;
    let statement = STANDARD.decode(statement).ok()?;
    let statement: Value = serde_json::from_slice(&statement).ok()?;
    let [subject] = statement["subject"].as_array()?.as_slice() else {
        return None;
    };
    subject["digest"]["sha256"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn int_01_only_a_provenance_of_version_1_is_one() {
        for (text, is_one) in [
            (r#"{"version":1,"attestation_bundles":[]}"#, true),
            (r#"{"version":2,"attestation_bundles":[]}"#, false),
            (r#"{"version":1}"#, false),
            (r#"{"version":1,"attestation_bundles":{}}"#, false),
            ("[]", false),
            ("", false),
            ("{", false),
        ] {
            assert_eq!(read_provenance(text.as_bytes()).is_some(), is_one, "{text}");
        }
    }
}
