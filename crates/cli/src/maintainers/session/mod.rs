//! An index to which files are sent: where it is, who signs in there, and what becomes of the files.

mod place;
mod progress;
mod trusted;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use wheelhouse_release::distribution::Distribution;
use wheelhouse_release::publishing::{
    self, Outcome, PublishError, Standing, Target, Watcher, standings,
};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_upstream::{
    IndexReader, LookupError, Proxies, ReaderSettings, UploadError, Uploader,
};
use zeroize::Zeroizing;

use self::progress::Progress;
use self::trusted::{Minted, When};
use super::{proxies, user_agent};
use crate::command_line::{Parsed, UsageError};
use crate::environment::Environment;
use crate::exit::{Failure, ReleaseFailure};
use crate::options::defs::maintainers as defs;
use crate::program::{print, to_stderr};
use crate::sign_in::{self, Asked, Pair};

pub(super) use self::place::Place;

/// How often the index is asked whether it lists what it took, and the wait between.
const LOOKS: u32 = 30;
const LOOK_DELAY: Duration = Duration::from_secs(1);
/// How often that is done where there is no page: who may upload may perhaps not see.
const LOOKS_WITHOUT_PAGE: u32 = 3;

/// What the options say of the index and of how to work with it.
pub(super) struct Wanted {
    pub(super) repository: Option<String>,
    pub(super) repository_url: Option<String>,
    pub(super) index_url: Option<String>,
    user: Option<String>,
    insecure_http: bool,
    trusted: When,
    jobs: usize,
    pub(super) json: bool,
}

impl Wanted {
    pub(super) fn of(parsed: &Parsed) -> Result<Self, UsageError> {
        let text = |option| parsed.text(option);
        let wanted = Self {
            repository: text(&defs::REPOSITORY),
            repository_url: text(&defs::REPOSITORY_URL),
            index_url: text(&defs::INDEX_URL),
            user: text(&defs::USER),
            insecure_http: parsed.truth(&defs::INSECURE_HTTP),
            trusted: When::of(text(&defs::TRUSTED_PUBLISHING).as_deref()),
            jobs: parsed
                .number(&defs::JOBS)
                .and_then(|jobs| usize::try_from(jobs).ok())
                .unwrap_or(4),
            json: parsed.truth(&defs::JSON),
        };
        if wanted.repository.is_some() && wanted.repository_url.is_some() {
            return Err(UsageError::Together {
                one: "repository",
                other: "repository-url",
            });
        }
        Ok(wanted)
    }
}

/// Work with one index.
pub(super) struct Session<'e> {
    pub(super) place: Place,
    wanted: Wanted,
    environment: &'e Environment,
    proxies: Proxies,
    pair: Option<Pair>,
    minted: Option<Minted>,
}

impl<'e> Session<'e> {
    /// Begins, as whom options, variables, files and keyring name; as nobody if they name nobody. The
    /// identity of a job is not exchanged yet.
    pub(super) fn begin(
        wanted: Wanted,
        place: Place,
        environment: &'e Environment,
    ) -> Result<Self, Failure> {
        let asked = Asked {
            url: &place.upload,
            user: wanted.user.clone(),
            in_address: place.in_address.clone(),
            section: place.repository.as_ref(),
        };
        let pair = match wanted.trusted {
            When::Always => None,
            When::Auto | When::Never => asked.find(environment)?,
        };
        let session = Self {
            place,
            wanted,
            environment,
            proxies: proxies(environment),
            pair,
            minted: None,
        };
        // What must not be sent is told before any work is done.
        session.authorization()?;
        Ok(session)
    }

    /// Exchanges the identity of a job for a token, if there is nobody else to sign in as.
    pub(super) async fn sign_in(&mut self) -> Result<(), Failure> {
        if self.minted.is_none() && self.is_trusted_job() {
            let minted = trusted::mint(&self.place, &self.proxies, self.environment).await?;
            self.pair = Some(minted.pair());
            self.minted = Some(minted);
            self.authorization()?;
        }
        Ok(())
    }

    /// Returns whether the identity of a job will be exchanged before anything is sent.
    pub(super) fn is_trusted_job(&self) -> bool {
        match self.wanted.trusted {
            When::Always => true,
            When::Auto => self.pair.is_none() && trusted::is_ci(self.environment),
            When::Never => false,
        }
    }

    /// Returns whether the address of the pages was named on the command line.
    pub(super) const fn is_index_named(&self) -> bool {
        self.wanted.index_url.is_some()
    }

    /// Returns whether pages are shown to those alone who sign in.
    pub(super) async fn hides_pages(&self, project: &ProjectKey) -> Result<bool, Failure> {
        let setup = |error: wheelhouse_upstream::SetupError| Failure::Other(error.into());
        let reader = IndexReader::new(&self.reader_settings()).map_err(setup)?;
        let found = reader.project(&self.place.pages, project).await;
        Ok(matches!(
            found,
            Err(LookupError::Status {
                status: 401 | 403,
                ..
            })
        ))
    }

    /// Returns who signs in, if anybody.
    pub(super) const fn pair(&self) -> Option<&Pair> {
        self.pair.as_ref()
    }

    /// Returns the value of the header `Authorization` for uploads.
    fn authorization(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        let pair = self.pair.as_ref();
        let header = pair
            .map(|pair| sign_in::header(pair, &self.place.upload, self.wanted.insecure_http))
            .transpose()?;
        Ok(header)
    }

    /// Returns what sends files and looks at pages, as whoever signs in now.
    pub(super) fn target(&self) -> Result<Target, Failure> {
        let setup = |error: wheelhouse_upstream::SetupError| Failure::Other(error.into());
        let authorization = self.authorization()?;
        let upload = self.place.upload.clone();
        let mut uploader = Uploader::new(upload, &user_agent(), &self.proxies).map_err(setup)?;
        let mut reader = IndexReader::new(&self.reader_settings()).map_err(setup)?;
        if let Some(value) = &authorization {
            uploader = uploader.with_authorization(value);
            if self.place.is_one_host() {
                reader = reader.with_authorization(value);
            }
        }
        let pages = (reader, self.place.pages.clone());
        Ok(Target::new(uploader, pages, self.wanted.jobs))
    }

    fn reader_settings(&self) -> ReaderSettings {
        ReaderSettings {
            user_agent: user_agent(),
            proxies: self.proxies.clone(),
            stays: true,
            ..ReaderSettings::default()
        }
    }

    /// Sends files and waits until the index lists them.
    pub(super) async fn send(
        &self,
        target: &Target,
        files: &[Distribution],
    ) -> Result<(), Failure> {
        let progress = Arc::new(Progress::new(files));
        let watcher: Arc<dyn Watcher> = Arc::<Progress>::clone(&progress);
        let outcomes = publishing::publish(target, files, &watcher).await;
        progress.end();
        let mut failure = None;
        let mut arrived = Vec::new();
        for (file, outcome) in files.iter().zip(outcomes) {
            match outcome {
                Some(Ok(Outcome::Uploaded(warnings))) => {
                    self.tell(file, "uploaded", &warnings)?;
                    arrived.push(file.clone());
                }
                Some(Ok(Outcome::AlreadyThere)) => self.tell(file, "is there already", &[])?,
                Some(Err(error)) => {
                    self.tell(file, "not uploaded", &[error.to_string()])?;
                    failure = failure.or(Some((file.file_name().to_owned(), error)));
                }
                None => self.tell(file, "not begun", &[])?,
            }
        }
        match failure {
            Some((name, error)) => Err(failed(&name, &error)),
            None => look(target, &arrived).await,
        }
    }

    /// Says what became of a file.
    pub(super) fn tell(
        &self,
        file: &Distribution,
        outcome: &str,
        said: &[String],
    ) -> Result<(), Failure> {
        if self.wanted.json {
            let object = json!({
                "file": file.file_name(),
                "sha256": file.digests.sha256.to_string(),
                "size": file.size_bytes,
                "outcome": outcome,
                "messages": said,
            });
            return print(&format!("{object}\n"));
        }
        let mut text = format!("{}: {outcome}\n", file.file_name());
        for line in said {
            let _ = writeln!(text, "  {line}");
        }
        print(&text)
    }

    /// Ends. A token that was made for this alone is good for nothing afterwards.
    pub(super) async fn end(self) {
        if let Some(minted) = self.minted {
            minted.burn(&self.proxies).await;
        }
    }
}

/// Waits until the index lists what it took, with its digests.
async fn look(target: &Target, files: &[Distribution]) -> Result<(), Failure> {
    let mut missing: Vec<&str> = Vec::new();
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(LOOK_DELAY).await;
        }
        let Ok(found) = standings(target, files).await else {
            // It took them all; that its pages cannot be read was told before.
            return Ok(());
        };
        if look >= LOOKS_WITHOUT_PAGE && found.contains(&Standing::NoPage) {
            to_stderr(
                "the index took every file, and shows no page of them to whoever uploaded them\n",
            );
            return Ok(());
        }
        let is_there = |standing| matches!(standing, Standing::Present | Standing::Unknown);
        let each = files
            .iter()
            .zip(found)
            .filter(|(_, standing)| !is_there(*standing));
        missing = each.map(|(file, _)| file.file_name()).collect();
        if missing.is_empty() {
            return Ok(());
        }
    }
    let message = format!(
        "the index took every file, and does not list {} with the digest that was sent",
        missing.join(", ")
    );
    Err(ReleaseFailure::refused(message, "ask whoever runs the index").into())
}

fn failed(file_name: &str, error: &PublishError) -> Failure {
    let message = format!("`{file_name}` was not uploaded: {error}");
    match error {
        PublishError::Page(_)
        | PublishError::Upload(UploadError::NoAnswer { .. } | UploadError::Later { .. }) => {
            ReleaseFailure::network(
                message,
                "run the command again: what has arrived is not sent twice",
            )
            .into()
        }
        PublishError::Upload(UploadError::File { .. }) => {
            ReleaseFailure::checks(message, "").into()
        }
        PublishError::Upload(UploadError::Credentials { .. }) => ReleaseFailure::refused(
            message,
            "sign in with --user NAME, TWINE_USERNAME and TWINE_PASSWORD, ~/.pypirc or netrc",
        )
        .into(),
        PublishError::Upload(_) | PublishError::NameTaken { .. } => {
            ReleaseFailure::refused(message, "").into()
        }
    }
}
