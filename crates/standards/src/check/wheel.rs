//! A wheel's archive: META-1, META-2 and the paths of META-4.

use super::{Finding, LicenseFiles, Opened, SeenPaths, entry_points, record, shown};
use crate::archive::zip::{ZipArchive, ZipMember};
use crate::archive::{ArchiveError, Limits, ReadAt};
use crate::filename::WheelFilename;

/// What a small archive may grow to, in bytes, before its ratio counts.
const FREE_BYTES: u64 = 64 << 20;
/// How many times larger than the file its members may be.
const MAX_RATIO: u64 = 50;
/// Largest `entry_points.txt`, `WHEEL` or `RECORD` that is read, in bytes.
const MAX_LISTING_BYTES: u64 = 32 << 20;
/// Stored, and compressed with deflate.
const METHODS: [u16; 2] = [0, 8];
const IS_ENCRYPTED: u16 = 1;

pub(super) fn check(
    source: &dyn ReadAt,
    name: &WheelFilename,
    findings: &mut Vec<Finding>,
) -> Result<Option<Opened>, ArchiveError> {
    if is_tar(source)? {
        findings.push(Finding::broken(
            "the wheel is a tar archive, or both a zip and a tar archive",
        ));
    }
    let archive = ZipArchive::open(source, &Limits::DEFAULT)?;
    let members = archive.members().collect::<Result<Vec<_>, _>>()?;
    archive.check_layout(&members)?;
    let mut paths = SeenPaths::default();
    for member in &members {
        if let Some(wrong) = wrong_with(member) {
            let path = shown(&member.shown_name());
            findings.push(Finding::broken(format!("member `{path}` {wrong}")));
            // One is enough: a hostile archive has as many as it wants.
            return Ok(None);
        }
        if !paths.insert(&member.name) {
            let path = shown(&member.shown_name());
            findings.push(Finding::broken(format!(
                "the archive has two members with the path `{path}`"
            )));
            return Ok(None);
        }
    }
    let size = |of: fn(&ZipMember) -> u64| members.iter().map(of).fold(0, u64::saturating_add);
    let (whole, packed) = (size(|m| m.size_bytes), size(|m| m.compressed_bytes));
    if whole > FREE_BYTES && whole / MAX_RATIO > packed {
        findings.push(Finding::broken(format!(
            "the archive would grow from {packed} to {whole} bytes, which is more than {MAX_RATIO} times as much"
        )));
        return Ok(None);
    }
    let folder = format!("{}-{}.dist-info", name.distribution(), name.version());
    let find = |file: &str| {
        let path = format!("{folder}/{file}");
        members.iter().find(|member| member.name == path.as_bytes())
    };
    for file in ["WHEEL", "RECORD"] {
        if find(file).is_none() {
            findings.push(Finding::broken(format!(
                "the wheel has no `{folder}/{file}`"
            )));
        }
    }
    if let Some(member) = find("entry_points.txt") {
        let bytes = archive.read(member, MAX_LISTING_BYTES)?;
        if let Err(reason) = entry_points::check(&bytes) {
            findings.push(Finding::broken(format!(
                "`{folder}/entry_points.txt` cannot be read: {reason}"
            )));
        }
    }
    if let Some(member) = find("RECORD") {
        let bytes = archive.read(member, MAX_LISTING_BYTES)?;
        record::check(&bytes, &folder, &members, findings);
    }
    let Some(member) = find("METADATA") else {
        findings.push(Finding::broken(format!(
            "the wheel has no `{folder}/METADATA`; its name and version must be those of the file name"
        )));
        return Ok(None);
    };
    Ok(Some(Opened {
        metadata: archive.read(member, Limits::DEFAULT.metadata_bytes)?,
        path: format!("{folder}/METADATA"),
        license_files: LicenseFiles {
            folder: format!("{folder}/licenses/"),
            paths,
        },
    }))
}

/// Returns what no member may have, or be.
fn wrong_with(member: &ZipMember) -> Option<String> {
    let Ok(path) = std::str::from_utf8(&member.name) else {
        return Some("has a path that is not UTF-8".to_owned());
    };
    if !METHODS.contains(&member.method) {
        return Some(format!(
            "is packed with method {}; only stored and deflated members can be installed",
            member.method
        ));
    }
    if member.flags & IS_ENCRYPTED != 0 {
        return Some("is encrypted".to_owned());
    }
    if member.is_link() {
        return Some("is a symbolic link, which wheels cannot have".to_owned());
    }
    super::wrong_path(path).map(str::to_owned)
}

/// Whether the file begins like a tar archive, so that another reader would take it for one.
fn is_tar(source: &dyn ReadAt) -> Result<bool, ArchiveError> {
    const MAGIC: std::ops::Range<usize> = 257..262;
    let mut block = [0; 512];
    let mut filled = 0;
    while filled < block.len() {
        let count = source
            .read_at(filled as u64, &mut block[filled..])
            .map_err(ArchiveError::Source)?;
        if count == 0 {
            break;
        }
        filled += count;
    }
    Ok(&block[MAGIC] == b"ustar")
}
