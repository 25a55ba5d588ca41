//! The thread that follows what happens in the folders.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::fs::Timespec;
use tokio::sync::mpsc;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::Observation;
use wheelhouse_standards::found::FoundFile;

use super::super::ledger::{Pending, Place};
use super::super::root::FolderId;
use super::super::{Shared, WatchMode};
use super::inotify::{Folder, Told, Watches, What};
use super::report::{Outcome, Report};
use super::rest::{Verdict, look};
use super::walk::{Walker, join};

/// How often the roots are looked at, whether they are there.
const ROOTS_INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait for an observer who is slow.
const PATIENCE: Duration = Duration::from_millis(200);

/// What the thread keeps.
pub(super) struct Follower {
    pub(super) shared: Arc<Shared>,
    pub(super) report: Report,
    pub(super) walker: Walker,
    /// `None` if the kernel tells of no folder.
    pub(super) watches: Option<Watches>,
    pub(super) roots: Vec<RootState>,
    /// Files that are gone, or so it seems.
    gone: HashSet<Place>,
    /// Since when something has seemed gone, and when to find out.
    gone_since: Option<Instant>,
    gone_due: Option<Instant>,
    pub(super) scan_due: Instant,
    /// Whether something happened since the last scan began that asks for another one.
    pub(super) is_scan_wanted: bool,
    pub(super) last_scan: Option<LastScan>,
    roots_due: Instant,
    bell: Arc<OwnedFd>,
}

/// What the thread knows of one of the roots.
#[derive(Debug, Default)]
pub(super) struct RootState {
    /// Which folder it is, or `None` while it is away.
    pub(super) present: Option<FolderId>,
    /// Whether it is known to be away, and that was told.
    pub(super) is_away: bool,
    /// Whether it was read to the end once.
    pub(super) is_known: bool,
    /// Whether the kernel tells of its changes.
    pub(super) is_watched: bool,
}

/// The last time that everything was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastScan {
    pub(super) ended: Instant,
    pub(super) took: Duration,
    /// When a scan was told last, and a digest of it.
    pub(super) told: Option<(Instant, u64)>,
}

impl Follower {
    pub(super) fn new(
        shared: Arc<Shared>,
        observer: mpsc::Sender<Observation>,
        bell: Arc<OwnedFd>,
    ) -> Self {
        let now = Instant::now();
        let is_watched = |is_local: bool| is_local && shared.options.watch == WatchMode::Auto;
        let roots: Vec<RootState> = shared
            .roots
            .iter()
            .map(|root| RootState {
                is_watched: is_watched(root.is_local()),
                ..RootState::default()
            })
            .collect();
        let mut follower = Self {
            report: Report::new(observer),
            walker: Walker::default(),
            watches: None,
            gone: HashSet::new(),
            gone_since: None,
            gone_due: None,
            scan_due: now,
            is_scan_wanted: false,
            last_scan: None,
            roots_due: now + ROOTS_INTERVAL,
            bell,
            roots,
            shared,
        };
        if follower.roots.iter().any(|root| root.is_watched) {
            match Watches::new() {
                Ok(watches) => follower.watches = Some(watches),
                Err(error) => follower.give_up_watching(&format!(
                    "the kernel does not watch folders ({error}); raise fs.inotify.max_user_instances"
                )),
            }
        }
        follower
    }

    /// Follows until the watcher is dropped, or nobody listens any more.
    pub(super) fn run(mut self) {
        while !self.report.is_over() {
            let now = Instant::now();
            if now >= self.roots_due {
                self.look_at_roots();
            }
            if now >= self.scan_due {
                if self.report.is_free() {
                    self.scan();
                } else {
                    self.scan_due = now + PATIENCE;
                }
            }
            self.look_at_pending();
            self.tell_gone();
            if self.report.has_files()
                && let Some(last) = &mut self.last_scan
            {
                // The next scan is news even if it says what the last one said.
                last.told = None;
            }
            if self.report.tell_files() == Outcome::Lost {
                self.want_scan();
            }
            if self.wait() {
                return;
            }
            for told in self.watches.as_mut().map(Watches::take).unwrap_or_default() {
                self.hear(told);
            }
        }
    }

    /// Has everything read soon, but not so often that nothing else is done.
    pub(super) fn want_scan(&mut self) {
        self.is_scan_wanted = true;
        let soonest = self
            .last_scan
            .map_or_else(Instant::now, |last| last.ended + 4 * last.took);
        self.scan_due = self.scan_due.min(soonest);
    }

    /// Goes on without the kernel's help.
    pub(super) fn give_up_watching(&mut self, reason: &str) {
        tracing::warn!("{reason}; until then all folders are read every few seconds");
        self.watches = None;
        for root in &mut self.roots {
            root.is_watched = false;
        }
        self.want_scan();
    }

    /// Waits for something to do. Returns whether that is to end.
    fn wait(&mut self) -> bool {
        let due = {
            let ledger = self.shared.ledger();
            // Nothing is to be found out of files in a root that is away.
            let pending = ledger
                .pending
                .iter()
                .filter(|(place, _)| !self.roots[place.0].is_away)
                .map(|(_, pending)| pending.due);
            let own = [self.scan_due, self.roots_due].into_iter();
            pending.chain(own).chain(self.gone_due).min()
        };
        let timeout = due.map_or(ROOTS_INTERVAL, |due| {
            due.saturating_duration_since(Instant::now())
                .min(ROOTS_INTERVAL)
        });
        let timeout = Timespec::try_from(timeout).ok();
        let mut sources = vec![PollFd::new(&*self.bell, PollFlags::IN)];
        if let Some(watches) = &self.watches {
            sources.push(PollFd::new(watches, PollFlags::IN));
        }
        // An interrupted wait is a short one.
        let _ = poll(&mut sources, timeout.as_ref());
        sources[0].revents().contains(PollFlags::IN)
    }

    fn hear(&mut self, told: Told) {
        match told {
            Told::Overflow => {
                tracing::info!("much has changed at once: all folders are read again");
                self.want_scan();
            }
            Told::Root => self.look_at_roots(),
            Told::Entry {
                folder,
                name,
                what: What::FolderAppeared,
            } => {
                let path = join(&folder.path, &name);
                self.scan_folder(&Folder {
                    root: folder.root,
                    path,
                });
            }
            Told::Entry {
                folder,
                name,
                what: What::FolderGone,
            } => {
                let path = join(&folder.path, &name);
                if let Some(watches) = &mut self.watches {
                    watches.remove(&Folder {
                        root: folder.root,
                        path,
                    });
                }
                // What was in it is found to be gone when the folders are read.
                self.scan_due = self
                    .scan_due
                    .min(Instant::now() + self.shared.options.gone_after);
            }
            Told::Entry { folder, name, what } => {
                if FoundFile::of(&name).is_some()
                    && let Ok(path) = join(&folder.path, &name).parse()
                {
                    self.hear_of_file((folder.root, path), what);
                }
            }
        }
    }

    fn hear_of_file(&mut self, place: Place, what: What) {
        let now = Instant::now();
        if what == What::FileGone {
            let gone_after = self.shared.options.gone_after;
            let since = *self.gone_since.get_or_insert(now);
            self.gone_due = Some((now + gone_after).min(since + 3 * gone_after));
            self.gone.insert(place);
            return;
        }
        let is_pending = self.shared.ledger().pending.contains_key(&place);
        // A pending file is looked at in its time.
        if is_pending && what != What::FileComplete {
            return;
        }
        let (root, path) = (&self.shared.roots[place.0], &place.1);
        let Ok(Some(found)) = root.fingerprint(path) else {
            return;
        };
        let mut ledger = self.shared.ledger();
        let has_settled = !is_pending && ledger.has_settled(place.0, path, found);
        match what {
            What::FileChanging if !has_settled => {
                let pending = Pending::new(Some(found), now, self.shared.options.rest);
                ledger.pending.insert(place, pending);
            }
            What::FileComplete if !has_settled => {
                ledger.settle(place.0, path, found);
                drop(ledger);
                self.tell(place.1);
            }
            What::FileTouched => {
                ledger.settle(place.0, path, found);
                drop(ledger);
                self.tell(place.1);
            }
            _ => {}
        }
    }

    /// Notes a path for telling, with what it means now.
    fn tell(&mut self, path: FilePath) {
        let found = self
            .shared
            .roots
            .iter()
            .find_map(|root| root.fingerprint(&path).ok().flatten());
        self.report.add(path, found);
    }

    fn look_at_pending(&mut self) {
        let now = Instant::now();
        let shared = Arc::clone(&self.shared);
        let due: Vec<(Place, Pending)> = shared
            .ledger()
            .pending
            .iter()
            .filter(|(place, pending)| pending.due <= now && !self.roots[place.0].is_away)
            .map(|(place, pending)| (place.clone(), pending.clone()))
            .collect();
        let rests = (shared.options.rest, shared.options.long_rest);
        for (place, pending) in due {
            let (root, path) = (&shared.roots[place.0], &place.1);
            let verdict = look(root, path, &pending, rests, now);
            let mut ledger = shared.ledger();
            // Whoever placed a file here meanwhile knows better.
            let Some(entry) = ledger.pending.get_mut(&place) else {
                continue;
            };
            match verdict {
                Verdict::Wait(pending) => *entry = pending,
                Verdict::Gone => {
                    ledger.forget(&place);
                    drop(ledger);
                    self.hear_of_file(place, What::FileGone);
                }
                Verdict::Complete(found, doubt) => {
                    ledger.settle(place.0, path, found);
                    drop(ledger);
                    if let Some(doubt) = doubt {
                        tracing::warn!(
                            file.path = %path,
                            "a file is taken that may not be complete, because nobody has written it for {} seconds: {doubt}",
                            rests.1.as_secs()
                        );
                    }
                    self.tell(place.1);
                }
            }
        }
    }

    /// Tells of what is gone, unless the whole root is.
    fn tell_gone(&mut self) {
        if self.gone_due.is_none_or(|due| Instant::now() < due) {
            return;
        }
        self.gone_due = None;
        self.gone_since = None;
        self.look_at_roots();
        for place in std::mem::take(&mut self.gone) {
            if self.roots[place.0].is_away {
                continue;
            }
            match self.shared.roots[place.0].fingerprint(&place.1) {
                Ok(None) => {
                    let mut ledger = self.shared.ledger();
                    ledger.forget(&place);
                    ledger.shadowed.remove(&place.1);
                    drop(ledger);
                    self.tell(place.1);
                }
                // It is there again, of which the kernel has told on its own.
                Ok(Some(_)) => {}
                Err(_) => self.want_scan(),
            }
        }
    }

    /// Finds out which roots are there.
    pub(super) fn look_at_roots(&mut self) {
        self.roots_due = Instant::now() + ROOTS_INTERVAL;
        let shared = Arc::clone(&self.shared);
        for (number, root) in shared.roots.iter().enumerate() {
            match root.open_present() {
                Err(reason) => self.root_is_away(number, &reason),
                Ok((_, id)) if self.roots[number].present != Some(id) => self.want_scan(),
                Ok(_) => {}
            }
        }
    }

    /// Takes note that a root is away.
    pub(super) fn root_is_away(&mut self, number: usize, reason: &str) {
        let state = &mut self.roots[number];
        state.present = None;
        if std::mem::replace(&mut state.is_away, true) {
            return;
        }
        tracing::error!("{reason}: its files cannot be served until it is back");
        if let Some(watches) = &mut self.watches {
            watches.remove(&Folder {
                root: number,
                path: String::new(),
            });
        }
        self.want_scan();
    }

    /// Takes note that a root is there.
    pub(super) fn root_is_there(&mut self, number: usize, id: FolderId) {
        let state = &mut self.roots[number];
        state.present = Some(id);
        if std::mem::take(&mut state.is_away) {
            let path = self.shared.roots[number].path().display();
            tracing::info!("folder `{path}` is back");
        }
    }
}
