//! `publish`: checks files, sends them to an index, and looks whether they arrived.

mod place;
mod progress;
mod trusted;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde_json::json;
use wheelhouse_release::distribution::Distribution;
use wheelhouse_release::publishing::{
    self, Outcome, PublishError, Standing, Target, Watcher, standings,
};
use wheelhouse_standards::check::{CheckPolicy, Strictness};
use wheelhouse_upstream::{
    IndexReader, LookupError, Proxies, ReaderSettings, UploadError, Uploader,
};
use zeroize::Zeroizing;

use self::place::Place;
use self::progress::Progress;
use self::trusted::When;
use super::{proxies, user_agent};
use crate::command_line::{Parsed, UsageError};
use crate::environment::Environment;
use crate::exit::{Failure, ReleaseFailure};
use crate::options::defs::maintainers as defs;
use crate::program::{print, to_stderr};
use crate::sign_in::{self, Asked};

/// How often the index is asked whether it lists what it took, and the wait between.
const LOOKS: u32 = 30;
const LOOK_DELAY: Duration = Duration::from_secs(1);
/// How often that is done where there is no page: who may upload may perhaps not see.
const LOOKS_WITHOUT_PAGE: u32 = 3;

/// What the options say.
struct Options {
    repository: Option<String>,
    repository_url: Option<String>,
    index_url: Option<String>,
    user: Option<String>,
    insecure_http: bool,
    trusted: When,
    jobs: usize,
    dry_run: bool,
    json: bool,
}

impl Options {
    fn of(parsed: &Parsed) -> Result<Self, UsageError> {
        let text = |option| parsed.text(option);
        let options = Self {
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
            dry_run: parsed.truth(&defs::DRY_RUN),
            json: parsed.truth(&defs::JSON),
        };
        if options.repository.is_some() && options.repository_url.is_some() {
            return Err(UsageError::Together {
                one: "repository",
                other: "repository-url",
            });
        }
        Ok(options)
    }
}

/// Carries out the command.
pub(super) fn publish(parsed: &Parsed, environment: &Environment) -> Result<(), Failure> {
    let options = Options::of(parsed)?;
    let place = Place::find(&options, environment)?;
    let paths = parsed.free.iter().map(PathBuf::from).collect::<Vec<_>>();
    let files = checked(&paths)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the threads of the program")?;
    runtime.block_on(send(&options, &place, files, environment))
}

/// Reads the files, the same one once, and fails unless all are good.
fn checked(paths: &[PathBuf]) -> Result<Vec<Distribution>, Failure> {
    let policy = CheckPolicy {
        strictness: Strictness::Standard,
        refused: Vec::new(),
    };
    let mut files: Vec<Distribution> = Vec::new();
    let mut faults = Vec::new();
    for path in paths {
        if is_passed_over(path) {
            to_stderr(&format!(
                "{}: is not sent by itself, and passed over\n",
                path.display()
            ));
            continue;
        }
        match Distribution::read(path, &policy) {
            Err(error) => faults.push(error.to_string()),
            Ok(file) => {
                for finding in &file.refused {
                    faults.push(format!("`{}`: {}", path.display(), finding.message));
                }
                for finding in &file.told {
                    to_stderr(&format!("{}: {}\n", path.display(), finding.message));
                }
                let same = files
                    .iter()
                    .find(|other| other.file_name() == file.file_name());
                match same {
                    None => files.push(file),
                    Some(same) if same.digests.sha256 == file.digests.sha256 => {}
                    Some(same) => faults.push(format!(
                        "`{}` and `{}` have one name and different bytes",
                        same.path.display(),
                        path.display()
                    )),
                }
            }
        }
    }
    if !faults.is_empty() {
        let message = format!("nothing was sent: {}", faults.join("; "));
        return Err(ReleaseFailure::checks(message, "build the files anew").into());
    }
    if files.is_empty() {
        return Err(
            ReleaseFailure::checks("there is no wheel or sdist to send".to_owned(), "").into(),
        );
    }
    Ok(files)
}

/// Signatures and attestations lie beside the files that they are about.
fn is_passed_over(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("asc" | "attestation" | "provenance"))
}

async fn send(
    options: &Options,
    place: &Place,
    files: Vec<Distribution>,
    environment: &Environment,
) -> Result<(), Failure> {
    let proxies = proxies(environment);
    let target = target(options, place, &proxies, environment).await?;
    let found = match standings(&target, &files).await {
        Ok(found) => found,
        Err(error) if place.is_index_given => return Err(unread(&error)),
        Err(error) => {
            to_stderr(&format!("what the index has is not known: {error}\n"));
            vec![Standing::Absent; files.len()]
        }
    };
    let taken: Vec<&str> = files
        .iter()
        .zip(&found)
        .filter(|(_, standing)| **standing == Standing::Other)
        .map(|(file, _)| file.file_name())
        .collect();
    if !taken.is_empty() {
        let message = format!(
            "nothing was sent: the index has other files called {}",
            taken.join(", ")
        );
        return Err(ReleaseFailure::refused(message, "raise the version").into());
    }
    let (there, missing): (Vec<_>, Vec<_>) = files
        .into_iter()
        .zip(found)
        .partition(|(_, standing)| *standing == Standing::Present);
    for (file, _) in &there {
        tell(options, file, "is there already", &[])?;
    }
    let missing: Vec<Distribution> = missing.into_iter().map(|(file, _)| file).collect();
    if options.dry_run {
        for file in &missing {
            tell(options, file, "would be sent", &[])?;
        }
        return Ok(());
    }
    let progress = Arc::new(Progress::new(&missing));
    let watcher: Arc<dyn Watcher> = Arc::<Progress>::clone(&progress);
    let outcomes = publishing::publish(&target, &missing, &watcher).await;
    progress.end();
    let mut failure = None;
    let mut arrived = Vec::new();
    for (file, outcome) in missing.iter().zip(outcomes) {
        match outcome {
            Some(Ok(Outcome::Uploaded(warnings))) => {
                tell(options, file, "uploaded", &warnings)?;
                arrived.push(file.clone());
            }
            Some(Ok(Outcome::AlreadyThere)) => tell(options, file, "is there already", &[])?,
            Some(Err(error)) => {
                tell(options, file, "not uploaded", &[error.to_string()])?;
                failure = failure.or(Some((file.file_name().to_owned(), error)));
            }
            None => tell(options, file, "not begun", &[])?,
        }
    }
    match failure {
        Some((name, error)) => Err(failed(&name, &error)),
        None => look(&target, &arrived).await,
    }
}

/// Returns the value of the header `Authorization` for uploads, if there is anybody to sign in as.
async fn authorization(
    options: &Options,
    place: &Place,
    proxies: &Proxies,
    environment: &Environment,
) -> Result<Option<Zeroizing<String>>, Failure> {
    let asked = Asked {
        url: &place.upload,
        user: options.user.clone(),
        in_address: place.in_address.clone(),
        section: place.repository.as_ref(),
    };
    let found = match options.trusted {
        When::Always => Some(trusted::pair(place, proxies, environment).await?),
        when => match asked.find(environment)? {
            Some(pair) => Some(pair),
            None if when == When::Auto && trusted::is_ci(environment) => {
                Some(trusted::pair(place, proxies, environment).await?)
            }
            None => None,
        },
    };
    let header = found.map(|pair| sign_in::header(&pair, &place.upload, options.insecure_http));
    Ok(header.transpose()?)
}

async fn target(
    options: &Options,
    place: &Place,
    proxies: &Proxies,
    environment: &Environment,
) -> Result<Target, Failure> {
    let setup = |error: wheelhouse_upstream::SetupError| Failure::Other(error.into());
    let authorization = authorization(options, place, proxies, environment).await?;
    let mut uploader =
        Uploader::new(place.upload.clone(), &user_agent(), proxies).map_err(setup)?;
    let settings = ReaderSettings {
        user_agent: user_agent(),
        proxies: proxies.clone(),
        ..ReaderSettings::default()
    };
    let mut reader = IndexReader::new(&settings).map_err(setup)?;
    if let Some(value) = &authorization {
        uploader = uploader.with_authorization(value);
        if place.is_one_host() {
            reader = reader.with_authorization(value);
        }
    }
    let pages = (reader, place.pages.clone());
    Ok(Target::new(uploader, pages, options.jobs))
}

/// Says what became of a file.
fn tell(
    options: &Options,
    file: &Distribution,
    outcome: &str,
    said: &[String],
) -> Result<(), Failure> {
    if options.json {
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

fn unread(error: &LookupError) -> Failure {
    ReleaseFailure::network(format!("nothing was sent: {error}"), "").into()
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
