//! One file, as `urls` and `releases` show it.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use super::info::reason;
use crate::digest::{Digests, Sha256Digest};
use crate::found::FileKind;
use crate::simple::Yanked;

/// One file of a release.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseFile {
    /// The file's name.
    pub filename: String,
    /// What the file is. A signature is never listed.
    pub kind: FileKind,
    /// Where to get it: absolute, percent-encoded.
    pub url: String,
    /// Its size.
    pub size_bytes: u64,
    /// When it was uploaded.
    pub upload_time: OffsetDateTime,
    /// The digests of its bytes, or `None` while nobody has read it.
    pub digests: Option<Digests>,
    /// The digest of its core metadata, if that is offered.
    pub core_metadata: Option<Sha256Digest>,
    /// Its field `Requires-Python`.
    pub requires_python: Option<String>,
    /// Whether there is a signature beside it.
    pub is_signed: bool,
    /// Whether installers should pass it over.
    pub yanked: Yanked,
}

impl ReleaseFile {
    /// Returns what the JSON API calls the kind of the file.
    pub const fn packagetype(&self) -> &'static str {
        match self.kind {
            FileKind::Wheel => "bdist_wheel",
            FileKind::Sdist | FileKind::Signature => "sdist",
            FileKind::Egg => "bdist_egg",
            FileKind::WindowsInstaller => "bdist_wininst",
        }
    }

    /// Returns the time of upload in UTC, to the second and without a zone.
    pub fn upload_second(&self) -> String {
        self.in_utc()
            .format(format_description!(
                "[year]-[month]-[day]T[hour]:[minute]:[second]"
            ))
            .expect("every date has these parts")
    }

    /// Returns the time of upload in UTC, to the microsecond.
    pub fn upload_instant(&self) -> String {
        self.in_utc()
            .format(format_description!(
                "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z"
            ))
            .expect("every date has these parts")
    }

    fn in_utc(&self) -> OffsetDateTime {
        // A date at the edge of the calendar has no other zone.
        self.upload_time
            .checked_to_offset(UtcOffset::UTC)
            .unwrap_or(self.upload_time)
    }
}

impl Serialize for ReleaseFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut form = serializer.serialize_struct("ReleaseFile", 17)?;
        form.serialize_field("comment_text", "")?;
        form.serialize_field("core-metadata", &CoreMetadataForm(self.core_metadata))?;
        form.serialize_field("digests", &DigestsForm::of(self.digests.as_ref()))?;
        form.serialize_field("downloads", &-1)?;
        form.serialize_field("filename", &self.filename)?;
        form.serialize_field("has_sig", &self.is_signed)?;
        let md5 = self.digests.as_ref().map(|digests| digests.md5.to_string());
        form.serialize_field("md5_digest", &md5)?;
        form.serialize_field("packagetype", self.packagetype())?;
        form.serialize_field("python_version", python_version(self.kind, &self.filename))?;
        form.serialize_field("requires_python", &self.requires_python)?;
        form.serialize_field("size", &self.size_bytes)?;
        form.serialize_field("upload_time", &self.upload_second())?;
        form.serialize_field("upload_time_iso_8601", &self.upload_instant())?;
        form.serialize_field("url", &self.url)?;
        form.serialize_field("yanked", &(self.yanked != Yanked::No))?;
        form.serialize_field("yanked_reason", &reason(&self.yanked))?;
        form.end()
    }
}

struct CoreMetadataForm(Option<Sha256Digest>);

impl Serialize for CoreMetadataForm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => serializer.serialize_bool(false),
            Some(sha256) => {
                let mut form = serializer.serialize_struct("CoreMetadata", 1)?;
                form.serialize_field("sha256", &sha256.to_string())?;
                form.end()
            }
        }
    }
}

/// Of a file that nobody has read there are no keys: a `null` would be taken for a digest.
#[derive(Serialize)]
struct DigestsForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    blake2b_256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

impl DigestsForm {
    fn of(digests: Option<&Digests>) -> Self {
        Self {
            blake2b_256: digests.map(|digests| digests.blake2b_256.to_string()),
            md5: digests.map(|digests| digests.md5.to_string()),
            sha256: digests.map(|digests| digests.sha256.to_string()),
        }
    }
}

/// Returns for which Python a file is, as its name says: the tag of a wheel, the number of an egg
/// or installer, `source` for an sdist.
pub fn python_version(kind: FileKind, filename: &str) -> &str {
    match kind {
        FileKind::Sdist | FileKind::Signature => "source",
        FileKind::Wheel => {
            let stem = filename.strip_suffix(".whl").unwrap_or(filename);
            stem.rsplit('-').nth(2).unwrap_or("any")
        }
        FileKind::Egg | FileKind::WindowsInstaller => {
            let stem = filename.rsplit_once('.').map_or(filename, |(stem, _)| stem);
            stem.split('-')
                .skip(1)
                .filter_map(|part| part.strip_prefix("py"))
                .find(|number| number.starts_with(|c: char| c.is_ascii_digit()))
                .unwrap_or("any")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_06_python_version_is_what_the_name_says() {
        use FileKind::{Egg, Sdist, Wheel, WindowsInstaller};
        for (kind, name, version) in [
            (Wheel, "demo-1.0-py2.py3-none-any.whl", "py2.py3"),
            (Wheel, "demo-1.0-1-cp312-abi3-linux_x86_64.whl", "cp312"),
            (Wheel, "odd.whl", "any"),
            (Sdist, "demo-1.0-py3.tar.gz", "source"),
            (Egg, "demo-1.0-py3.8.egg", "3.8"),
            (Egg, "demo-1.0-py3.8-win32.egg", "3.8"),
            (Egg, "demo-1.0.egg", "any"),
            (WindowsInstaller, "demo-1.0.win32-py2.7.exe", "2.7"),
            (WindowsInstaller, "demo-1.0.win32.exe", "any"),
            (Egg, "", "any"),
        ] {
            assert_eq!(python_version(kind, name), version, "{name}");
        }
    }
}
