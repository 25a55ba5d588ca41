//! Who comes in: passwords, directories, tokens, OpenID, and the jobs of CI systems.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use wheelhouse_auth::group_file::GroupFile;
use wheelhouse_auth::htpasswd::{HtpasswdFile, HtpasswdOptions};
use wheelhouse_auth::issuers::{Documents, Issuers};
use wheelhouse_auth::ldap::{LdapDirectory, LdapOptions};
use wheelhouse_auth::openid::{OpenId, OpenIdOptions};
use wheelhouse_auth::sources::Sources;
use wheelhouse_auth::token::{TokenKey, fill_random};
use wheelhouse_auth::trusted::TrustedPublishing;
use wheelhouse_index::access::Access;
use wheelhouse_index::actor::Secret;
use wheelhouse_index::ports::{Clock, Identities, PersonSignIn, TokenExchange};
use wheelhouse_store::state::StateFolder;
use wheelhouse_upstream::{DocumentReader, Proxies};

use crate::environment::Environment;
use crate::settings::{DirectorySettings, PasswordSource, RunSettings};

/// Puts everything together that says who somebody is.
pub(super) fn identities(
    settings: &RunSettings,
    key: [u8; 32],
    access: Arc<Access>,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn Identities>> {
    let mut users: Vec<Arc<dyn Identities>> = Vec::new();
    if let PasswordSource::File(path) = &settings.access.passwords {
        let options = HtpasswdOptions {
            allow_plain_passwords: settings.access.allow_plain_passwords,
            ..HtpasswdOptions::default()
        };
        users.push(Arc::new(HtpasswdFile::open(path.clone(), &options)?));
    }
    if let Some(directory) = &settings.access.directory {
        users.push(Arc::new(directory_of(directory)?));
    }
    let groups = settings.access.group_file.clone();
    let groups = groups.map(GroupFile::open).transpose()?;
    Ok(Arc::new(Sources::new(
        access,
        clock,
        TokenKey::new(key),
        users,
        groups,
    )))
}

/// Returns the key that tokens are made with.
pub(super) fn token_key(state: &StateFolder) -> anyhow::Result<[u8; 32]> {
    // On a full disk no key can be written, and no token can be made either.
    match state.token_key(fill_random) {
        Err(_) if state.is_full() => {
            let mut key = [0; 32];
            fill_random(&mut key)?;
            Ok(key)
        }
        key => key.context("cannot read the key that tokens are made with"),
    }
}

/// Puts sign-in at an OpenID provider together, if there is one.
pub(super) fn sign_in(
    settings: &RunSettings,
    environment: &Environment,
    access: &Arc<Access>,
    identities: &Arc<dyn Identities>,
    key: [u8; 32],
) -> anyhow::Result<Option<Arc<dyn PersonSignIn>>> {
    let Some(wanted) = &settings.access.openid else {
        return Ok(None);
    };
    let secret = wanted.client_secret_file.as_deref().map(|path| {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the secret in `{}`", path.display()))?;
        let text = text.trim();
        anyhow::ensure!(!text.is_empty(), "`{}` is empty", path.display());
        Ok(Secret::new(text.to_owned()))
    });
    let options = OpenIdOptions {
        issuer: wanted.issuer.clone(),
        client_id: wanted.client_id.clone(),
        client_secret: secret.transpose()?,
        user_claim: wanted.user_claim.clone(),
        groups_claim: wanted.groups_claim.clone(),
    };
    let (access, identities) = (Arc::clone(access), Arc::clone(identities));
    let documents = issuer_documents(environment)?;
    Ok(Some(Arc::new(OpenId::new(
        options, documents, access, identities, key,
    ))))
}

fn issuer_documents(environment: &Environment) -> anyhow::Result<Arc<IssuerDocuments>> {
    let proxies = Proxies::from_variables(&|name| environment.text(name));
    let agent = concat!("wheelhouse/", env!("CARGO_PKG_VERSION"));
    Ok(Arc::new(IssuerDocuments(DocumentReader::new(
        agent, &proxies,
    )?)))
}

/// Makes ready to ask an LDAP directory.
fn directory_of(settings: &DirectorySettings) -> anyhow::Result<LdapDirectory> {
    let reader = match &settings.reader {
        None => None,
        Some((dn, path)) => {
            let password = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the password in `{}`", path.display()))?;
            let password = password.trim_end_matches(['\r', '\n']);
            // A bind without a password succeeds, as nobody in particular.
            anyhow::ensure!(!password.is_empty(), "`{}` is empty", path.display());
            Some((dn.clone(), Secret::new(password.to_owned())))
        }
    };
    if settings.url.is_plain() && !settings.start_tls {
        tracing::warn!(
            "passwords go to {} without encryption; use ldaps:// or --ldap-start-tls",
            settings.url
        );
    }
    let options = LdapOptions {
        url: settings.url.clone(),
        start_tls: settings.start_tls,
        reader,
        groups: settings.groups.clone(),
    };
    LdapDirectory::new(options)
        .map_err(|error| anyhow!("the system gives no random bytes: {error}"))
}

/// Puts trusted publishing together, if any issuer is trusted.
pub(super) fn exchange(
    settings: &RunSettings,
    environment: &Environment,
    access: &Arc<Access>,
    identities: &Arc<dyn Identities>,
) -> anyhow::Result<Option<Arc<dyn TokenExchange>>> {
    let access_settings = &settings.access;
    if access_settings.trusted_issuers.is_empty() {
        return Ok(None);
    }
    let documents = issuer_documents(environment)?;
    let issuers = Issuers::new(&access_settings.trusted_issuers, documents);
    Ok(Some(Arc::new(TrustedPublishing::new(
        issuers,
        access_settings.trusted_audience.clone(),
        Arc::clone(access),
        Arc::clone(identities),
    ))))
}

/// Lends the room that speaks HTTP to the one that needs documents of issuers.
#[derive(Debug)]
struct IssuerDocuments(DocumentReader);

#[async_trait::async_trait]
impl Documents for IssuerDocuments {
    async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        self.0.get(url).await
    }

    async fn post_form(
        &self,
        url: &str,
        form: String,
        client: Option<(&str, &Secret)>,
    ) -> Result<Vec<u8>, String> {
        let client = client.map(|(id, secret)| (id, secret.reveal()));
        self.0.post_form(url, form, client).await
    }
}
