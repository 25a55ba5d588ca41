//! Core metadata: what a wheel's `METADATA` and an sdist's `PKG-INFO` say. Reading is lenient,
//! because a file that is there is shown; what an upload must say is judged elsewhere.

use serde::{Deserialize, Serialize};

use crate::license;
use crate::specifier::RequiresPython;

mod headers;

use headers::Header;
pub(crate) use headers::Headers;

/// The core metadata of one file, for pages and for the JSON interface.
///
/// Texts are as the file has them, less blanks at both ends and the indentation of folded lines.
/// An absent field, an empty one and the `UNKNOWN` of old tools are all `None` or an empty list.
/// A field that may stand once counts the first time. Bytes that are no UTF-8 are replaced.
///
/// Standard: PyPA specifications, "Core metadata specifications", versions 1.0 to 2.6.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CoreMetadata {
    /// `Metadata-Version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata_version: Option<String>,
    /// `Name`, as the publisher spells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `Version`, as the publisher spells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `Dynamic`: fields that a build may change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dynamic: Vec<String>,
    /// `Platform`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub platform: Vec<String>,
    /// `Supported-Platform`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub supported_platform: Vec<String>,
    /// `Summary`: one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The body, or the field `Description` of old files: the readme, not rendered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `Description-Content-Type`, such as `text/markdown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description_content_type: Option<String>,
    /// `Keywords` as one text. See [`keyword_list`](Self::keyword_list).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keywords: Option<String>,
    /// `Home-page`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home_page: Option<String>,
    /// `Download-URL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download_url: Option<String>,
    /// `Author`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// `Author-email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_email: Option<String>,
    /// `Maintainer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintainer: Option<String>,
    /// `Maintainer-email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintainer_email: Option<String>,
    /// `License`: a name or a whole text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// `License-Expression`, such as `MIT OR Apache-2.0`, spelled as the SPDX list has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_expression: Option<String>,
    /// `License-File`: paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub license_files: Vec<String>,
    /// `Classifier`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classifiers: Vec<String>,
    /// `Requires-Python`, not checked. See [`requires_python`](Self::requires_python()).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires_python: Option<String>,
    /// `Requires-Dist`: dependencies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requires_dist: Vec<String>,
    /// `Requires-External`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requires_external: Vec<String>,
    /// `Provides-Extra`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub provides_extra: Vec<String>,
    /// `Provides-Dist`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub provides_dist: Vec<String>,
    /// `Obsoletes-Dist`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub obsoletes_dist: Vec<String>,
    /// `Project-URL`: each a label, a comma and an address. See
    /// [`labelled_urls`](Self::labelled_urls).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub project_urls: Vec<String>,
    /// `Import-Name`, of version 2.5.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub import_names: Vec<String>,
    /// `Import-Namespace`, of version 2.5.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub import_namespaces: Vec<String>,
    /// `Requires`, of version 1.1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// `Provides`, of version 1.1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub provides: Vec<String>,
    /// `Obsoletes`, of version 1.1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub obsoletes: Vec<String>,
}

impl CoreMetadata {
    /// Longest file that is read, in bytes.
    pub const MAX_BYTES: usize = 10 * 1024 * 1024;

    /// Most fields that are read.
    pub const MAX_FIELDS: usize = 20_000;

    /// Reads the bytes of a `METADATA` or `PKG-INFO` file.
    ///
    /// # Errors
    /// [`MetadataError`] for a file that is too large or holds neither a name nor the metadata's
    /// version. Everything else is read as far as it goes.
    ///
    /// # Examples
    /// ```
    /// use wheelhouse_standards::metadata::CoreMetadata;
    ///
    /// let metadata = CoreMetadata::parse(
    ///     b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Python: >=3.9\n\n# Demo\n",
    /// )?;
    /// assert_eq!(metadata.name.as_deref(), Some("demo"));
    /// assert_eq!(metadata.description.as_deref(), Some("# Demo\n"));
    /// # Ok::<(), wheelhouse_standards::metadata::MetadataError>(())
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, MetadataError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(MetadataError::TooLarge);
        }
        let text = String::from_utf8_lossy(bytes);
        let mut headers = Headers::of(&text);
        let mut metadata = Self::default();
        for (count, header) in headers.by_ref().enumerate() {
            if count >= Self::MAX_FIELDS {
                return Err(MetadataError::TooManyFields);
            }
            metadata.take(&header);
        }
        if metadata.name.is_none() && metadata.metadata_version.is_none() {
            return Err(MetadataError::NotMetadata);
        }
        let body = headers.body();
        if is_given(body) {
            metadata.description = Some(body.to_owned());
        }
        if let Some(expression) = &mut metadata.license_expression
            && let Some(canonical) = license::canonical(expression)
        {
            *expression = canonical;
        }
        Ok(metadata)
    }

    /// Returns `Requires-Python` if it is one that every installer can read. Pages leave any other
    /// out, so that no installer fails on the page.
    pub fn requires_python(&self) -> Option<RequiresPython> {
        self.requires_python.as_deref()?.parse().ok()
    }

    /// Returns the labels and addresses of `Project-URL`. One without a comma has an empty label.
    pub fn labelled_urls(&self) -> impl Iterator<Item = (&str, &str)> {
        self.project_urls
            .iter()
            .map(|entry| match entry.split_once(',') {
                Some((label, url)) => (label.trim(), url.trim()),
                None => ("", entry.as_str()),
            })
    }

    /// Returns the keywords one by one: split at commas, or at blanks if there is no comma, as old
    /// tools wrote them.
    pub fn keyword_list(&self) -> impl Iterator<Item = &str> {
        let text = self.keywords.as_deref().unwrap_or_default();
        let by_commas = text.contains(',');
        text.split(move |c: char| {
            if by_commas {
                c == ','
            } else {
                c.is_whitespace()
            }
        })
        .map(str::trim)
        .filter(|keyword| !keyword.is_empty())
    }

    fn take(&mut self, header: &Header<'_>) {
        match self.field(&header.name.to_ascii_lowercase()) {
            Some(Field::Once(slot)) if slot.is_none() => {
                *slot = Some(header.joined()).filter(|value| is_given(value));
            }
            Some(Field::Text(slot)) if slot.is_none() => {
                *slot = Some(header.lines()).filter(|value| is_given(value));
            }
            Some(Field::Many(list)) => list.extend(Some(header.joined()).filter(|v| is_given(v))),
            _ => {}
        }
    }

    fn field(&mut self, lower_case_name: &str) -> Option<Field<'_>> {
        use Field::{Many, Once, Text};
        Some(match lower_case_name {
            "metadata-version" => Once(&mut self.metadata_version),
            "name" => Once(&mut self.name),
            "version" => Once(&mut self.version),
            "dynamic" => Many(&mut self.dynamic),
            "platform" => Many(&mut self.platform),
            "supported-platform" => Many(&mut self.supported_platform),
            "summary" => Once(&mut self.summary),
            "description" => Text(&mut self.description),
            "description-content-type" => Once(&mut self.description_content_type),
            "keywords" => Once(&mut self.keywords),
            "home-page" => Once(&mut self.home_page),
            "download-url" => Once(&mut self.download_url),
            "author" => Once(&mut self.author),
            "author-email" => Once(&mut self.author_email),
            "maintainer" => Once(&mut self.maintainer),
            "maintainer-email" => Once(&mut self.maintainer_email),
            "license" => Text(&mut self.license),
            "license-expression" => Once(&mut self.license_expression),
            "license-file" => Many(&mut self.license_files),
            "classifier" => Many(&mut self.classifiers),
            "requires-python" => Once(&mut self.requires_python),
            "requires-dist" => Many(&mut self.requires_dist),
            "requires-external" => Many(&mut self.requires_external),
            "provides-extra" => Many(&mut self.provides_extra),
            "provides-dist" => Many(&mut self.provides_dist),
            "obsoletes-dist" => Many(&mut self.obsoletes_dist),
            "project-url" => Many(&mut self.project_urls),
            "import-name" => Many(&mut self.import_names),
            "import-namespace" => Many(&mut self.import_namespaces),
            "requires" => Many(&mut self.requires),
            "provides" => Many(&mut self.provides),
            "obsoletes" => Many(&mut self.obsoletes),
            _ => return None,
        })
    }
}

/// The fields of a metadata file as they stand in it, for whoever judges them.
pub(crate) struct RawMetadata {
    /// Names in lower case, and values on one line; lines of `Summary` are kept apart.
    pub(crate) fields: Vec<(String, String)>,
}

impl RawMetadata {
    /// Returns the value of a field that stands once, if it says anything. `name` is in lower case.
    pub(crate) fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Returns the values of a field. `name` is in lower case.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(field, value)| field == name && is_given(value))
            .map(|(_, value)| value.trim())
    }
}

/// Reads the fields of a metadata file, without its body.
pub(crate) fn raw_fields(text: &str) -> Result<RawMetadata, MetadataError> {
    if text.len() > CoreMetadata::MAX_BYTES {
        return Err(MetadataError::TooLarge);
    }
    let mut fields = Vec::new();
    for header in Headers::of(text) {
        if fields.len() >= CoreMetadata::MAX_FIELDS {
            return Err(MetadataError::TooManyFields);
        }
        let name = header.name.to_ascii_lowercase();
        let value = match name.as_str() {
            "summary" => header.lines(),
            _ => header.joined(),
        };
        fields.push((name, value));
    }
    Ok(RawMetadata { fields })
}

/// Where the value of a field goes.
enum Field<'a> {
    /// One line; the first counts.
    Once(&'a mut Option<String>),
    /// Lines that mean something; the first field counts.
    Text(&'a mut Option<String>),
    /// One line in each of many fields.
    Many(&'a mut Vec<String>),
}

/// Tells whether a value says anything. Old tools write `UNKNOWN` for what they were not told.
fn is_given(value: &str) -> bool {
    !matches!(value.trim(), "" | "UNKNOWN")
}

/// Why bytes are not read as core metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Longer than [`CoreMetadata::MAX_BYTES`].
    #[error("core metadata is larger than {} bytes", CoreMetadata::MAX_BYTES)]
    TooLarge,
    /// More fields than [`CoreMetadata::MAX_FIELDS`].
    #[error("core metadata has more than {} fields", CoreMetadata::MAX_FIELDS)]
    TooManyFields,
    /// Neither `Name` nor `Metadata-Version` is there.
    #[error("core metadata has neither `Name` nor `Metadata-Version`")]
    NotMetadata,
}

#[cfg(test)]
mod tests;
