//! Keeping what projects are found by true: everything that is here is read once after the start,
//! then each project again that a change touched.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use wheelhouse_standards::license;
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;

use crate::change::Applied;
use crate::index::Index;
use crate::journal::JournalReader;
use crate::mark::status_of;
use crate::ports::{FinderEntry, ProjectFinder, StoreError};
use crate::record::ProjectSnapshot;
use crate::release::{newest, releases};

/// Projects that are put at one time.
const BATCH: usize = 500;
/// How long a project is left alone whose files have not all been read.
const UNREAD_PATIENCE: Duration = Duration::from_secs(2);
/// How long nothing is tried after the catalog could not be read.
const AWAY_PATIENCE: Duration = Duration::from_secs(1);
/// Minor versions of Python 3 that can be asked for.
pub const PYTHON_MINORS: std::ops::RangeInclusive<u64> = 6..=20;
/// Longest licence that is taken as it is, in characters: some are whole texts.
const MAX_LICENCE_CHARS: usize = 60;

/// What projects are found by, and which of them have to be read again.
#[derive(Debug)]
pub struct Finding {
    finder: Arc<dyn ProjectFinder>,
    touched: Mutex<HashSet<ProjectKey>>,
    wake: Notify,
    is_complete: AtomicBool,
    /// Whether projects were touched that have not been read again to their end.
    is_behind: AtomicBool,
}

impl Finding {
    /// Begins with nothing. Must be among the index's journal readers.
    pub fn new(finder: Arc<dyn ProjectFinder>) -> Arc<Self> {
        Arc::new(Self {
            finder,
            touched: Mutex::default(),
            wake: Notify::new(),
            is_complete: AtomicBool::new(false),
            is_behind: AtomicBool::new(false),
        })
    }

    /// Returns what finds projects.
    pub fn finder(&self) -> &Arc<dyn ProjectFinder> {
        &self.finder
    }

    /// Returns whether everything that was here at the start can be found.
    pub fn is_complete(&self) -> bool {
        self.is_complete.load(Ordering::Acquire)
    }

    /// Returns whether what is found now is all that there is to say, so that a page that shows some of
    /// it may be kept.
    pub fn is_current(&self) -> bool {
        self.is_complete() && !self.is_behind.load(Ordering::Acquire)
    }

    fn touched(&self) -> MutexGuard<'_, HashSet<ProjectKey>> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JournalReader for Finding {
    fn applied(&self, applied: &Applied) {
        let mut touched = self.touched();
        touched.extend(applied.projects.iter().cloned());
        self.is_behind.store(true, Ordering::Release);
        drop(touched);
        self.wake.notify_one();
    }
}

/// What became of reading one project.
enum Said {
    /// This is what it says; and whether more will be known soon.
    Entry(Box<FinderEntry>, bool),
    /// It is not here, or not to be found.
    Gone,
}

impl Index {
    /// Reads what projects say, for as long as the program runs.
    pub async fn keep_finding(self: Arc<Self>, finding: Arc<Finding>) {
        while let Err(error) = self.find_everything(&finding).await {
            tracing::warn!("projects cannot be read for the search: {error}");
            sleep(AWAY_PATIENCE).await;
        }
        finding.is_complete.store(true, Ordering::Release);
        // Those that will say more when their files are read, and when to look again.
        let mut unread: Vec<(Instant, ProjectKey)> = Vec::new();
        loop {
            let next = unread.iter().map(|(at, _)| *at).min();
            tokio::select! {
                () = finding.wake.notified() => {}
                () = until(next) => {}
            }
            let now = Instant::now();
            let mut keys: HashSet<_> = std::mem::take(&mut *finding.touched());
            unread.retain(|(at, key)| {
                if *at <= now {
                    keys.insert(key.clone());
                }
                *at > now
            });
            let keys: Vec<_> = keys.into_iter().collect();
            for some in keys.chunks(BATCH) {
                match self.find_some(&finding, some).await {
                    Ok(again) => {
                        let at = Instant::now() + UNREAD_PATIENCE;
                        unread.extend(again.into_iter().map(|key| (at, key)));
                    }
                    Err(error) => {
                        tracing::warn!("projects cannot be read for the search: {error}");
                        let at = Instant::now() + AWAY_PATIENCE;
                        unread.extend(some.iter().map(|key| (at, key.clone())));
                    }
                }
            }
            let touched = finding.touched();
            let is_behind = !touched.is_empty() || !unread.is_empty();
            finding.is_behind.store(is_behind, Ordering::Release);
        }
    }

    async fn find_everything(self: &Arc<Self>, finding: &Finding) -> Result<(), StoreError> {
        let listing = self.view.projects().await?;
        let keys: Vec<_> = listing
            .projects
            .into_iter()
            .map(|entry| entry.key)
            .collect();
        for some in keys.chunks(BATCH) {
            let again = self.find_some(finding, some).await?;
            let mut touched = finding.touched();
            if !again.is_empty() {
                finding.is_behind.store(true, Ordering::Release);
            }
            touched.extend(again);
        }
        finding.wake.notify_one();
        Ok(())
    }

    /// Reads some projects, and returns those that will say more soon.
    async fn find_some(
        self: &Arc<Self>,
        finding: &Finding,
        keys: &[ProjectKey],
    ) -> Result<Vec<ProjectKey>, StoreError> {
        let (mut entries, mut gone, mut again) = (Vec::new(), Vec::new(), Vec::new());
        for key in keys {
            match self.said_by(key).await? {
                Said::Entry(entry, is_complete) => {
                    entries.push(*entry);
                    if !is_complete {
                        again.push(key.clone());
                    }
                }
                Said::Gone => gone.push(key.clone()),
            }
        }
        let finder = Arc::clone(&finding.finder);
        tokio::task::spawn_blocking(move || finder.update(entries, &gone))
            .await
            .map_err(|failure| StoreError::new("index", "keep what projects say", failure))??;
        Ok(again)
    }

    /// Returns what a project says, by the file that speaks for the release that stands for it. No
    /// file is read for that: who reads files comes by later.
    async fn said_by(self: &Arc<Self>, key: &ProjectKey) -> Result<Said, StoreError> {
        let Some(snapshot) = self.view.project(key).await? else {
            return Ok(Said::Gone);
        };
        if status_of(&snapshot.marks).0 == ProjectStatus::Quarantined {
            return Ok(Said::Gone);
        }
        let is_complete = snapshot.files.iter().all(|record| self.is_read(record));
        let mut releases = releases(&snapshot);
        releases.retain(|release| !release.version.is_empty());
        let Some(release) = newest(&releases) else {
            return Ok(Said::Gone);
        };
        let metadata = match release.speaker() {
            Some(path) => self.core_metadata(path).await?.unwrap_or_default(),
            None => CoreMetadata::default(),
        };
        let at = release.files.iter().map(|(record, _)| record.uploaded_at);
        let mut entry = entry(&snapshot, metadata);
        entry.version = release.version.canonical();
        entry.at = at.max().unwrap_or(entry.at);
        Ok(Said::Entry(Box::new(entry), is_complete))
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn entry(snapshot: &ProjectSnapshot, metadata: CoreMetadata) -> FinderEntry {
    let given_name = metadata.name.clone();
    let given_name = given_name.filter(|name| ProjectKey::of(name).as_ref() == Some(&snapshot.key));
    let minors = PYTHON_MINORS;
    let python_minors = match metadata.requires_python() {
        Some(requires) => minors
            .filter(|&minor| requires.admits_minor(minor))
            .collect(),
        None => minors.collect(),
    };
    let needs: HashSet<_> = metadata
        .requires_dist
        .iter()
        .filter_map(|requirement| ProjectKey::of(name_of(requirement)))
        .collect();
    let people = [
        &metadata.author,
        &metadata.author_email,
        &metadata.maintainer,
        &metadata.maintainer_email,
    ];
    FinderEntry {
        key: snapshot.key.clone(),
        name: given_name.unwrap_or_else(|| snapshot.display_name.clone()),
        version: String::new(),
        at: crate::identity::Timestamp(0),
        keywords: metadata.keyword_list().map(str::to_owned).collect(),
        people: people.into_iter().flatten().cloned().collect(),
        licence: licence(&metadata),
        python_minors,
        needs: needs.into_iter().collect(),
        summary: metadata.summary,
        classifiers: metadata.classifiers,
    }
}

/// Returns the name that a requirement begins with.
pub fn name_of(requirement: &str) -> &str {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let text = requirement.trim_start();
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    &text[..end]
}

/// Returns the licence of a release in a few words, by the field that says it best, or `None` if
/// none does. A whole text is no name.
pub fn licence(metadata: &CoreMetadata) -> Option<String> {
    let is_short = |text: &str| text.chars().count() <= MAX_LICENCE_CHARS && !text.contains('\n');
    if let Some(expression) = metadata.license_expression.as_deref() {
        return Some(expression.to_owned()).filter(|expression| is_short(expression));
    }
    if let Some(text) = metadata.license.as_deref().filter(|text| is_short(text)) {
        return Some(license::canonical(text).unwrap_or_else(|| text.to_owned()));
    }
    let mut classified = metadata.classifiers.iter();
    let found = classified.find_map(|classifier| classifier.strip_prefix("License :: "))?;
    Some(found.rsplit(" :: ").next().unwrap_or(found).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_said_by_the_field_that_says_it_best() {
        let with = |expression: Option<&str>, text: Option<&str>, classifier: Option<&str>| {
            licence(&CoreMetadata {
                license_expression: expression.map(str::to_owned),
                license: text.map(str::to_owned),
                classifiers: classifier.map(str::to_owned).into_iter().collect(),
                ..CoreMetadata::default()
            })
        };
        let osi = Some("License :: OSI Approved :: MIT License");
        assert_eq!(with(Some("MIT"), Some("BSD"), osi).as_deref(), Some("MIT"));
        assert_eq!(with(None, Some("mit"), osi).as_deref(), Some("MIT"));
        assert_eq!(
            with(None, Some("Ours, all rights"), None).as_deref(),
            Some("Ours, all rights")
        );
        assert_eq!(
            with(None, Some("A whole\ntext"), osi).as_deref(),
            Some("MIT License")
        );
        assert_eq!(with(None, None, None), None);
    }

    #[test]
    fn a_requirement_begins_with_a_name() {
        for (text, name) in [
            ("demo.x[a]>=1", "demo.x"),
            (" a ; b", "a"),
            ("<b>", ""),
            ("", ""),
        ] {
            assert_eq!(name_of(text), name, "{text}");
        }
    }
}
