//! `update`: looks for newer releases of the projects in the folders on another index, and prints
//! or runs the commands that fetch them. Old files stay.

mod commands;
mod folders;
mod releases;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use url::Url;
use wheelhouse_standards::name::{ProjectKey, ProjectName};
use wheelhouse_standards::version::VersionText;
use wheelhouse_upstream::{
    IndexReader, LookupError, Proxies, ReaderSettings, SetupError, UpstreamPage,
};

use crate::public_index::{self, PublicIndex, Search, Surroundings};
use crate::settings::UpdateSettings;
use commands::PipDownload;
use folders::LocalProject;

/// How many projects are looked up at once.
const LOOKUPS_AT_ONCE: usize = 8;

/// After how many lookups in a row without any answer the index counts as away, so that thousands of
/// projects need not wait for it one after the other.
const FAILURES_UNTIL_AWAY: usize = 2 * LOOKUPS_AT_ONCE;

/// How many progress characters stand in a line.
const PROGRESS_WIDTH: usize = 40;

/// What an update came to, for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UpdateOutcome {
    /// Projects with a newer release.
    pub newer: usize,
    /// Projects that the index does not have, as is usual for private ones.
    pub missing: usize,
    /// Projects that could not be looked up.
    pub failed_lookups: usize,
    /// Commands that were run and failed.
    pub failed_downloads: usize,
}

/// Why an update could not be done.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// No index to ask. The text names the ways to set its address.
    #[error("{0}")]
    NoIndex(String),
    /// The HTTP client cannot be set up.
    #[error(transparent)]
    Client(#[from] SetupError),
    /// A folder cannot be looked through.
    #[error("cannot look through the folders: {0}")]
    Folders(String),
    /// What was to be said could not be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

/// Looks for newer releases and prints or runs the commands that fetch them.
///
/// `out` gets the progress and the commands. A project that cannot be looked up, or whose command
/// fails, does not keep the others from being updated.
///
/// # Errors
///
/// As [`UpdateError`] says, by its variants.
pub async fn update(
    settings: &UpdateSettings,
    surroundings: &Surroundings<'_>,
    out: &mut dyn Write,
) -> Result<UpdateOutcome, UpdateError> {
    let index = index_address(settings, surroundings)?;
    let reader = IndexReader::new(&ReaderSettings {
        proxies: Proxies::from_variables(surroundings.variable),
        // The next update is another chance.
        attempts: 2,
        ..ReaderSettings::default()
    })?;
    let roots = settings.roots.clone();
    let ignored: BTreeSet<ProjectKey> = settings
        .ignored_projects
        .iter()
        .filter_map(|name| ProjectKey::of(name.trim()))
        .collect();
    let projects = tokio::task::spawn_blocking(move || folders::newest_local(&roots, &ignored))
        .await
        .map_err(|error| UpdateError::Folders(error.to_string()))?;

    let found = look_up(&reader, &index, projects, settings.allow_unstable, out).await?;
    found.tell_failures(&index, out)?;
    let mut outcome = UpdateOutcome {
        newer: found.newer.len(),
        missing: found.missing.len(),
        failed_lookups: found.failed.len() + found.unasked.len(),
        failed_downloads: 0,
    };
    for (project, version) in &found.newer {
        let (name, old) = (&project.spelled_name, &project.version);
        writeln!(out, "# update {name} from {old} to {version}")?;
        let command = PipDownload {
            index: &index,
            folder: settings
                .download_folder
                .as_deref()
                .unwrap_or(&project.folder),
            name,
            version: version.as_str(),
        };
        writeln!(out, "{}\n", command.shown())?;
        out.flush()?;
        if settings.execute
            && let Err(reason) = command.run().await
        {
            outcome.failed_downloads += 1;
            tracing::error!(project.name = name.as_str(), reason, "a download failed");
            writeln!(out, "# {name} was not updated: {reason}\n")?;
        }
    }
    Ok(outcome)
}

fn index_address(
    settings: &UpdateSettings,
    surroundings: &Surroundings<'_>,
) -> Result<Url, UpdateError> {
    let index = public_index::look_up(
        &Search {
            given: settings.index_url.as_deref(),
            read_installer_settings: settings.read_installer_settings,
            own_address: None,
        },
        surroundings,
    );
    let no_index = || UpdateError::NoIndex(index.line("--index-url"));
    match &index {
        PublicIndex::Found { url, .. } => url.parse().map_err(|_| no_index()),
        PublicIndex::NotFound { .. } => Err(no_index()),
    }
}

/// What the lookups brought.
#[derive(Default)]
struct Found {
    newer: Vec<(LocalProject, VersionText)>,
    /// The index has nothing under these names.
    missing: Vec<String>,
    /// These could not be looked up, and why not.
    failed: Vec<(String, LookupError)>,
    /// These were not asked for, because the index is away.
    unasked: Vec<String>,
}

/// Asks for all projects, a few at a time, and shows the progress in their order.
async fn look_up(
    reader: &IndexReader,
    index: &Url,
    projects: Vec<LocalProject>,
    allow_unstable: bool,
    out: &mut dyn Write,
) -> Result<Found, UpdateError> {
    writeln!(
        out,
        "checking {} packages for newer version",
        projects.len()
    )?;
    let mut found = Found::default();
    let mut failures_in_a_row = 0;
    let is_away = AtomicBool::new(false);
    let is_away = &is_away;
    let mut lookups = futures_util::stream::iter(projects)
        .map(|project| async move {
            // No index has a project of another name, and pip could take one for an option.
            if project.spelled_name.parse::<ProjectName>().is_err() {
                return (project, Answer::Nothing);
            }
            if is_away.load(Ordering::Relaxed) {
                return (project, Answer::Unasked);
            }
            let answer = match reader.project(index, &project.key).await {
                Ok(page) => Answer::Page(page),
                Err(LookupError::NotFound { .. }) => Answer::Nothing,
                Err(error) => Answer::Failure(error),
            };
            (project, answer)
        })
        .buffered(LOOKUPS_AT_ONCE)
        .enumerate();
    while let Some((count, (project, answer))) = lookups.next().await {
        if count % PROGRESS_WIDTH == 0 {
            writeln!(out)?;
        }
        if matches!(answer, Answer::Failure(LookupError::Network { .. })) {
            failures_in_a_row += 1;
            if failures_in_a_row >= FAILURES_UNTIL_AWAY {
                is_away.store(true, Ordering::Relaxed);
            }
        } else {
            failures_in_a_row = 0;
        }
        let mark = found.take(project, answer, allow_unstable);
        write!(out, "{mark}")?;
        out.flush()?;
    }
    write!(out, "\n\n")?;
    Ok(found)
}

/// What the index said about a project.
enum Answer {
    Page(UpstreamPage),
    Nothing,
    Failure(LookupError),
    Unasked,
}

impl Found {
    /// Takes note of an answer and returns its progress character.
    fn take(&mut self, project: LocalProject, answer: Answer, allow_unstable: bool) -> char {
        let name = project.spelled_name.clone();
        match answer {
            Answer::Page(page) => match releases::newest(&page, &project.key, allow_unstable) {
                Some(version) if version.key() > project.version.key() => {
                    self.newer.push((project, version));
                    return 'u';
                }
                Some(_) => return '.',
                None if releases::has_any(&page, &project.key) => return '.',
                None => self.missing.push(name),
            },
            Answer::Nothing => self.missing.push(name),
            Answer::Failure(error) => {
                tracing::warn!(project.name = name.as_str(), %error, "a lookup failed");
                self.failed.push((name, error));
            }
            Answer::Unasked => self.unasked.push(name),
        }
        'e'
    }

    /// Names the projects that were not found in one sentence, and the others that could not be
    /// looked up in another.
    fn tell_failures(&self, index: &Url, out: &mut dyn Write) -> io::Result<()> {
        if !self.missing.is_empty() {
            let index = commands::without_password(index);
            writeln!(
                out,
                "no releases found at {index} for {}\n",
                self.missing.join(", ")
            )?;
        }
        if let Some((first, error)) = self.failed.first() {
            let names: Vec<&str> = self.failed.iter().map(|(name, _)| name.as_str()).collect();
            writeln!(
                out,
                "could not look up {} ({first}: {error})\n",
                names.join(", ")
            )?;
        }
        if !self.unasked.is_empty() {
            writeln!(
                out,
                "did not ask for {}, because the index does not answer\n",
                self.unasked.join(", ")
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
