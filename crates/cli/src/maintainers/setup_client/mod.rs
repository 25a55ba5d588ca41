//! `setup-client`: sets clients up for an index, tries them, and takes that back.

mod check;
mod files;
mod keyring;
mod record;
mod report;
mod undo;
mod write;

use std::path::PathBuf;

use url::Url;
use wheelhouse_release::client_setup::{Client, Machine, System};

use super::{address, beside, simple};
use crate::command_line::{Parsed, UsageError};
use crate::environment::Environment;
use crate::exit::{Failure, ReleaseFailure};
use crate::options::defs::maintainers as defs;
use crate::options::value::Value;
use crate::sign_in::{self, Asked, Pair, is_this_machine, take_user};

use self::record::Record;
use self::report::Report;

/// The words that name clients.
const CLIENTS: &[&str] = &[
    "pip", "uv", "poetry", "pdm", "hatch", "twine", "flit", "pipenv", "conda", "netrc",
];

/// What was asked for.
struct Request<'e> {
    environment: &'e Environment,
    /// The clients that were named.
    named: Vec<Client>,
    /// The index, if it was given.
    index: Option<Address>,
    name: String,
    is_name_given: bool,
    user: Option<String>,
    is_sole: bool,
    insecure_http: bool,
    /// The folder of a project that is set up too.
    project_folder: Option<String>,
    /// What is tried to be installed.
    project: Option<String>,
    home: String,
    report: Report,
}

/// Where an index is.
#[derive(Clone)]
struct Address {
    simple: Url,
    upload: Url,
    /// The user information that was in the address.
    signed_in: Option<Pair>,
}

/// Carries out the command.
pub(super) fn setup_client(parsed: &Parsed, environment: &Environment) -> Result<(), Failure> {
    let modes = [&defs::PRINT, &defs::CHECK, &defs::UNDO];
    let given: Vec<_> = modes.iter().filter(|mode| parsed.truth(mode)).collect();
    if let [one, other, ..] = given.as_slice() {
        return Err(UsageError::Together {
            one: one.long,
            other: other.long,
        }
        .into());
    }
    let request = Request::of(parsed, environment)?;
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method itself is not general enough in its lifetimes"
    )]
    let path = request.machine(|machine| machine.record());
    let mut record = Record::read(&path)?;
    if parsed.truth(&defs::UNDO) {
        return undo::undo(&request, &mut record);
    }
    if parsed.truth(&defs::CHECK) {
        return check::check(&request, &record);
    }
    let Some(address) = request.index.clone() else {
        let message = "which index? give --index-url URL".to_owned();
        return Err(ReleaseFailure::usage(message).into());
    };
    let clients = request.clients()?;
    if parsed.truth(&defs::PRINT) {
        return write::print(&request, &address, &clients);
    }
    write::write(&request, &address, &clients, &mut record)
}

impl<'e> Request<'e> {
    fn of(parsed: &Parsed, environment: &'e Environment) -> Result<Self, Failure> {
        let text = |option| parsed.text(option);
        let mut named = Vec::new();
        for word in &parsed.free {
            let word = word.to_string_lossy();
            let client = Client::from_name(&word).ok_or_else(|| UsageError::NotOneOf {
                word: word.clone().into_owned(),
                words: CLIENTS,
            })?;
            if !named.contains(&client) {
                named.push(client);
            }
        }
        let index = text(&defs::SETUP_INDEX_URL);
        let upload = text(&defs::UPLOAD_URL);
        let index = index.map(|word| Address::of(&word, upload.as_deref()));
        let folder = match parsed.value(&defs::PROJECT_FOLDER) {
            Some(Value::Path(path)) => {
                Some(environment.absolute(path, &environment.working_folder))
            }
            _ => None,
        };
        if let Some(folder) = folder.as_ref().filter(|folder| !folder.is_dir()) {
            let message = format!("there is no folder {}", folder.display());
            return Err(ReleaseFailure::usage(message).into());
        }
        let Some(home) = environment.home.as_ref().and_then(|home| home.to_str()) else {
            let message = "nothing says where the home folder is; set HOME".to_owned();
            return Err(ReleaseFailure::usage(message).into());
        };
        Ok(Self {
            environment,
            named,
            index: index.transpose()?,
            name: text(&defs::SETUP_NAME).unwrap_or_else(|| "company".to_owned()),
            is_name_given: parsed.has(&defs::SETUP_NAME),
            user: text(&defs::SETUP_USER),
            is_sole: !parsed.truth(&defs::EXTRA),
            insecure_http: parsed.truth(&defs::INSECURE_HTTP),
            project_folder: folder.map(|folder| folder.to_string_lossy().into_owned()),
            project: text(&defs::SETUP_PROJECT),
            home: home.to_owned(),
            report: Report::new(parsed.truth(&defs::JSON)),
        })
    }

    /// Works with what the places of settings depend on.
    fn machine<T>(&self, work: impl FnOnce(&Machine<'_>) -> T) -> T {
        work(&Machine {
            system: System::HERE,
            home: &self.home,
            variable: &|name| self.environment.text(name),
            exists: &|path| std::path::Path::new(path).exists(),
        })
    }

    /// Returns the clients that were named, else those that this machine has.
    fn clients(&self) -> Result<Vec<Client>, Failure> {
        if !self.named.is_empty() {
            return Ok(self.named.clone());
        }
        let has = |client: &Client| {
            client
                .programs()
                .iter()
                .any(|name| self.find(name).is_some())
        };
        let found: Vec<_> = Client::ALL.into_iter().filter(has).collect();
        if found.is_empty() {
            let message = format!(
                "none of the clients is on this machine's PATH; name those to be set up, of {}",
                CLIENTS.join(", ")
            );
            return Err(ReleaseFailure::usage(message).into());
        }
        Ok(found)
    }

    /// Finds a program on the path.
    fn find(&self, name: &str) -> Option<PathBuf> {
        let path = self.environment.variable("PATH")?;
        let mut places = std::env::split_paths(path).map(|folder| folder.join(name));
        places.find(|place| place.is_file())
    }

    /// Returns who signs in, if somebody does, with the password. It goes over no open line.
    fn account(&self, address: &Address) -> Result<Option<Pair>, Failure> {
        let in_address = address.signed_in.clone();
        if self.user.is_none() && in_address.is_none() {
            return Ok(None);
        }
        let user = self.user.clone();
        let user = user.or_else(|| in_address.as_ref().map(|(user, _)| user.clone()));
        let asked = Asked {
            url: &address.simple,
            user,
            in_address,
            section: None,
        };
        let pair = asked.find(self.environment)?;
        if let Some(pair) = &pair {
            sign_in::header(pair, &address.simple, self.insecure_http)?;
        }
        Ok(pair)
    }
}

impl Address {
    fn of(word: &str, upload: Option<&str>) -> Result<Self, Failure> {
        let mut index = address(word)?;
        let in_address = take_user(&mut index);
        index.set_query(None);
        index.set_fragment(None);
        let mut index = simple(index);
        if !index.path().ends_with('/') {
            index.set_path(&format!("{}/", index.path()));
        }
        let mut upload = match upload {
            Some(word) => address(word)?,
            None => beside(&index),
        };
        take_user(&mut upload);
        Ok(Self {
            simple: index,
            upload,
            signed_in: in_address,
        })
    }

    fn is_loopback(&self) -> bool {
        is_this_machine(&self.simple)
    }
}
