//! Where the server listens.

use std::path::PathBuf;

use super::error::SettingsError;
use super::source::Source;
use crate::options::defs;

/// Where the server listens and under which path it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindSettings {
    /// The address or host name to listen on, such as `127.0.0.1`, `::1` or `localhost`.
    pub host: String,
    /// The port to listen on. 0 lets the system choose one.
    pub port: u16,
    /// The path below which everything is served: empty, or begins with a slash and does not end
    /// in one, such as `/team/python`.
    pub base_path: String,
    /// The files of the certificate and its key, absolute, if HTTPS is spoken.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Which certificate an ACME server is asked for.
    pub acme: Option<AcmeSettings>,
    /// For how many seconds browsers are to use HTTPS alone.
    pub hsts_seconds: Option<u64>,
}

/// Which certificate an ACME server is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeSettings {
    /// The names that it is for.
    pub domains: Vec<String>,
    /// The address of the ACME server's directory.
    pub directory: String,
    /// The e-mail address that the ACME server is given.
    pub contact: Option<String>,
}

impl AcmeSettings {
    fn of(source: Source<'_>) -> Result<Option<Self>, SettingsError> {
        let domains = source.values.list(&defs::ACME_DOMAINS);
        let domains: Vec<String> = domains.iter().map(|name| name.trim().to_owned()).collect();
        if domains.is_empty() {
            return Ok(None);
        }
        if !source.values.truth(&defs::ACME_ACCEPT_TERMS) {
            return Err(SettingsError::TermsNotAccepted);
        }
        Ok(Some(Self {
            domains,
            directory: source.text(&defs::ACME_DIRECTORY).unwrap_or_default(),
            contact: source.text(&defs::ACME_CONTACT),
        }))
    }
}

impl BindSettings {
    pub(super) fn of(source: Source<'_>) -> Result<Self, SettingsError> {
        let path = source
            .values
            .text(&defs::SERVER_BASE_URL)
            .unwrap_or_default();
        let path = path.trim_matches('/');
        let tls = match (
            source.path(&defs::TLS_CERTIFICATE),
            source.path(&defs::TLS_KEY),
        ) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(SettingsError::HalfOfTls),
        };
        let acme = AcmeSettings::of(source)?;
        if acme.is_some() && tls.is_some() {
            return Err(SettingsError::TwoCertificates);
        }
        let hsts_seconds: Option<u64> = source.number(&defs::HSTS_SECONDS);
        Ok(Self {
            tls,
            acme,
            hsts_seconds: hsts_seconds.filter(|&seconds| seconds > 0),
            // As in Python, an address of no characters is every one that the machine has.
            host: source
                .text(&defs::HOST)
                .unwrap_or_else(|| "0.0.0.0".to_owned()),
            port: source.number(&defs::PORT).unwrap_or(8080),
            base_path: if path.is_empty() {
                String::new()
            } else {
                format!("/{path}")
            },
        })
    }
}
