//! What kind of file system a folder is on, and whether it can be written.

use std::io;
use std::path::Path;

use super::temporary::PROBE_PREFIX;

/// Magic numbers of file systems that other machines, or programs outside this kernel, change:
/// nobody tells us of those changes, locks may not work, and opening a file may take long.
const FOREIGN: [(&str, u32); 22] = [
    ("NFS", 0x0000_6969),
    ("SMB", 0x0000_517B),
    ("CIFS", 0xFF53_4D42),
    ("SMB2", 0xFE53_4D42),
    ("NCP", 0x0000_564C),
    ("FUSE", 0x6573_5546),
    ("9P", 0x0102_1997),
    ("Ceph", 0x00C3_6400),
    ("Lustre", 0x0BD0_0BD0),
    ("AFS", 0x5346_414F),
    ("kAFS", 0x6B41_4653),
    ("Coda", 0x7375_7245),
    ("GPFS", 0x4750_4653),
    ("GFS2", 0x0116_1970),
    ("OCFS2", 0x7461_636F),
    ("PanFS", 0xAAD7_AAEA),
    ("VirtualBox shared folder", 0x786F_4256),
    ("Parallels shared folder", 0x7C7C_6673),
    ("VMware shared folder", 0xBACB_ACBC),
    ("BeeGFS", 0x1983_0326),
    ("StorNext", 0xBEEF_DEAD),
    ("ACFS", 0x6163_6673),
];

/// Returns whether a folder is on a file system of this machine alone: one where inotify tells
/// of every change and SQLite's write-ahead log works. A folder that cannot be asked counts as
/// local.
pub fn is_local_file_system(folder: &Path) -> bool {
    rustix::fs::statfs(folder).map_or(true, |status| {
        // The kernel keeps 32 bits; how many the system's type has differs.
        let magic = status.f_type.to_ne_bytes();
        !FOREIGN
            .iter()
            .any(|&(_, foreign)| is_magic(&magic, foreign))
    })
}

fn is_magic(found: &[u8], magic: u32) -> bool {
    let wanted = magic.to_le_bytes();
    let mut found = found.to_vec();
    if cfg!(target_endian = "big") {
        found.reverse();
    }
    found.get(..wanted.len()) == Some(&wanted)
}

/// Succeeds if files can be made in a folder, which is tried.
///
/// # Errors
/// Why not and what to do, as a part of a sentence.
pub fn writable(folder: &Path) -> Result<(), String> {
    tempfile::Builder::new()
        .prefix(PROBE_PREFIX)
        .tempfile_in(folder)
        .map(drop)
        .map_err(|error| unwritable(folder, &error))
}

/// Says why nothing can be written in a folder, and what to do.
pub(super) fn unwritable(folder: &Path, error: &io::Error) -> String {
    let folder = folder.display();
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => format!(
            "folder `{folder}` is on a file system that is mounted read-only; mount it writable, or name a writable folder first"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "the server has no right to write in folder `{folder}`; give it to the user that runs the server, or name a writable folder first"
        ),
        _ => format!("nothing can be written in folder `{folder}`: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_told_from_local_ones_by_their_magic_number() {
        // As 64-bit and 32-bit systems give them, the latter with a sign.
        assert!(is_magic(&0xFF53_4D42_i64.to_ne_bytes(), 0xFF53_4D42));
        assert!(is_magic(
            &0xFF53_4D42_u32.cast_signed().to_ne_bytes(),
            0xFF53_4D42
        ));
        assert!(!is_magic(&0xEF53_i64.to_ne_bytes(), 0x6969));
        assert!(is_local_file_system(&std::env::temp_dir()));
        assert!(is_local_file_system(Path::new("/proc")));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(writable(folder.path()), Ok(()));
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
        let missing = folder.path().join("missing");
        let reason = writable(&missing).unwrap_err();
        assert!(reason.contains("missing"), "{reason}");
    }
}
