//! Counting: a request leaves a note and goes on. Notes are read, added up and written down in the
//! background, and within bounds: when too many come at once, or the catalog is away for too long,
//! some are not counted, and nothing else happens.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use wheelhouse_standards::found::FoundFile;

use super::agent::MAX_AGENT_BYTES;
use super::{CountingOptions, Day, Fetcher};
use crate::index::{Core, Index};
use crate::path::FilePath;
use crate::ports::DownloadCount;

/// Most notes that wait to be read.
const MAX_NOTES: usize = 16_384;
/// How often notes are read: ten times a second that many are more than one server answers.
const READ_PERIOD: Duration = Duration::from_millis(100);
/// How often counts are written.
const WRITE_PERIOD: Duration = Duration::from_secs(5);
/// Most different counts that wait to be written. They take about 10 MB.
const MAX_WAITING: usize = 50_000;
/// How many counts are written in one transaction.
const TOGETHER: usize = 2_000;
/// How long the last counts may take when the program ends.
const LAST_WRITE: Duration = Duration::from_secs(5);
/// Most different `User-Agent`s whose meaning is remembered.
const MAX_KNOWN_AGENTS: usize = 1_000;
/// Longest name of a file that is counted, in bytes, as file systems have it.
const MAX_NAME_BYTES: usize = 255;
/// How soon after the start old counts are folded, and how often then.
const FIRST_FOLD: Duration = Duration::from_mins(1);
const FOLD_PERIOD: Duration = Duration::from_hours(1);
/// The turn of the server that folds.
const FOLD_TURN: Duration = Duration::from_mins(10);

/// How many downloads were counted since the start, and how many could not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// Those that were written down.
    pub counted: u64,
    /// Those of which there was no room for a note, or whose count was lost.
    pub uncounted: u64,
    /// Those that wait to be written down.
    pub waiting: u64,
}

/// What an index needs to count downloads.
#[derive(Debug)]
pub(crate) struct Counting {
    /// Nobody takes notes while counting is off.
    notes: Option<SyncSender<Note>>,
    tally: Mutex<Tally>,
    /// Held while counts are being written: whoever writes the last ones waits for them.
    writing: tokio::sync::Mutex<()>,
    counted: AtomicU64,
    uncounted: AtomicU64,
}

/// What a request leaves.
#[derive(Debug)]
struct Note {
    path: FilePath,
    agent: Option<Box<[u8]>>,
}

/// Counts that wait to be written.
#[derive(Debug)]
struct Tally {
    notes: Receiver<Note>,
    waiting: HashMap<Counted, u64>,
    /// What `User-Agent`s mean: most are sent over and over.
    known: HashMap<Box<[u8]>, Fetcher>,
    /// Whether the catalog did not take the last counts.
    is_away: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Counted {
    path: FilePath,
    day: Day,
    fetcher: Fetcher,
}

impl Counting {
    pub(crate) fn new(options: CountingOptions) -> Self {
        let (sender, notes) = sync_channel(if options.is_on { MAX_NOTES } else { 0 });
        Self {
            notes: options.is_on.then_some(sender),
            tally: Mutex::new(Tally {
                notes,
                waiting: HashMap::new(),
                known: HashMap::new(),
                is_away: false,
            }),
            writing: tokio::sync::Mutex::default(),
            counted: AtomicU64::new(0),
            uncounted: AtomicU64::new(0),
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lose(&self, count: u64) {
        self.uncounted.fetch_add(count, Ordering::Relaxed);
    }
}

impl Core {
    /// Takes note that the file at a path was given out, to whoever calls itself `agent`. Waits for
    /// nothing and wakes nobody.
    pub fn note_download(&self, path: &FilePath, agent: Option<&[u8]>) {
        let Some(notes) = &self.counting.notes else {
            return;
        };
        let agent = agent.map(|agent| agent[..agent.len().min(MAX_AGENT_BYTES)].into());
        let note = Note {
            path: path.clone(),
            agent,
        };
        if notes.try_send(note).is_err() {
            self.counting.lose(1);
        }
    }

    /// Returns how many downloads were counted.
    pub fn noted_downloads(&self) -> Noted {
        Noted {
            counted: self.counting.counted.load(Ordering::Relaxed),
            uncounted: self.counting.uncounted.load(Ordering::Relaxed),
            waiting: self.counting.tally().waiting.values().sum(),
        }
    }

    /// Reads the notes that are there.
    fn read_notes(&self) {
        let today = Day::of(self.clock.now());
        let lost = self.counting.tally().read(today);
        self.counting.lose(lost);
    }

    /// Writes the counts that wait. What the catalog does not take waits on.
    async fn write_counts(&self) {
        let _writing = self.counting.writing.lock().await;
        let waiting = std::mem::take(&mut self.counting.tally().waiting);
        let mut waiting: Vec<(Counted, u64)> = waiting.into_iter().collect();
        while !waiting.is_empty() {
            let some = waiting.split_off(waiting.len().saturating_sub(TOGETHER));
            let sum: u64 = some.iter().map(|(_, count)| count).sum();
            let counts = some.iter().filter_map(count_of).collect();
            let added = self.catalog.add_downloads(&self.name, counts).await;
            let mut tally = self.counting.tally();
            let Err(error) = added else {
                tally.is_away = false;
                self.counting.counted.fetch_add(sum, Ordering::Relaxed);
                continue;
            };
            if !tally.is_away {
                tracing::warn!("downloads cannot be counted now, and wait: {error}");
            }
            tally.is_away = true;
            // Nothing is to be counted twice.
            let again = if error.is_undecided {
                self.counting.lose(sum);
                Vec::new()
            } else {
                some
            };
            let lost: u64 = again
                .into_iter()
                .chain(waiting)
                .map(|(counted, count)| tally.add(counted, count))
                .sum();
            self.counting.lose(lost);
            return;
        }
    }
}

impl Index {
    /// Counts what is noted, and folds what is old. Never ends.
    pub async fn count_downloads(self: Arc<Self>) {
        let reading = async {
            let mut ticks = interval(READ_PERIOD);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                self.read_notes();
            }
        };
        let writing = async {
            loop {
                sleep(WRITE_PERIOD).await;
                self.write_counts().await;
            }
        };
        let folding = async {
            sleep(FIRST_FOLD).await;
            loop {
                self.fold_downloads().await;
                sleep(FOLD_PERIOD).await;
            }
        };
        if self.counting.notes.is_some() {
            tokio::join!(reading, writing, folding);
        } else {
            // What was counted before gets old all the same.
            folding.await;
        }
    }

    /// Writes everything that was noted, before the program ends.
    pub async fn write_last_downloads(&self) {
        self.read_notes();
        if timeout(LAST_WRITE, self.write_counts()).await.is_err() {
            tracing::warn!("the downloads of the last seconds are not counted");
        }
    }

    /// Folds the counts of all days that are not kept by day any more. One of several servers does.
    pub async fn fold_downloads(&self) {
        let kept = self.counted_days(u32::MAX);
        loop {
            if !self
                .replica
                .is_turn("fold download counts", FOLD_TURN)
                .await
            {
                return;
            }
            match self.catalog.fold_downloads(kept.first).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!("old counts of downloads cannot be folded now: {error}");
                    return;
                }
            }
        }
    }
}

impl Tally {
    /// Reads notes, not more than there was room for when it began, and returns how many there was
    /// no room for here.
    fn read(&mut self, day: Day) -> u64 {
        let mut lost = 0;
        for _ in 0..MAX_NOTES {
            let Ok(Note { path, agent }) = self.notes.try_recv() else {
                break;
            };
            // Clients look for signatures beside what they download.
            if path.as_str().rsplit('.').next() == Some("asc") {
                continue;
            }
            let fetcher = self.fetcher(agent.unwrap_or_default());
            lost += self.add(Counted { path, day, fetcher }, 1);
        }
        lost
    }

    fn fetcher(&mut self, agent: Box<[u8]>) -> Fetcher {
        if let Some(fetcher) = self.known.get(&agent) {
            return *fetcher;
        }
        let fetcher = Fetcher::of_agent(&agent);
        if self.known.len() >= MAX_KNOWN_AGENTS {
            self.known.clear();
        }
        self.known.insert(agent, fetcher);
        fetcher
    }

    /// Adds a count, and returns it if there is no room for it.
    fn add(&mut self, counted: Counted, count: u64) -> u64 {
        if let Some(sum) = self.waiting.get_mut(&counted) {
            *sum = sum.saturating_add(count);
            return 0;
        }
        if self.waiting.len() >= MAX_WAITING {
            return count;
        }
        self.waiting.insert(counted, count);
        0
    }
}

/// Returns what is written of a count: nothing, if its names are longer than any that a file has.
fn count_of((counted, count): &(Counted, u64)) -> Option<DownloadCount> {
    let file_name = counted.path.file_name();
    let found = FoundFile::of(file_name)?;
    let is_short = file_name.len() <= MAX_NAME_BYTES && found.key.as_str().len() <= MAX_NAME_BYTES;
    is_short.then(|| DownloadCount {
        project: found.key,
        file_name: file_name.to_owned(),
        day: counted.day,
        fetcher: counted.fetcher,
        count: *count,
    })
}
