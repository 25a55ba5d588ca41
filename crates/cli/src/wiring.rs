//! Picks the backends and puts the rooms together.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use tokio::sync::oneshot;
use uuid::Uuid;
use wheelhouse_auth::attestation::Attestations;
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
use wheelhouse_index::identity::{IndexName, Serial};
use wheelhouse_index::journal::JournalReader;
use wheelhouse_index::ports::{
    AccessStore, Catalog, Clock, FileStore, Identities, PersonSignIn, SystemClock, TokenExchange,
};
use wheelhouse_index::publish::Overwrite;
use wheelhouse_index::replica::Replica;
use wheelhouse_index::{DeletedNames, Index, IndexOptions, SignatureListing};
use wheelhouse_server::abuse::AbuseLimits;
use wheelhouse_server::settings::{self as server, Limits, NeedlessCredentials, Settings};
use wheelhouse_server::tls::Tls;
use wheelhouse_server::welcome::Welcome;
use wheelhouse_server::{FileCache, Gate, PageCache, Server};
use wheelhouse_store::catalog::{
    MemoryCatalog, PostgresAddress, PostgresCatalog, SchemaState, SqliteCatalog, SqliteOptions,
    WhenDamaged,
};
use wheelhouse_store::files::directory::{self, DirectoryOptions, DirectoryStore};
use wheelhouse_store::files::objects::{self, ObjectFileStore, ObjectsOptions};
use wheelhouse_store::state::{StateFolder, StateLock, StateWishes};
use wheelhouse_upstream::acme::{self, Acme, AcmeOptions};
use wheelhouse_upstream::{DocumentReader, Proxies, client_for_objects};

use crate::environment::Environment;
use crate::logging::RequestLog;
use crate::settings::{
    AttestationSettings, BindSettings, CatalogSettings, DirectorySettings, FileCaching,
    FileSettings, InvalidCredentials, LegacyActions, ObjectSettings, PasswordSource, RunSettings,
    WatchMode,
};

/// A server that is ready to run, and what belongs to it.
#[derive(Debug)]
pub(crate) struct Wired {
    pub(crate) server: Server,
    /// Told when everything that was there at the start is listed.
    pub(crate) first_scan: oneshot::Receiver<()>,
    /// Where state is kept, unless in memory.
    pub(crate) state_folder: Option<PathBuf>,
    /// Where state is kept and what that costs, as a sentence.
    pub(crate) state_note: String,
    /// Gets certificates, once the server listens.
    pub(crate) acme: Option<Acme>,
    /// Keeps other servers off the state folder for as long as this one runs.
    pub(crate) lock: Option<StateLock>,
    /// This server among those that use the same catalog.
    pub(crate) replica: Arc<Replica>,
}

/// Opens everything that the settings name. `fallback_url` is where projects are looked for that
/// are not here.
///
/// # Errors
/// Whatever cannot be opened, with what to do about it.
pub(crate) async fn wire(
    settings: &RunSettings,
    environment: &Environment,
    fallback_url: Option<String>,
) -> anyhow::Result<Wired> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let state = StateFolder::choose(&state_wishes(settings, environment))?;
    let lock = state.path().map(StateLock::take).transpose()?;
    let Kept {
        catalog,
        access_store,
        key,
        note,
        replica,
    } = kept(settings, &state, &clock).await?;
    let files = file_store(settings, &state, environment, key, &catalog).await?;
    let pages = PageCache::new(settings.limits.page_cache_bytes);
    let hot_files = FileCache::new(settings.limits.file_cache_bytes);
    let journal_readers: Vec<Arc<dyn JournalReader>> =
        vec![Arc::clone(&pages) as _, Arc::clone(&hot_files) as _];
    let index = Index::new(
        IndexName::main(),
        Arc::clone(&catalog),
        Arc::clone(&files),
        Arc::clone(&clock),
        index_options(settings),
        journal_readers.clone(),
        Arc::clone(&replica),
    );
    index.load_marks().await?;
    let (told, first_scan) = oneshot::channel();
    tokio::spawn(Arc::clone(&index).follow(files.observe(), told));
    tokio::spawn(Arc::clone(&index).read_in_background());
    tokio::spawn(Arc::clone(&index).empty_bin());
    let access = Access::open(
        access_store,
        Arc::clone(&clock),
        settings.access.locks.clone(),
        settings.access.rules.clone(),
        Arc::clone(&replica),
    )
    .await?;
    replica
        .follow(catalog, Arc::clone(&access), journal_readers)
        .await?;
    let openid_key = TokenKey::new(key).derived("sign-in with OpenID");
    let identities = identities(settings, key, Arc::clone(&access), clock)?;
    let sign_in = sign_in(settings, environment, &access, &identities, openid_key)?;
    let exchange = exchange(settings, environment, &access, &identities)?;
    let (tls, acme) = certificate(&settings.bind, &state)?;
    let server = Server::new(
        index,
        Gate {
            access,
            identities,
            exchange,
            sign_in,
        },
        server_settings(settings, fallback_url, tls)?,
        pages,
        hot_files,
        Arc::new(RequestLog::new(&settings.logging)?),
    )?;
    Ok(Wired {
        server,
        first_scan,
        state_folder: state.path().map(PathBuf::from),
        state_note: note,
        acme,
        lock,
        replica,
    })
}

fn state_wishes(settings: &RunSettings, environment: &Environment) -> StateWishes {
    StateWishes {
        folder: settings.state.folder.clone(),
        roots: settings.folders.roots.clone(),
        objects: match &settings.files {
            FileSettings::Folders => None,
            FileSettings::Objects(objects) => Some(objects.place.to_string()),
        },
        state_directory: environment.variable("STATE_DIRECTORY").map(Into::into),
        state_home: environment.variable("XDG_STATE_HOME").map(PathBuf::from),
        home: environment.home.clone(),
    }
}

/// What is kept from one start to the next, besides packages.
struct Kept {
    catalog: Arc<dyn Catalog>,
    /// Who may do what: in the same place.
    access_store: Arc<dyn AccessStore>,
    /// The key that tokens are made with.
    key: [u8; 32],
    /// Where all that is and what it costs, as a sentence.
    note: String,
    /// This server among those that use the same catalog.
    replica: Arc<Replica>,
}

async fn kept(
    settings: &RunSettings,
    state: &StateFolder,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Kept> {
    match &settings.state.catalog {
        CatalogSettings::Postgres(address) => in_postgres(address, state, clock).await,
        CatalogSettings::Sqlite(path) => {
            let catalog = Arc::new(open_sqlite(path, clock)?);
            Ok(Kept {
                catalog: Arc::clone(&catalog) as _,
                access_store: catalog,
                key: token_key(state)?,
                note: format!("{}; the catalog is in `{}`", state.note(), path.display()),
                replica: Replica::alone(),
            })
        }
        CatalogSettings::StateFolder => {
            let (catalog, access_store) = in_state_folder(state, clock)?;
            Ok(Kept {
                catalog,
                access_store,
                key: token_key(state)?,
                note: state.note().to_owned(),
                replica: Replica::alone(),
            })
        }
    }
}

/// Opens a catalog that other servers may use at the same time. All make tokens with one key.
async fn in_postgres(
    address: &PostgresAddress,
    state: &StateFolder,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Kept> {
    let catalog = Arc::new(PostgresCatalog::open(address, Arc::clone(clock)).await?);
    let key = catalog.shared_key("tokens", fill_random).await?;
    let note = match state.path() {
        Some(folder) => format!(
            "the catalog is in {address}; the socket for this machine is in `{}`",
            folder.display()
        ),
        None => format!("the catalog is in {address}"),
    };
    let replicas = catalog.replicas().await?;
    Ok(Kept {
        catalog: Arc::clone(&catalog) as _,
        access_store: catalog,
        key,
        note,
        replica: Replica::among(Arc::new(replicas)),
    })
}

fn open_sqlite(path: &Path, clock: &Arc<dyn Clock>) -> anyhow::Result<SqliteCatalog> {
    let mut mark = path.as_os_str().to_owned();
    mark.push(".serial");
    let options = SqliteOptions {
        clock: Arc::clone(clock),
        serial_mark: Some(mark.into()),
        // Somebody has named this file: then somebody can say what becomes of it.
        when_damaged: WhenDamaged::Refuse,
    };
    Ok(SqliteCatalog::open(path, &options)?)
}

fn in_state_folder(
    state: &StateFolder,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<(Arc<dyn Catalog>, Arc<dyn AccessStore>)> {
    let in_memory = || {
        let catalog = Arc::new(MemoryCatalog::new(&**clock));
        (Arc::clone(&catalog) as _, catalog as _)
    };
    let Some(path) = state.catalog_file() else {
        return Ok(in_memory());
    };
    let options = SqliteOptions {
        clock: Arc::clone(clock),
        serial_mark: state.serial_mark_file(),
        when_damaged: WhenDamaged::BeginAnew,
    };
    match SqliteCatalog::open(&path, &options) {
        Ok(catalog) => {
            let catalog = Arc::new(catalog);
            Ok((Arc::clone(&catalog) as _, catalog as _))
        }
        // What is there can still be served, which matters more than the journal.
        Err(error) if state.is_full() => {
            tracing::error!(
                "the disk of the state folder is full: the catalog is kept in memory until the next start; make room and start again ({error})"
            );
            Ok(in_memory())
        }
        Err(error) => Err(error.into()),
    }
}

/// Brings the tables of the catalog up to date, or only looks at them, and returns where the catalog
/// is and what its tables are then.
///
/// # Errors
/// Whatever cannot be opened, with what to do about it.
pub(crate) async fn migrate(
    settings: &RunSettings,
    environment: &Environment,
    may_change: bool,
) -> anyhow::Result<(String, SchemaState)> {
    let path = match &settings.state.catalog {
        CatalogSettings::Postgres(address) => {
            let state = if may_change {
                PostgresCatalog::migrate(address).await?
            } else {
                PostgresCatalog::schema(address).await?
            };
            return Ok((address.to_string(), state));
        }
        CatalogSettings::Sqlite(path) => path.clone(),
        CatalogSettings::StateFolder => {
            let state = StateFolder::choose(&state_wishes(settings, environment))?;
            state
                .catalog_file()
                .context("the catalog is in memory: there are no tables to look at")?
        }
    };
    let state = if may_change {
        SqliteCatalog::migrate(&path)?
    } else {
        SqliteCatalog::schema(&path)?
    };
    Ok((format!("`{}`", path.display()), state))
}

async fn file_store(
    settings: &RunSettings,
    state: &StateFolder,
    environment: &Environment,
    key: [u8; 32],
    catalog: &Arc<dyn Catalog>,
) -> anyhow::Result<Arc<dyn FileStore>> {
    if let FileSettings::Objects(objects) = &settings.files {
        let store = object_store(settings, objects, state, environment, key).await?;
        expect_catalog(&store, objects, &**catalog).await?;
        return Ok(Arc::new(store));
    }
    let options = DirectoryOptions {
        watch: match settings.folders.watch {
            WatchMode::Auto => directory::WatchMode::Auto,
            WatchMode::Poll => directory::WatchMode::Poll,
        },
        scan_interval: settings.folders.scan_interval,
        listed_hash: settings.pages.hash_algorithm,
        state_folder: state.path().map(Into::into),
        ..DirectoryOptions::default()
    };
    let store = DirectoryStore::new(settings.folders.roots.clone(), options)?;
    Ok(Arc::new(store))
}

/// Opens the store of the objects. It belongs to the index whose tokens are made with `key`.
async fn object_store(
    settings: &RunSettings,
    objects: &ObjectSettings,
    state: &StateFolder,
    environment: &Environment,
    key: [u8; 32],
) -> anyhow::Result<ObjectFileStore> {
    let folder = state.path().ok_or_else(|| {
        anyhow!(
            "what is received stands in the state folder until it is an object, and nothing can be written there; name a folder with --state-dir"
        )
    })?;
    let spool = folder.join("incoming");
    std::fs::create_dir_all(&spool)
        .with_context(|| format!("cannot make the folder {}", spool.display()))?;
    let mut owner = [0; 16];
    owner.copy_from_slice(&TokenKey::new(key).derived("owner of objects")[..16]);
    let owner = Uuid::from_bytes(owner);
    let options = ObjectsOptions {
        listed_hash: settings.pages.hash_algorithm,
        ..ObjectsOptions::new(&objects.place, IndexName::main(), owner, spool)
    };
    let agent = concat!("wheelhouse/", env!("CARGO_PKG_VERSION"));
    let proxies = Proxies::from_variables(&|name| environment.text(name));
    let client = client_for_objects(agent, &proxies)?;
    let access = objects::Access::to(&objects.place, &objects.surroundings, client)?;
    Ok(ObjectFileStore::open(access, options).await?)
}

/// Makes sure that a catalog without anything in it does not stand for objects that are there: it
/// was lost, or damaged and put aside.
async fn expect_catalog(
    store: &ObjectFileStore,
    objects: &ObjectSettings,
    catalog: &dyn Catalog,
) -> anyhow::Result<()> {
    let is_new = catalog.counts(&IndexName::main()).await?.files == 0
        && catalog.events_after(Serial(0), 1).await?.is_empty();
    anyhow::ensure!(
        !is_new || !store.holds_files().await?,
        "the catalog is empty, but `{}` holds files of this index, and only a catalog knows their names; put the catalog back into the state folder (one that was damaged is kept there under another name)",
        objects.place
    );
    Ok(())
}

fn index_options(settings: &RunSettings) -> IndexOptions {
    IndexOptions {
        listed_hash: settings.pages.hash_algorithm,
        signatures: if settings.pages.signature_links {
            SignatureListing::Link
        } else {
            SignatureListing::Flag
        },
        checks: settings.uploads.checks.clone(),
        max_project_bytes: settings.uploads.max_project_bytes,
        denied_names: settings.uploads.denied_names.clone(),
        deleted_names: match &settings.files {
            FileSettings::Folders => DeletedNames::Free,
            FileSettings::Objects(_) => DeletedNames::UsedUp,
        },
        ..IndexOptions::default()
    }
}

fn identities(
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
fn token_key(state: &StateFolder) -> anyhow::Result<[u8; 32]> {
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
fn sign_in(
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
fn exchange(
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

fn server_settings(
    settings: &RunSettings,
    fallback_url: Option<String>,
    tls: Option<Arc<Tls>>,
) -> anyhow::Result<Settings> {
    let (file_max_age_seconds, file_caching) = match settings.pages.file_caching {
        FileCaching::Silent => (None, server::FileCaching::Silent),
        // A name keeps its bytes for ever, unless uploads may replace them.
        FileCaching::Revalidate
            if matches!(settings.files, FileSettings::Objects(_))
                && !settings.uploads.overwrite =>
        {
            (None, server::FileCaching::Immutable)
        }
        FileCaching::Revalidate => (None, server::FileCaching::Revalidate),
        FileCaching::MaxAge(seconds) => (Some(seconds), server::FileCaching::Silent),
    };
    let network = |range: &dyn ToString| {
        let text = range.to_string();
        text.parse()
            .with_context(|| anyhow!("`{text}` is no range of addresses"))
    };
    let named: Vec<_> = settings
        .proxies
        .trusted
        .iter()
        .map(|range| network(range))
        .collect::<Result<_, _>>()?;
    let mut believed = named.clone();
    for range in LOOPBACK {
        believed.push(network(range)?);
    }
    if settings.proxies.trust_private_ranges {
        for range in PRIVATE {
            believed.push(network(range)?);
        }
    }
    Ok(Settings {
        base_path: settings.bind.base_path.clone(),
        health_path: Some(settings.health_endpoint.clone()),
        fallback_url,
        welcome: match &settings.pages.welcome {
            Some(template) => Welcome::from_template(template, "the welcome file")?,
            None => Welcome::built_in(),
        },
        file_max_age_seconds,
        file_caching,
        file_redirects: match &settings.files {
            FileSettings::Folders => None,
            FileSettings::Objects(objects) => objects.redirects,
        },
        overwrite: if settings.uploads.overwrite {
            Overwrite::Allow
        } else {
            Overwrite::Refuse
        },
        needless_credentials: match settings.access.invalid_credentials {
            InvalidCredentials::Ignore => NeedlessCredentials::Ignore,
            InvalidCredentials::Reject => NeedlessCredentials::Check,
        },
        legacy_actions: match settings.uploads.legacy_actions {
            LegacyActions::Accept => server::LegacyActions::Accept,
            LegacyActions::Gone => server::LegacyActions::Gone,
        },
        attestations: attestations_of(&settings.uploads.attestations)?,
        tar_gz_type: settings.pages.tar_gz_type.as_str(),
        tls,
        hsts_seconds: settings.bind.hsts_seconds,
        trusted_proxies: believed,
        trusted_for_client_address: named,
        limits: Limits {
            max_upload_bytes: settings.uploads.max_upload_bytes,
            max_connections: settings.limits.max_connections,
            header_timeout: settings.limits.header_timeout,
            drain_timeout: settings.limits.drain_timeout,
            abuse: AbuseLimits {
                failed_sign_ins: settings.limits.max_failed_sign_ins,
                uploads: settings.limits.max_uploads_per_hour,
            },
            ..Limits::default()
        },
        page_cache_bytes: settings.limits.page_cache_bytes,
        file_cache_bytes: settings.limits.file_cache_bytes,
    })
}

/// Opens the certificate, if HTTPS is spoken, and what gets new ones, if an ACME server is asked.
fn certificate(
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

fn attestations_of(settings: &AttestationSettings) -> anyhow::Result<server::Attestations> {
    let verifier = match settings {
        AttestationSettings::Refuse => return Ok(server::Attestations::Refuse),
        AttestationSettings::Ignore => return Ok(server::Attestations::Ignore),
        AttestationSettings::Sigstore => Attestations::of_sigstore()?,
        AttestationSettings::TrustRoot(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the trust root `{}`", path.display()))?;
            Attestations::new(&text).with_context(|| path.display().to_string())?
        }
    };
    Ok(server::Attestations::Verify(Arc::new(verifier)))
}

/// Whose forwarded host, scheme and prefix are always believed.
const LOOPBACK: &[&str] = &["127.0.0.0/8", "::1/128"];
/// The private ranges of RFC 1918, RFC 4193 and RFC 3927.
const PRIVATE: &[&str] = &[
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
];
