//! Reading everything, and saying what it means.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use wheelhouse_index::identity::Fingerprint;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::Scan;

use super::super::Shared;
use super::super::ledger::{Ledger, Pending, is_young};
use super::super::root::Root;
use super::follower::{Follower, LastScan};
use super::inotify::{Folder, LimitReached};
use super::report::Outcome;
use super::walk::Walked;

/// How long to wait between two scans where the kernel tells of changes.
const WATCHED_INTERVAL: Duration = Duration::from_mins(1);
/// The same where it does not.
const UNWATCHED_INTERVAL: Duration = Duration::from_secs(3);
/// A scan that says what the last one said is told again after this time, in case that one could
/// not be followed.
const REPEAT_INTERVAL: Duration = Duration::from_mins(1);
/// Reading takes one part in so many of the time, at most.
const DUTY: u32 = 20;

/// How much is known of the files that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// They were there before anybody looked, or came whole: those that have rested by their time
    /// stamps are complete.
    Rested,
    /// Nobody told of them, so somebody may be writing them.
    Nothing,
}

/// A file in a scan.
struct Found {
    path: FilePath,
    root: usize,
    fingerprint: Fingerprint,
    is_settled: bool,
}

impl Follower {
    /// Reads all roots and tells what is there.
    pub(super) fn scan(&mut self) {
        let begun = Instant::now();
        self.is_scan_wanted = false;
        let shared = Arc::clone(&self.shared);
        let mut all_walked = Vec::new();
        let mut is_complete = true;
        for (number, root) in shared.roots.iter().enumerate() {
            match self.walk_root(number, root) {
                Some(walked) => all_walked.push((number, walked)),
                None => is_complete = false,
            }
        }
        let files_count = all_walked
            .iter()
            .map(|(_, walked)| walked.files.len())
            .sum();
        let has_forgotten = shared.ledger().forget_old(files_count);
        let mut found = Vec::with_capacity(files_count);
        for (number, walked) in all_walked {
            is_complete &= !walked.is_incomplete;
            let state = &mut self.roots[number];
            let trust = if state.is_known && !has_forgotten {
                Trust::Nothing
            } else {
                Trust::Rested
            };
            state.is_known |= !walked.is_incomplete;
            found.extend(classify(&shared, number, walked, trust));
        }
        let scan = self.unite(found, is_complete);
        let told = self.last_scan.and_then(|last| last.told);
        let digest = digest(&scan);
        let is_news =
            told.is_none_or(|(at, before)| before != digest || at.elapsed() >= REPEAT_INTERVAL);
        let outcome = is_news.then(|| self.report.tell_scan(scan));
        let ended = Instant::now();
        let took = ended - begun;
        self.last_scan = Some(LastScan {
            ended,
            took,
            told: match outcome {
                Some(Outcome::Told) => Some((ended, digest)),
                Some(Outcome::Lost) => None,
                None => told,
            },
        });
        self.scan_due = ended + self.interval().max(DUTY * took);
        if outcome == Some(Outcome::Lost) || self.is_scan_wanted {
            self.want_scan();
        }
        tracing::debug!(
            files.count = files_count,
            duration_ms = took.as_millis(),
            "read all folders"
        );
    }

    /// Reads a folder that came to be there.
    pub(super) fn scan_folder(&mut self, folder: &Folder) {
        let shared = Arc::clone(&self.shared);
        let root = &shared.roots[folder.root];
        let Ok((opened, _)) = root.open_present() else {
            return;
        };
        let walked = self.walk(folder.root, root, &opened, &folder.path);
        if walked.is_incomplete {
            self.want_scan();
        }
        for file in classify(&shared, folder.root, walked, Trust::Rested) {
            if file.is_settled {
                self.report.add(file.path, Some(file.fingerprint));
            }
        }
    }

    /// Returns `None` if the root is away.
    fn walk_root(&mut self, number: usize, root: &Root) -> Option<Walked> {
        let (opened, id) = root
            .open_present()
            .inspect_err(|reason| self.root_is_away(number, reason))
            .ok()?;
        self.root_is_there(number, id);
        let walked = self.walk(number, root, &opened, "");
        // Half of a folder that is being taken away is not what is left of it.
        match root.open_present() {
            Ok((_, now)) if now == id => Some(walked),
            Ok(_) => {
                self.want_scan();
                None
            }
            Err(reason) => {
                self.root_is_away(number, &reason);
                None
            }
        }
    }

    fn walk(
        &mut self,
        number: usize,
        root: &Root,
        opened: &rustix::fd::OwnedFd,
        start: &str,
    ) -> Walked {
        let mut limit = None;
        let watches = &mut self.watches;
        let is_watched = self.roots[number].is_watched;
        // A folder is watched before it is read, so that nothing happens unseen in between.
        let walked = self.walker.walk(root, opened, start, |folder| {
            if let Some(watches) = watches.as_mut().filter(|_| is_watched && limit.is_none()) {
                let folder = Folder {
                    root: number,
                    path: folder.to_owned(),
                };
                limit = watches.add(root, folder).err();
            }
        });
        if let Some(LimitReached) = limit {
            self.give_up_watching(
                "there are more folders than the kernel watches for this user; raise fs.inotify.max_user_watches and start again",
            );
        }
        walked
    }

    /// Makes one list of what is in several roots.
    fn unite(&self, mut found: Vec<Found>, is_complete: bool) -> Scan {
        found.sort_unstable_by(|a, b| (&a.path, a.root).cmp(&(&b.path, b.root)));
        let mut scan = Scan {
            complete: is_complete,
            ..Scan::default()
        };
        let mut ledger = self.shared.ledger();
        let mut shadowed = HashSet::new();
        let mut last: Option<(FilePath, usize)> = None;
        for file in found {
            if let Some((path, root)) = &last
                && *path == file.path
            {
                if !ledger.shadowed.contains(path) && !shadowed.contains(path) {
                    let served = self.shared.roots[*root].path().display();
                    let hidden = self.shared.roots[file.root].path().display();
                    tracing::info!(
                        file.path = %path,
                        "a file is both in `{served}` and in `{hidden}`: the first one is served"
                    );
                }
                shadowed.insert(file.path);
                continue;
            }
            last = Some((file.path.clone(), file.root));
            // The file that this path means may be in a root that is away.
            let is_hidden = self.roots[..file.root].iter().any(|root| root.is_away)
                && ledger.shadowed.contains(&file.path);
            if file.is_settled && !is_hidden {
                scan.files.push((file.path, file.fingerprint));
            } else {
                scan.unsettled.push(file.path);
            }
        }
        if is_complete {
            ledger.shadowed = shadowed;
        } else {
            ledger.shadowed.extend(shadowed);
        }
        scan
    }

    fn interval(&self) -> Duration {
        let is_watched = self.roots.iter().all(|root| root.is_watched);
        self.shared.options.scan_interval.unwrap_or(if is_watched {
            WATCHED_INTERVAL
        } else {
            UNWATCHED_INTERVAL
        })
    }
}

/// Tells the files that have settled from those that have not.
fn classify(shared: &Shared, root: usize, walked: Walked, trust: Trust) -> Vec<Found> {
    let now = Instant::now();
    let rest = shared.options.rest;
    let mut ledger = shared.ledger();
    let mut found = Vec::with_capacity(walked.files.len());
    for (path, fingerprint) in walked.files {
        let is_settled = has_settled(&mut ledger, root, &path, fingerprint, trust, rest, now);
        found.push(Found {
            path,
            root,
            fingerprint,
            is_settled,
        });
    }
    found
}

fn has_settled(
    ledger: &mut Ledger,
    root: usize,
    path: &FilePath,
    fingerprint: Fingerprint,
    trust: Trust,
    rest: Duration,
    now: Instant,
) -> bool {
    let place = (root, path.clone());
    if let Some(pending) = ledger.pending.get_mut(&place) {
        if pending.fingerprint != Some(fingerprint) {
            *pending = Pending::new(Some(fingerprint), now, rest);
        }
        return false;
    }
    if ledger.has_settled(root, path, fingerprint) {
        return true;
    }
    if trust == Trust::Rested && !is_young(fingerprint, rest) {
        ledger.settle(root, path, fingerprint);
        return true;
    }
    let pending = Pending::new(Some(fingerprint), now, rest);
    ledger.pending.insert(place, pending);
    false
}

fn digest(scan: &Scan) -> u64 {
    let mut hasher = DefaultHasher::new();
    scan.files.hash(&mut hasher);
    scan.unsettled.hash(&mut hasher);
    scan.complete.hash(&mut hasher);
    hasher.finish()
}
