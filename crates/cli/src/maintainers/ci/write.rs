//! Putting the file into its place, unless somebody's work is there.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Context;
use wheelhouse_release::pipelines::{Hand, Pipeline, System, whose};

use crate::exit::{Failure, ReleaseFailure};

/// The largest file that may be one of ours, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Where jobs stand that a file of GitLab's is to include.
const INCLUDED: &str = ".gitlab/release.yml";

/// What became of the file.
pub(super) enum Written {
    /// It is in its place, and this is what was done.
    There(&'static str),
    /// Somebody else's file is in its place: it is in this one, which that one can include.
    Beside(String),
}

/// Writes the file into a repository.
pub(super) fn write(
    top: &Path,
    file: &str,
    pipeline: &Pipeline,
    text: &str,
    is_forced: bool,
) -> Result<Written, Failure> {
    let place = top.join(file);
    let Some(there) = read(&place)? else {
        return put(&place, text).map(|()| Written::There("written"));
    };
    if there == text {
        return Ok(Written::There("is as it should be"));
    }
    let hand = whose(pipeline.folder.as_str(), &there);
    if is_forced || hand == Hand::Ours {
        return put(&place, text).map(|()| Written::There("written anew"));
    }
    if hand == Hand::Theirs && pipeline.system == System::GitLab && file != INCLUDED {
        write(top, INCLUDED, pipeline, text, false)?;
        return Ok(Written::Beside(INCLUDED.to_owned()));
    }
    let what = match hand {
        Hand::Changed => "was changed since it was written",
        Hand::OfAnotherFolder => "is that of a project in another folder",
        Hand::Ours | Hand::Theirs => "is there, and is not ours",
    };
    let hint = "see what would be written with --print; --force writes over it";
    Err(ReleaseFailure::checks(format!("{file} {what}; nothing was written"), hint).into())
}

/// Reads the file that is there, if one is.
fn read(place: &Path) -> Result<Option<String>, Failure> {
    let found = match std::fs::symlink_metadata(place) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        found => found.with_context(|| format!("cannot look at {}", place.display()))?,
    };
    if !found.is_file() || found.len() > MAX_BYTES {
        let message = format!(
            "{} is no file that could be ours; nothing was written",
            place.display()
        );
        return Err(ReleaseFailure::checks(message, "").into());
    }
    let bytes = std::fs::read(place).with_context(|| format!("cannot read {}", place.display()))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Writes a file, whole or not at all.
fn put(place: &Path, text: &str) -> Result<(), Failure> {
    let folder = place.parent().unwrap_or(place);
    let cannot = || format!("cannot write {}", place.display());
    std::fs::create_dir_all(folder).with_context(cannot)?;
    let mut new = tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(0o644))
        .tempfile_in(folder)
        .with_context(cannot)?;
    new.write_all(text.as_bytes()).with_context(cannot)?;
    new.persist(place).with_context(cannot)?;
    Ok(())
}
