//! The JSON form of the pages.
//!
//! Compact, no `null`, and only what every client reads without harm: no digest but SHA-256, and
//! `core-metadata` under its present name alone.
//!
//! Standard: PyPA specifications, "Simple repository API", the JSON form, version 1.4.

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use time::{OffsetDateTime, UtcOffset};

use super::escape::hex_digits;
use super::{
    API_VERSION, CoreMetadataMark, ListedProject, PageFile, ProjectList, ProjectPage,
    ProjectStatus, Yanked,
};
use crate::digest::Sha256Digest;

/// About the length of one file, without its texts.
const FILE_BYTES: usize = 360;

/// Renders the list of projects.
pub fn project_list(list: &ProjectList) -> Vec<u8> {
    let names: usize = list
        .projects
        .iter()
        .map(|project| project.display_name.len() + 48)
        .sum();
    rendered(
        &ListForm {
            meta: Meta::of(list.serial),
            projects: &list.projects,
        },
        names,
    )
}

/// Renders one project's files.
pub fn project_page(page: &ProjectPage) -> Vec<u8> {
    let files = page.offered_files();
    let texts: usize = files
        .iter()
        .map(|file| file.filename.len() + file.url.len() + FILE_BYTES)
        .sum();
    rendered(
        &PageForm {
            meta: Meta::of(page.serial),
            name: page.key.as_str(),
            project_status: StatusForm::of(page),
            versions: &page.versions,
            files,
        },
        texts,
    )
}

fn rendered(form: &impl Serialize, about_bytes: usize) -> Vec<u8> {
    let mut json = Vec::with_capacity(about_bytes + 256);
    serde_json::to_writer(&mut json, form)
        .expect("texts, numbers and lists under text keys are always JSON");
    json.push(b'\n');
    json
}

#[derive(Serialize)]
struct ListForm<'a> {
    meta: Meta,
    #[serde(serialize_with = "each_project")]
    projects: &'a [ListedProject],
}

#[derive(Serialize)]
struct PageForm<'a> {
    meta: Meta,
    name: &'a str,
    #[serde(rename = "project-status", skip_serializing_if = "Option::is_none")]
    project_status: Option<StatusForm<'a>>,
    versions: &'a [String],
    #[serde(serialize_with = "each_file")]
    files: &'a [PageFile],
}

#[derive(Serialize)]
struct Meta {
    #[serde(rename = "_last-serial", skip_serializing_if = "Option::is_none")]
    last_serial: Option<u64>,
    #[serde(rename = "api-version")]
    api_version: &'static str,
}

impl Meta {
    fn of(last_serial: Option<u64>) -> Self {
        Self {
            last_serial,
            api_version: API_VERSION,
        }
    }
}

#[derive(Serialize)]
struct StatusForm<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> StatusForm<'a> {
    /// Returns `None` for an active project: the key is optional, and active is what it means to
    /// leave it out.
    fn of(page: &'a ProjectPage) -> Option<Self> {
        let reason = page.status_reason.as_deref();
        (page.status != ProjectStatus::Active || reason.is_some()).then(|| Self {
            status: page.status.marker(),
            reason,
        })
    }
}

#[derive(Serialize)]
struct ProjectForm<'a> {
    #[serde(rename = "_last-serial", skip_serializing_if = "Option::is_none")]
    last_serial: Option<u64>,
    name: &'a str,
}

fn each_project<S: Serializer>(
    projects: &[ListedProject],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(projects.len()))?;
    for project in projects {
        list.serialize_element(&ProjectForm {
            last_serial: project.last_serial,
            name: &project.display_name,
        })?;
    }
    list.end()
}

#[derive(Serialize)]
struct FileForm<'a> {
    filename: &'a str,
    url: &'a str,
    hashes: Hashes,
    #[serde(rename = "requires-python", skip_serializing_if = "Option::is_none")]
    requires_python: Option<&'a str>,
    #[serde(rename = "core-metadata", skip_serializing_if = "Option::is_none")]
    core_metadata: Option<CoreMetadataForm>,
    #[serde(rename = "gpg-sig", skip_serializing_if = "Option::is_none")]
    gpg_sig: Option<bool>,
    yanked: YankedForm<'a>,
    size: u64,
    #[serde(rename = "upload-time", skip_serializing_if = "Option::is_none")]
    upload_time: Option<UploadTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<&'a str>,
}

impl<'a> FileForm<'a> {
    fn of(file: &'a PageFile) -> Self {
        Self {
            filename: &file.filename,
            url: &file.url,
            hashes: Hashes {
                sha256: file.sha256.map(Hex),
            },
            requires_python: file.requires_python.as_deref(),
            core_metadata: CoreMetadataForm::of(file.core_metadata),
            gpg_sig: file.gpg_sig,
            yanked: YankedForm::of(&file.yanked),
            size: file.size_bytes,
            upload_time: file.upload_time.and_then(UploadTime::of),
            provenance: file.secure_provenance(),
        }
    }
}

fn each_file<S: Serializer>(files: &[PageFile], serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(files.len()))?;
    for file in files {
        list.serialize_element(&FileForm::of(file))?;
    }
    list.end()
}

#[derive(Serialize)]
struct Hashes {
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Hex>,
}

struct Hex(Sha256Digest);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(hex_digits(&self.0, &mut [0; 64]))
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum CoreMetadataForm {
    Flag(bool),
    Hashes(Hashes),
}

impl CoreMetadataForm {
    fn of(mark: CoreMetadataMark) -> Option<Self> {
        match mark {
            CoreMetadataMark::Unknown => None,
            CoreMetadataMark::Absent => Some(Self::Flag(false)),
            CoreMetadataMark::Present(None) => Some(Self::Flag(true)),
            CoreMetadataMark::Present(Some(digest)) => Some(Self::Hashes(Hashes {
                sha256: Some(Hex(digest)),
            })),
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum YankedForm<'a> {
    Flag(bool),
    Reason(&'a str),
}

impl<'a> YankedForm<'a> {
    /// An empty reason is `true`: clients take an empty text for "not yanked".
    fn of(yanked: &'a Yanked) -> Self {
        match yanked.reason() {
            None => Self::Flag(false),
            Some("") => Self::Flag(true),
            Some(reason) => Self::Reason(reason),
        }
    }
}

/// A moment as `yyyy-mm-ddThh:mm:ss.ffffffZ`, with exactly six digits: Python before 3.11 reads no
/// other count.
struct UploadTime([u8; 27]);

impl UploadTime {
    /// Returns `None` for a year that Python's `datetime` does not have.
    fn of(moment: OffsetDateTime) -> Option<Self> {
        let moment = moment.checked_to_offset(UtcOffset::UTC)?;
        let year = u32::try_from(moment.year())
            .ok()
            .filter(|year| (1..=9999).contains(year))?;
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        put(&mut text[0..4], year);
        put(&mut text[5..7], u8::from(moment.month()).into());
        put(&mut text[8..10], moment.day().into());
        put(&mut text[11..13], moment.hour().into());
        put(&mut text[14..16], moment.minute().into());
        put(&mut text[17..19], moment.second().into());
        put(&mut text[20..26], moment.microsecond());
        Some(Self(text))
    }
}

impl Serialize for UploadTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = std::str::from_utf8(&self.0).expect("digits and signs are ASCII");
        serializer.serialize_str(text)
    }
}

/// Writes a number in decimal digits over all of `place`.
fn put(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789"[(number % 10) as usize];
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;
    use crate::simple::fixture::{full_page, project_list as two_projects};

    fn parsed(page: &ProjectPage) -> Value {
        serde_json::from_slice(&super::project_page(page)).expect("valid JSON")
    }

    fn rendered(change: impl FnOnce(&mut PageFile)) -> Value {
        let mut page = full_page();
        change(&mut page.files[0]);
        parsed(&page)["files"][0].clone()
    }

    fn holds_null(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Array(values) => values.iter().any(holds_null),
            Value::Object(values) => values.values().any(holds_null),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }

    #[test]
    fn a_project_page_is_as_the_standard_shows_it() {
        let json = String::from_utf8(super::project_page(&full_page())).expect("text");
        insta::assert_snapshot!(json.replace("},{", "},\n{"));
    }

    #[test]
    fn simple_37_the_version_is_the_text_1_4() {
        let list: Value =
            serde_json::from_slice(&super::project_list(&two_projects())).expect("valid JSON");
        assert_eq!(list["meta"]["api-version"], "1.4");
        assert_eq!(parsed(&full_page())["meta"]["api-version"], "1.4");
    }

    #[test]
    fn simple_38_to_39_the_list_has_display_names_and_whole_serials() {
        let list: Value =
            serde_json::from_slice(&super::project_list(&two_projects())).expect("valid JSON");
        assert_eq!(
            list,
            json!({
                "meta": {"api-version": "1.4", "_last-serial": 42},
                "projects": [
                    {"name": "Friendly.Bard", "_last-serial": 41},
                    {"name": "Sp ace:Ä<b>"},
                ],
            })
        );
    }

    #[test]
    fn simple_40_the_name_is_the_normal_form() {
        let page = parsed(&full_page());
        assert_eq!(page["name"], "demo-pkg");
        assert_eq!(page["meta"]["_last-serial"], 42);
        assert_eq!(page["versions"], json!(["1.0", "2.0"]));
        assert_eq!(
            page["project-status"],
            json!({"status": "archived", "reason": "done & dusted"})
        );
    }

    #[test]
    fn simple_41_a_bare_file_has_all_that_is_mandatory_and_no_null() {
        let mut page = full_page();
        page.status = ProjectStatus::Active;
        page.status_reason = None;
        page.serial = None;
        page.files = vec![PageFile::new("a-1.zip", "/packages/a-1.zip", 0)];
        let page = parsed(&page);
        assert!(!holds_null(&page));
        assert!(page.get("project-status").is_none());
        assert_eq!(
            page["files"][0],
            json!({
                "filename": "a-1.zip",
                "url": "/packages/a-1.zip",
                "hashes": {},
                "yanked": false,
                "size": 0,
            })
        );
    }

    #[test]
    fn simple_41_an_empty_reason_is_true() {
        for (yanked, value) in [
            (Yanked::No, json!(false)),
            (Yanked::Yes(None), json!(true)),
            (Yanked::Yes(Some(" ".to_owned())), json!(true)),
            (Yanked::Yes(Some("br<oken".to_owned())), json!("br<oken")),
        ] {
            assert_eq!(rendered(|file| file.yanked = yanked)["yanked"], value);
        }
    }

    #[test]
    fn simple_41_core_metadata_is_left_out_when_nobody_looked() {
        let digest = Sha256Digest::new([1; 32]);
        for (mark, value) in [
            (CoreMetadataMark::Absent, json!(false)),
            (CoreMetadataMark::Present(None), json!(true)),
            (
                CoreMetadataMark::Present(Some(digest)),
                json!({"sha256": "01".repeat(32)}),
            ),
        ] {
            assert_eq!(
                rendered(|file| file.core_metadata = mark)["core-metadata"],
                value
            );
        }
        let unknown = rendered(|file| file.core_metadata = CoreMetadataMark::Unknown);
        assert!(unknown.get("core-metadata").is_none());
    }

    #[test]
    fn simple_42_to_43_no_other_digest_and_no_old_name_is_emitted() {
        use crate::digest::{HashAlgorithm, ListedDigest};
        use crate::simple::FragmentHash;

        let file = rendered(|file| {
            file.listed_hash = FragmentHash::Other(ListedDigest {
                algorithm: HashAlgorithm::Blake2b,
                hex: "ab".repeat(64).into(),
            });
        });
        assert_eq!(file["hashes"], json!({"sha256": "0a".repeat(32)}));
        assert!(file.get("dist-info-metadata").is_none());
        assert!(file.get("data-dist-info-metadata").is_none());
    }

    #[test]
    fn simple_44_upload_time_is_utc_with_six_digits() {
        for (moment, text) in [
            (
                datetime!(2026-01-02 03:04:05 UTC),
                "2026-01-02T03:04:05.000000Z",
            ),
            (
                datetime!(2026-12-31 23:59:59.123456789 -1),
                "2027-01-01T00:59:59.123456Z",
            ),
            (
                datetime!(0001-01-01 00:00:00 UTC),
                "0001-01-01T00:00:00.000000Z",
            ),
        ] {
            assert_eq!(
                rendered(|file| file.upload_time = Some(moment))["upload-time"],
                text
            );
        }
        for moment in [
            datetime!(0000-12-31 0:00 UTC),
            datetime!(9999-12-31 23:59 -1),
        ] {
            let file = rendered(|file| file.upload_time = Some(moment));
            assert!(file.get("upload-time").is_none(), "{moment}");
        }
    }

    #[test]
    fn simple_46_a_quarantined_project_offers_no_file() {
        let mut page = full_page();
        page.status = ProjectStatus::Quarantined;
        let page = parsed(&page);
        assert_eq!(page["files"], json!([]));
        assert_eq!(page["versions"], json!(["1.0", "2.0"]));
        assert_eq!(page["project-status"]["status"], "quarantined");
    }

    #[test]
    fn simple_50_to_51_the_bytes_are_compact_and_always_the_same() {
        let first = super::project_page(&full_page());
        assert_eq!(first, super::project_page(&full_page()));
        assert!(first.starts_with(b"{\"meta\":{"));
        assert!(first.ends_with(b"]}\n"));
    }
}
