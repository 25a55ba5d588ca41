//! Being told of changes by the kernel.

use std::collections::HashMap;
use std::mem::MaybeUninit;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{
    CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch,
};
use rustix::io::Errno;

use super::super::root::Root;

/// How many changes are taken at a time.
const BATCH: usize = 4_096;

/// The folders that the kernel watches for us.
#[derive(Debug)]
pub(super) struct Watches {
    kernel: OwnedFd,
    folders: HashMap<i32, Folder>,
}

/// A folder in one of the roots; the root itself is the empty path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) root: usize,
    pub(super) path: String,
}

/// Something that the kernel told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Something happened to an entry of a folder.
    Entry {
        folder: Folder,
        name: String,
        what: What,
    },
    /// Something happened to a root itself.
    Root,
    /// More happened than the kernel could remember.
    Overflow,
}

/// What happened to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A folder came to be there, with anything in it.
    FolderAppeared,
    /// A folder is gone from here, with everything in it.
    FolderGone,
    /// A file came to be there, as it is, or was closed by somebody who wrote it.
    FileComplete,
    /// A file was made, or written into.
    FileChanging,
    /// The time stamps or rights of a file were changed.
    FileTouched,
    /// A file is gone from here.
    FileGone,
}

/// The kernel does not watch as many folders as there are.
#[derive(Debug)]
pub(super) struct LimitReached;

impl Watches {
    /// Begins with no folder.
    pub(super) fn new() -> rustix::io::Result<Self> {
        Ok(Self {
            kernel: init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?,
            folders: HashMap::new(),
        })
    }

    /// Has a folder watched. One that is not there is not an error.
    pub(super) fn add(&mut self, root: &Root, folder: Folder) -> Result<(), LimitReached> {
        let mut flags = WatchFlags::CREATE
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::DELETE
            | WatchFlags::ONLYDIR;
        flags |= if folder.path.is_empty() {
            WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF
        } else {
            WatchFlags::DONT_FOLLOW
        };
        match add_watch(&self.kernel, root.path().join(&folder.path), flags) {
            Ok(number) => {
                self.folders.insert(number, folder);
                Ok(())
            }
            Err(Errno::NOSPC | Errno::NOMEM) => Err(LimitReached),
            Err(error) => {
                tracing::debug!("folder `{}` cannot be watched: {error}", folder.path);
                Ok(())
            }
        }
    }

    /// Ends to watch a folder and all those in it.
    pub(super) fn remove(&mut self, gone: &Folder) {
        let prefix = format!("{}/", gone.path);
        let is_in = |folder: &Folder| {
            folder.root == gone.root
                && (gone.path.is_empty()
                    || folder.path == gone.path
                    || folder.path.starts_with(&prefix))
        };
        let kernel = &self.kernel;
        self.folders.retain(|&number, folder| {
            if is_in(folder) {
                // The kernel has ended it by itself if the folder was removed.
                let _ = remove_watch(kernel, number);
            }
            !is_in(folder)
        });
    }

    /// Takes what was told since the last time, up to a limit.
    pub(super) fn take(&mut self) -> Vec<Told> {
        let mut buffer = [const { MaybeUninit::uninit() }; 16 * 1024];
        let mut reader = Reader::new(&self.kernel, &mut buffer);
        let mut told = Vec::new();
        let mut ended = Vec::new();
        while told.len() < BATCH || !reader.is_buffer_empty() {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                Err(_) => break,
            };
            let flags = event.events();
            if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                told.push(Told::Overflow);
                continue;
            }
            let Some(folder) = self.folders.get(&event.wd()) else {
                continue;
            };
            let on_itself = ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::UNMOUNT;
            if flags.intersects(on_itself) {
                told.push(Told::Root);
            }
            if flags.contains(ReadFlags::IGNORED) {
                ended.push(event.wd());
            }
            // Names that are not UTF-8 are complained about when the folder is read.
            let name = event.file_name().and_then(|name| name.to_str().ok());
            if let Some(name) = name.filter(|name| !name.starts_with('.'))
                && let Some(what) = what(flags)
            {
                let (folder, name) = (folder.clone(), name.to_owned());
                told.push(Told::Entry { folder, name, what });
            }
        }
        for number in ended {
            self.folders.remove(&number);
        }
        told
    }
}

impl AsFd for Watches {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.kernel.as_fd()
    }
}

fn what(flags: ReadFlags) -> Option<What> {
    let came = ReadFlags::CREATE | ReadFlags::MOVED_TO;
    let went = ReadFlags::DELETE | ReadFlags::MOVED_FROM;
    if flags.contains(ReadFlags::ISDIR) {
        return if flags.intersects(came) {
            Some(What::FolderAppeared)
        } else if flags.intersects(went) {
            Some(What::FolderGone)
        } else {
            None
        };
    }
    if flags.intersects(ReadFlags::MOVED_TO | ReadFlags::CLOSE_WRITE) {
        Some(What::FileComplete)
    } else if flags.intersects(ReadFlags::CREATE | ReadFlags::MODIFY) {
        Some(What::FileChanging)
    } else if flags.intersects(went) {
        Some(What::FileGone)
    } else if flags.contains(ReadFlags::ATTRIB) {
        Some(What::FileTouched)
    } else {
        None
    }
}
