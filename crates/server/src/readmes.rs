//! Readmes, rendered once each: pages that show them are made anew with every change of anything.

use moka::sync::Cache;
use sha2::{Digest, Sha256};
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_ui::Markup;
use wheelhouse_ui::readme::{Limits, render};

/// Bytes of rendered readmes that are kept.
const MAX_BYTES: u64 = 32 << 20;

/// Rendered readmes, by what they were rendered from.
#[derive(Debug)]
pub(crate) struct Readmes {
    kept: Cache<[u8; 32], Markup>,
}

impl Readmes {
    pub(crate) fn new() -> Self {
        let weight = |_: &[u8; 32], readme: &Markup| {
            u32::try_from(readme.as_str().len() + 100).unwrap_or(u32::MAX)
        };
        Self {
            kept: Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(weight)
                .build(),
        }
    }

    /// Returns the readme of a release, if it has one. Rendering takes a while: not for request
    /// threads.
    pub(crate) fn of(&self, metadata: &CoreMetadata) -> Option<Markup> {
        let text = metadata.description.as_deref()?;
        let kind = metadata.description_content_type.as_deref();
        let key = Sha256::new()
            .chain_update(kind.unwrap_or_default())
            .chain_update([0])
            .chain_update(text)
            .finalize()
            .into();
        Some(
            self.kept
                .get_with(key, || render(text, kind, Limits::default())),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readme_is_rendered_as_what_it_says_it_is() {
        let readmes = Readmes::new();
        let with = |kind: Option<&str>| {
            let metadata = CoreMetadata {
                description: Some("*a*".to_owned()),
                description_content_type: kind.map(str::to_owned),
                ..CoreMetadata::default()
            };
            let readme = readmes.of(&metadata).expect("a readme");
            readme.as_str().to_owned()
        };
        assert!(with(Some("text/markdown")).contains("<em>a</em>"));
        assert!(!with(Some("text/plain")).contains("<em>"));
        assert!(readmes.of(&CoreMetadata::default()).is_none());
    }
}
