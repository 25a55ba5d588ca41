//! The issuers of identity tokens that an operator trusts, and their keys.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde::Deserialize;
use tokio::sync::Mutex;
use wheelhouse_index::actor::Secret;

use crate::identity_token::KeySet;

/// How often an issuer is asked again because of a key that is not known.
const ASK_AGAIN: Duration = Duration::from_mins(1);
/// How long keys are used before the issuer is asked again.
const FRESH: Duration = Duration::from_hours(1);

/// Reads documents of issuers over HTTPS: without redirects, within limits.
#[async_trait]
pub trait Documents: fmt::Debug + Send + Sync + 'static {
    /// Returns the document at a URL.
    ///
    /// # Errors
    /// A sentence that says why it cannot be had.
    async fn get(&self, url: &str) -> Result<Vec<u8>, String>;

    /// Sends a form to a URL, signed in as a client if that has a secret, and returns the answer.
    ///
    /// # Errors
    /// A sentence that says why it was not taken.
    async fn post_form(
        &self,
        url: &str,
        form: String,
        client: Option<(&str, &Secret)>,
    ) -> Result<Vec<u8>, String>;
}

/// The issuers that are trusted. No other one is ever asked for anything.
#[derive(Debug)]
pub struct Issuers {
    documents: Arc<dyn Documents>,
    known: HashMap<String, Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    keys: KeySet,
    asked_at: Option<Instant>,
}

#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

impl Issuers {
    /// Trusts these issuers: https addresses.
    pub fn new(trusted: &[String], documents: Arc<dyn Documents>) -> Self {
        let known = trusted
            .iter()
            .map(|issuer| (issuer.clone(), Mutex::default()));
        Self {
            documents,
            known: known.collect(),
        }
    }

    /// Returns whether an issuer is trusted.
    pub fn trusts(&self, issuer: &str) -> bool {
        self.known.contains_key(issuer)
    }

    /// Returns those that are trusted, ordered.
    pub fn all(&self) -> Vec<String> {
        let mut all: Vec<String> = self.known.keys().cloned().collect();
        all.sort_unstable();
        all
    }

    /// Returns the keys of an issuer, asked for anew if the one of `key_id` is not among them, at
    /// most once a minute. While the issuer does not answer its old keys are used.
    pub async fn keys(&self, issuer: &str, key_id: &str) -> Option<KeySet> {
        let mut known = self.known.get(issuer)?.lock().await;
        let age = known.asked_at.map(|asked| asked.elapsed());
        let is_due = match age {
            None => true,
            Some(age) => age >= FRESH || (age >= ASK_AGAIN && !known.keys.has(key_id)),
        };
        if is_due {
            known.asked_at = Some(Instant::now());
            match self.ask(issuer).await {
                Ok(keys) => known.keys = keys,
                Err(reason) => {
                    tracing::warn!("cannot get the keys of the issuer {issuer}: {reason}");
                }
            }
        }
        Some(known.keys.clone())
    }

    async fn ask(&self, issuer: &str) -> Result<KeySet, String> {
        let address = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let document = self.documents.get(&address).await?;
        let configuration: Configuration = serde_json::from_slice(&document)
            .map_err(|_| "its configuration cannot be read".to_owned())?;
        if configuration.issuer != issuer {
            return Err("its configuration is another issuer's".to_owned());
        }
        if !configuration.jwks_uri.starts_with("https://") {
            return Err("its keys are not to be had by https".to_owned());
        }
        let document = self.documents.get(&configuration.jwks_uri).await?;
        KeySet::parse(&document).map_err(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;

    use super::*;

    #[derive(Debug, Default)]
    struct Served {
        asked: StdMutex<Vec<String>>,
        documents: HashMap<String, &'static str>,
    }

    #[async_trait]
    impl Documents for Served {
        async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
            self.asked.lock().unwrap().push(url.to_owned());
            let found = self.documents.get(url).ok_or("not there")?;
            Ok(found.as_bytes().to_vec())
        }

        async fn post_form(
            &self,
            url: &str,
            _: String,
            _: Option<(&str, &Secret)>,
        ) -> Result<Vec<u8>, String> {
            Err(format!("{url} takes no forms"))
        }
    }

    const KEYS: &str = r#"{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}"#;

    fn issuers(configuration: &'static str) -> (Issuers, Arc<Served>) {
        let documents = HashMap::from([
            (
                "https://i.example/.well-known/openid-configuration".to_owned(),
                configuration,
            ),
            ("https://i.example/keys".to_owned(), KEYS),
        ]);
        let served = Arc::new(Served {
            documents,
            ..Served::default()
        });
        let trusted = ["https://i.example".to_owned()];
        (Issuers::new(&trusted, Arc::clone(&served) as _), served)
    }

    #[tokio::test]
    async fn keys_are_asked_for_once_and_unknown_ids_do_not_flood_the_issuer() {
        let (issuers, served) =
            issuers(r#"{"issuer":"https://i.example","jwks_uri":"https://i.example/keys"}"#);
        for id in ["a", "a", "b", "c", "d"] {
            let keys = issuers
                .keys("https://i.example", id)
                .await
                .expect("trusted");
            assert!(keys.has("a"));
        }
        assert_eq!(served.asked.lock().unwrap().len(), 2);
        assert!(issuers.keys("https://other.example", "a").await.is_none());
        assert_eq!(
            served.asked.lock().unwrap().len(),
            2,
            "nobody else is asked"
        );
    }

    #[tokio::test]
    async fn an_issuer_that_is_not_who_it_says_has_no_keys() {
        for configuration in [
            r#"{"issuer":"https://other.example","jwks_uri":"https://i.example/keys"}"#,
            r#"{"issuer":"https://i.example","jwks_uri":"http://i.example/keys"}"#,
            r#"{"issuer":"https://i.example"}"#,
            "",
        ] {
            let (issuers, _) = issuers(configuration);
            let keys = issuers
                .keys("https://i.example", "a")
                .await
                .expect("trusted");
            assert!(!keys.has("a"), "{configuration}");
        }
    }
}
