//! What the thread does that needs no help of the kernel to be seen.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, open};
use tokio::sync::mpsc::error::TryRecvError;

use super::super::beneath::FOLDER;
use super::super::root::Root;
use super::super::{DirectoryOptions, DirectoryStore};
use super::inotify::{Folder, Told, Watches, What};
use super::report::{Outcome, Report};
use super::walk::Walker;
use super::*;

fn follower_of(root: &Path) -> (Follower, mpsc::Receiver<Observation>, Watch) {
    let options = DirectoryOptions {
        scan_interval: Some(Duration::from_millis(20)),
        rest: Duration::from_millis(50),
        long_rest: Duration::from_millis(100),
        ..DirectoryOptions::default()
    };
    let store = DirectoryStore::new(vec![root.to_owned()], options).unwrap();
    let (observer, observations) = mpsc::channel(64);
    let bell = Arc::new(eventfd(0, EventfdFlags::NONBLOCK).unwrap());
    let watch = Watch {
        bell: Arc::clone(&bell),
    };
    let follower = Follower::new(Arc::clone(&store.shared), observer, bell);
    (follower, observations, watch)
}

#[test]
fn files_are_found_when_the_kernel_watches_no_more_folders() {
    let root = tempfile::tempdir().unwrap();
    let (mut follower, mut observations, _watch) = follower_of(root.path());
    assert!(follower.watches.is_some());
    follower.give_up_watching("for a test");
    std::thread::spawn(move || follower.run());
    fs::write(root.path().join("a-1.0.zip"), "no archive").unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let is_told = |observation: &Observation| match observation {
        Observation::Files(seen) => seen.iter().any(|file| file.fingerprint.is_some()),
        Observation::Scan(scan) => !scan.files.is_empty(),
    };
    loop {
        match observations.try_recv() {
            Ok(observation) if is_told(&observation) => return,
            Ok(_) => {}
            Err(TryRecvError::Empty) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => panic!("{error}"),
        }
        assert!(Instant::now() < deadline);
    }
}

#[test]
fn an_overflow_of_the_kernels_memory_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new(folder.path()).unwrap();
    let mut watches = Watches::new().unwrap();
    let top = Folder {
        root: 0,
        path: String::new(),
    };
    watches.add(&root, top.clone()).unwrap();
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let limit: usize = limit.trim().parse().unwrap();
    let (one, two) = (folder.path().join("a-1.zip"), folder.path().join("b-1.zip"));
    fs::write(&one, "x").unwrap();
    // Each renaming is two events, and no two in a row are the same.
    for _ in 0..=limit / 4 {
        fs::rename(&one, &two).unwrap();
        fs::rename(&two, &one).unwrap();
    }
    let mut told = Vec::new();
    loop {
        let more = watches.take();
        if more.is_empty() {
            break;
        }
        told.extend(more);
    }
    assert_eq!(told.last(), Some(&Told::Overflow));
    let what = What::FileGone;
    assert!(told.contains(&Told::Entry {
        folder: top,
        name: "a-1.zip".to_owned(),
        what
    }));
}

#[test]
fn reading_and_serving_files_wakes_nobody() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join(".wheelhouse")).unwrap();
    fs::write(folder.path().join("a-1.zip"), "x").unwrap();
    let root = Root::new(folder.path()).unwrap();
    let mut watches = Watches::new().unwrap();
    let opened = open(folder.path(), FOLDER, Mode::empty()).unwrap();
    let walked = Walker::default().walk(&root, &opened, "", |path| {
        watches
            .add(
                &root,
                Folder {
                    root: 0,
                    path: path.to_owned(),
                },
            )
            .unwrap();
    });
    assert_eq!(walked.files.len(), 1);
    assert_eq!(fs::read(folder.path().join("a-1.zip")).unwrap(), b"x");
    fs::write(folder.path().join(".wheelhouse/catalog"), "busy").unwrap();
    assert_eq!(watches.take(), []);
    fs::write(folder.path().join("a-1.zip"), "y").unwrap();
    assert!(!watches.take().is_empty());
}

#[test]
fn news_that_nobody_takes_are_not_kept_but_known_to_be_lost() {
    let (observer, mut observations) = mpsc::channel(1);
    let mut report = Report::new(observer);
    let path = |number: usize| format!("a-{number}.zip").parse().unwrap();
    report.add(path(1), None);
    assert_eq!(report.tell_files(), Outcome::Told);
    assert!(!report.is_free());
    report.add(path(2), None);
    assert_eq!(report.tell_files(), Outcome::Lost);
    assert!(matches!(observations.try_recv(), Ok(Observation::Files(seen)) if seen.len() == 1));
    assert_eq!(report.tell_files(), Outcome::Told);
    for number in 0..1_000 {
        report.add(path(number), None);
    }
    assert_eq!(report.tell_files(), Outcome::Lost);
    assert!(observations.try_recv().is_err());
    drop(observations);
    assert!(report.is_over());
}

#[test]
fn a_folder_that_moved_away_is_not_watched_any_more() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["team/deep", "teams"] {
        fs::create_dir_all(folder.path().join(path)).unwrap();
    }
    let root = Root::new(folder.path()).unwrap();
    let mut watches = Watches::new().unwrap();
    for path in ["team", "team/deep", "teams"] {
        let path = path.to_owned();
        watches.add(&root, Folder { root: 0, path }).unwrap();
    }
    watches.remove(&Folder {
        root: 0,
        path: "team".to_owned(),
    });
    fs::write(folder.path().join("team/a-1.zip"), "x").unwrap();
    fs::write(folder.path().join("team/deep/a-1.zip"), "x").unwrap();
    assert_eq!(watches.take(), []);
    fs::write(folder.path().join("teams/a-1.zip"), "x").unwrap();
    assert!(!watches.take().is_empty());
}
