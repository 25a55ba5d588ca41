//! What the texts that options take must look like. Each check says in a fragment what to write.

use std::str::FromStr;

use wheelhouse_auth::ldap::LdapUrl;
use wheelhouse_index::permission::{Pattern, Rights, Rule};
use wheelhouse_release::pipelines::{ACTIONS, PlainText};
use wheelhouse_standards::check::Policy;
use wheelhouse_standards::digest::HashAlgorithm;
use wheelhouse_store::files::objects::ObjectPlace;
use wheelhouse_upstream::acme;

use crate::settings::IpRange;

/// Anything goes.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands where checks stand that can fail"
)]
pub(crate) fn any(_text: &str) -> Result<(), String> {
    Ok(())
}

/// A list of locks, or `.` alone for none.
pub(crate) fn locks(text: &str) -> Result<(), String> {
    let words: Vec<String> = text
        .split(',')
        .map(|word| word.trim().to_lowercase())
        .collect();
    let is_known = |word: &String| matches!(word.as_str(), "update" | "download" | "list" | ".");
    if let Some(word) = words.iter().find(|word| !is_known(word)) {
        let reason = match word.as_str() {
            "" => "an action is missing".to_owned(),
            word => format!("`{word}` is not an action"),
        };
        return Err(format!(
            "{reason}; write a comma-separated list of `update`, `download` and \
             `list`, or `.` alone for none"
        ));
    }
    if words.iter().any(|word| word == ".") && words.iter().any(|word| word != ".") {
        return Err("`.` (nothing is locked) must stand alone".to_owned());
    }
    Ok(())
}

/// Where a catalog is. What is behind the first word is looked at later: it may hold a password,
/// which no sentence about a mistake may repeat.
pub(crate) fn catalog(text: &str) -> Result<(), String> {
    let kinds = ["sqlite:", "postgres://", "postgresql://"];
    if kinds.iter().any(|kind| text.starts_with(kind)) && text != "sqlite:" {
        return Ok(());
    }
    Err("write `sqlite:PATH` or `postgres://USER@HOST/DATABASE`".to_owned())
}

/// A list of rules.
pub(crate) fn rules(text: &str) -> Result<(), String> {
    for rule in text.split(',') {
        rule.parse::<Rule>().map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Where files are: folders, or a place of objects.
pub(crate) fn files(text: &str) -> Result<(), String> {
    match text.strip_prefix("dir:") {
        Some(folders) if folders.split(',').any(|folder| folder.trim().is_empty()) => {
            Err("a folder is missing; write dir:FOLDER or dir:FOLDER,FOLDER…".to_owned())
        }
        Some(_) => Ok(()),
        None => text
            .parse::<ObjectPlace>()
            .map(|_| ())
            .map_err(|error| error.to_string()),
    }
}

/// The name of a region.
pub(crate) fn region(text: &str) -> Result<(), String> {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    if text.is_empty() || text.len() > 64 || !text.bytes().all(is_allowed) {
        return Err("write a region such as eu-central-1".to_owned());
    }
    Ok(())
}

/// A list of issuers.
pub(crate) fn issuers(text: &str) -> Result<(), String> {
    for issuer in text.split(',') {
        let url = url::Url::parse(issuer.trim()).ok();
        let is_plain =
            |url: &url::Url| url.scheme() == "https" && url.has_host() && url.query().is_none();
        if !url.is_some_and(|url| is_plain(&url)) {
            return Err("an issuer is an address that begins with https://".to_owned());
        }
    }
    Ok(())
}

/// What clients call an index. Some names mean something else to one of them.
pub(crate) fn index_name(text: &str) -> Result<(), String> {
    const TAKEN: &[&str] = &[
        "pypi",
        "testpypi",
        "distutils",
        "default",
        "main",
        "test",
        "url",
    ];
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if text.is_empty() || !text.chars().all(is_plain) {
        return Err("write a name of letters, digits, `-` and `_`".to_owned());
    }
    if TAKEN.contains(&text.to_ascii_lowercase().as_str()) {
        return Err(format!("clients take `{text}` for something else"));
    }
    Ok(())
}

/// A list of addresses.
pub(crate) fn web_addresses(text: &str) -> Result<(), String> {
    text.split(',')
        .try_for_each(|address| web_address(address.trim()))
}

/// A list of checks of a release that may be left out.
pub(crate) fn skippable(text: &str) -> Result<(), String> {
    const NAMES: &[&str] = &[
        "branch",
        "version",
        "changelog",
        "tag",
        "index",
        "newest",
        "python",
        "licence",
        "readme",
        "dependencies",
        "install",
        "import",
    ];
    let mut words = text.split(',').map(str::trim);
    match words.find(|word| !NAMES.contains(word)) {
        Some(word) => Err(format!("`{word}` is none of {}", NAMES.join(", "))),
        None => Ok(()),
    }
}

/// A text on which no CI system and no shell acts.
pub(crate) fn plain_text(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("write something".to_owned());
    }
    let read = text.parse::<PlainText>();
    read.map(|_| ()).map_err(|error| error.to_string())
}

/// A SHA-256 digest in hexadecimal digits.
pub(crate) fn sha256(text: &str) -> Result<(), String> {
    let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest
        .then_some(())
        .ok_or_else(|| "write 64 hexadecimal digits".to_owned())
}

/// The id of an index.
pub(crate) fn uuid(text: &str) -> Result<(), String> {
    let read = text.parse::<uuid::Uuid>();
    read.map(|_| ())
        .map_err(|_| "write an id, such as `wheelhouse backup --list` shows it".to_owned())
}

/// A list of public keys of age, and of files of them.
pub(crate) fn age_keys(text: &str) -> Result<(), String> {
    let is_key = |item: &str| item.starts_with("age1") || (item.starts_with('@') && item.len() > 1);
    text.split(',')
        .all(|item| is_key(item.trim()))
        .then_some(())
        .ok_or_else(|| "write public keys such as `age1…`, or `@FILE`".to_owned())
}

/// A list of versions of Python.
pub(crate) fn pythons(text: &str) -> Result<(), String> {
    let is_number = |part: &str| part.len() < 4 && part.parse::<u16>().is_ok();
    let is_version = |word: &str| {
        word.trim()
            .split_once('.')
            .is_some_and(|(first, second)| first == "3" && is_number(second))
    };
    match text.split(',').find(|word| !is_version(word)) {
        Some(word) => Err(format!("`{word}` is no version such as 3.12")),
        None => Ok(()),
    }
}

/// A list of actions with their versions.
pub(crate) fn actions(text: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let is_action = |word: &str| {
        let parts = word.trim().split_once('@');
        parts.is_some_and(|(name, version)| {
            ACTIONS.iter().any(|(action, _)| *action == name)
                && !version.is_empty()
                && version.chars().all(is_plain)
        })
    };
    let names: Vec<&str> = ACTIONS.iter().map(|(action, _)| *action).collect();
    match text.split(',').find(|word| !is_action(word)) {
        Some(word) => Err(format!(
            "`{word}` is no version of one of {}; write ACTION@VERSION",
            names.join(", ")
        )),
        None => Ok(()),
    }
}

/// A set of rights.
pub(crate) fn rights(text: &str) -> Result<(), String> {
    let read = text.parse::<Rights>();
    read.map(|_| ()).map_err(|error| error.to_string())
}

/// A list of patterns for names of projects.
pub(crate) fn patterns(text: &str) -> Result<(), String> {
    for pattern in text.split(',') {
        let read = pattern.trim().parse::<Pattern>();
        read.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// A list of what uploads may be refused with.
pub(crate) fn upload_policies(text: &str) -> Result<(), String> {
    let unknown = text
        .split(',')
        .map(str::trim)
        .find(|word| Policy::from_name(word).is_none());
    match unknown {
        None => Ok(()),
        Some(word) => {
            let names: Vec<&str> = Policy::ALL.iter().map(|policy| policy.name()).collect();
            Err(format!(
                "`{word}` is not known here; use {}",
                names.join(", ")
            ))
        }
    }
}

/// Names of hosts, separated by commas.
pub(crate) fn domains(text: &str) -> Result<(), String> {
    let is_label = |label: &str| {
        let ok = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty() && label.len() <= 63 && label.chars().all(ok) && !label.starts_with('-')
    };
    let is_name = |name: &str| name.len() <= 253 && name.split('.').all(is_label);
    match text.split(',').map(str::trim).find(|name| !is_name(name)) {
        None => Ok(()),
        Some(name) => Err(format!(
            "`{name}` is no name of a host, such as packages.company.example"
        )),
    }
}

/// An address that is asked over HTTPS.
pub(crate) fn https_url(text: &str) -> Result<(), String> {
    let rest = text.strip_prefix("https://");
    if rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace)) {
        return Ok(());
    }
    Err(format!("`{text}` does not begin with https://"))
}

/// The directory of an ACME server: a name that is known, or an address.
pub(crate) fn acme_directory(text: &str) -> Result<(), String> {
    if acme::known_directory(text).is_some() {
        return Ok(());
    }
    let rest = text.strip_prefix("https://");
    if rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace)) {
        return Ok(());
    }
    Err(format!(
        "`{text}` does not begin with https://, and is not letsencrypt or letsencrypt-staging"
    ))
}

/// An e-mail address: it is only looked at whether it may be one.
pub(crate) fn mail_address(text: &str) -> Result<(), String> {
    let parts = text.split_once('@');
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == ',' || c == '?';
    if parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
        && !text.contains(is_odd)
    {
        return Ok(());
    }
    Err(format!("`{text}` is no e-mail address"))
}

/// From when on a log is shown.
pub(crate) fn since(text: &str) -> Result<(), String> {
    crate::owners::check_since(text)
}

/// The address of an LDAP directory.
pub(crate) fn ldap_url(text: &str) -> Result<(), String> {
    text.parse::<LdapUrl>()
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// A distinguished name: it is only looked at whether it may be one.
pub(crate) fn distinguished_name(text: &str) -> Result<(), String> {
    if text.contains('=') && !text.contains(char::is_control) {
        return Ok(());
    }
    Err(format!(
        "`{text}` is no distinguished name, such as ou=groups,dc=example"
    ))
}

/// What becomes of attestations: a word, or a file that is there.
pub(crate) fn attestations(text: &str) -> Result<(), String> {
    if matches!(text, "refuse" | "ignore" | "sigstore") || std::path::Path::new(text).is_file() {
        return Ok(());
    }
    Err(format!(
        "there is no file `{text}`; use refuse, ignore, sigstore, or the path of a trust root"
    ))
}

/// A hash algorithm, or a word that turns hashes off.
pub(crate) fn hash_algorithm(text: &str) -> Result<(), String> {
    if is_off(text) || HashAlgorithm::from_str(text).is_ok() {
        return Ok(());
    }
    let names: Vec<&str> = HashAlgorithm::ALL
        .iter()
        .map(|algorithm| algorithm.name())
        .collect();
    let names = names.join(", ");
    let reason = match text.to_lowercase() {
        lower if lower == "1" || is_on(&lower) => {
            "name the algorithm, since hashes are on by default".to_owned()
        }
        lower if lower.starts_with("shake_") => {
            "its digests have no fixed length, so installers cannot use it".to_owned()
        }
        lower if lower != text && HashAlgorithm::from_str(&lower).is_ok() => {
            format!("the name is written in lower case: `{lower}`")
        }
        _ => "it is not known here".to_owned(),
    };
    Err(format!("{reason}; use one of {names}, or `off`"))
}

fn is_on(word: &str) -> bool {
    matches!(word, "y" | "yes" | "t" | "true" | "on")
}

/// Returns whether a word turns something off, as pypiserver reads such words.
pub(crate) fn is_off(text: &str) -> bool {
    matches!(
        text.to_lowercase().as_str(),
        "n" | "no" | "f" | "false" | "off" | "0"
    )
}

/// A path for health checks.
pub(crate) fn health_endpoint(text: &str) -> Result<(), String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-');
    let rest = text.strip_prefix('/').unwrap_or_default();
    if rest.is_empty() || !rest.bytes().all(is_allowed) {
        return Err(
            "write a slash and then letters, digits, slashes, hyphens and underscores, such as \
             `/health`"
                .to_owned(),
        );
    }
    Ok(())
}

/// The path below which everything is served.
pub(crate) fn base_path(text: &str) -> Result<(), String> {
    if text.contains("://") {
        return Err("write the path alone, such as `/python`, without scheme and host".to_owned());
    }
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "?#%\\\"<>{}".contains(c);
    if let Some(found) = text.chars().find(|&c| is_odd(c)) {
        return Err(format!(
            "{found:?} cannot stand in it; write a path such as `/python`"
        ));
    }
    let mut parts = text.trim_matches('/').split('/');
    let is_root = text.trim_matches('/').is_empty();
    if !is_root && parts.any(|part| matches!(part, "" | "." | "..")) {
        return Err(
            "it has an empty part, `.` or `..` in it; write a path such as `/python`".to_owned(),
        );
    }
    Ok(())
}

/// A list of addresses and ranges of addresses.
pub(crate) fn ip_ranges(text: &str) -> Result<(), String> {
    for range in text.split(',') {
        IpRange::from_str(range.trim()).map_err(|error| format!("{error}, not `{range}`"))?;
    }
    Ok(())
}

/// A text that can stand in a `Location` header.
pub(crate) fn redirect_target(text: &str) -> Result<(), String> {
    let is_odd = |c: char| c.is_whitespace() || c.is_control();
    if text.trim_matches('/').is_empty() || text.contains(is_odd) {
        return Err("write an address such as `https://index.example/simple/`".to_owned());
    }
    Ok(())
}

/// An `http` or `https` address.
pub(crate) fn web_address(text: &str) -> Result<(), String> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
        _ => Err("write a whole address, such as `https://index.example/simple/`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_locks_are_a_comma_list_in_any_case_or_a_dot_alone() {
        for good in ["update", "Update, DOWNLOAD ,list", "list,list", ".", "., ."] {
            assert_eq!(locks(good), Ok(()), "{good:?}");
        }
        for bad in ["", "update,", "upload", ".,list", "update list"] {
            assert!(locks(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn kept_hash_algorithm_is_case_sensitive_and_falsy_words_turn_it_off() {
        for good in [
            "sha256", "md5", "blake2b", "0", "no", "OFF", "False", "n", "F",
        ] {
            assert_eq!(hash_algorithm(good), Ok(()), "{good:?}");
        }
        for bad in ["SHA256", "1", "yes", "True", "", "crc32"] {
            assert!(hash_algorithm(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn mended_shake_is_refused_at_the_start_and_not_on_each_page() {
        for name in ["shake_128", "shake_256"] {
            let reason = hash_algorithm(name).expect_err("no fixed length");
            assert!(reason.contains("no fixed length"), "{reason}");
        }
    }

    #[test]
    fn kept_health_endpoint_has_plain_characters_only() {
        for good in ["/health", "/Health/Z_0-9", "/a//b/"] {
            assert_eq!(health_endpoint(good), Ok(()), "{good:?}");
        }
        for bad in ["", "/", "health", "/he alth", "/é", "/x?y", "/x\n"] {
            assert!(health_endpoint(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn base_path_is_a_plain_path() {
        for good in ["/", "", "x", "/x", "/x/", "/a/b", "/ünï"] {
            assert_eq!(base_path(good), Ok(()), "{good:?}");
        }
        for bad in [
            "https://index.example/x",
            "/a?b",
            "/a b",
            "/a//b",
            "/../x",
            "/a#b",
        ] {
            assert!(base_path(bad).is_err(), "{bad:?}");
        }
    }
}
