//! Trusted publishing: an identity token of a CI job in, a token of ours for a quarter of an hour out.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use wheelhouse_index::access::{Access, Provider, Publisher};
use wheelhouse_index::actor::Secret;
use wheelhouse_index::change::Attribution;
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::ports::{Identities, MintError, Minted, TokenExchange};

use crate::identity_token::{Audience, IdentityToken, Proven};
use crate::issuers::Issuers;
use crate::token::Token;

/// How long a minted token is good.
const LIFETIME: Duration = Duration::from_mins(15);
/// For how long after its end a used identity token is remembered, in seconds.
const REMEMBERED_SECONDS: i64 = 35;

/// Exchanges identity tokens for tokens of ours.
#[derive(Debug)]
pub struct TrustedPublishing {
    issuers: Issuers,
    audience: String,
    access: Arc<Access>,
    identities: Arc<dyn Identities>,
}

impl TrustedPublishing {
    /// Puts an exchange together.
    pub fn new(
        issuers: Issuers,
        audience: String,
        access: Arc<Access>,
        identities: Arc<dyn Identities>,
    ) -> Self {
        Self {
            issuers,
            audience,
            access,
            identities,
        }
    }

    async fn proven(&self, text: &str, now: Timestamp) -> Result<Proven, MintError> {
        let payload = |reason: String| MintError::new("invalid-payload", reason);
        let token = IdentityToken::parse(text).map_err(|error| payload(error.to_string()))?;
        let issuer = token.unproven_issuer().unwrap_or_default().to_owned();
        if !self.issuers.trusts(&issuer) {
            let issuer: String = issuer.chars().take(200).collect();
            return Err(payload(format!(
                "the issuer `{issuer}` is not trusted here; the operator names issuers with --trusted-issuer"
            )));
        }
        let keys = self.issuers.keys(&issuer, token.key_id()).await;
        token
            .verify(
                &keys.unwrap_or_default(),
                Audience::Text(&self.audience),
                now.seconds(),
            )
            .map_err(|error| MintError::new("invalid-token", error.to_string()))
    }
}

#[async_trait]
impl TokenExchange for TrustedPublishing {
    fn audience(&self) -> &str {
        &self.audience
    }

    fn trusts(&self, issuer: &str) -> bool {
        self.issuers.trusts(issuer)
    }

    fn issuers(&self) -> Vec<String> {
        self.issuers.all()
    }

    async fn mint(&self, identity_token: &str, by: Attribution) -> Result<Minted, MintError> {
        let now = by.at;
        let proven = self.proven(identity_token, now).await?;
        let publishers = self.access.publishers();
        let (mut chosen, mut reasons): (Option<&Publisher>, Vec<String>) = (None, Vec::new());
        for publisher in &publishers {
            match fits(publisher, &proven) {
                // The one that says most is meant: with an environment before without.
                Ok(()) if chosen.is_none_or(|one| one.wanted.len() < publisher.wanted.len()) => {
                    chosen = Some(publisher);
                }
                Err(Some(reason)) => reasons.push(reason),
                Ok(()) | Err(None) => {}
            }
        }
        let Some(publisher) = chosen else {
            let mut told = "valid token, but no trusted publisher fits it".to_owned();
            for reason in reasons.iter().take(3) {
                told.push_str("; ");
                told.push_str(reason);
            }
            return Err(MintError::new("invalid-publisher", told));
        };
        let until = proven.expires_at.saturating_add(REMEMBERED_SECONDS);
        let until = Timestamp(until.saturating_mul(1_000_000));
        if !self.access.claim(&proven.single_use, until).await? {
            return Err(MintError::new(
                "invalid-reuse-token",
                "this identity token was exchanged before; ask for a new one",
            ));
        }
        let expires_at = now.after(LIFETIME);
        let (secret, kept) = self
            .identities
            .make_token(
                publisher.account(),
                describe(&proven),
                publisher.limit(),
                Some(expires_at),
            )
            .map_err(|error| MintError::new("not-enabled", error.to_string()))?;
        self.access.keep_token(&kept, by).await.map_err(|error| {
            tracing::error!("cannot keep a minted token: {error}");
            MintError::new("not-enabled", "the token cannot be kept; try again later")
        })?;
        Ok(Minted {
            token: secret,
            expires_at,
        })
    }

    async fn burn(&self, token: &Secret, by: Attribution) {
        let Ok(token) = Token::parse(token.reveal()) else {
            return;
        };
        let Some(kept) = self.access.token(&token.id()) else {
            return;
        };
        // Only whoever holds it, and only what was minted.
        if kept.is_minted()
            && self.identities.holds(&token.text(), &kept)
            && let Err(error) = self.access.revoke_token(&kept.id, by).await
        {
            tracing::warn!("cannot revoke a minted token: {error}");
        }
    }
}

/// What a job calls itself, for lists of tokens.
fn describe(proven: &Proven) -> String {
    let names = ["repository", "project_path", "email", "sub"];
    let name = names.iter().find_map(|name| proven.text(name));
    let shown = name.unwrap_or("a job").chars().filter(|c| !c.is_control());
    shown.take(100).collect()
}

/// Succeeds if a token is of a job of a publisher. Fails with a reason where it is nearly one: the
/// same repository, project or account.
fn fits(publisher: &Publisher, proven: &Proven) -> Result<(), Option<String>> {
    // Whoever may name an issuer of their own could claim to be anybody at another.
    if publisher.issuer != proven.issuer {
        return Err(None);
    }
    match publisher.provider {
        Provider::GitHub => fits_github(publisher, proven),
        Provider::GitLab => fits_gitlab(publisher, proven),
        Provider::Google => {
            equal(publisher, proven, "email", "email").map_err(|_| None)?;
            if proven.claims.get("email_verified") != Some(&serde_json::Value::Bool(true)) {
                return Err(Some("the e-mail address is not verified".to_owned()));
            }
            optional(publisher, proven, "sub", false)
        }
        Provider::ActiveState => {
            let wanted = |name: &str| publisher.wanted.get(name).map_or("", String::as_str);
            let sub = format!(
                "org:{}:project:{}",
                wanted("organization"),
                wanted("project")
            );
            if proven.text("sub") != Some(&sub) {
                return Err(None);
            }
            for name in ["organization", "project", "actor_id"] {
                equal(publisher, proven, name, name)?;
            }
            same("builder", "pypi-publisher", proven.text("builder"))
        }
        Provider::Generic => {
            equal(publisher, proven, "sub", "sub").map_err(|_| None)?;
            for name in publisher.wanted.keys() {
                equal(publisher, proven, name, name)?;
            }
            Ok(())
        }
    }
}

fn fits_github(publisher: &Publisher, proven: &Proven) -> Result<(), Option<String>> {
    let wanted = |name: &str| publisher.wanted.get(name).map_or("", String::as_str);
    let repository = format!("{}/{}", wanted("owner"), wanted("repository"));
    if !is_same_name(proven.text("repository"), &repository) {
        return Err(None);
    }
    same(
        "repository_owner",
        wanted("owner"),
        proven.text("repository_owner"),
    )?;
    // An account that was given up can be made again by a stranger, with another number.
    same(
        "repository_owner_id",
        wanted("owner_id"),
        proven.text("repository_owner_id"),
    )?;
    let workflow = format!("{repository}/.github/workflows/{}", wanted("workflow"));
    let (git_ref, sha) = (proven.text("ref"), proven.text("sha"));
    let (git_ref, sha) = (git_ref.ok_or(None)?, sha.ok_or(None)?);
    let is_workflow = [git_ref, sha]
        .iter()
        .filter(|at| !at.is_empty())
        .any(|at| is_same_name(proven.text("job_workflow_ref"), &format!("{workflow}@{at}")));
    if !is_workflow {
        return Err(Some(format!(
            "`job_workflow_ref` must be `{workflow}@` and the job's ref"
        )));
    }
    if proven.text("jti").is_none() {
        return Err(Some("`jti` is missing".to_owned()));
    }
    // Such a job runs with the rights of the repository on the code of a stranger.
    match proven.text("event_name") {
        Some("pull_request_target") | None => {
            return Err(Some(
                "`event_name` must not be pull_request_target".to_owned(),
            ));
        }
        Some(_) => {}
    }
    optional(publisher, proven, "environment", true)
}

fn fits_gitlab(publisher: &Publisher, proven: &Proven) -> Result<(), Option<String>> {
    let wanted = |name: &str| publisher.wanted.get(name).map_or("", String::as_str);
    let project = format!("{}/{}", wanted("namespace"), wanted("project"));
    if !is_same_name(proven.text("project_path"), &project) {
        return Err(None);
    }
    let subject = format!("project_path:{project}:");
    let has_subject = proven
        .text("sub")
        .and_then(|sub| sub.get(..subject.len()))
        .is_some_and(|start| start.eq_ignore_ascii_case(&subject));
    if !has_subject {
        return Err(Some(format!("`sub` must begin with `{subject}`")));
    }
    let host = publisher
        .issuer
        .strip_prefix("https://")
        .unwrap_or_default();
    let workflow = format!(
        "{}/{project}//{}",
        host.trim_end_matches('/'),
        wanted("workflow")
    );
    let (git_ref, sha) = (proven.text("ref_path"), proven.text("sha"));
    let is_workflow = [git_ref, sha]
        .iter()
        .flatten()
        .filter(|at| !at.is_empty())
        .any(|at| {
            is_same_name(
                proven.text("ci_config_ref_uri"),
                &format!("{workflow}@{at}"),
            )
        });
    if !is_workflow {
        return Err(Some(format!(
            "`ci_config_ref_uri` must be `{workflow}@` and the job's ref"
        )));
    }
    if proven.text("jti").is_none() {
        return Err(Some("`jti` is missing".to_owned()));
    }
    optional(publisher, proven, "environment", false)
}

fn is_same_name(said: Option<&str>, wanted: &str) -> bool {
    said.is_some_and(|said| said.eq_ignore_ascii_case(wanted))
}

fn same(name: &str, wanted: &str, said: Option<&str>) -> Result<(), Option<String>> {
    if said == Some(wanted) {
        return Ok(());
    }
    Err(Some(format!("`{name}` must be `{wanted}`")))
}

fn equal(
    publisher: &Publisher,
    proven: &Proven,
    field: &str,
    claim: &str,
) -> Result<(), Option<String>> {
    let wanted = publisher.wanted.get(field).ok_or(None)?;
    same(claim, wanted, proven.text(claim))
}

/// Checks a claim that is only looked at where the publisher names it.
fn optional(
    publisher: &Publisher,
    proven: &Proven,
    name: &str,
    any_case: bool,
) -> Result<(), Option<String>> {
    let Some(wanted) = publisher.wanted.get(name) else {
        return Ok(());
    };
    let said = proven.text(name);
    if said == Some(wanted) || (any_case && is_same_name(said, wanted)) {
        return Ok(());
    }
    Err(Some(format!("`{name}` must be `{wanted}`")))
}
