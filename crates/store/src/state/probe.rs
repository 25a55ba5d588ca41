//! A look at a folder: can state be kept in it?

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::{Fitness, Parents};

/// Looks whether state can be kept in `path`, and makes the folder if so.
pub(super) fn probe(path: &Path, parents: Parents) -> Fitness {
    // Looks at the file system before making anything: nothing is left on a remote one that is
    // then not used.
    let existing = path.ancestors().find(|ancestor| ancestor.exists());
    let remote = existing.and_then(remote_kind);
    if let (Some(kind), Parents::MustExist) = (remote, parents) {
        return Fitness::Remote(kind);
    }
    match (make(path, parents).and_then(|()| try_writing(path)), remote) {
        (Err(error), _) => Fitness::Unfit(error.to_string()),
        (Ok(()), Some(kind)) => Fitness::Remote(kind),
        (Ok(()), None) => Fitness::Fit,
    }
}

fn make(path: &Path, parents: Parents) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    // What is in it tells of packages and users: it is for nobody else to read.
    DirBuilder::new()
        .mode(0o700)
        .recursive(parents == Parents::MayBeMade)
        .create(path)
}

/// Permission bits do not tell everything: a read-only mount, a quota, another user's rules.
fn try_writing(path: &Path) -> io::Result<()> {
    let file = tempfile::Builder::new()
        .prefix(".probe-")
        .tempfile_in(path)?;
    file.as_file().sync_all()
}

/// Returns the kind of a file system on which the database's shared memory cannot be relied on.
#[cfg(target_os = "linux")]
fn remote_kind(path: &Path) -> Option<&'static str> {
    let found = rustix::fs::statfs(path).ok()?;
    // The numbers' type is another one on each machine; their digits are the same.
    Some(match format!("{:x}", found.f_type).as_str() {
        "6969" => "nfs",
        "517b" => "smb",
        "ff534d42" => "cifs",
        "fe534d42" => "smb2",
        "5346414f" | "6b414653" => "afs",
        "73757245" => "coda",
        "564c" => "ncp",
        "c36400" => "ceph",
        "1021997" => "9p",
        "65735546" => "fuse",
        "bd00bd0" => "lustre",
        "47504653" => "gpfs",
        "19830326" => "beegfs",
        "1161970" => "gfs2",
        "7461636f" => "ocfs2",
        _ => return None,
    })
}

#[cfg(not(target_os = "linux"))]
fn remote_kind(_path: &Path) -> Option<&'static str> {
    None
}
