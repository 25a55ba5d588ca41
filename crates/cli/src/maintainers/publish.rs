//! `publish`: checks files, sends them to an index, and looks whether they arrived.

use std::path::{Path, PathBuf};

use anyhow::Context;
use wheelhouse_release::distribution::Distribution;
use wheelhouse_release::publishing::{Standing, standings};
use wheelhouse_standards::check::{CheckPolicy, Strictness};

use super::session::{Place, Session, Wanted};
use crate::command_line::Parsed;
use crate::environment::Environment;
use crate::exit::{Failure, ReleaseFailure};
use crate::options::defs::maintainers as defs;
use crate::program::to_stderr;

/// Carries out the command.
pub(super) fn publish(parsed: &Parsed, environment: &Environment) -> Result<(), Failure> {
    let wanted = Wanted::of(parsed)?;
    let place = Place::named(&wanted, environment)?;
    let paths = parsed.free.iter().map(PathBuf::from).collect::<Vec<_>>();
    let files = checked(&paths)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the threads of the program")?;
    let mut session = Session::begin(wanted, place, environment)?;
    runtime.block_on(async {
        session.sign_in().await?;
        let done = send(&session, files, parsed.truth(&defs::DRY_RUN)).await;
        session.end().await;
        done
    })
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
    session: &Session<'_>,
    files: Vec<Distribution>,
    is_dry: bool,
) -> Result<(), Failure> {
    let target = session.target()?;
    let found = match standings(&target, &files).await {
        Ok(found) => found,
        Err(error) if session.place.is_index_given => {
            let message = format!("nothing was sent: {error}");
            return Err(ReleaseFailure::network(message, "").into());
        }
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
        session.tell(file, "is there already", &[])?;
    }
    let missing: Vec<Distribution> = missing.into_iter().map(|(file, _)| file).collect();
    if is_dry {
        for file in &missing {
            session.tell(file, "would be sent", &[])?;
        }
        return Ok(());
    }
    session.send(&target, &missing).await
}
