//! Writing the settings of clients, or showing them.

use std::path::Path;

use wheelhouse_release::client_setup::{
    Account, Client, Edit, FilePlan, Index, Kept, Original, Plan, apply, overriding, plan, undo,
};
use zeroize::Zeroizing;

use super::files::{self, Found};
use super::keyring::Keyring;
use super::record::{Record, Service, SetUp, Written};
use super::report::Said;
use super::{Address, Request};
use crate::exit::{Failure, ReleaseFailure};
use crate::sign_in::Pair;

/// What stands for a password that is shown.
const HIDDEN: &str = "…";

/// A file with all that its clients want of it.
struct Wanted {
    file: FilePlan,
    clients: Vec<Client>,
}

/// Shows what would be written.
pub(super) fn print(
    request: &Request<'_>,
    address: &Address,
    clients: &[Client],
) -> Result<(), Failure> {
    let in_address = address.signed_in.as_ref().map(|(user, _)| user.clone());
    let user = request.user.clone().or(in_address);
    let kept = match request.find("keyring") {
        Some(_) => Kept::Keyring,
        None => Kept::Files(Zeroizing::new(HIDDEN.to_owned())),
    };
    let index = index(request, address, user.map(|user| Account { user, kept }));
    let plans = plans(request, &index, clients);
    for wanted in merged(&plans) {
        let applied = apply(wanted.file.format, "", &wanted.file.edits)
            .map_err(|error| ReleaseFailure::checks(error.to_string(), ""))?;
        request.report.say(&Said {
            clients: names(&wanted.clients),
            file: Some(&wanted.file.path),
            outcome: "would have",
            text: Some(&applied.text),
            ..Said::default()
        })?;
    }
    for (service, clients) in services(&plans) {
        let user = index.account.as_ref().map(|account| account.user.as_str());
        let command = format!("keyring set {service} {}", user.unwrap_or_default());
        request.report.say(&Said {
            clients: names(&clients),
            outcome: "would have in the key ring",
            text: Some(&command),
            ..Said::default()
        })?;
    }
    for (client, plan) in &plans {
        tell(request, &index, *client, plan, "shown", &[])?;
    }
    Ok(())
}

/// Writes it.
pub(super) fn write(
    request: &Request<'_>,
    address: &Address,
    clients: &[Client],
    record: &mut Record,
) -> Result<(), Failure> {
    let pair = request.account(address)?;
    if clients.contains(&Client::Netrc) && pair.is_none() {
        let message = "netrc holds users with passwords alone; give --user".to_owned();
        return Err(ReleaseFailure::usage(message).into());
    }
    let mut all = clients.to_vec();
    // Who shares a file with these is set up again with them.
    for client in record
        .named(&request.name)
        .iter()
        .flat_map(|known| known.clients())
    {
        if !all.contains(&client) {
            all.push(client);
        }
    }
    let (index, kept, told_of_keyring) = with_account(request, address, clients, pair.as_ref());
    let at = note(request, &index, clients, kept, record);
    record.save()?;

    let plans = plans(request, &index, &all);
    let mut faults = 0;
    let mut in_part: Vec<Client> = Vec::new();
    for wanted in merged(&plans) {
        if wanted.clients.iter().any(|client| clients.contains(client)) {
            let faulty = one_file(request, &wanted, clients, record, at)?;
            faults += usize::from(!faulty.is_empty());
            in_part.extend(faulty);
        }
    }
    for (client, plan) in &plans {
        if clients.contains(client) {
            let outcome = if in_part.contains(client) {
                "is not set up as a whole"
            } else {
                "is set up"
            };
            tell(request, &index, *client, plan, outcome, &told_of_keyring)?;
        }
    }
    if faults > 0 {
        let message = format!("{faults} of the files were left alone, as said above");
        return Err(ReleaseFailure::checks(message, "mend them, and run this again").into());
    }
    Ok(())
}

/// Returns the index with who signs in there, what the key ring keeps now, and what is to be said of
/// that.
fn with_account(
    request: &Request<'_>,
    address: &Address,
    clients: &[Client],
    pair: Option<&Pair>,
) -> (Index, Vec<Service>, Vec<String>) {
    let Some((user, password)) = pair else {
        return (index(request, address, None), Vec::new(), Vec::new());
    };
    let of = |kept| {
        let user = user.clone();
        index(request, address, Some(Account { user, kept }))
    };
    let in_ring = of(Kept::Keyring);
    let services = services(&plans(request, &in_ring, clients));
    let mut told = Vec::new();
    // Who names netrc wants the password there.
    let program = request.find("keyring");
    let program = program.filter(|_| !clients.contains(&Client::Netrc) && !services.is_empty());
    if let Some(program) = program {
        if let Some(kept) = keep(&Keyring::at(program), &services, user, password) {
            return (in_ring, kept, told);
        }
        told.push(
            "the program `keyring` keeps nothing here; the password is in files that you alone can \
             read"
                .to_owned(),
        );
    }
    (of(Kept::Files(password.clone())), Vec::new(), told)
}

/// Notes what is set up. Returns where that stands.
fn note(
    request: &Request<'_>,
    index: &Index,
    clients: &[Client],
    kept: Vec<Service>,
    record: &mut Record,
) -> usize {
    let known = record.indexes.iter();
    let at = known.clone().position(|known| known.name == request.name);
    let at = at.unwrap_or(record.indexes.len());
    if at == record.indexes.len() {
        record.indexes.push(SetUp {
            name: request.name.clone(),
            simple: String::new(),
            upload: String::new(),
            user: None,
            is_sole: true,
            clients: Vec::new(),
            files: Vec::new(),
            services: Vec::new(),
        });
    }
    let set_up = &mut record.indexes[at];
    set_up.simple = index.simple.to_string();
    set_up.upload = index.upload.to_string();
    set_up.is_sole = index.is_sole;
    set_up.user = index.account.as_ref().map(|account| account.user.clone());
    for service in &mut set_up.services {
        let shared = kept.iter().filter(|other| other.is_same(service));
        let more: Vec<String> = shared.flat_map(|other| other.clients.clone()).collect();
        service.clients.extend(more);
        service.clients.sort();
        service.clients.dedup();
    }
    for service in kept.into_iter().filter(|service| service.is_new) {
        if !set_up.services.iter().any(|known| known.is_same(&service)) {
            set_up.services.push(service);
        }
    }
    for client in clients {
        let name = client.as_str().to_owned();
        if !set_up.clients.contains(&name) {
            set_up.clients.push(name);
        }
    }
    at
}

/// Changes one file. Returns the clients that are not set up because it was left alone.
fn one_file(
    request: &Request<'_>,
    wanted: &Wanted,
    clients: &[Client],
    record: &mut Record,
    at: usize,
) -> Result<Vec<Client>, Failure> {
    let path = wanted.file.path.as_str();
    let known = record.indexes[at].files.iter();
    let known = known.clone().find(|file| file.path == path).cloned();
    // Others are told of only where the file was theirs already.
    let is_known = |client: Client| {
        let mut names = known.iter().flat_map(|known| &known.clients);
        names.any(|name| name == client.as_str())
    };
    let mut owners = wanted.clients.clone();
    owners.retain(|client| clients.contains(client) || is_known(*client));
    let say = |outcome, notes| {
        request.report.say(&Said {
            clients: names(&owners),
            file: Some(path),
            outcome,
            notes,
            ..Said::default()
        })
    };
    let changed = match change(wanted, &owners, known.as_ref()) {
        Ok(changed) => changed,
        Err(why) => {
            say("left alone", vec![why])?;
            return Ok(owners);
        }
    };
    let files = &mut record.indexes[at].files;
    files.retain(|file| file.path != path);
    files.extend(changed.written);
    // Kept first: what is not yet written is taken back without harm.
    record.save()?;
    let Some(text) = &changed.text else {
        say("is as it should be", changed.told)?;
        return Ok(Vec::new());
    };
    let made = files::write(&changed.path, text)
        .map_err(|error| anyhow::anyhow!("cannot write {path}: {error}"))?;
    let mut files = record.indexes[at].files.iter_mut();
    if let Some(written) = files.find(|file| file.path == path && !made.is_empty()) {
        let made = made.iter().map(|made| made.display().to_string());
        written.folders = made.collect();
        record.save()?;
    }
    say("written", changed.told)?;
    Ok(Vec::new())
}

fn index(request: &Request<'_>, address: &Address, account: Option<Account>) -> Index {
    Index {
        name: request.name.clone(),
        simple: address.simple.clone(),
        upload: address.upload.clone(),
        is_sole: request.is_sole,
        is_loopback: address.is_loopback(),
        account,
    }
}

fn plans(request: &Request<'_>, index: &Index, clients: &[Client]) -> Vec<(Client, Plan)> {
    let folder = request.project_folder.as_deref();
    request.machine(|machine| {
        let plans = clients.iter();
        plans
            .map(|client| (*client, plan(*client, index, machine, folder)))
            .collect()
    })
}

/// Returns each file once, with what all clients want of it.
fn merged(plans: &[(Client, Plan)]) -> Vec<Wanted> {
    let mut files: Vec<Wanted> = Vec::new();
    for (client, plan) in plans {
        for file in &plan.files {
            match files.iter_mut().find(|known| known.file.path == file.path) {
                None => files.push(Wanted {
                    file: file.clone(),
                    clients: vec![*client],
                }),
                Some(known) => {
                    known.clients.push(*client);
                    for edit in &file.edits {
                        if !known.file.edits.contains(edit) {
                            known.file.edits.push(edit.clone());
                        }
                    }
                }
            }
        }
    }
    files
}

/// Returns the names in the key ring, each once, with the clients that ask for it.
fn services(plans: &[(Client, Plan)]) -> Vec<(String, Vec<Client>)> {
    let mut services: Vec<(String, Vec<Client>)> = Vec::new();
    for (client, plan) in plans {
        for service in &plan.services {
            match services.iter_mut().find(|(known, _)| known == service) {
                Some((_, clients)) => clients.push(*client),
                None => services.push((service.clone(), vec![*client])),
            }
        }
    }
    services
}

/// Keeps a password in the key ring under all names, or under none.
fn keep(
    keyring: &Keyring,
    services: &[(String, Vec<Client>)],
    user: &str,
    password: &str,
) -> Option<Vec<Service>> {
    let mut kept: Vec<Service> = Vec::new();
    for (service, clients) in services {
        let before = keyring.get(service, user);
        let is_there = before.as_deref().is_some_and(|before| before == password);
        if !is_there && !keyring.set(service, user, password) {
            for made in kept.iter().filter(|made| made.is_new) {
                keyring.forget(&made.place, user);
            }
            return None;
        }
        kept.push(Service {
            is_new: !is_there,
            place: service.clone(),
            user: user.to_owned(),
            clients: names(clients).into_iter().map(str::to_owned).collect(),
        });
    }
    Some(kept)
}

/// What a file comes to.
struct Changed {
    path: std::path::PathBuf,
    /// The new text, if there is one.
    text: Option<String>,
    written: Option<Written>,
    told: Vec<String>,
}

/// Returns what a file comes to, or a sentence about why it is left alone.
fn change(wanted: &Wanted, owners: &[Client], known: Option<&Written>) -> Result<Changed, String> {
    let file = &wanted.file;
    if file.path == "/dev/null" {
        return Err("a variable leads to /dev/null: this client reads no settings here".to_owned());
    }
    let Found {
        path,
        text: found,
        is_open,
    } = files::read(Path::new(&file.path))?;
    if file.is_of_project && found.is_none() {
        return Err("there is no such file: is this the folder of such a project?".to_owned());
    }
    if is_open && found.is_some() && file.edits.iter().any(Edit::is_secret) {
        return Err(format!(
            "others can read it, and a password would be in it: `chmod 600 {}`, then run this again",
            path.display()
        ));
    }
    let now = found.clone().unwrap_or_default();
    // What was written before is taken back first: then this is the same as doing it once.
    let base = match known {
        None => now.clone(),
        Some(known) => {
            undo(known.format, &now, &known.done, Some(&known.original))
                .map_err(|error| error.to_string())?
                .text
        }
    };
    let applied = apply(file.format, &base, &file.edits).map_err(|error| error.to_string())?;
    let is_new = found.is_none() || applied.text != now;
    let written = Written {
        path: file.path.clone(),
        format: file.format,
        clients: names(owners).into_iter().map(str::to_owned).collect(),
        is_made: known.map_or(found.is_none(), |known| known.is_made),
        folders: known.map(|known| known.folders.clone()).unwrap_or_default(),
        original: Original::of(&base, &applied.text),
        done: applied.done,
    };
    Ok(Changed {
        path,
        text: is_new.then_some(applied.text),
        written: (!written.done.is_empty()).then_some(written),
        told: applied.told,
    })
}

/// Says what a client's users have to know.
fn tell(
    request: &Request<'_>,
    index: &Index,
    client: Client,
    plan: &Plan,
    outcome: &str,
    more: &[String],
) -> Result<(), Failure> {
    let mut notes: Vec<String> = plan.usage.iter().map(|line| format!("$ {line}")).collect();
    notes.extend(plan.notes.iter().cloned());
    notes.extend_from_slice(more);
    let variable = |name: &str| request.environment.text(name);
    for name in overriding(client, &index.name, &variable) {
        notes.push(format!(
            "the variable {name} is set here, and wins over what is written: unset it"
        ));
    }
    for name in ["PIP_CONFIG_FILE", "UV_CONFIG_FILE"] {
        let is_of = match name {
            "PIP_CONFIG_FILE" => matches!(client, Client::Pip | Client::Pipenv | Client::Conda),
            _ => client == Client::Uv,
        };
        if is_of && variable(name).is_some() {
            notes.push(format!(
                "{name} is set here, and leads {client} to that file; where it is not set, other \
                 files count"
            ));
        }
    }
    for path in request.machine(|machine| machine.others(client)) {
        if names_index(&path) {
            notes.push(format!("{path} names an index, too, and may win"));
        }
    }
    request.report.say(&Said {
        clients: vec![client.as_str()],
        outcome,
        notes,
        ..Said::default()
    })
}

/// Returns whether a file that is not ours says something of indexes.
fn names_index(path: &str) -> bool {
    let text = files::read(Path::new(path))
        .ok()
        .and_then(|found| found.text);
    let is_index = |line: &str| {
        let line = line.trim_start().replace('_', "-");
        ["index-url", "extra-index-url", "no-index", "[[index]]"]
            .iter()
            .any(|key| line.starts_with(key))
    };
    text.is_some_and(|text| text.lines().any(is_index))
}

fn names(clients: &[Client]) -> Vec<&'static str> {
    clients.iter().map(|client| client.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use wheelhouse_release::client_setup::Format;

    use super::*;

    #[test]
    fn one_file_of_two_clients_is_changed_once() {
        let file = |edits| FilePlan {
            path: "~/.pypirc".to_owned(),
            format: Format::Ini,
            edits,
            is_of_project: false,
        };
        let edit = |key: &str| Edit::Remove {
            place: vec!["company".to_owned(), key.to_owned()],
        };
        let plan = |edits| Plan {
            files: vec![file(edits)],
            ..Plan::default()
        };
        let plans = [
            (Client::Twine, plan(vec![edit("a"), edit("b")])),
            (Client::Flit, plan(vec![edit("b"), edit("c")])),
        ];
        let files = merged(&plans);
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].file.edits, [edit("a"), edit("b"), edit("c")]);
        assert_eq!(names(&files[0].clients), ["twine", "flit"]);
    }
}
