//! Where the database is: an address as the database's own programs take it, and what their
//! variables say where it leaves something out.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// Where sockets are on Debian, if no host is named.
const SOCKET_FOLDER: &str = "/var/run/postgresql";

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long data may stay unacknowledged before a connection counts as lost.
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(10);

/// What each session is asked for: a statement and a wait for a lock that take too long are given
/// up, and nothing is compiled for one answer.
const SESSION: &str = "-c statement_timeout=30000 -c lock_timeout=10000 \
                       -c idle_in_transaction_session_timeout=60000 -c jit=off";

/// Where a database is, who signs in and how. Its password is never shown.
#[derive(Clone)]
pub struct PostgresAddress {
    pub(super) config: Config,
    pub(super) tls: Option<Arc<ClientConfig>>,
}

/// An address cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It does not begin as one does.
    #[error("an address of PostgreSQL begins with `postgres://`")]
    Scheme,
    /// A part of it cannot be understood.
    #[error("the address of PostgreSQL cannot be understood: {0}")]
    Form(String),
    /// The way of encryption is not one that keeps others out.
    #[error(
        "`sslmode={0}` is not known here: `disable` encrypts nothing, `require` and `verify-full` encrypt and check the certificate"
    )]
    SslMode(String),
    /// The certificates that are trusted cannot be read.
    #[error("cannot read the certificates in `{path}` (sslrootcert): {reason}")]
    RootCertificates {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The system has no certificates to trust.
    #[error("this system has no list of trusted certificates; name a file with `sslrootcert=`")]
    NoRootCertificates,
}

impl PostgresAddress {
    /// Reads an address such as `postgres://wheelhouse@db.example/wheelhouse`. What it leaves out is
    /// taken from the usual variables (`PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGDATABASE`,
    /// `PGSSLMODE`, `PGSSLROOTCERT`), which the caller hands in.
    ///
    /// # Errors
    /// [`AddressError`] says what is wrong with it.
    pub fn parse(
        text: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, AddressError> {
        let (base, mut options) = split(text)?;
        let mut taken = |name: &str, variable_name: &str| {
            let at = options.iter().position(|(key, _)| key == name);
            at.map(|at| options.remove(at).1)
                .or_else(|| variable(variable_name))
        };
        let ssl_mode = taken("sslmode", "PGSSLMODE");
        let root_certificates = taken("sslrootcert", "PGSSLROOTCERT");
        let rest: Vec<_> = options
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let address = format!("{base}?{}", rest.join("&"));
        let mut config: Config = address.parse().map_err(|error: tokio_postgres::Error| {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            AddressError::Form(source.unwrap_or_else(|| error.to_string()))
        })?;
        complete(&mut config, &variable)?;
        let is_verified = match ssl_mode.as_deref() {
            None => !is_on_this_machine(&config),
            Some("disable") => false,
            Some("require" | "verify-full") => true,
            Some(other) => return Err(AddressError::SslMode(other.to_owned())),
        };
        config.ssl_mode(if is_verified {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        let tls = is_verified.then(|| tls(root_certificates.as_deref()));
        Ok(Self {
            config,
            tls: tls.transpose()?,
        })
    }

    /// Returns the name of the database.
    pub(super) fn database(&self) -> &str {
        let named = self.config.get_dbname().or(self.config.get_user());
        named.unwrap_or("postgres")
    }

    /// Returns who signs in.
    pub(super) fn user(&self) -> &str {
        self.config.get_user().unwrap_or("?")
    }
}

impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database `{}` at ", self.database())?;
        let ports = self.config.get_ports();
        for (place, host) in self.config.get_hosts().iter().enumerate() {
            if place > 0 {
                f.write_str(" or ")?;
            }
            match host {
                Host::Tcp(name) => {
                    let port = ports.get(place).or(ports.first()).unwrap_or(&5432);
                    write!(f, "{name}:{port}")?;
                }
                Host::Unix(folder) => write!(f, "{}", folder.display())?,
            }
        }
        Ok(())
    }
}

impl PartialEq for PostgresAddress {
    fn eq(&self, other: &Self) -> bool {
        self.config == other.config && self.tls.is_some() == other.tls.is_some()
    }
}

impl Eq for PostgresAddress {}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresAddress({self})")
    }
}

type NamedValue = (String, String);

/// Splits what is behind the `?` into names and values, as they are written.
fn split(text: &str) -> Result<(&str, Vec<NamedValue>), AddressError> {
    if !["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
    {
        return Err(AddressError::Scheme);
    }
    let (base, query) = text.split_once('?').unwrap_or((text, ""));
    let mut options = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').ok_or_else(|| {
            AddressError::Form("what is behind the `?` is `name=value`".to_owned())
        })?;
        if key == "password" {
            return Err(AddressError::Form(
                "write the password before the `@`, or into PGPASSWORD".to_owned(),
            ));
        }
        let is_ours = ["sslmode", "sslrootcert"].contains(&key);
        let value = if is_ours {
            percent_decode_str(value).decode_utf8_lossy().into_owned()
        } else {
            value.to_owned()
        };
        options.push((key.to_owned(), value));
    }
    Ok((base, options))
}

/// Adds what the address leaves out.
fn complete(
    config: &mut Config,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<(), AddressError> {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        let has_sockets = Path::new(SOCKET_FOLDER).is_dir();
        let fallback = if has_sockets {
            SOCKET_FOLDER
        } else {
            "localhost"
        };
        config.host(variable("PGHOST").unwrap_or_else(|| fallback.to_owned()));
    }
    if let (true, Some(port)) = (config.get_ports().is_empty(), variable("PGPORT")) {
        let port = port
            .parse()
            .map_err(|_| AddressError::Form(format!("PGPORT is no port: `{port}`")))?;
        config.port(port);
    }
    if let (None, Some(user)) = (config.get_user(), variable("PGUSER").or(variable("USER"))) {
        config.user(user);
    }
    if let (None, Some(password)) = (config.get_password(), variable("PGPASSWORD")) {
        config.password(password);
    }
    if let (None, Some(name)) = (config.get_dbname(), variable("PGDATABASE")) {
        config.dbname(name);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNACKNOWLEDGED_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("wheelhouse");
    }
    let session = match config.get_options() {
        Some(asked) => format!("{SESSION} {asked}"),
        None => SESSION.to_owned(),
    };
    config.options(session);
    Ok(())
}

fn is_on_this_machine(config: &Config) -> bool {
    let is_local = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
    };
    config.get_hosts().iter().all(is_local)
        && config
            .get_hostaddrs()
            .iter()
            .all(std::net::IpAddr::is_loopback)
}

/// Makes ready to encrypt, and to believe the certificates of a file or those of the system.
fn tls(root_certificates: Option<&str>) -> Result<Arc<ClientConfig>, AddressError> {
    let roots = match root_certificates.filter(|path| *path != "system") {
        Some(path) => named_roots(path)?,
        None => roots_of_system()?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has what these versions need")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn named_roots(path: &str) -> Result<RootCertStore, AddressError> {
    let failed = |reason: String| AddressError::RootCertificates {
        path: path.to_owned(),
        reason,
    };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path);
    for certificate in certificates.map_err(|error| failed(error.to_string()))? {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        let added = roots.add(certificate);
        added.map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(failed("it holds none".to_owned()));
    }
    Ok(roots)
}

fn roots_of_system() -> Result<RootCertStore, AddressError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(AddressError::NoRootCertificates);
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, variables: &[(&str, &str)]) -> Result<PostgresAddress, AddressError> {
        PostgresAddress::parse(text, |wanted| {
            let found = variables.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let address = parse("postgres://ann:s3cret@db.example:6432/team", &[]).unwrap();
        assert_eq!(
            address.to_string(),
            "the database `team` at db.example:6432"
        );
        let address = parse(
            "postgres://ann@%2Ftmp%2Fpg/team",
            &[("PGPASSWORD", "s3cret")],
        )
        .unwrap();
        assert_eq!(address.to_string(), "the database `team` at /tmp/pg");
        assert_eq!(address.config.get_password(), Some(&b"s3cret"[..]));
        assert!(!format!("{address:?}").contains("s3cret"));
    }

    #[test]
    fn what_is_left_out_comes_from_the_variables() {
        let variables = [
            ("PGHOST", "10.0.0.1"),
            ("PGPORT", "7000"),
            ("PGUSER", "bob"),
            ("PGDATABASE", "wheels"),
            ("PGSSLMODE", "disable"),
        ];
        let address = parse("postgres://", &variables).unwrap();
        assert_eq!(
            address.to_string(),
            "the database `wheels` at 10.0.0.1:7000"
        );
        assert_eq!(address.user(), "bob");
        assert!(address.tls.is_none());
        let address = parse("postgres://eve@localhost:5433/mine", &variables).unwrap();
        assert_eq!(address.to_string(), "the database `mine` at localhost:5433");
        assert_eq!(address.user(), "eve");
    }

    #[test]
    fn what_goes_over_a_network_is_encrypted_unless_that_is_switched_off() {
        for (text, is_encrypted) in [
            ("postgres://db.example/x", true),
            ("postgres://db.example/x?sslmode=disable", false),
            ("postgres://localhost/x", false),
            ("postgres://127.0.0.1/x?sslmode=verify-full", true),
            ("postgres://[::1]/x", false),
            ("postgres:///x?host=/tmp", false),
        ] {
            let certificates = [("PGSSLROOTCERT", "system")];
            let address = parse(text, &certificates).unwrap();
            assert_eq!(address.tls.is_some(), is_encrypted, "{text}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_with_the_reason() {
        for (text, reason) in [
            ("mysql://db/x", "begins with `postgres://`"),
            (
                "postgres://db/x?sslmode=prefer",
                "`sslmode=prefer` is not known",
            ),
            ("postgres://db:port/x", "cannot be understood"),
            ("postgres://db/x?nonsense", "is `name=value`"),
            ("postgres://db/x?password=s3cret", "before the `@`"),
            ("postgres://db/x?nonsense=1", "nonsense"),
            (
                "postgres://db/x?sslmode=require&sslrootcert=%2Fnot%2Fthere",
                "cannot read the certificates in `/not/there`",
            ),
        ] {
            let error = parse(text, &[]).expect_err("refused").to_string();
            assert!(error.contains(reason), "{text}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
