//! Trying clients as they are set up, in folders that are thrown away.

mod trial;

use anyhow::Context;
use url::Url;
use wheelhouse_release::client_setup::{Client, Reason, explain};
use wheelhouse_release::pypirc::{Pypirc, Repository};
use wheelhouse_standards::name::{ProjectKey, ProjectName};
use wheelhouse_upstream::{
    Ability, Answer, Examiner, IndexReader, LookupError, ReaderSettings, Reception, Subject,
    UploadError, Uploader, Verdict,
};

use self::trial::{Trial, Tried};
use super::record::{Record, SetUp};
use super::report::{Report, Said};
use super::{Address, Request};
use crate::environment::settings_file;
use crate::exit::{Failure, ReleaseFailure};
use crate::maintainers::{proxies, user_agent};
use crate::sign_in::{self, Asked, Pair};

/// What is tried.
struct Checked<'r, 'e> {
    request: &'r Request<'e>,
    address: Address,
    name: String,
    user: Option<String>,
    is_sole: bool,
    /// Whether the key ring has the password, and not netrc.
    is_in_keyring: bool,
}

/// Tries each client.
pub(super) fn check(request: &Request<'_>, record: &Record) -> Result<(), Failure> {
    let known = record.named(&request.name);
    let address = match (&request.index, known) {
        (Some(address), _) => address.clone(),
        (None, Some(known)) => Address::of(&known.simple, Some(&known.upload))?,
        (None, None) => {
            let message = format!(
                "nothing was set up here under the name `{}`; give --index-url URL",
                request.name
            );
            return Err(ReleaseFailure::usage(message).into());
        }
    };
    let clients = match known {
        Some(known) if request.named.is_empty() && !known.clients.is_empty() => known.clients(),
        _ => request.clients()?,
    };
    let user = request.user.clone();
    let user = user.or_else(|| known.and_then(|known| known.user.clone()));
    let checked = Checked {
        request,
        user,
        name: request.name.clone(),
        is_in_keyring: known.is_some_and(|known| !known.services.is_empty()),
        is_sole: known.map_or(request.is_sole, |known: &SetUp| known.is_sole),
        address,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the program's work")?;
    runtime.block_on(checked.all(&clients))
}

impl Checked<'_, '_> {
    async fn all(&self, clients: &[Client]) -> Result<(), Failure> {
        let pair = self.pair(&self.address.simple, None)?;
        let project = match self.index(pair.as_ref()).await {
            Ok(project) => project,
            Err((reason, what)) => {
                self.failed("index", reason, &what)?;
                return Err(ending("the index", reason));
            }
        };
        self.request.report.say(&Said {
            clients: vec!["index"],
            outcome: "answers",
            notes: vec![format!("{} has {project}", self.address.simple)],
            ..Said::default()
        })?;
        let mut first = None;
        for client in clients {
            let fault = match client {
                Client::Hatch | Client::Twine | Client::Flit => self.upload(*client).await?,
                Client::Netrc => self.netrc(&project).await?,
                _ => self.install(*client, &project, pair.as_ref()).await?,
            };
            if let Some(reason) = fault {
                first.get_or_insert((*client, reason));
            }
        }
        match first {
            Some((client, reason)) => Err(ending(client.as_str(), reason)),
            None => Ok(()),
        }
    }

    /// Returns who signs in at an address.
    fn pair(&self, url: &Url, section: Option<&Repository>) -> Result<Option<Pair>, Failure> {
        let asked = Asked {
            url,
            user: self.user.clone(),
            in_address: None,
            section,
        };
        match asked.find(self.request.environment) {
            Ok(pair) => Ok(pair),
            // Then the index says that it is missing.
            Err(sign_in::SignInError::Nobody { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks the index itself. Returns the project that is tried.
    async fn index(&self, pair: Option<&Pair>) -> Result<ProjectKey, (Reason, String)> {
        let other = |error: &dyn std::fmt::Display| (Reason::Other, error.to_string());
        let index = &self.address.simple;
        let header = pair.map(|pair| sign_in::header(pair, index, self.request.insecure_http));
        let header = header.transpose().map_err(|error| other(&error))?;
        let environment = self.request.environment;
        let authorization = header.as_ref().map(|value| (index, value.as_str()));
        let project = match &self.request.project {
            Some(name) => {
                let read: Result<ProjectName, _> = name.parse();
                ProjectKey::from(read.map_err(|error| other(&error))?)
            }
            None => self.first(authorization).await?,
        };
        let settings = ReaderSettings {
            user_agent: user_agent(),
            proxies: proxies(environment),
            attempts: 1,
            ..ReaderSettings::default()
        };
        let mut reader = IndexReader::new(&settings).map_err(|error| other(&error))?;
        if let Some(header) = &header {
            reader = reader.with_authorization(header);
        }
        match reader.project(index, &project).await {
            Ok(_) => Ok(project),
            Err(error @ LookupError::NotFound { .. }) => {
                // Where there is no index, there is no project either.
                self.first(authorization).await?;
                Err(why(&error))
            }
            Err(error) => Err(why(&error)),
        }
    }

    /// Returns the first project of the index.
    async fn first(
        &self,
        authorization: Option<(&Url, &str)>,
    ) -> Result<ProjectKey, (Reason, String)> {
        let index = &self.address.simple;
        let environment = self.request.environment;
        let examiner = Examiner::new(&user_agent(), &proxies(environment), authorization)
            .map_err(|error| (Reason::Other, error.to_string()))?;
        let subject = Subject {
            index: index.clone(),
            upload: self.address.upload.clone(),
            project: None,
        };
        let found = examiner.examine(&subject).await;
        let found = found.map_err(|error| why(&error))?;
        let is_read =
            |answer: &Answer| answer.ability == Ability::Reading && answer.verdict == Verdict::Yes;
        if !found.answers.iter().any(is_read) {
            let what = format!("{index} asks for credentials");
            return Err((Reason::Unauthorized, what));
        }
        found.project.ok_or_else(|| {
            let what = format!("{index} has no project to try; name one with --project");
            (Reason::ProjectMissing, what)
        })
    }

    /// Installs through a client.
    async fn install(
        &self,
        client: Client,
        project: &ProjectKey,
        pair: Option<&Pair>,
    ) -> Result<Option<Reason>, Failure> {
        let trial = Trial {
            client,
            project: project.as_str(),
            name: &self.name,
            index: &self.address.simple,
            is_sole: self.is_sole,
            project_folder: self.request.project_folder.as_deref(),
        };
        match trial.run(self.request).await? {
            Tried::Works => {
                self.works(client.as_str(), &format!("gets {project}"))?;
                Ok(None)
            }
            Tried::NotHere => {
                let what = "it is not on this machine's PATH";
                self.failed(client.as_str(), Reason::Other, what)?;
                Ok(Some(Reason::Other))
            }
            Tried::Fails(said) => {
                let mut reason = explain(&said);
                // The index has it. pdm says no more than this when its password is wrong.
                if reason == Reason::ProjectMissing && !self.is_in_keyring {
                    let own = sign_in::of_netrc(&self.address.simple, self.request.environment);
                    if let Err((Reason::Unauthorized, _)) = self.index(own.as_ref()).await {
                        reason = Reason::Unauthorized;
                    }
                }
                Report::quote(&last_lines(&hidden(&said, pair)));
                self.failed(client.as_str(), reason, "")?;
                Ok(Some(reason))
            }
        }
    }

    /// Asks the address of uploads with what an uploading client would sign in with: none of them
    /// can try without sending a file.
    async fn upload(&self, client: Client) -> Result<Option<Reason>, Failure> {
        let section = match self.section(client) {
            Ok(section) => section,
            Err(what) => {
                self.failed(client.as_str(), Reason::Other, &what)?;
                return Ok(Some(Reason::Other));
            }
        };
        let url: Option<Url> = section.url.as_deref().and_then(|url| url.parse().ok());
        let Some(url) = url else {
            let what = format!("its `{}` has no address", self.name);
            self.failed(client.as_str(), Reason::Other, &what)?;
            return Ok(Some(Reason::Other));
        };
        let environment = self.request.environment;
        let pair = self.pair(&url, Some(&section))?;
        let reception = async {
            let uploader = Uploader::new(url.clone(), &user_agent(), &proxies(environment))
                .map_err(|error| error.to_string())?;
            let uploader = match &pair {
                Some(pair) => {
                    let insecure_http = self.request.insecure_http;
                    let header = sign_in::header(pair, &url, insecure_http)
                        .map_err(|error| error.to_string())?;
                    uploader.with_authorization(&header)
                }
                None => uploader,
            };
            let asked: Result<Reception, UploadError> = uploader.ask().await;
            asked.map_err(|error| error.to_string())
        };
        let (reason, what) = match reception.await {
            Ok(Reception::Open) => {
                self.works(client.as_str(), &format!("may upload to {url}"))?;
                return Ok(None);
            }
            Ok(Reception::SignIn) => (Reason::Unauthorized, format!("{url} answers with 401")),
            Ok(Reception::Closed(403)) => (Reason::Forbidden, format!("{url} answers with 403")),
            Ok(Reception::Closed(status)) => (
                Reason::NotAnIndex,
                format!("{url} answers with {status}, and takes no uploads"),
            ),
            Err(what) => (explain(&what), what),
        };
        self.failed(client.as_str(), reason, &what)?;
        Ok(Some(reason))
    }

    /// Returns what a client's own file says of the index.
    fn section(&self, client: Client) -> Result<Repository, String> {
        let path = self.request.machine(|machine| match client {
            Client::Hatch => machine.hatch(),
            _ => machine.pypirc(),
        });
        let text = settings_file(path.as_ref()).ok_or_else(|| format!("there is no {path}"))?;
        if client != Client::Hatch {
            let pypirc = Pypirc::parse(&text).map_err(|error| format!("{path}: {error}"))?;
            let section = pypirc.named(&self.name);
            return section.cloned().map_err(|error| format!("{path}: {error}"));
        }
        let table: toml::Table =
            toml::from_str(&text).map_err(|_| format!("{path} is no valid TOML"))?;
        let mut value = Some(&table);
        for part in ["publish", "index", "repos", &self.name] {
            value = value
                .and_then(|table| table.get(part))
                .and_then(toml::Value::as_table);
        }
        let table = value.ok_or_else(|| format!("{path} has no repository `{}`", self.name))?;
        let text = |key: &str| {
            let text = table.get(key).and_then(toml::Value::as_str);
            text.map(str::to_owned)
        };
        Ok(Repository {
            url: text("url"),
            username: text("user"),
            password: text("auth").map(zeroize::Zeroizing::new),
            ..Repository::default()
        })
    }

    /// Asks the index with what netrc has.
    async fn netrc(&self, project: &ProjectKey) -> Result<Option<Reason>, Failure> {
        let index = &self.address.simple;
        let Some(pair) = sign_in::of_netrc(index, self.request.environment) else {
            let what = "it has nothing about the index's host";
            self.failed("netrc", Reason::Unauthorized, what)?;
            return Ok(Some(Reason::Unauthorized));
        };
        match self.index(Some(&pair)).await {
            Ok(_) => {
                self.works("netrc", &format!("opens {project}"))?;
                Ok(None)
            }
            Err((reason, what)) => {
                self.failed("netrc", reason, &what)?;
                Ok(Some(reason))
            }
        }
    }

    fn works(&self, who: &str, how: &str) -> Result<(), Failure> {
        self.request.report.say(&Said {
            clients: vec![who],
            outcome: "works",
            notes: vec![how.to_owned()],
            ..Said::default()
        })
    }

    fn failed(&self, who: &str, reason: Reason, what: &str) -> Result<(), Failure> {
        let mut notes = Vec::new();
        if !what.is_empty() {
            notes.push(what.to_owned());
        }
        if reason != Reason::Other || what.is_empty() {
            notes.push(reason.advice().to_owned());
        }
        self.request.report.say(&Said {
            clients: vec![who],
            outcome: "fails",
            reason: Some(reason.as_str()),
            notes,
            ..Said::default()
        })
    }
}

/// Returns why an index could not be read.
fn why(error: &LookupError) -> (Reason, String) {
    let reason = match error {
        LookupError::NotFound { .. } => Reason::ProjectMissing,
        LookupError::Status { status: 401, .. } => Reason::Unauthorized,
        LookupError::Status { status: 403, .. } => Reason::Forbidden,
        LookupError::Status { status: 404, .. } | LookupError::Malformed { .. } => {
            Reason::NotAnIndex
        }
        LookupError::Network { cause, .. } => match explain(cause) {
            Reason::NameNotResolved => Reason::NameNotResolved,
            Reason::TlsNotTrusted => Reason::TlsNotTrusted,
            _ => Reason::NotReached,
        },
        _ => Reason::Other,
    };
    (reason, error.to_string())
}

fn ending(who: &str, reason: Reason) -> Failure {
    let message = format!("{who} fails, as said above");
    let failure = if reason.is_network() {
        ReleaseFailure::network(message, "")
    } else if reason.is_refusal() {
        ReleaseFailure::refused(message, "")
    } else {
        ReleaseFailure::checks(message, "")
    };
    failure.into()
}

/// Clients hide passwords in addresses; this hides the one that we know of everywhere.
fn hidden(said: &str, pair: Option<&Pair>) -> String {
    let plain: String = said
        .chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .collect();
    match pair {
        Some((_, password)) if !password.is_empty() => plain.replace(password.as_str(), "…"),
        _ => plain,
    }
}

fn last_lines(text: &str) -> String {
    const LINES: usize = 8;
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
