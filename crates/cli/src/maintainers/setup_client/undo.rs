//! Taking back what was written.

use std::path::Path;

use wheelhouse_release::client_setup::undo as take_back;

use super::Request;
use super::files;
use super::keyring::Keyring;
use super::record::{Record, SetUp, Written};
use super::report::Said;
use crate::exit::{Failure, ReleaseFailure};

/// Takes back what was written for the clients that were named, or for all.
pub(super) fn undo(request: &Request<'_>, record: &mut Record) -> Result<(), Failure> {
    let names: Vec<String> = request.named.iter().map(ToString::to_string).collect();
    let is_named = |name: &String| names.is_empty() || names.contains(name);
    let mut faults = 0;
    let mut count = 0;
    for at in (0..record.indexes.len()).rev() {
        if request.is_name_given && record.indexes[at].name != request.name {
            continue;
        }
        record.indexes[at].clients.retain(|name| !is_named(name));
        for file_at in (0..record.indexes[at].files.len()).rev() {
            let file = record.indexes[at].files[file_at].clone();
            if !file.clients.iter().any(is_named) {
                continue;
            }
            count += 1;
            let rest: Vec<String> = file
                .clients
                .iter()
                .filter(|name| !is_named(name))
                .cloned()
                .collect();
            if !rest.is_empty() {
                request.report.say(&Said {
                    clients: rest.iter().map(String::as_str).collect(),
                    file: Some(&file.path),
                    outcome: "stays for these",
                    ..Said::default()
                })?;
                record.indexes[at].files[file_at].clients = rest;
                continue;
            }
            match restore(&file) {
                Ok((outcome, notes)) => {
                    request.report.say(&Said {
                        clients: file.clients.iter().map(String::as_str).collect(),
                        file: Some(&file.path),
                        outcome,
                        notes,
                        ..Said::default()
                    })?;
                    record.indexes[at].files.remove(file_at);
                }
                Err(why) => {
                    faults += 1;
                    request.report.say(&Said {
                        clients: file.clients.iter().map(String::as_str).collect(),
                        file: Some(&file.path),
                        outcome: "left alone",
                        notes: vec![why],
                        ..Said::default()
                    })?;
                }
            }
        }
        count += forget(request, &mut record.indexes[at], &is_named)?;
    }
    record.save()?;
    if faults > 0 {
        let message = format!("{faults} of the files were left alone, as said above");
        return Err(ReleaseFailure::checks(message, "mend them, and run this again").into());
    }
    if count == 0 {
        request.report.say(&Said {
            clients: vec!["setup-client"],
            outcome: "nothing was written, and there is nothing to take back",
            ..Said::default()
        })?;
    }
    Ok(())
}

/// Takes back what was done to one file.
fn restore(file: &Written) -> Result<(&'static str, Vec<String>), String> {
    let found = files::read(Path::new(&file.path))?;
    let Some(text) = found.text else {
        return Ok(("is gone already", Vec::new()));
    };
    let undone = take_back(file.format, &text, &file.done, Some(&file.original))
        .map_err(|error| error.to_string())?;
    let notes = undone
        .kept
        .iter()
        .map(|place| format!("{place} was changed since, and stays"));
    let notes: Vec<String> = notes.collect();
    let failed = |error: std::io::Error| format!("it cannot be written: {error}");
    if file.is_made && undone.text.trim().is_empty() {
        files::remove(&found.path, &file.folders).map_err(failed)?;
        return Ok(("removed", notes));
    }
    if undone.text == text {
        return Ok(("is as it was", notes));
    }
    files::write(&found.path, &undone.text).map_err(failed)?;
    Ok(("is as it was", notes))
}

/// Takes passwords out of the key ring. Returns how many.
fn forget(
    request: &Request<'_>,
    index: &mut SetUp,
    is_named: &impl Fn(&String) -> bool,
) -> Result<usize, Failure> {
    let mut count = 0;
    let mut stay = Vec::new();
    for mut service in std::mem::take(&mut index.services) {
        service.clients.retain(|name| !is_named(name));
        if !service.clients.is_empty() {
            stay.push(service);
            continue;
        }
        count += 1;
        let keyring = request.find("keyring").map(Keyring::at);
        let is_gone = keyring.is_some_and(|keyring| keyring.forget(&service.place, &service.user));
        request.report.say(&Said {
            clients: vec!["keyring"],
            file: Some(&service.place),
            outcome: if is_gone {
                "forgotten"
            } else {
                "cannot be taken out of the key ring here; do that yourself"
            },
            ..Said::default()
        })?;
    }
    index.services = stay;
    Ok(count)
}
