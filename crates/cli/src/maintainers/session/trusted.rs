//! Signing in as the job of a CI system: its identity is exchanged for a token of the index.
//!
//! Standard: the exchange of trusted publishing as the public index has it (`/_/oidc/`).

use serde::Deserialize;
use serde_json::json;
use url::Url;
use wheelhouse_upstream::{ApiCaller, Proxies};
use zeroize::Zeroizing;

use super::place::Place;
use crate::environment::Environment;
use crate::exit::{Failure, ReleaseFailure};
use crate::maintainers::user_agent;
use crate::sign_in::Pair;

/// When the exchange is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// If there is nothing else to sign in with.
    Auto,
    Always,
    Never,
}

impl When {
    pub(super) fn of(word: Option<&str>) -> Self {
        match word {
            Some("always") => Self::Always,
            Some("never") => Self::Never,
            _ => Self::Auto,
        }
    }
}

#[derive(Deserialize)]
struct Audience {
    audience: String,
}

#[derive(Deserialize)]
struct Identity {
    value: String,
}

#[derive(Deserialize)]
struct Answer {
    token: String,
}

/// Returns whether this seems to be a job that has an identity.
pub(super) fn is_ci(environment: &Environment) -> bool {
    environment
        .variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
        .is_some()
        || (environment.variable("GITLAB_CI").is_some() && of_gitlab(environment, "pypi").is_some())
}

/// A token that was made for a job.
pub(super) struct Minted {
    index: Url,
    token: Zeroizing<String>,
}

impl Minted {
    /// Returns the token with the user name that goes with tokens.
    pub(super) fn pair(&self) -> Pair {
        ("__token__".to_owned(), self.token.clone())
    }

    /// Gives the token back. It ends soon by itself, where this is not understood.
    pub(super) async fn burn(self, proxies: &Proxies) {
        let body = json!({ "token": self.token.as_str() }).to_string();
        let Ok(caller) = caller(&self.index, proxies) else {
            return;
        };
        let answer = caller.call("POST", "/_/oidc/burn-token", Some(body.into_bytes()));
        if let Err(error) = answer.await {
            tracing::debug!(%error, "the token could not be given back");
        }
    }
}

/// Exchanges the identity of this job for a token of the index.
pub(super) async fn mint(
    place: &Place,
    proxies: &Proxies,
    environment: &Environment,
) -> Result<Minted, Failure> {
    let mut names = environment.names_with("");
    if !is_ci(environment) && !names.any(|name| name.ends_with("_ID_TOKEN")) {
        return Err(no_job("WHEELHOUSE_ID_TOKEN"));
    }
    let index = base_of(&place.upload);
    let caller = caller(&index, proxies)?;
    let audience: Audience = read(&caller, "GET", "/_/oidc/audience", None, &index).await?;
    let identity = identity(&audience.audience, proxies, environment).await?;
    let body = json!({ "token": identity.as_str() })
        .to_string()
        .into_bytes();
    let minted: Answer = read(&caller, "POST", "/_/oidc/mint-token", Some(body), &index).await?;
    Ok(Minted {
        index,
        token: Zeroizing::new(minted.token),
    })
}

async fn identity(
    audience: &str,
    proxies: &Proxies,
    environment: &Environment,
) -> Result<Zeroizing<String>, Failure> {
    if let Some(token) = of_gitlab(environment, audience) {
        return Ok(token);
    }
    let address = environment.text("ACTIONS_ID_TOKEN_REQUEST_URL");
    let token = environment
        .text("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
        .map(Zeroizing::new);
    let (Some(address), Some(token)) = (address, token) else {
        return Err(no_job(&variable_of(audience)));
    };
    let mut url: Url = address.parse().map_err(|_| {
        ReleaseFailure::usage("ACTIONS_ID_TOKEN_REQUEST_URL is no address".to_owned())
    })?;
    url.query_pairs_mut().append_pair("audience", audience);
    let caller = caller(&base_of(&url), proxies)?
        .with_authorization(&Zeroizing::new(format!("Bearer {}", *token)));
    let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    let identity: Identity = read(&caller, "GET", &path, None, &base_of(&url)).await?;
    Ok(Zeroizing::new(identity.value))
}

fn no_job(variable: &str) -> Failure {
    ReleaseFailure::usage(format!(
        "this is no job with an identity: neither ACTIONS_ID_TOKEN_REQUEST_URL and \
         ACTIONS_ID_TOKEN_REQUEST_TOKEN are set (GitHub, with `permissions: id-token: write`), nor {variable} \
         (GitLab, with `id_tokens`)"
    ))
    .into()
}

fn of_gitlab(environment: &Environment, audience: &str) -> Option<Zeroizing<String>> {
    environment.text(&variable_of(audience)).map(Zeroizing::new)
}

/// The variable in which a job of GitLab has a token for an audience, as uv and twine expect it.
fn variable_of(audience: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    format!(
        "{}_ID_TOKEN",
        audience.chars().map(plain).collect::<String>()
    )
}

fn base_of(url: &Url) -> Url {
    let mut base = url.clone();
    base.set_path("");
    base.set_query(None);
    base
}

fn caller(base: &Url, proxies: &Proxies) -> Result<ApiCaller, Failure> {
    let caller = ApiCaller::over_network(base, &user_agent(), proxies);
    caller.map_err(|error| Failure::Other(error.into()))
}

async fn read<T: serde::de::DeserializeOwned>(
    caller: &ApiCaller,
    method: &str,
    path: &str,
    body: Option<Vec<u8>>,
    base: &Url,
) -> Result<T, Failure> {
    let host = base.host_str().unwrap_or_default();
    let answer = caller.call(method, path, body).await;
    let answer = answer
        .map_err(|error| ReleaseFailure::network(format!("{host} does not answer: {error}"), ""))?;
    let said = || {
        String::from_utf8_lossy(&answer.body)
            .chars()
            .take(1_000)
            .collect::<String>()
    };
    if answer.status != 200 {
        return Err(ReleaseFailure::refused(
            format!(
                "{host} gives no token (status {}): {}",
                answer.status,
                said().trim()
            ),
            "is this job a trusted publisher there? `wheelhouse publisher` lists them",
        )
        .into());
    }
    // What it holds may be a secret, and is not shown.
    serde_json::from_slice(&answer.body).map_err(|_| {
        ReleaseFailure::refused(
            format!("{host} answers not as trusted publishing needs it"),
            "",
        )
        .into()
    })
}
