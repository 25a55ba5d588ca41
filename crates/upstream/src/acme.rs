//! Certificates from an ACME server: asked for, proven with TLS-ALPN-01, kept in a folder, renewed.
//!
//! Standards: RFC 8555 (ACME), RFC 8737 (TLS-ALPN-01).

use std::fmt;
use std::io;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, LetsEncrypt,
    NewAccount, NewOrder, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// How often it is looked whether a certificate is due.
const LOOK_EVERY: Duration = Duration::from_hours(1);
/// How long is waited after a failure: first, and at most. Servers count failures by the hour.
const FIRST_PAUSE: Duration = Duration::from_mins(5);
const LONGEST_PAUSE: Duration = Duration::from_hours(6);
/// How long the server is given to check a name or to make a certificate.
const PATIENCE: Duration = Duration::from_mins(2);

/// What is wanted of an ACME server.
#[derive(Debug, Clone)]
pub struct AcmeOptions {
    /// The address of its directory.
    pub directory: String,
    /// The names that the certificate is for; not empty.
    pub domains: Vec<String>,
    /// Where it may write to when something is wrong: an e-mail address.
    pub contact: Option<String>,
    /// Where the account, the certificate and its key are kept.
    pub folder: PathBuf,
}

/// Where proofs are shown: what a client is answered that asks for a name with the protocol
/// `acme-tls/1`.
pub trait Proofs: fmt::Debug + Send + Sync + 'static {
    /// Shows a certificate with its key, both in DER, for a name.
    ///
    /// # Errors
    /// If they cannot be used.
    fn show(&self, domain: &str, certificate: Vec<u8>, key: Vec<u8>) -> Result<(), String>;

    /// Shows nothing any more for a name.
    fn hide(&self, domain: &str);
}

/// No certificate could be had.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// The server refused or could not be reached.
    #[error("the ACME server: {0}")]
    Server(#[from] instant_acme::Error),
    /// A name could not be proven.
    #[error(
        "`{domain}` could not be proven: {reason}; the ACME server must reach this server at port 443 of each name"
    )]
    Unproven {
        /// The name.
        domain: String,
        /// What the server said.
        reason: String,
    },
    /// The server offers no challenge of the kind that is spoken here.
    #[error("the ACME server offers no TLS-ALPN-01 challenge for `{0}`")]
    NoChallenge(String),
    /// A key or a certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// What was got cannot be kept.
    #[error("cannot keep the certificate: {0}")]
    Keep(#[from] io::Error),
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// Keeps a certificate.
#[derive(Debug)]
pub struct Acme {
    options: AcmeOptions,
    proofs: Arc<dyn Proofs>,
}

impl AcmeOptions {
    /// Returns where the certificate is, with those that signed it.
    pub fn certificate_file(&self) -> PathBuf {
        self.folder.join("certificate.pem")
    }

    /// Returns where its key is.
    pub fn key_file(&self) -> PathBuf {
        self.folder.join("key.pem")
    }
}

/// Returns the address of a directory that is known by a name.
pub fn known_directory(name: &str) -> Option<&'static str> {
    match name {
        "letsencrypt" => Some(LetsEncrypt::Production.url()),
        "letsencrypt-staging" => Some(LetsEncrypt::Staging.url()),
        _ => None,
    }
}

/// Makes a certificate that nobody trusts, for the time until there is another one, and returns it
/// with its key in PEM.
///
/// # Errors
/// [`AcmeError::Make`] if a name is none.
pub fn stand_in(domains: &[String]) -> Result<(String, String), AcmeError> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(domains.to_vec())?.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

impl Acme {
    /// Makes ready to keep a certificate. Nothing is asked yet.
    pub fn new(options: AcmeOptions, proofs: Arc<dyn Proofs>) -> Self {
        Self { options, proofs }
    }

    /// Asks for a certificate when there is none for these names, or when a third of its time is
    /// left; for ever. Failures are logged and tried again, later each time.
    pub async fn keep(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let wait = match self.renew().await {
                Ok(is_new) => {
                    if is_new {
                        let names = self.options.domains.join(", ");
                        tracing::info!("got a certificate for {names}");
                    }
                    pause = FIRST_PAUSE;
                    LOOK_EVERY
                }
                Err(error) => {
                    let seconds = pause.as_secs();
                    tracing::error!(
                        "no new certificate: {error}; trying again in {seconds} seconds"
                    );
                    let wait = pause;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    wait
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Gets a certificate if one is due, and returns whether it was.
    async fn renew(&self) -> Result<bool, AcmeError> {
        let file = self.options.certificate_file();
        let domains = self.options.domains.clone();
        let is_good = tokio::task::spawn_blocking(move || is_good(&file, &domains, now()));
        if is_good.await.unwrap_or(false) {
            return Ok(false);
        }
        let account = self.account().await?;
        let (chain, key) = self.order(&account).await?;
        // The key first: the pair is looked at when either file changes, and used when both fit.
        write_secret(&self.options.key_file(), key.as_bytes())?;
        write_secret(&self.options.certificate_file(), chain.as_bytes())?;
        Ok(true)
    }

    async fn account(&self) -> Result<Account, AcmeError> {
        let file = self.options.folder.join("account.json");
        let kept = std::fs::read(&file).ok();
        let kept = kept.and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok());
        if let Some(kept) = kept.filter(|kept| kept.directory == self.options.directory) {
            return Ok(Account::builder()?
                .from_credentials(kept.credentials)
                .await?);
        }
        let contact = self.options.contact.as_ref();
        let contact = contact.map(|address| format!("mailto:{address}"));
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let wish = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let directory = self.options.directory.clone();
        let (account, credentials) = Account::builder()?
            .create(&wish, directory.clone(), None)
            .await?;
        let kept = Kept {
            directory,
            credentials,
        };
        let bytes =
            serde_json::to_vec(&kept).map_err(|error| AcmeError::Other(error.to_string()))?;
        write_secret(&file, &bytes)?;
        Ok(account)
    }

    async fn order(&self, account: &Account) -> Result<(String, String), AcmeError> {
        let names: Vec<Identifier> = self
            .options
            .domains
            .iter()
            .map(|domain| Identifier::Dns(domain.clone()))
            .collect();
        let mut order = account.new_order(&NewOrder::new(&names)).await?;
        let shown = Shown(&*self.proofs, &self.options.domains);
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let domain = authorization.identifier().to_string();
            let mut challenge = authorization
                .challenge(ChallengeType::TlsAlpn01)
                .ok_or_else(|| AcmeError::NoChallenge(domain.clone()))?;
            let digest = challenge.key_authorization().digest();
            let (certificate, key) = proof(&domain, digest.as_ref())?;
            self.proofs
                .show(&domain, certificate, key)
                .map_err(AcmeError::Other)?;
            challenge.set_ready().await?;
        }
        let patience = RetryPolicy::default().timeout(PATIENCE);
        let proven = order.poll_ready(&patience).await;
        drop(shown);
        let status = proven.map_err(|error| match error {
            instant_acme::Error::Api(problem) => AcmeError::Unproven {
                domain: self.options.domains.join("`, `"),
                reason: problem.to_string(),
            },
            other => other.into(),
        })?;
        if status != OrderStatus::Ready {
            return Err(why_not(&mut order).await);
        }
        let key = KeyPair::generate()?;
        let request = CertificateParams::new(self.options.domains.clone())?;
        let request = request.serialize_request(&key)?;
        order.finalize_csr(request.der()).await?;
        let chain = order.poll_certificate(&patience).await?;
        Ok((chain, key.serialize_pem()))
    }
}

/// The account, as it is kept.
#[derive(serde::Serialize, serde::Deserialize)]
struct Kept {
    directory: String,
    credentials: AccountCredentials,
}

/// Hides all proofs when it is dropped.
struct Shown<'a>(&'a dyn Proofs, &'a [String]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        for domain in self.1 {
            self.0.hide(domain);
        }
    }
}

/// Makes the certificate that proves a name, and its key, in DER.
fn proof(domain: &str, digest: &[u8]) -> Result<(Vec<u8>, Vec<u8>), AcmeError> {
    let mut params = CertificateParams::new(vec![domain.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.der().to_vec(), key.serialize_der()))
}

/// Returns what the server says is wrong with an order.
async fn why_not(order: &mut instant_acme::Order) -> AcmeError {
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        let failed = authorization.challenges.iter().find_map(|challenge| {
            let error = challenge.error.as_ref()?;
            Some(error.to_string())
        });
        if let Some(reason) = failed {
            return AcmeError::Unproven {
                domain: authorization.identifier().to_string(),
                reason: reason.chars().take(500).collect(),
            };
        }
    }
    AcmeError::Other("the ACME server refused the order and does not say why".to_owned())
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

/// Returns whether a certificate is for these names, and has more than a third of its time left.
fn is_good(file: &Path, domains: &[String], now: i64) -> bool {
    let Ok(certificate) = CertificateDer::from_pem_file(file) else {
        return false;
    };
    let Ok((_, certificate)) = X509Certificate::from_der(&certificate) else {
        return false;
    };
    let from = certificate.validity().not_before.timestamp();
    let until = certificate.validity().not_after.timestamp();
    let mut names: Vec<String> = Vec::new();
    if let Ok(Some(extension)) = certificate.subject_alternative_name() {
        for name in &extension.value.general_names {
            if let GeneralName::DNSName(name) = name {
                names.push(name.to_ascii_lowercase());
            }
        }
    }
    until - now > (until - from) / 3
        && domains
            .iter()
            .all(|domain| names.contains(&domain.to_ascii_lowercase()))
}

/// Writes a file that only its owner may read, whole or not at all.
fn write_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(folder)?;
    // Such a file can be read by its owner alone.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn kept(domains: &[&str], days: i64) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sub/certificate.pem");
        let domains: Vec<String> = domains.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(domains).expect("names");
        let begin = std::time::UNIX_EPOCH;
        params.not_before = begin.into();
        params.not_after = (begin + Duration::from_secs((days * DAY).unsigned_abs())).into();
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        write_secret(&path, certificate.pem().as_bytes()).expect("written");
        (folder, path)
    }

    #[test]
    fn a_certificate_is_due_for_its_last_third_and_for_other_names() {
        let (_folder, path) = kept(&["a.example", "B.example"], 90);
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let both = names(&["b.example", "a.example"]);
        assert!(is_good(&path, &both, 0));
        assert!(is_good(&path, &both, 59 * DAY));
        assert!(!is_good(&path, &both, 61 * DAY));
        assert!(!is_good(&path, &both, 1_000 * DAY));
        assert!(!is_good(&path, &names(&["a.example", "c.example"]), 0));
        assert!(!is_good(Path::new("/nowhere"), &both, 0));
        std::fs::write(
            &path,
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        )
        .expect("written");
        assert!(!is_good(&path, &both, 0));
    }

    #[test]
    fn what_is_kept_can_be_read_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_folder, path) = kept(&["a.example"], 90);
        let mode = std::fs::metadata(path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_stand_in_is_a_certificate_with_its_key() {
        let (certificate, key) = stand_in(&["a.example".to_owned()]).expect("made");
        assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(key.starts_with("-----BEGIN PRIVATE KEY-----"));
        assert!(
            stand_in(&["köln.example".to_owned()]).is_err(),
            "it must be in ASCII"
        );
    }
}
