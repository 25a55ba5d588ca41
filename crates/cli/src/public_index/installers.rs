//! The index addresses that pip and uv are set to on this machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{AddressSource, Surroundings};

/// Returns the addresses in the order in which they count: variables before files, pip before uv.
pub(super) fn addresses(surroundings: &Surroundings<'_>) -> Vec<(AddressSource, String)> {
    let mut addresses = Vec::new();
    for name in ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"] {
        if let Some(text) = (surroundings.variable)(name) {
            let address = without_index_name(&text).to_owned();
            addresses.push((AddressSource::Variable(name), address));
        }
    }
    let mut add = |paths: Vec<PathBuf>, address_in: fn(&str) -> Option<String>| {
        for path in paths {
            if let Some(address) = (surroundings.file)(&path).and_then(|text| address_in(&text)) {
                addresses.push((AddressSource::File(path), address));
            }
        }
    };
    add(pip_files(surroundings), pip_address);
    add(uv_files(surroundings), uv_address);
    addresses
}

/// Returns the addresses of the indexes that pip and uv ask besides the default one, each once.
pub(super) fn extra_addresses(surroundings: &Surroundings<'_>) -> Vec<String> {
    let mut addresses = Vec::new();
    for name in ["PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL"] {
        let text = (surroundings.variable)(name).unwrap_or_default();
        let words = text.split_whitespace().map(without_index_name);
        addresses.extend(words.map(str::to_owned));
    }
    let texts = |paths: Vec<PathBuf>| {
        let read = paths
            .into_iter()
            .filter_map(|path| (surroundings.file)(&path));
        read.collect::<Vec<_>>()
    };
    for text in texts(pip_files(surroundings)) {
        addresses.extend(pip_values(&text, "extra-index-url"));
    }
    for text in texts(uv_files(surroundings)) {
        addresses.extend(uv_extra_addresses(&text));
    }
    let mut seen = BTreeSet::new();
    addresses.retain(|address| seen.insert(address.trim_end_matches('/').to_owned()));
    addresses
}

/// uv takes an index as `NAME=URL` too.
fn without_index_name(text: &str) -> &str {
    match text.split_once('=') {
        Some((name, url))
            if name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) =>
        {
            url
        }
        _ => text,
    }
}

/// Returns pip's files, the one that overrides all others first.
fn pip_files(surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
    let path_of = |name| (surroundings.variable)(name).map(PathBuf::from);
    let named = path_of("PIP_CONFIG_FILE");
    if named.as_deref() == Some(Path::new("/dev/null")) {
        // By its documentation, this keeps pip from reading any file.
        return Vec::new();
    }
    // A named file that is there takes the place of the user's.
    let replaces_user = named
        .as_deref()
        .is_some_and(|path| (surroundings.file)(path).is_some());
    let mut files = Vec::from_iter(named);
    files.extend(path_of("VIRTUAL_ENV").map(|folder| folder.join("pip.conf")));
    if !replaces_user {
        files.extend(user_folder(surroundings).map(|folder| folder.join("pip/pip.conf")));
        files.extend(surroundings.home.map(|home| home.join(".pip/pip.conf")));
    }
    files.push("/etc/pip.conf".into());
    files.extend(system_folders(surroundings).map(|folder| folder.join("pip/pip.conf")));
    files
}

/// Returns uv's files, the one that overrides all others first.
fn uv_files(surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
    if (surroundings.variable)("UV_NO_CONFIG").is_some() {
        return Vec::new();
    }
    if let Some(path) = (surroundings.variable)("UV_CONFIG_FILE") {
        return vec![path.into()];
    }
    let mut files: Vec<PathBuf> = user_folder(surroundings)
        .map(|folder| folder.join("uv/uv.toml"))
        .into_iter()
        .collect();
    files.extend(system_folders(surroundings).map(|folder| folder.join("uv/uv.toml")));
    files.push("/etc/uv/uv.toml".into());
    files
}

fn user_folder(surroundings: &Surroundings<'_>) -> Option<PathBuf> {
    (surroundings.variable)("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(surroundings.home?.join(".config")))
}

fn system_folders(surroundings: &Surroundings<'_>) -> impl Iterator<Item = PathBuf> {
    let folders =
        (surroundings.variable)("XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".to_owned());
    let folders: Vec<PathBuf> = folders
        .split(':')
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .collect();
    folders.into_iter()
}

/// Reads `index-url` from the sections of a pip.conf that speak for installing.
fn pip_address(text: &str) -> Option<String> {
    pip_values(text, "index-url").pop()
}

/// Reads the words of a key from the sections of a pip.conf that speak for installing. The last line
/// with it counts, and lines below it that are indented.
fn pip_values(text: &str, wanted_key: &str) -> Vec<String> {
    let in_section = |wanted: &str| {
        let mut section = "";
        let mut values: Option<Vec<String>> = None;
        let mut goes_on = false;
        for line in text.lines() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            if line.starts_with([' ', '\t']) {
                if let Some(values) = values.as_mut().filter(|_| goes_on) {
                    values.extend(trimmed.split_whitespace().map(str::to_owned));
                }
                continue;
            }
            goes_on = false;
            if let Some(name) = trimmed.strip_prefix('[') {
                section = name.split(']').next().unwrap_or_default().trim();
            } else if section == wanted
                && let Some((key, value)) = trimmed.split_once(['=', ':'])
                && key.trim().to_ascii_lowercase().replace('_', "-") == wanted_key
            {
                values = Some(value.split_whitespace().map(str::to_owned).collect());
                goes_on = true;
            }
        }
        values.filter(|values| !values.is_empty())
    };
    in_section("global")
        .or_else(|| in_section("install"))
        .unwrap_or_default()
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct UvSettings {
    index: Vec<UvIndex>,
    index_url: Option<String>,
    extra_index_url: Vec<String>,
    pip: UvPipSettings,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct UvPipSettings {
    index_url: Option<String>,
}

#[derive(Deserialize)]
struct UvIndex {
    url: String,
    #[serde(default)]
    default: bool,
}

/// Reads the default index from a uv.toml.
fn uv_address(text: &str) -> Option<String> {
    let settings: UvSettings = toml::from_str(text).ok()?;
    settings
        .index
        .into_iter()
        .find(|index| index.default)
        .map(|index| index.url)
        .or(settings.index_url)
        .or(settings.pip.index_url)
}

/// Reads the other indexes from a uv.toml.
fn uv_extra_addresses(text: &str) -> Vec<String> {
    let settings: UvSettings = toml::from_str(text).unwrap_or_default();
    let others = settings.index.into_iter().filter(|index| !index.default);
    let named = others.map(|index| index.url);
    named.chain(settings.extra_index_url).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], files: &[(&str, &str)]) -> Vec<(String, String)> {
        let of = |list: &[(&str, &str)], name: &str| {
            let (_, value) = list.iter().find(|(found, _)| *found == name)?;
            Some((*value).to_owned())
        };
        let addresses = addresses(&Surroundings {
            variable: &|name| of(variables, name),
            file: &|path| of(files, path.to_str()?),
            home: Some(Path::new("/home/me")),
            baked_in: None,
        });
        addresses
            .into_iter()
            .map(|(source, address)| (source.to_string(), address))
            .collect()
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |&(source, address): &(&str, &str)| (source.to_owned(), address.to_owned());
        list.iter().map(own).collect()
    }

    #[test]
    fn variables_come_first_and_a_name_before_the_address_is_dropped() {
        let variables = [
            ("UV_INDEX_URL", "https://c.example/s?a=b"),
            ("UV_DEFAULT_INDEX", "corp=https://b.example/s"),
            ("PIP_INDEX_URL", "https://a.example/s"),
        ];
        let expected = [
            ("PIP_INDEX_URL", "https://a.example/s"),
            ("UV_DEFAULT_INDEX", "https://b.example/s"),
            ("UV_INDEX_URL", "https://c.example/s?a=b"),
        ];
        assert_eq!(found(&variables, &[]), pairs(&expected));
    }

    #[test]
    fn files_count_in_the_order_of_pip_and_uv() {
        let pip = "[global]\nindex-url = X";
        let uv = "index-url = 'U'";
        let files = [
            ("/etc/pip.conf", pip),
            ("/etc/xdg/pip/pip.conf", pip),
            ("/home/me/.config/pip/pip.conf", pip),
            ("/home/me/.pip/pip.conf", pip),
            ("/venv/pip.conf", pip),
            ("/named.conf", pip),
            ("/etc/uv/uv.toml", uv),
            ("/home/me/.config/uv/uv.toml", uv),
            ("/other/uv/uv.toml", uv),
            ("/named.toml", uv),
        ];
        let sources = |variables: &[(&str, &str)]| {
            let found = found(variables, &files);
            found
                .into_iter()
                .map(|(source, _)| source)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            sources(&[("VIRTUAL_ENV", "/venv")]),
            [
                "/venv/pip.conf",
                "/home/me/.config/pip/pip.conf",
                "/home/me/.pip/pip.conf",
                "/etc/pip.conf",
                "/etc/xdg/pip/pip.conf",
                "/home/me/.config/uv/uv.toml",
                "/etc/uv/uv.toml",
            ]
        );
        assert_eq!(
            sources(&[
                ("PIP_CONFIG_FILE", "/named.conf"),
                ("UV_CONFIG_FILE", "/named.toml")
            ]),
            [
                "/named.conf",
                "/etc/pip.conf",
                "/etc/xdg/pip/pip.conf",
                "/named.toml"
            ]
        );
        assert_eq!(
            sources(&[
                ("PIP_CONFIG_FILE", "/dev/null"),
                ("XDG_CONFIG_HOME", "/other"),
                ("XDG_CONFIG_DIRS", "/x:/y")
            ]),
            ["/other/uv/uv.toml", "/etc/uv/uv.toml"]
        );
        let silent = [("PIP_CONFIG_FILE", "/dev/null"), ("UV_NO_CONFIG", "1")];
        assert_eq!(sources(&silent), [""; 0]);
    }

    #[test]
    fn pip_conf_is_read_as_pip_reads_it() {
        for (text, address) in [
            (
                "[global]\nindex-url = https://a.example/s",
                Some("https://a.example/s"),
            ),
            (
                "[global]\nindex_url: https://a.example/s\r\n",
                Some("https://a.example/s"),
            ),
            (
                "# x\n[ global ]\n; y\nIndex-URL=https://a.example/",
                Some("https://a.example/"),
            ),
            ("[global]\nindex-url = A\nindex-url = B", Some("B")),
            (
                "[install]\nindex-url = I\n[global]\nindex-url = G",
                Some("G"),
            ),
            ("[install]\nindex-url = I", Some("I")),
            ("[search]\nindex-url = S", None),
            ("index-url = N", None),
            (
                "[global]\nextra-index-url =\n    https://e.example/\n    index-url = no",
                None,
            ),
            ("[global", None),
        ] {
            assert_eq!(pip_address(text).as_deref(), address, "from {text:?}");
        }
    }

    #[test]
    fn extra_indexes_are_found_once_each() {
        let variables = [
            (
                "PIP_EXTRA_INDEX_URL",
                "https://a.example/s https://b.example/s/",
            ),
            ("UV_INDEX", "corp=https://c.example/s https://a.example/s/"),
        ];
        let files = [
            (
                "/etc/pip.conf",
                "[global]\nextra-index-url =\n    https://d.example/\n    https://b.example/s\nindex-url = https://no.example",
            ),
            (
                "/etc/uv/uv.toml",
                "extra-index-url = ['https://e.example/']\n[[index]]\nurl = 'https://f.example'\n\
                 [[index]]\nurl = 'https://no.example'\ndefault = true",
            ),
        ];
        let of = |list: &[(&str, &str)], name: &str| {
            let (_, value) = list.iter().find(|(found, _)| *found == name)?;
            Some((*value).to_owned())
        };
        let found = extra_addresses(&Surroundings {
            variable: &|name| of(&variables, name),
            file: &|path| of(&files, path.to_str()?),
            home: None,
            baked_in: None,
        });
        let expected = [
            "https://a.example/s",
            "https://b.example/s/",
            "https://c.example/s",
            "https://d.example/",
            "https://f.example",
            "https://e.example/",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn uv_toml_names_the_default_index() {
        for (text, address) in [
            (
                "[[index]]\nurl='X'\n[[index]]\nurl='D'\ndefault=true\nname='d'",
                Some("D"),
            ),
            ("index-url = 'I'\n[[index]]\nurl='X'", Some("I")),
            ("[pip]\nindex-url = 'P'\nsystem = true", Some("P")),
            ("[[index]]\nurl='X'", None),
            ("index-url = 5", None),
            ("not toml", None),
        ] {
            assert_eq!(uv_address(text).as_deref(), address, "from {text:?}");
        }
    }
}
