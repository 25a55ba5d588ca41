//! Where a command goes: to a server over the network, to the one that serves a folder on this
//! machine, or to the folder itself.

use std::os::unix::fs::MetadataExt;

use anyhow::{Context, anyhow, bail};
use http::{Method, Request};
use nix::unistd::{Gid, Uid, getuid, setgid, setgroups, setuid};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use wheelhouse_server::AdministratorApi;
use wheelhouse_server::api::ProblemDetails;
use wheelhouse_store::state::{SocketPath, StateError, socket_path};
use wheelhouse_upstream::{ApiCaller, Proxies};

use super::{Options, credentials, to_json};
use crate::command_line::Parsed;
use crate::config;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::{Profile, defs};
use crate::settings::{RunSettings, Source};
use crate::wiring::{self, Wired};

/// A way to call the API.
pub(crate) enum Connection {
    /// Of a server.
    Server {
        caller: ApiCaller,
        /// What people call the server.
        name: String,
        /// Whether credentials are sent.
        signs_in: bool,
        /// Keeps the path of the socket good, where it is one.
        _socket: Option<SocketPath>,
    },
    /// Of the folder itself.
    Here {
        api: AdministratorApi,
        user_agent: String,
        _wired: Box<Wired>,
    },
}

/// A successful answer.
pub(crate) struct Answer(Vec<u8>);

impl Answer {
    /// Returns the answer as it came.
    pub(super) fn text(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.0).into_owned();
        text.push('\n');
        text
    }

    pub(crate) fn read<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        serde_json::from_slice(&self.0)
            .context("the answer is not understood: does a server of another version run there?")
    }
}

/// Finds the way that the options tell.
pub(super) async fn connect(
    parsed: Parsed,
    options: &Options,
    environment: &Environment,
) -> Result<Connection, Failure> {
    if let Some(server) = &options.server {
        return Ok(to_server(server, options, environment)?);
    }
    let settings = settings(parsed, options, environment)?;
    let user_agent = user_agent();
    become_owner(&settings)?;
    match wiring::wire(&settings, environment, None).await {
        Ok(wired) => Ok(here(wired, user_agent).await?),
        Err(error) => match error.downcast_ref::<StateError>() {
            Some(StateError::InUse { path, .. }) => Ok(over_socket(path, &user_agent)?),
            _ => Err(error.into()),
        },
    }
}

impl Connection {
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.call("GET", path, None).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<Answer> {
        self.call(method, path, Some(to_json(body))).await
    }

    pub(super) async fn remove(&self, path: &str) -> anyhow::Result<Answer> {
        self.call("DELETE", path, None).await
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> anyhow::Result<Answer> {
        match self {
            Self::Server {
                caller,
                name,
                signs_in,
                ..
            } => {
                let answer = caller.call(method, path, body).await;
                let answer = answer.with_context(|| format!("{name} does not answer"))?;
                if let Some(location) = answer.location.filter(|_| answer.status / 100 == 3) {
                    bail!("{name} says that the index is elsewhere: {location}");
                }
                judge(answer.status, answer.body, name, *signs_in)
            }
            Self::Here {
                api, user_agent, ..
            } => {
                let method = Method::from_bytes(method.as_bytes())?;
                let request = Request::builder()
                    .method(method)
                    .uri(path)
                    .header(http::header::CONTENT_TYPE, "application/json")
                    .header(http::header::USER_AGENT, user_agent.as_str())
                    .body(body.unwrap_or_default().into())?;
                let answer = api.call(request).await?;
                let (head, body) = answer.into_parts();
                judge(head.status.as_u16(), body.to_vec(), "the index", true)
            }
        }
    }
}

/// Returns a successful answer, and of another one what it says.
fn judge(status: u16, body: Vec<u8>, name: &str, signs_in: bool) -> anyhow::Result<Answer> {
    if status == 200 {
        return Ok(Answer(body));
    }
    let Ok(problem) = serde_json::from_slice::<ProblemDetails>(&body) else {
        bail!("{name} answers {status}, and not as Wheelhouse does; is the address right?");
    };
    let help = match (status, signs_in) {
        (401, false) => {
            "; sign in with --user NAME, with WHEELHOUSE_USER and WHEELHOUSE_PASSWORD, or with netrc"
        }
        _ => "",
    };
    Err(anyhow!("{}{help}", problem.detail))
}

fn to_server(
    server: &str,
    options: &Options,
    environment: &Environment,
) -> anyhow::Result<Connection> {
    let mut url = Url::parse(server).context("`--server` is no address")?;
    if !url.username().is_empty() || url.password().is_some() {
        bail!("write no password into the address: others can read it; use --user or netrc");
    }
    // People copy the address that they give to pip.
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/simple").unwrap_or(path).to_owned();
    url.set_path(&path);
    let proxies = Proxies::from_variables(&|name| environment.text(name));
    let authorization = credentials::authorization(&url, options, environment)?;
    let caller = ApiCaller::over_network(&url, &user_agent(), &proxies)?;
    let signs_in = authorization.is_some();
    Ok(Connection::Server {
        caller: match authorization {
            Some(value) => caller.with_authorization(&value),
            None => caller,
        },
        name: format!("the server at {url}"),
        signs_in,
        _socket: None,
    })
}

pub(crate) fn over_socket(
    state_folder: &std::path::Path,
    user_agent: &str,
) -> anyhow::Result<Connection> {
    let socket = socket_path(state_folder).with_context(|| {
        format!(
            "the state folder {} cannot be opened",
            state_folder.display()
        )
    })?;
    let caller = ApiCaller::over_socket(&socket.path, user_agent)?;
    Ok(Connection::Server {
        caller,
        name: format!("the server that uses {}", state_folder.display()),
        signs_in: true,
        _socket: Some(socket),
    })
}

async fn here(wired: Wired, user_agent: String) -> anyhow::Result<Connection> {
    if wired.state_folder.is_none() {
        bail!(
            "the index of this folder has no state folder, so a change would be forgotten: {}; --state-dir names one",
            wired.state_note
        );
    }
    let api = wired.server.administrator_api();
    let mut wired = Box::new(wired);
    // What is there must be known before anybody changes it.
    let _ = (&mut wired.first_scan).await;
    Ok(Connection::Here {
        api,
        user_agent,
        _wired: wired,
    })
}

/// Becomes the owner of the folder, if it is root's process: what root made there, the server of
/// that owner could not write any more.
pub(crate) fn become_owner(settings: &RunSettings) -> anyhow::Result<()> {
    if !getuid().is_root() {
        return Ok(());
    }
    let state = settings.state.folder.iter().filter(|path| path.is_dir());
    let Some(folder) = state.chain(&settings.folders.roots).next() else {
        return Ok(());
    };
    let owner = std::fs::metadata(folder)
        .with_context(|| format!("cannot look at {}", folder.display()))?;
    if owner.uid() == 0 {
        return Ok(());
    }
    // Groups go first: afterwards nobody may change them.
    setgroups(&[])
        .and_then(|()| setgid(Gid::from_raw(owner.gid())))
        .and_then(|()| setuid(Uid::from_raw(owner.uid())))
        .with_context(|| {
            format!(
                "cannot become the owner of {}; run the command as user {}",
                folder.display(),
                owner.uid()
            )
        })
}

/// Returns the settings with which `run` would serve the folder.
fn settings(
    mut parsed: Parsed,
    options: &Options,
    environment: &Environment,
) -> Result<RunSettings, Failure> {
    let kept = [defs::CONFIG.long, defs::STATE_DIR.long, defs::FILES.long];
    parsed.free.clear();
    parsed.given.retain(|(given, _)| kept.contains(&given.long));
    if let Some(dir) = &options.dir {
        parsed.free.push(dir.into());
    }
    let values = config::gather(parsed, Profile::Wheelhouse, environment)?;
    let source = Source {
        values: &values,
        environment,
        may_make_folders: false,
    };
    let settings = RunSettings::of(source)?;
    for root in &settings.folders.roots {
        if !root.is_dir() {
            let error = anyhow!(
                "there is no folder {}; --dir names another one, --server a server",
                root.display()
            );
            return Err(error.into());
        }
    }
    Ok(settings)
}

pub(crate) fn user_agent() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::current());
    let name = user.ok().flatten().map(|user| user.name);
    let name = name.filter(|name| name.bytes().all(|byte| byte.is_ascii_graphic()));
    let version = env!("CARGO_PKG_VERSION");
    match name {
        Some(name) => format!("wheelhouse/{version} ({name})"),
        None => format!("wheelhouse/{version}"),
    }
}
