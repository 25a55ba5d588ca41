//! How much room the folders have.

use std::path::PathBuf;

use wheelhouse_index::ports::{DiskRoom, DiskUse, Disks};

/// The folders of a server.
#[derive(Debug)]
pub struct Folders(Vec<(DiskUse, PathBuf)>);

impl Folders {
    /// Makes a list of folders, each with what is kept there.
    pub fn new(folders: impl IntoIterator<Item = (DiskUse, PathBuf)>) -> Self {
        Self(folders.into_iter().collect())
    }
}

impl Disks for Folders {
    fn room(&self) -> Vec<DiskRoom> {
        let room = |(kept, folder): &(DiskUse, PathBuf)| DiskRoom {
            kept: *kept,
            place: folder.display().to_string(),
            bytes: rustix::fs::statvfs(folder).ok().map(|disk| {
                let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
                (bytes(disk.f_bavail), bytes(disk.f_blocks))
            }),
        };
        self.0.iter().map(room).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_of_a_folder_is_that_of_its_disk_and_of_a_missing_one_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        let folders = Folders::new([
            (DiskUse::Files, folder.path().to_owned()),
            (DiskUse::State, missing.clone()),
        ]);
        let room = folders.room();
        let (free, all) = room[0].bytes.expect("a disk");
        assert!(free <= all && all > 0, "{room:?}");
        assert_eq!(room[0].kept, DiskUse::Files);
        assert_eq!(room[1].bytes, None);
        assert_eq!(room[1].place, missing.display().to_string());
    }
}
