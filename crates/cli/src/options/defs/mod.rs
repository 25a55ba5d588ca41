//! All options, a file for each topic.

mod access;
mod address;
mod compatibility;
mod fallback;
mod folders;
mod general;
mod limits;
mod logging;
pub(crate) mod owners;
mod pages;
mod proxies;
mod update;
mod uploads;

use super::OptionDef;

pub(crate) use access::{
    ALLOW_PLAIN_PASSWORDS, AUTHENTICATE, GROUP_FILE, INVALID_CREDENTIALS, PASSWORDS, RULE,
};
pub(crate) use address::{HOST, HSTS_SECONDS, PORT, SERVER_BASE_URL, TLS_CERTIFICATE, TLS_KEY};
pub(crate) use compatibility::{BACKEND, SERVER};
pub(crate) use fallback::{DISABLE_FALLBACK, FALLBACK_SOURCE, FALLBACK_URL, INSTALLER_SETTINGS};
pub(crate) use folders::{CREATE_MISSING, ROOTS, SCAN_INTERVAL_SECONDS, STATE_DIR, WATCH};
pub(crate) use general::{CONFIG, HELP, URL, VERSION};
pub(crate) use limits::{
    DRAIN_SECONDS, FILE_CACHE_MIB, HEADER_TIMEOUT_SECONDS, MAX_CONNECTIONS, MAX_FAILED_SIGN_INS,
    MAX_UPLOADS_PER_HOUR, PAGE_CACHE_MIB, WORKERS,
};
pub(crate) use logging::{
    LOG_ERR_FRMT, LOG_FILE, LOG_FORMAT, LOG_FRMT, LOG_REQ_FRMT, LOG_RES_FRMT, LOG_STREAM, VERBOSE,
};
pub(crate) use pages::{
    CACHE_CONTROL, FILE_CACHING, HASH_ALGO, HEALTH_ENDPOINT, SIGNATURE_LINKS, TAR_GZ_TYPE, WELCOME,
};
pub(crate) use proxies::{TRUST_PRIVATE_PROXIES, TRUSTED_PROXY};
pub(crate) use update::{ALLOW_UNSTABLE, DOWNLOAD_DIRECTORY, EXECUTE, IGNORELIST_FILE, INDEX_URL};
pub(crate) use uploads::{
    LEGACY_ACTIONS, MAX_PROJECT_MIB, MAX_UPLOAD_MIB, OVERWRITE, REFUSE_UPLOADS_WITH,
    UPLOAD_STRICTNESS,
};

/// All options, in the order in which they are shown.
pub(crate) static ALL: &[&OptionDef] = &[
    &PORT,
    &HOST,
    &SERVER_BASE_URL,
    &TLS_CERTIFICATE,
    &TLS_KEY,
    &HSTS_SECONDS,
    &ROOTS,
    &CREATE_MISSING,
    &STATE_DIR,
    &WATCH,
    &SCAN_INTERVAL_SECONDS,
    &AUTHENTICATE,
    &PASSWORDS,
    &GROUP_FILE,
    &RULE,
    &ALLOW_PLAIN_PASSWORDS,
    &INVALID_CREDENTIALS,
    &OVERWRITE,
    &MAX_UPLOAD_MIB,
    &MAX_PROJECT_MIB,
    &UPLOAD_STRICTNESS,
    &REFUSE_UPLOADS_WITH,
    &LEGACY_ACTIONS,
    &HASH_ALGO,
    &WELCOME,
    &HEALTH_ENDPOINT,
    &CACHE_CONTROL,
    &FILE_CACHING,
    &SIGNATURE_LINKS,
    &TAR_GZ_TYPE,
    &DISABLE_FALLBACK,
    &FALLBACK_URL,
    &FALLBACK_SOURCE,
    &INSTALLER_SETTINGS,
    &TRUSTED_PROXY,
    &TRUST_PRIVATE_PROXIES,
    &PAGE_CACHE_MIB,
    &FILE_CACHE_MIB,
    &MAX_CONNECTIONS,
    &MAX_FAILED_SIGN_INS,
    &MAX_UPLOADS_PER_HOUR,
    &HEADER_TIMEOUT_SECONDS,
    &DRAIN_SECONDS,
    &WORKERS,
    &EXECUTE,
    &DOWNLOAD_DIRECTORY,
    &ALLOW_UNSTABLE,
    &IGNORELIST_FILE,
    &INDEX_URL,
    &VERBOSE,
    &LOG_FILE,
    &LOG_STREAM,
    &LOG_FORMAT,
    &LOG_FRMT,
    &LOG_REQ_FRMT,
    &LOG_RES_FRMT,
    &LOG_ERR_FRMT,
    &SERVER,
    &BACKEND,
    &CONFIG,
    &URL,
    &HELP,
    &VERSION,
];
