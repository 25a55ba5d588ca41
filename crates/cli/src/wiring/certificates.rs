//! HTTPS: certificates from files, or from an ACME server.

use std::sync::Arc;

use anyhow::anyhow;
use wheelhouse_server::tls::Tls;
use wheelhouse_store::state::StateFolder;
use wheelhouse_upstream::acme::{self, Acme, AcmeOptions};

use crate::settings::BindSettings;

/// Opens the certificate, if HTTPS is spoken, and what gets new ones, if an ACME server is asked.
pub(super) fn certificate(
    settings: &BindSettings,
    state: &StateFolder,
) -> anyhow::Result<(Option<Arc<Tls>>, Option<Acme>)> {
    if let Some((certificate, key)) = &settings.tls {
        return Ok((Some(Tls::open(certificate.clone(), key.clone())?), None));
    }
    let Some(wanted) = &settings.acme else {
        return Ok((None, None));
    };
    let folder = state.path().ok_or_else(|| {
        anyhow!("an account and a certificate cannot be kept: nothing can be written here; name a folder with --state-dir")
    })?;
    let options = AcmeOptions {
        directory: acme::known_directory(&wanted.directory)
            .map_or_else(|| wanted.directory.clone(), str::to_owned),
        domains: wanted.domains.clone(),
        contact: wanted.contact.clone(),
        folder: folder.join("acme"),
    };
    let stand_in = acme::stand_in(&options.domains)?;
    let tls = Tls::with_proofs(options.certificate_file(), options.key_file(), &stand_in)?;
    let proofs = Arc::new(TlsProofs(Arc::clone(&tls)));
    Ok((Some(tls), Some(Acme::new(options, proofs))))
}

/// Shows proofs where HTTPS is spoken.
#[derive(Debug)]
struct TlsProofs(Arc<Tls>);

impl acme::Proofs for TlsProofs {
    fn show(&self, domain: &str, certificate: Vec<u8>, key: Vec<u8>) -> Result<(), String> {
        let shown = self.0.show_proof(domain, certificate, key);
        shown.map_err(|error| error.to_string())
    }

    fn hide(&self, domain: &str) {
        self.0.hide_proof(domain);
    }
}
