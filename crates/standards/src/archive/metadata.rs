//! Finding the metadata file in a distribution.

use super::tar::TarArchive;
use super::zip::{ZipArchive, ZipMember};
use super::{ArchiveError, Limits, ReadAt};
use crate::name::ProjectKey;

/// What a wheel says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelMetadata {
    /// The unmodified bytes of the file `METADATA`.
    pub metadata: Vec<u8>,
    /// The folder that it is in, such as `demo-1.0.dist-info`.
    pub directory: String,
}

/// Reads the core metadata of a wheel.
///
/// `file_name` decides where a wheel holds several `.dist-info` folders: the one of the wheel's
/// own name and version counts.
///
/// # Errors
/// [`ArchiveError::NoMetadata`], [`ArchiveError::SeveralMetadata`] where `file_name` does not
/// decide, and whatever is wrong with the archive.
///
/// Standard: PyPA specifications, "Binary distribution format".
pub fn wheel_metadata(source: &dyn ReadAt, file_name: &str) -> Result<WheelMetadata, ArchiveError> {
    wheel_metadata_within(source, file_name, &Limits::DEFAULT)
}

/// Reads the file `PKG-INFO` of an sdist, or returns `None` if the sdist is in a format that is
/// only served and not read.
///
/// That is decided by the ending of `file_name`: zip archives and tar archives are read, the
/// latter plain or compressed with gzip, and only up to the file.
///
/// # Errors
/// [`ArchiveError::NoMetadata`], [`ArchiveError::SeveralMetadata`] in a zip archive with several
/// folders of which none is called like the file, and whatever is wrong with the archive.
///
/// Standard: PyPA specifications, "Source distribution format".
pub fn sdist_metadata(
    source: &dyn ReadAt,
    file_name: &str,
) -> Result<Option<Vec<u8>>, ArchiveError> {
    sdist_metadata_within(source, file_name, &Limits::DEFAULT)
}

/// Reads the file `EGG-INFO/PKG-INFO` of an egg, or returns `None` if the egg is not one file.
///
/// # Errors
/// [`ArchiveError::NoMetadata`], and whatever is wrong with the archive.
pub fn egg_metadata(source: &dyn ReadAt, file_name: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
    const PATH: &str = "EGG-INFO/PKG-INFO";
    if !has_ending(file_name, ".egg") {
        return Ok(None);
    }
    let limits = Limits::DEFAULT;
    let archive = ZipArchive::open(source, &limits)?;
    let members = matching(&archive, |name| name == PATH.as_bytes())?;
    let member = the_one(members, |_| false, PATH)?;
    archive.read(&member, limits.metadata_bytes).map(Some)
}

pub(super) fn wheel_metadata_within(
    source: &dyn ReadAt,
    file_name: &str,
    limits: &Limits,
) -> Result<WheelMetadata, ArchiveError> {
    const FOLDER: &str = ".dist-info";
    let archive = ZipArchive::open(source, limits)?;
    let members = matching(&archive, |name| {
        name.strip_suffix(b"/METADATA")
            .is_some_and(|folder| folder.ends_with(FOLDER.as_bytes()) && !folder.contains(&b'/'))
    })?;
    let mut parts = file_name.split('-');
    let own = parts
        .next()
        .zip(parts.next())
        .and_then(|(name, version)| ProjectKey::of(&format!("{name}-{version}")));
    let is_own = |member: &ZipMember| {
        let folder = folder(member);
        let stem = folder.strip_suffix(FOLDER).unwrap_or(&folder);
        ProjectKey::of(stem) == own
    };
    let member = the_one(members, is_own, "*.dist-info/METADATA")?;
    Ok(WheelMetadata {
        metadata: archive.read(&member, limits.metadata_bytes)?,
        directory: folder(&member),
    })
}

pub(super) fn sdist_metadata_within(
    source: &dyn ReadAt,
    file_name: &str,
    limits: &Limits,
) -> Result<Option<Vec<u8>>, ArchiveError> {
    const PATH: &str = "*/PKG-INFO";
    if has_ending(file_name, ".zip") {
        let archive = ZipArchive::open(source, limits)?;
        let members = matching(&archive, is_top_pkg_info)?;
        let own = &file_name[..file_name.len() - ".zip".len()];
        let member = the_one(members, |member| folder(member) == own, PATH)?;
        return archive.read(&member, limits.metadata_bytes).map(Some);
    }
    let mut archive = if has_ending(file_name, ".tar.gz") || has_ending(file_name, ".tgz") {
        TarArchive::gzip(source, limits)
    } else if has_ending(file_name, ".tar") {
        TarArchive::plain(source, limits)
    } else {
        return Ok(None);
    };
    while let Some(member) = archive.next_member()? {
        if member.is_file() && is_top_pkg_info(&member.name) {
            return archive.read(&member, limits.metadata_bytes).map(Some);
        }
    }
    Err(ArchiveError::NoMetadata(PATH))
}

pub(super) fn has_ending(file_name: &str, ending: &str) -> bool {
    file_name
        .len()
        .checked_sub(ending.len())
        .filter(|&stem| stem > 0)
        .and_then(|stem| file_name.get(stem..))
        .is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

/// Tells whether a path is `{folder}/PKG-INFO`; `./` before it does not matter.
fn is_top_pkg_info(path: &[u8]) -> bool {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    path.strip_suffix(b"/PKG-INFO")
        .is_some_and(|folder| !folder.is_empty() && !folder.contains(&b'/'))
}

/// The part of a member's path before its last `/`.
fn folder(member: &ZipMember) -> String {
    let name = member.shown_name();
    name.rsplit_once('/')
        .map_or("", |(folder, _)| folder)
        .to_owned()
}

/// The members whose path is wanted. More than a few are one too many already.
fn matching(
    archive: &ZipArchive<'_>,
    is_wanted: impl Fn(&[u8]) -> bool,
) -> Result<Vec<ZipMember>, ArchiveError> {
    const ENOUGH: usize = 64;
    let mut found = Vec::new();
    for member in archive.members() {
        let member = member?;
        if is_wanted(&member.name) && found.len() < ENOUGH {
            found.push(member);
        }
    }
    Ok(found)
}

/// The only member, or the only one that is the distribution's own.
fn the_one(
    mut members: Vec<ZipMember>,
    is_own: impl Fn(&ZipMember) -> bool,
    path: &'static str,
) -> Result<ZipMember, ArchiveError> {
    if members.len() > 1 && members.iter().filter(|member| is_own(member)).count() == 1 {
        members.retain(|member| is_own(member));
    }
    let mut members = members.into_iter();
    match (members.next(), members.next()) {
        (None, _) => Err(ArchiveError::NoMetadata(path)),
        (Some(member), None) => Ok(member),
        (Some(first), Some(second)) => Err(ArchiveError::SeveralMetadata {
            first: first.shown_name(),
            second: second.shown_name(),
        }),
    }
}

#[cfg(test)]
mod tests;
