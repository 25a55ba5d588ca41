//! Taking old snapshots away, and then the contents that none names any more.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use wheelhouse_standards::digest::Sha256Digest;

use super::error::BackupError;
use super::place::{BackupPlace, read_folder, sync};
use super::rows_file::{LinesReader, check_written};
use super::sealing::Identities;

/// What was taken away.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Names of snapshots.
    pub snapshots: Vec<String>,
    /// Contents that no snapshot names any more.
    pub contents: u64,
    /// How many bytes those had in the place.
    pub bytes: u64,
}

/// Keeps the newest `keep` snapshots of a place, which was opened with [`BackupPlace::begin`], so that
/// nobody writes or reads there meanwhile.
///
/// # Errors
/// [`BackupError`] if a snapshot that stays cannot be read: nothing is taken away then, because
/// nobody knows what it names.
pub fn prune(place: &BackupPlace, keep: usize) -> Result<Pruned, BackupError> {
    let mut stays = Vec::new();
    for listed in place.snapshots_there()? {
        stays.push(listed.manifest?);
    }
    let goes: Vec<_> = stays.drain(..stays.len().saturating_sub(keep)).collect();
    let mut named: BTreeSet<[u8; 32]> = BTreeSet::new();
    for manifest in &stays {
        let path = place.contents_path(&manifest.name());
        check_written(&path, &manifest.contents_file)?;
        let mut lines = LinesReader::open(&path, false, &Identities::default())?;
        while let Some(line) = lines.next_line()? {
            let digest = line.split(' ').next().unwrap_or_default();
            let digest: Sha256Digest = digest
                .parse()
                .map_err(|error| BackupError::damaged(&path, &format!("{error}")))?;
            named.insert(*digest.as_bytes());
        }
    }
    let mut pruned = Pruned::default();
    let snapshots = place.snapshots();
    for manifest in &goes {
        // The manifest first: without it the rest is nothing.
        remove(&snapshots.join(format!("{}.json", manifest.name())))?;
        pruned.snapshots.push(manifest.name());
    }
    sync(&snapshots)?;
    let names: BTreeSet<String> = stays.iter().map(super::Manifest::name).collect();
    for path in read_folder(&snapshots)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let of = [".rows.zst", ".rows.zst.age", ".contents.zst"]
            .iter()
            .find_map(|ending| name.strip_suffix(ending));
        if of.is_some_and(|of| !names.contains(of)) {
            remove(&path)?;
        }
    }
    for folder in read_folder(&place.contents())? {
        for path in read_folder(&folder)? {
            let first = folder.file_name().unwrap_or_default().to_string_lossy();
            let rest = path.file_name().unwrap_or_default().to_string_lossy();
            let Ok(digest) = format!("{first}{rest}").parse::<Sha256Digest>() else {
                continue;
            };
            if !named.contains(digest.as_bytes()) {
                pruned.bytes += fs::metadata(&path).map_or(0, |found| found.len());
                pruned.contents += 1;
                remove(&path)?;
            }
        }
    }
    Ok(pruned)
}

fn remove(path: &Path) -> Result<(), BackupError> {
    fs::remove_file(path).map_err(|error| BackupError::io("remove", path, error))
}
