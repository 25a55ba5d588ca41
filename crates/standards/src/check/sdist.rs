//! An sdist's archive: META-3 and the paths of META-4.

use super::{Finding, LicenseFiles, Opened, SeenPaths, shown, wrong_path};
use crate::archive::tar::{TarArchive, TarMember};
use crate::archive::zip::ZipArchive;
use crate::archive::{ArchiveError, Limits, ReadAt};
use crate::filename::{SdistFilename, SdistFormat};

/// An sdist is text for the most part, but no text shrinks more than this.
const LIMITS: Limits = Limits {
    inflation_ratio: 50,
    inflated_bytes: u64::MAX,
    ..Limits::DEFAULT
};

pub(super) fn check(
    source: &dyn ReadAt,
    name: &SdistFilename,
    findings: &mut Vec<Finding>,
) -> Result<Option<Opened>, ArchiveError> {
    match name.format() {
        SdistFormat::TarGz => check_tar(TarArchive::gzip(source, &LIMITS), findings),
        SdistFormat::Zip => check_zip(source, findings),
    }
}

fn check_tar(
    mut archive: TarArchive<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Option<Opened>, ArchiveError> {
    let mut top: Option<String> = None;
    let mut paths = SeenPaths::default();
    let mut metadata = None;
    while let Some(member) = archive.next_member()? {
        let path = member.shown_name();
        let path = path.strip_prefix("./").unwrap_or(&path);
        // Some tools write the folder that everything is in.
        if matches!(path, "" | ".") && member.kind == b'5' {
            continue;
        }
        if let Some(wrong) = wrong_with(&member, path) {
            findings.push(Finding::broken(format!("member `{}` {wrong}", shown(path))));
            return Ok(None);
        }
        let (first, below) = path.split_once('/').unwrap_or((path, ""));
        let is_loose = below.is_empty() && member.kind != b'5';
        let top = top.get_or_insert_with(|| first.to_owned());
        if is_loose || top != first {
            findings.push(Finding::broken(format!(
                "everything in an sdist must be in one folder, but `{}` is not in `{}`",
                shown(path),
                shown(top)
            )));
            return Ok(None);
        }
        if member.kind != b'5' && !paths.insert(path.as_bytes()) {
            findings.push(Finding::broken(format!(
                "the archive has two members with the path `{}`",
                shown(path)
            )));
            return Ok(None);
        }
        if below == "PKG-INFO" {
            if !member.is_file() {
                findings.push(Finding::broken(format!(
                    "`{}` is not a plain file",
                    shown(path)
                )));
                return Ok(None);
            }
            metadata = Some(archive.read(&member, LIMITS.metadata_bytes)?);
        }
    }
    Ok(opened(top, paths, metadata, findings))
}

/// An old sdist: its zip archive is looked at as a wheel's, in less detail.
fn check_zip(
    source: &dyn ReadAt,
    findings: &mut Vec<Finding>,
) -> Result<Option<Opened>, ArchiveError> {
    let archive = ZipArchive::open(source, &LIMITS)?;
    let members = archive.members().collect::<Result<Vec<_>, _>>()?;
    archive.check_layout(&members)?;
    let mut top: Option<String> = None;
    let mut paths = SeenPaths::default();
    let mut metadata = None;
    for member in &members {
        let path = member.shown_name();
        let wrong = wrong_path(&path).or(member.is_link().then_some("is a symbolic link"));
        let first = path.split('/').next().unwrap_or_default().to_owned();
        let is_other = *top.get_or_insert_with(|| first.clone()) != first;
        let wrong = wrong
            .or(is_other.then_some("is not in the one folder of the sdist"))
            .or((!paths.insert(&member.name)).then_some("is there twice"));
        if let Some(wrong) = wrong {
            findings.push(Finding::broken(format!(
                "member `{}` {wrong}",
                shown(&path)
            )));
            return Ok(None);
        }
        if path[first.len()..] == *"/PKG-INFO" {
            metadata = Some(archive.read(member, LIMITS.metadata_bytes)?);
        }
    }
    Ok(opened(top, paths, metadata, findings))
}

fn opened(
    top: Option<String>,
    paths: SeenPaths,
    metadata: Option<Vec<u8>>,
    findings: &mut Vec<Finding>,
) -> Option<Opened> {
    let top = top.unwrap_or_else(|| "NAME-VERSION".to_owned());
    let Some(metadata) = metadata else {
        findings.push(Finding::broken(format!(
            "the sdist has no `{}/PKG-INFO`",
            shown(&top)
        )));
        return None;
    };
    Some(Opened {
        metadata,
        path: format!("{top}/PKG-INFO"),
        license_files: LicenseFiles {
            folder: format!("{top}/"),
            paths,
        },
    })
}

/// Returns what no member may have, or be.
fn wrong_with(member: &TarMember, path: &str) -> Option<String> {
    if member.is_sparse {
        return Some("is a sparse file, which readers do not agree on".to_owned());
    }
    if let Some(wrong) = wrong_path(path) {
        return Some(wrong.to_owned());
    }
    let link = String::from_utf8_lossy(&member.link);
    match member.kind {
        b'0' | b'7' | 0 | b'5' => None,
        // A hard link names another member, from the archive's top.
        b'1' => leaves(
            link.strip_prefix("./").unwrap_or(&link),
            path.split('/').next(),
        )
        .then(|| {
            format!(
                "is a link to `{}`, which is outside the sdist",
                shown(&link)
            )
        }),
        // A symbolic one begins at the folder that it is in.
        b'2' => {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            leaves(&format!("{folder}/{link}"), path.split('/').next())
                .then_some(())
                .or(link.starts_with('/').then_some(()))
                .map(|()| {
                    format!(
                        "is a link to `{}`, which is outside the sdist",
                        shown(&link)
                    )
                })
        }
        b'3' | b'4' => Some("is a device".to_owned()),
        b'6' => Some("is a named pipe".to_owned()),
        kind => Some(format!(
            "is of the type `{}`, which is neither a file nor a folder nor a link",
            char::from(kind).escape_default()
        )),
    }
}

/// Whether a path, from the archive's top, leads out of the one folder that everything is in.
fn leaves(path: &str, top: Option<&str>) -> bool {
    let mut depth: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                depth.pop();
                if depth.is_empty() {
                    return true;
                }
            }
            part => depth.push(part),
        }
        if depth.first().copied() != top && !depth.is_empty() {
            return true;
        }
    }
    path.starts_with('/')
}
