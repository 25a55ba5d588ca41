//! TLS: a certificate and its key from files, taken anew when they change, and the proofs that an ACME
//! server asks for.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The protocols that are offered, the favourite first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The protocol of those who ask for a proof.
///
/// Standard: RFC 8737, section 3.
const PROOF_PROTOCOL: &[u8] = b"acme-tls/1";

/// A certificate and its key, as their files have them.
#[derive(Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
    seen: Mutex<Option<Stamps>>,
    proofs: Option<Arc<Proofs>>,
}

/// The proofs that are shown, by name.
#[derive(Debug, Default)]
struct Proofs(Mutex<HashMap<String, Arc<CertifiedKey>>>);

/// What changes when either file is written: times and sizes.
type Stamps = [(u64, SystemTime); 2];

/// A certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("`{}` cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// There is no certificate in the file.
    #[error("`{}` holds no certificate; it must hold the server's and, behind it, those that signed it", .0.display())]
    NoCertificate(PathBuf),
    /// The two do not belong together, or cannot be used.
    #[error("the certificate and the key cannot be used together: {0}")]
    Pair(#[from] rustls::Error),
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`] if they cannot be used.
    pub fn open(certificate: PathBuf, key: PathBuf) -> Result<Arc<Self>, TlsError> {
        let seen = stamps(&certificate, &key).ok();
        let config = config_of(read(&certificate, &key)?, None)?;
        Ok(Arc::new(Self {
            certificate,
            key,
            config: RwLock::new(Arc::new(config)),
            seen: Mutex::new(seen),
            proofs: None,
        }))
    }

    /// Reads the files as [`open`](Self::open) does, if they are there and can be used; until then
    /// the certificate and the key of `stand_in`, in PEM, are used. Proofs can be shown.
    ///
    /// # Errors
    /// [`TlsError`] if the stand-in cannot be used.
    pub fn with_proofs(
        certificate: PathBuf,
        key: PathBuf,
        stand_in: &(String, String),
    ) -> Result<Arc<Self>, TlsError> {
        let seen = stamps(&certificate, &key).ok();
        let proofs = Arc::new(Proofs::default());
        let pair = match read(&certificate, &key) {
            Ok(pair) => pair,
            Err(_) => parse(stand_in.0.as_bytes(), stand_in.1.as_bytes())?,
        };
        Ok(Arc::new(Self {
            certificate,
            key,
            config: RwLock::new(Arc::new(config_of(pair, Some(&proofs))?)),
            seen: Mutex::new(seen),
            proofs: Some(proofs),
        }))
    }

    /// Shows a certificate, with its key, to those who ask for a proof of a name. Both are in DER.
    ///
    /// # Errors
    /// [`TlsError::Pair`] if they cannot be used.
    pub fn show_proof(
        &self,
        domain: &str,
        certificate: Vec<u8>,
        key: Vec<u8>,
    ) -> Result<(), TlsError> {
        let key = provider()
            .key_provider
            .load_private_key(PrivatePkcs8KeyDer::from(key).into())?;
        // Not compared with the key: what such a certificate says in addition is not known to TLS.
        let pair = CertifiedKey::new(vec![CertificateDer::from(certificate)], key);
        if let Some(proofs) = &self.proofs {
            proofs.all().insert(domain.to_lowercase(), Arc::new(pair));
        }
        Ok(())
    }

    /// Shows no proof of a name any more.
    pub fn hide_proof(&self, domain: &str) {
        if let Some(proofs) = &self.proofs {
            proofs.all().remove(&domain.to_lowercase());
        }
    }

    /// Returns what accepts connections with the present certificate.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&config))
    }

    /// Takes the files anew whenever they change, for ever. While they cannot be used, the last
    /// good pair goes on: both are seldom written in the same moment.
    pub(crate) async fn follow(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let tls = Arc::clone(&self);
            if let Err(error) = tokio::task::spawn_blocking(move || tls.look()).await {
                tracing::error!("looking at the certificate failed: {error}");
            }
        }
    }

    fn look(&self) {
        let now = stamps(&self.certificate, &self.key).ok();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if now == *seen {
            return;
        }
        *seen = now;
        let read = read(&self.certificate, &self.key);
        match read.and_then(|pair| config_of(pair, self.proofs.as_ref())) {
            Ok(config) => {
                let mut known = self.config.write().unwrap_or_else(PoisonError::into_inner);
                *known = Arc::new(config);
                tracing::info!("took a new certificate from {}", self.certificate.display());
            }
            Err(error) => tracing::error!("{error}; the old certificate is used on"),
        }
    }
}

fn stamps(certificate: &Path, key: &Path) -> io::Result<Stamps> {
    let stamp = |path: &Path| {
        let metadata = std::fs::metadata(path)?;
        Ok::<_, io::Error>((metadata.len(), metadata.modified()?))
    };
    Ok([stamp(certificate)?, stamp(key)?])
}

type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn read(certificate: &Path, key: &Path) -> Result<Pair, TlsError> {
    let unreadable = |path: &Path, error: rustls::pki_types::pem::Error| TlsError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(certificate, error))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(certificate.to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, error))?;
    Ok((chain, key))
}

fn parse(certificate: &[u8], key: &[u8]) -> Result<Pair, TlsError> {
    let wrong = |error: rustls::pki_types::pem::Error| TlsError::Unreadable {
        path: PathBuf::from("stand-in"),
        reason: error.to_string(),
    };
    let certificate = CertificateDer::from_pem_slice(certificate).map_err(wrong)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(wrong)?;
    Ok((vec![certificate], key))
}

fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

fn config_of(pair: Pair, proofs: Option<&Arc<Proofs>>) -> Result<ServerConfig, TlsError> {
    let (chain, key) = pair;
    let builder = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth();
    let mut protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    let mut config = match proofs {
        None => builder.with_single_cert(chain, key)?,
        Some(proofs) => {
            protocols.push(PROOF_PROTOCOL.to_vec());
            builder.with_cert_resolver(Arc::new(Chosen {
                own: Arc::new(CertifiedKey::from_der(chain, key, &provider())?),
                proofs: Arc::clone(proofs),
            }))
        }
    };
    config.alpn_protocols = protocols;
    Ok(config)
}

/// Returns whether a connection was for nothing but a proof.
pub(crate) fn is_for_proof(protocol: Option<&[u8]>) -> bool {
    protocol == Some(PROOF_PROTOCOL)
}

impl Proofs {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<CertifiedKey>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Chooses between the server's own certificate and proofs.
#[derive(Debug)]
struct Chosen {
    own: Arc<CertifiedKey>,
    proofs: Arc<Proofs>,
}

impl ResolvesServerCert for Chosen {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asks_for_proof = hello
            .alpn()
            .is_some_and(|mut protocols| protocols.any(|protocol| protocol == PROOF_PROTOCOL));
        if !asks_for_proof {
            return Some(Arc::clone(&self.own));
        }
        let name = hello.server_name()?.to_lowercase();
        self.proofs.all().get(&name).cloned()
    }
}
