//! Picks the backends and puts the rooms together.

mod catalog;
mod certificates;
pub(crate) mod ends;
mod files;
mod people;
mod sqlite;
mod upkeep;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use tokio::sync::oneshot;
use wheelhouse_auth::attestation::Attestations;
use wheelhouse_auth::token::TokenKey;
use wheelhouse_index::access::Access;
use wheelhouse_index::downloads::CountingOptions;
use wheelhouse_index::finding::Finding;
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::journal::JournalReader;
use wheelhouse_index::ports::{Clock, DiskUse, Disks, FileStore, SystemClock};
use wheelhouse_index::publish::Overwrite;
use wheelhouse_index::replica::Replica;
use wheelhouse_index::{DeletedNames, Index, IndexOptions, SignatureListing};
use wheelhouse_maintenance::scrub::Scrub;
use wheelhouse_search::MemoryFinder;
use wheelhouse_server::abuse::AbuseLimits;
use wheelhouse_server::settings::{
    self as server, FrontPage, Limits, NeedlessCredentials, Settings,
};
use wheelhouse_server::tls::Tls;
use wheelhouse_server::welcome::Welcome;
use wheelhouse_server::{FileCache, Gate, PageCache, Server};
use wheelhouse_store::disks::Folders;
use wheelhouse_store::state::{StateFolder, StateLock, StateWishes};
use wheelhouse_ui::Pages;
use wheelhouse_upstream::acme::Acme;

use self::catalog::{Kept, kept};
pub(crate) use self::catalog::{TOKENS, Whole, migrate};
use self::certificates::certificate;
use self::files::file_store;
pub(crate) use self::files::owner_of;
use self::people::{exchange, identities, sign_in};
pub(crate) use self::upkeep::{Recovery, open_to_check, open_to_recover};
use crate::environment::Environment;
use crate::logging::RequestLog;
use crate::settings::{
    AttestationSettings, FileCaching, FileSettings, InvalidCredentials, LegacyActions, RunSettings,
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
    /// The index, and what projects are found by: a server reads them all for that.
    pub(crate) search: (Arc<Index>, Arc<Finding>),
    /// The index that is served.
    pub(crate) index: Arc<Index>,
    /// What reads every file again now and then, in a server.
    pub(crate) scrub: Option<Scrub>,
    /// Its catalog as a whole, unless it is in memory.
    pub(crate) whole: Option<Whole>,
    /// Its files.
    pub(crate) files: Arc<dyn FileStore>,
    /// The key that tokens are made with.
    key: [u8; 32],
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
        whole,
    } = kept(settings, &state, &clock).await?;
    if let Some(whole) = &whole {
        whole.expect_usable().await?;
    }
    let files = file_store(settings, &state, environment, key, &catalog).await?;
    let pages = PageCache::new(settings.limits.page_cache_bytes);
    let hot_files = FileCache::new(settings.limits.file_cache_bytes);
    let finding = Finding::new(Arc::new(MemoryFinder::new()?));
    let journal_readers: Vec<Arc<dyn JournalReader>> = vec![
        Arc::clone(&pages) as _,
        Arc::clone(&hot_files) as _,
        Arc::clone(&finding) as _,
    ];
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
    tokio::spawn(Arc::clone(&index).count_downloads());
    let scrub = settings.limits.scrub_period.map(|period| Scrub {
        index: Arc::clone(&index),
        catalog: Arc::clone(&catalog),
        period,
        place: state.path().map(|folder| folder.join("scrub.json")),
    });
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
        Arc::clone(&index),
        Arc::clone(&finding),
        Gate {
            access,
            identities,
            exchange,
            sign_in,
        },
        server_settings(settings, fallback_url, tls, disks(settings, &state))?,
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
        search: (Arc::clone(&index), finding),
        index,
        scrub,
        whole,
        files,
        key,
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
        counting: CountingOptions {
            is_on: settings.pages.count_downloads,
            detail_days: settings.pages.download_detail_days,
        },
        deleted_names: match &settings.files {
            FileSettings::Folders => DeletedNames::Free,
            FileSettings::Objects(_) => DeletedNames::UsedUp,
        },
        ..IndexOptions::default()
    }
}

fn server_settings(
    settings: &RunSettings,
    fallback_url: Option<String>,
    tls: Option<Arc<Tls>>,
    disks: Arc<dyn Disks>,
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
        front_page: match &settings.pages.welcome {
            Some(template) => {
                FrontPage::Welcome(Welcome::from_template(template, "the welcome file")?)
            }
            None if settings.pages.has_home_page => FrontPage::Home,
            None => FrontPage::Welcome(Welcome::built_in()),
        },
        pages: Arc::new(Pages::new(settings.pages.theme.clone())?),
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
        web_sign_in: settings.access.web_sign_in,
        needless_credentials: match settings.access.invalid_credentials {
            InvalidCredentials::Ignore => NeedlessCredentials::Ignore,
            InvalidCredentials::Reject => NeedlessCredentials::Check,
        },
        legacy_actions: match settings.uploads.legacy_actions {
            LegacyActions::Accept => server::LegacyActions::Accept,
            LegacyActions::Gone => server::LegacyActions::Gone,
        },
        attestations: attestations_of(&settings.uploads.attestations)?,
        surrogate_keys: settings.pages.surrogate_keys,
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
        disks,
    })
}

/// Returns the folders in which this server keeps something.
fn disks(settings: &RunSettings, state: &StateFolder) -> Arc<dyn Disks> {
    let roots = match &settings.files {
        FileSettings::Folders => settings.folders.roots.as_slice(),
        FileSettings::Objects(_) => &[],
    };
    let roots = roots.iter().map(|root| (DiskUse::Files, root.clone()));
    let state = state
        .path()
        .map(|folder| (DiskUse::State, folder.to_owned()));
    Arc::new(Folders::new(roots.chain(state)))
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
