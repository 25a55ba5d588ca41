//! Whether two files of packages hold the same, however they were packed.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use wheelhouse_standards::archive::tar::TarArchive;
use wheelhouse_standards::archive::zip::ZipArchive;
use wheelhouse_standards::archive::{ArchiveError, FileAt, Limits};
use wheelhouse_standards::digest::{Digester, Sha256Digest};

/// The largest member that is compared, in bytes.
const MEMBER_BYTES: u64 = 1 << 30;

/// What a member of an archive is, but for its time, its owner and its place in the archive.
#[derive(PartialEq, Eq)]
enum Member {
    File(Sha256Digest),
    /// A link or a device: its type and where it leads.
    Other(u8, Vec<u8>),
}

type Members = BTreeMap<Vec<u8>, Member>;

/// Returns whether two archives of one kind have the same members with the same bytes. Build tools
/// write the time of the build into archives, so that two builds of one source differ.
///
/// # Errors
/// [`ArchiveError`] if one of them cannot be read, or a member is larger than a GiB.
pub fn same_contents(one: &Path, other: &Path) -> Result<bool, ArchiveError> {
    Ok(members(one)? == members(other)?)
}

fn members(path: &Path) -> Result<Members, ArchiveError> {
    let file = File::open(path).map_err(ArchiveError::Source)?;
    let size_bytes = file.metadata().map_err(ArchiveError::Source)?.len();
    let source = FileAt::new(&file, size_bytes);
    let limits = Limits::default();
    let ending = path.extension().and_then(|ending| ending.to_str());
    if matches!(ending, Some("gz" | "tgz")) {
        return members_of_tar(TarArchive::gzip(&source, &limits));
    }
    let archive = ZipArchive::open(&source, &limits)?;
    let mut found = Members::new();
    for member in archive.members() {
        let member = member?;
        if !member.is_folder() {
            let bytes = archive.read(&member, MEMBER_BYTES)?;
            found.insert(member.name, Member::File(digest_of(&bytes)));
        }
    }
    Ok(found)
}

fn members_of_tar(mut archive: TarArchive<'_>) -> Result<Members, ArchiveError> {
    const FOLDER: u8 = b'5';
    let mut found = Members::new();
    while let Some(member) = archive.next_member()? {
        let what = if member.is_file() {
            Member::File(digest_of(&archive.read(&member, MEMBER_BYTES)?))
        } else if member.kind == FOLDER {
            continue;
        } else {
            Member::Other(member.kind, member.link)
        };
        found.insert(member.name, what);
    }
    Ok(found)
}

fn digest_of(bytes: &[u8]) -> Sha256Digest {
    let mut digester = Digester::new(None);
    digester.update(bytes);
    digester.finish().sha256
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn tar(folder: &Path, name: &str, time: u64, members: &[(&str, &str)]) -> std::path::PathBuf {
        let path = folder.join(name);
        let file = File::create(&path).expect("a file");
        let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(
            file,
            flate2::Compression::fast(),
        ));
        for (name, text) in members {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mtime(time);
            header.set_mode(0o644);
            builder
                .append_data(&mut header, name, text.as_bytes())
                .expect("a member");
        }
        builder
            .into_inner()
            .expect("whole")
            .finish()
            .expect("whole");
        path
    }

    fn zip(folder: &Path, name: &str, members: &[(&str, &str)]) -> std::path::PathBuf {
        let path = folder.join(name);
        let mut writer = zip::ZipWriter::new(File::create(&path).expect("a file"));
        for (name, text) in members {
            let options = zip::write::SimpleFileOptions::default();
            writer.start_file(*name, options).expect("a member");
            writer.write_all(text.as_bytes()).expect("bytes");
        }
        writer.finish().expect("whole");
        path
    }

    #[test]
    fn times_and_order_do_not_count_and_bytes_and_names_do() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let both = [("x-1/a", "A"), ("x-1/b", "B")];
        let one = tar(folder, "1.tar.gz", 1, &both);
        for (name, members, is_same) in [
            ("2.tar.gz", &[("x-1/b", "B"), ("x-1/a", "A")][..], true),
            ("3.tar.gz", &[("x-1/a", "A"), ("x-1/b", "C")], false),
            ("4.tar.gz", &[("x-1/a", "A")], false),
            ("5.tar.gz", &[("x-1/a", "A"), ("x-2/b", "B")], false),
        ] {
            let other = tar(folder, name, 2, members);
            assert_eq!(
                same_contents(&one, &other).expect("read"),
                is_same,
                "{name}"
            );
        }
        let one = zip(folder, "1.whl", &both);
        let other = zip(folder, "2.whl", &[("x-1/b", "B"), ("x-1/a", "A")]);
        assert!(same_contents(&one, &other).expect("read"));
        let other = zip(folder, "3.whl", &[("x-1/b", "B"), ("x-1/a", "a")]);
        assert!(!same_contents(&one, &other).expect("read"));
    }

    #[test]
    fn what_is_no_archive_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x-1.tar.gz");
        std::fs::write(&path, "no archive").expect("written");
        assert!(same_contents(&path, &path).is_err());
        assert!(same_contents(&path, &folder.path().join("absent.whl")).is_err());
    }
}
