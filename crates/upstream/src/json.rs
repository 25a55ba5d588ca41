//! The JSON form of a project page, read tolerantly.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use url::Url;
use wheelhouse_standards::simple::{CoreMetadataMark, Yanked};

use crate::page::{UpstreamFile, UpstreamPage, file_url};

/// Reads the JSON form of a project page.
///
/// Unknown keys are passed over, and so is a file without a usable link. What an index writes in
/// a form other than the standard's is taken for what it means where that is plain (a serial in
/// quotes), and else for absent.
///
/// # Errors
///
/// The text says what is wrong: not JSON, not a project page, or a later major version of the API.
///
/// Standard: Simple repository API, JSON form.
pub(crate) fn project_page(body: &[u8], base: &Url) -> Result<UpstreamPage, String> {
    // Some servers put a byte order mark before what they read from a file.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let raw: RawPage =
        serde_json::from_slice(body).map_err(|error| format!("bad JSON ({error})"))?;
    if let Some(version) = text(&raw.meta.api_version) {
        supported_version(&version)?;
    }
    let Some(raw_files) = raw.files else {
        return Err("the JSON has no key `files`".to_owned());
    };
    let status = raw.project_status.unwrap_or_default();
    Ok(UpstreamPage {
        name: raw.name,
        versions: raw.versions,
        files: raw_files
            .into_iter()
            .filter_map(|file| file.into_file(base))
            .collect(),
        status: text(&status.status),
        status_reason: text(&status.reason),
        serial: number(&raw.meta.last_serial),
    })
}

/// Checks that a page's API version has a major number that this reader knows.
pub(crate) fn supported_version(version: &str) -> Result<(), String> {
    let major = version.split('.').next().unwrap_or_default().trim();
    if major == "1" {
        Ok(())
    } else {
        Err(format!(
            "it speaks version `{version}` of the API, and only 1.x is known here"
        ))
    }
}

#[derive(Deserialize)]
struct RawPage {
    #[serde(default, deserialize_with = "lenient")]
    meta: RawMeta,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    versions: Vec<String>,
    // Strict: a document without a list of files is not a project page.
    files: Option<Vec<RawFile>>,
    #[serde(default, rename = "project-status", deserialize_with = "lenient")]
    project_status: Option<RawStatus>,
}

#[derive(Deserialize, Default)]
struct RawMeta {
    #[serde(default, rename = "api-version")]
    api_version: Value,
    #[serde(default, rename = "_last-serial")]
    last_serial: Value,
}

#[derive(Deserialize, Default)]
struct RawStatus {
    #[serde(default)]
    status: Value,
    #[serde(default)]
    reason: Value,
}

#[derive(Deserialize)]
struct RawFile {
    #[serde(default, deserialize_with = "lenient")]
    filename: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    hashes: BTreeMap<String, Value>,
    #[serde(default, deserialize_with = "lenient")]
    size: Value,
    #[serde(default, rename = "requires-python", deserialize_with = "lenient")]
    requires_python: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    yanked: Value,
    #[serde(default, rename = "upload-time", deserialize_with = "lenient")]
    upload_time: Option<String>,
    #[serde(default, rename = "core-metadata")]
    core_metadata: Value,
    #[serde(default, rename = "dist-info-metadata")]
    dist_info_metadata: Value,
    // A key of no standard, which the public index writes for old clients.
    #[serde(default, rename = "data-dist-info-metadata")]
    data_dist_info_metadata: Value,
}

impl RawFile {
    fn into_file(self, base: &Url) -> Option<UpstreamFile> {
        let url = file_url(base, &self.url?)?;
        let filename = self.filename.filter(|name| !name.is_empty())?;
        let mut file = UpstreamFile::new(filename, url);
        file.hashes = self
            .hashes
            .iter()
            .filter_map(|(algorithm, digest)| {
                let digest = digest.as_str()?.to_ascii_lowercase();
                Some((algorithm.to_ascii_lowercase(), digest))
            })
            .collect();
        file.size_bytes = number(&self.size);
        file.requires_python = self.requires_python.filter(|value| !value.is_empty());
        file.yanked = yanked(&self.yanked);
        file.upload_time = self.upload_time;
        file.core_metadata = [
            &self.core_metadata,
            &self.dist_info_metadata,
            &self.data_dist_info_metadata,
        ]
        .into_iter()
        .find(|value| !value.is_null())
        .map_or(CoreMetadataMark::Unknown, core_metadata);
        Some(file)
    }
}

/// Reads a value, or takes its default if it is of another type.
fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + for<'any> Deserialize<'any>,
{
    let value = Value::deserialize(deserializer)?;
    Ok(T::deserialize(value).unwrap_or_default())
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The standard has `false`, `true` or a reason; some indexes write an empty reason for `true`.
fn yanked(value: &Value) -> Yanked {
    match value {
        Value::Null | Value::Bool(false) => Yanked::No,
        Value::String(reason) if !reason.trim().is_empty() => Yanked::Yes(Some(reason.clone())),
        _ => Yanked::Yes(None),
    }
}

fn core_metadata(value: &Value) -> CoreMetadataMark {
    match value {
        Value::Bool(false) => CoreMetadataMark::Absent,
        Value::Object(hashes) => CoreMetadataMark::Present(
            hashes
                .get("sha256")
                .and_then(Value::as_str)
                .and_then(|digits| digits.parse().ok()),
        ),
        _ => CoreMetadataMark::Present(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<UpstreamPage, String> {
        let base = "https://index.example/simple/demo/".parse().unwrap();
        project_page(json.as_bytes(), &base)
    }

    #[test]
    fn page_of_the_standard_is_read_whole() {
        let digest = "ab".repeat(32);
        let page = read(&format!(
            r#"{{
                "meta": {{"api-version": "1.4", "_last-serial": 12}},
                "name": "demo", "versions": ["1.0", "1.1"],
                "project-status": {{"status": "archived", "reason": "done"}},
                "files": [{{
                    "filename": "demo-1.0.tar.gz", "url": "../../files/demo-1.0.tar.gz#x",
                    "hashes": {{"SHA256": "{}"}}, "size": 7, "requires-python": ">=3.9",
                    "yanked": "broken", "upload-time": "2026-01-02T03:04:05Z",
                    "core-metadata": {{"sha256": "{digest}"}}, "later-key": [1, 2]
                }}]
            }}"#,
            digest.to_uppercase()
        ))
        .unwrap();
        assert_eq!(page.name.as_deref(), Some("demo"));
        assert_eq!(page.versions, ["1.0", "1.1"]);
        assert_eq!(page.serial, Some(12));
        assert_eq!(page.status.as_deref(), Some("archived"));
        assert_eq!(page.status_reason.as_deref(), Some("done"));
        let [file] = &page.files[..] else {
            panic!("one file, not {:?}", page.files)
        };
        assert_eq!(
            file.url.as_str(),
            "https://index.example/files/demo-1.0.tar.gz"
        );
        assert_eq!(file.sha256(), Some(digest.parse().unwrap()));
        assert_eq!(file.size_bytes, Some(7));
        assert_eq!(file.requires_python.as_deref(), Some(">=3.9"));
        assert_eq!(file.yanked, Yanked::Yes(Some("broken".to_owned())));
        assert_eq!(
            file.core_metadata,
            CoreMetadataMark::Present(Some(digest.parse().unwrap()))
        );
    }

    #[test]
    fn yank_marks_are_understood_in_every_spelling() {
        for (mark, yanked) in [
            ("false", Yanked::No),
            ("null", Yanked::No),
            ("true", Yanked::Yes(None)),
            (r#""""#, Yanked::Yes(None)),
            (r#""why""#, Yanked::Yes(Some("why".to_owned()))),
            ("{}", Yanked::Yes(None)),
        ] {
            let page = read(&format!(
                r#"{{"files": [{{"filename": "a-1.zip", "url": "a-1.zip", "yanked": {mark}}}]}}"#
            ))
            .unwrap();
            assert_eq!(page.files[0].yanked, yanked, "from {mark}");
        }
    }

    #[test]
    fn odd_types_are_taken_for_what_they_mean_or_for_absent() {
        let page = read(
            "\u{feff}{\"meta\": {\"api-version\": 1.0, \"_last-serial\": \"77\"}, \"name\": 5,
             \"versions\": null, \"project-status\": \"active\",
             \"files\": [{\"filename\": \"a-1.zip\", \"url\": \"https://cdn.example/a-1.zip\",
               \"size\": \"many\", \"hashes\": {\"md5\": 3}, \"data-dist-info-metadata\": true},
               {\"filename\": \"b-1.zip\"}, {\"filename\": \"c-1.zip\", \"url\": \"file:///etc/x\"}]}",
        )
        .unwrap();
        assert_eq!(page.serial, Some(77));
        assert_eq!((page.name, page.status), (None, None));
        assert_eq!(
            page.files.len(),
            1,
            "a file without a usable link is left out"
        );
        assert_eq!(page.files[0].size_bytes, None);
        assert!(page.files[0].hashes.is_empty());
        assert_eq!(page.files[0].core_metadata, CoreMetadataMark::Present(None));
    }

    #[test]
    fn what_is_no_project_page_is_refused_with_the_reason() {
        for (json, reason) in [
            ("<html>", "bad JSON"),
            ("[]", "bad JSON"),
            (r#"{"projects": []}"#, "no key `files`"),
            (
                r#"{"meta": {"api-version": "2.0"}, "files": []}"#,
                "version `2.0`",
            ),
        ] {
            let error = read(json).expect_err(json);
            assert!(error.contains(reason), "{error:?} from {json}");
        }
    }
}
