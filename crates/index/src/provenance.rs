//! Provenance: the attestations of a file, which stand beside it.
//!
//! Standard: PEP 740, "Index support for digital attestations".

use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::version::VersionText;

use crate::index::Index;
use crate::path::FilePath;
use crate::ports::{Content, OpenError, StoreError};

/// Largest provenance, in bytes.
const MAX_PROVENANCE_BYTES: u64 = 1024 * 1024;

impl Index {
    /// Returns the provenance of a file of a release, as it stands beside the file, or `None` if
    /// there is none: no such file, or nothing beside it that is a provenance.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog or the files cannot be read.
    pub async fn provenance(
        &self,
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
    /// nothing beside it is a provenance.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog or the files cannot be read.
    pub async fn provenance_of(&self, file: &FilePath) -> Result<Option<Vec<u8>>, StoreError> {
        if self.view.file(file).await?.is_none() {
            return Ok(None);
        }
        let Ok(path) = format!("{file}.provenance").parse() else {
            return Ok(None);
        };
        let opened = match self.files.open(&path).await {
            Ok(opened) => opened,
            Err(OpenError::NotFound | OpenError::Away(_)) => return Ok(None),
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
        if is_provenance(&bytes) {
            return Ok(Some(bytes));
        }
        tracing::warn!(file.path = %path, "this is no provenance of version 1 and not shown");
        Ok(None)
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

/// Returns whether these bytes are a provenance as far as everybody relies on its form.
fn is_provenance(bytes: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else {
        return false;
    };
    value["version"] == 1 && value["attestation_bundles"].is_array()
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
            assert_eq!(is_provenance(text.as_bytes()), is_one, "{text}");
        }
    }
}
