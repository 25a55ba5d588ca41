//! Sign-in of people with OpenID Connect: the authorization code flow with PKCE.
//!
//! What must be remembered between the two requests of the browser goes through the browser, in a
//! cookie that is authenticated with a key of ours: nothing is kept here for those who never come back.
//!
//! Standards: OpenID Connect Core 1.0, section 3.1; OpenID Connect Discovery 1.0; RFC 6749 (OAuth 2.0);
//! RFC 7636 (PKCE); RFC 9700 (best current practice).

mod claims;
mod flow;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use form_urlencoded::Serializer;
use serde::Deserialize;
use tokio::sync::Mutex;
use wheelhouse_index::access::Access;
use wheelhouse_index::actor::{Actor, Secret, UserName};
use wheelhouse_index::change::Attribution;
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::permission::{Limit, Principal};
use wheelhouse_index::ports::{Begun, Identities, PersonSignIn, Returned, SignInError, SignedIn};

use self::flow::Flow;
use crate::identity_token::{Audience, IdentityToken, Proven};
use crate::issuers::{Documents, Issuers};

/// How long a token of somebody who signed in is good.
const LIFETIME: Duration = Duration::from_hours(12);
/// How long the issuer's configuration is used before it is asked for again.
const FRESH: Duration = Duration::from_hours(1);
/// Longest parameter that is taken from a browser, in bytes.
const MAX_PARAMETER_BYTES: usize = 4_096;

/// How people sign in.
#[derive(Debug, Clone)]
pub struct OpenIdOptions {
    /// Who signs them in: an https address.
    pub issuer: String,
    /// What the issuer knows this server as.
    pub client_id: String,
    /// What proves to the issuer that it is this server.
    pub client_secret: Option<Secret>,
    /// The claim that is the user's name.
    pub user_claim: String,
    /// The claim that lists the user's groups.
    pub groups_claim: String,
}

/// Sign-in by an OpenID provider.
#[derive(Debug)]
pub struct OpenId {
    options: OpenIdOptions,
    documents: Arc<dyn Documents>,
    issuers: Issuers,
    access: Arc<Access>,
    identities: Arc<dyn Identities>,
    key: [u8; 32],
    configuration: Mutex<Option<(Arc<Configuration>, Instant)>>,
}

#[derive(Debug, Deserialize)]
struct Configuration {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl OpenId {
    /// Makes ready. Nothing is asked yet.
    pub fn new(
        options: OpenIdOptions,
        documents: Arc<dyn Documents>,
        access: Arc<Access>,
        identities: Arc<dyn Identities>,
        key: [u8; 32],
    ) -> Self {
        let issuers = Issuers::new(
            std::slice::from_ref(&options.issuer),
            Arc::clone(&documents),
        );
        Self {
            options,
            documents,
            issuers,
            access,
            identities,
            key,
            configuration: Mutex::new(None),
        }
    }

    async fn configuration(&self) -> Result<Arc<Configuration>, SignInError> {
        let mut kept = self.configuration.lock().await;
        if let Some((configuration, since)) = &*kept
            && since.elapsed() < FRESH
        {
            return Ok(Arc::clone(configuration));
        }
        match self.ask().await {
            Ok(found) => {
                let found = Arc::new(found);
                *kept = Some((Arc::clone(&found), Instant::now()));
                Ok(found)
            }
            Err(reason) => {
                tracing::warn!("cannot get the configuration of the issuer: {reason}");
                let old = kept.as_ref().map(|(old, _)| Arc::clone(old));
                old.ok_or_else(|| {
                    SignInError("the issuer cannot be asked now; try again later".to_owned())
                })
            }
        }
    }

    async fn ask(&self) -> Result<Configuration, String> {
        let issuer = &self.options.issuer;
        let base = issuer.trim_end_matches('/');
        let bytes = self
            .documents
            .get(&format!("{base}/.well-known/openid-configuration"))
            .await?;
        let found: Configuration =
            serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        if found.issuer != *issuer {
            return Err(format!(
                "it says that it is {} and not {issuer}",
                found.issuer
            ));
        }
        for address in [&found.authorization_endpoint, &found.token_endpoint] {
            if !address.starts_with("https://") {
                return Err(format!("{address} is no https address"));
            }
        }
        Ok(found)
    }

    /// Exchanges a code for an identity token, and proves that.
    async fn proven(
        &self,
        flow: &Flow,
        returned: Returned<'_>,
        now: Timestamp,
    ) -> Result<Proven, SignInError> {
        let configuration = self.configuration().await?;
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", returned.code)
            .append_pair("redirect_uri", returned.return_to)
            .append_pair("client_id", &self.options.client_id)
            .append_pair("code_verifier", &flow.verifier)
            .finish();
        let secret = self.options.client_secret.as_ref();
        let client = secret.map(|secret| (self.options.client_id.as_str(), secret));
        let answer = self
            .documents
            .post_form(&configuration.token_endpoint, form, client)
            .await
            .map_err(|reason| {
                tracing::warn!("the issuer takes no code: {reason}");
                SignInError("the issuer did not confirm the sign-in; try again".to_owned())
            })?;
        let refused = |reason: &dyn std::fmt::Display| {
            tracing::warn!("the issuer's identity token is not good: {reason}");
            SignInError(format!("the issuer's identity token is not good: {reason}"))
        };
        let tokens: Tokens =
            serde_json::from_slice(&answer).map_err(|_| refused(&"the answer holds none"))?;
        let token = IdentityToken::parse(&tokens.id_token).map_err(|error| refused(&error))?;
        if token.unproven_issuer() != Some(&self.options.issuer) {
            return Err(refused(&"it is of another issuer"));
        }
        let keys = self
            .issuers
            .keys(&self.options.issuer, token.key_id())
            .await
            .unwrap_or_default();
        let proven = token
            .verify(
                &keys,
                Audience::TextOrList(&self.options.client_id),
                now.seconds(),
            )
            .map_err(|error| refused(&error))?;
        if proven.text("nonce") != Some(&flow.nonce) {
            return Err(refused(&"it is of another sign-in"));
        }
        Ok(proven)
    }
}

#[async_trait]
impl PersonSignIn for OpenId {
    async fn begin(&self, return_to: &str, now: Timestamp) -> Result<Begun, SignInError> {
        let configuration = self.configuration().await?;
        let flow = Flow::new(now)
            .map_err(|error| SignInError(format!("the system gives no random bytes: {error}")))?;
        let mut query = Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("scope", "openid profile email groups")
            .append_pair("client_id", &self.options.client_id)
            .append_pair("redirect_uri", return_to)
            .append_pair("state", &flow.state)
            .append_pair("nonce", &flow.nonce)
            .append_pair("code_challenge", &flow.challenge())
            .append_pair("code_challenge_method", "S256");
        let endpoint = &configuration.authorization_endpoint;
        let mark = if endpoint.contains('?') { '&' } else { '?' };
        Ok(Begun {
            address: format!("{endpoint}{mark}{}", query.finish()),
            cookie: Secret::new(flow.sealed(&self.key)),
        })
    }

    async fn finish(
        &self,
        returned: Returned<'_>,
        by: Attribution,
    ) -> Result<UserName, SignInError> {
        let now = by.at;
        let again = || {
            SignInError(
                "this sign-in was begun in another browser, or too long ago; begin again"
                    .to_owned(),
            )
        };
        let sent = [returned.state, returned.code, returned.cookie];
        if sent.iter().any(|text| text.len() > MAX_PARAMETER_BYTES) {
            return Err(again());
        }
        let flow = Flow::open(returned.cookie, &self.key, now).ok_or_else(again)?;
        if !flow.is_of(returned.state) {
            return Err(again());
        }
        let proven = self.proven(&flow, returned, now).await?;
        let name = claims::user(&proven, &self.options.user_claim).map_err(SignInError)?;
        let user = UserName::new(&name);
        let known = Principal::new(Actor::User(user.clone()));
        if self.access.is_robot(&user) || self.access.admit(known).is_none() {
            return Err(SignInError(format!(
                "the account `{name}` cannot sign in here"
            )));
        }
        let by = Attribution {
            actor: Actor::User(user.clone()),
            ..by
        };
        let groups = claims::groups(&proven, &self.options.groups_claim);
        self.access
            .keep_signed_in(&user, &groups, by)
            .await
            .map_err(|error| not_kept(&error))?;
        Ok(user)
    }

    async fn token(&self, user: UserName, by: Attribution) -> Result<SignedIn, SignInError> {
        let expires_at = by.at.after(LIFETIME);
        let by = Attribution {
            actor: Actor::User(user.clone()),
            ..by
        };
        let name = "signed in with OpenID".to_owned();
        let (token, mut kept) = self
            .identities
            .make_token(user.clone(), name, Limit::default(), Some(expires_at))
            .map_err(|error| not_kept(&error))?;
        kept.is_sign_in = true;
        self.access
            .keep_token(&kept, by)
            .await
            .map_err(|error| not_kept(&error))?;
        Ok(SignedIn {
            user,
            token,
            expires_at,
        })
    }
}

fn not_kept(error: &dyn std::fmt::Display) -> SignInError {
    tracing::error!("cannot keep a sign-in: {error}");
    SignInError("the sign-in cannot be kept; try again later".to_owned())
}
