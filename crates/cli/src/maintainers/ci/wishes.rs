//! What the options say of the file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use url::Url;
use wheelhouse_release::pipelines::{PlainText, PlainTextError, Program, System};

use crate::command_line::{Parsed, UsageError};
use crate::environment::Environment;
use crate::exit::{Failure, ReleaseFailure};
use crate::maintainers::address;
use crate::options::OptionDef;
use crate::options::defs::pipelines as defs;
use crate::sign_in::take_user;

/// What the options say.
pub(super) struct Wishes {
    pub(super) system: Option<System>,
    pub(super) folder: PathBuf,
    pub(super) is_printed: bool,
    pub(super) is_forced: bool,
    pub(super) program: Program,
    pub(super) image: Option<PlainText>,
    pub(super) runner: PlainText,
    pub(super) pythons: Vec<String>,
    pub(super) branch: Option<PlainText>,
    pub(super) environment: Option<PlainText>,
    pub(super) audience: PlainText,
    pub(super) trusted: String,
    pub(super) actions: BTreeMap<String, String>,
    pub(super) extra_indexes: Vec<Url>,
}

impl Wishes {
    pub(super) fn of(parsed: &Parsed, environment: &Environment) -> Result<Self, Failure> {
        let (system, folder) = words(parsed)?;
        let folder = environment.absolute(&folder, &environment.working_folder);
        if !folder.is_dir() {
            let message = format!("{} is no folder", folder.display());
            return Err(ReleaseFailure::usage(message).into());
        }
        let or = |option, default: &str| -> Result<PlainText, Failure> {
            match plain(parsed, option)? {
                Some(text) => Ok(text),
                None => default.parse().map_err(|_| Failure::No),
            }
        };
        let pins = parsed.list(&defs::PIN);
        let pins = pins.iter().filter_map(|pin| pin.split_once('@'));
        let extra = parsed.list(&defs::EXTRA_INDEX_URL);
        let extra = extra.iter().map(|text| {
            let mut url = address(text)?;
            take_user(&mut url);
            Ok::<_, Failure>(url)
        });
        Ok(Self {
            system,
            folder,
            is_printed: parsed.truth(&defs::PRINT),
            is_forced: parsed.truth(&defs::FORCE),
            program: program(parsed)?,
            image: plain(parsed, &defs::IMAGE)?,
            runner: or(&defs::RUNNER, "ubuntu-latest")?,
            pythons: sorted(parsed.list(&defs::PYTHON)),
            branch: plain(parsed, &defs::BRANCH)?,
            environment: plain(parsed, &defs::ENVIRONMENT)?,
            audience: or(&defs::AUDIENCE, "wheelhouse")?,
            trusted: parsed.text(&defs::TRUSTED_PUBLISHING).unwrap_or_default(),
            actions: pins
                .map(|(name, version)| (name.to_owned(), version.to_owned()))
                .collect(),
            extra_indexes: extra.collect::<Result<_, _>>()?,
        })
    }
}

/// Reads the system and the folder. A single word that is no system is the folder.
fn words(parsed: &Parsed) -> Result<(Option<System>, PathBuf), Failure> {
    const NAMES: &[&str] = &[
        "github",
        "gitlab",
        "jenkins",
        "azure",
        "bitbucket",
        "woodpecker",
    ];
    let named = |word: &std::ffi::OsString| {
        let mut systems = System::ALL.into_iter();
        systems.find(|system| word.to_str() == Some(system.name()))
    };
    match &parsed.free[..] {
        [] => Ok((None, PathBuf::new())),
        [word] => Ok(named(word).map_or_else(
            || (None, PathBuf::from(word)),
            |system| (Some(system), PathBuf::new()),
        )),
        [first, folder, ..] => match named(first) {
            Some(system) => Ok((Some(system), PathBuf::from(folder))),
            None => Err(UsageError::NotOneOf {
                word: first.to_string_lossy().into_owned(),
                words: NAMES,
            }
            .into()),
        },
    }
}

fn program(parsed: &Parsed) -> Result<Program, Failure> {
    let sha256 = parsed
        .text(&defs::WHEELHOUSE_SHA256)
        .map(|text| text.to_ascii_lowercase());
    let from = parsed.text(&defs::WHEELHOUSE);
    let bad = |value: &str, reason: &str| {
        Failure::from(UsageError::BadValue {
            option: &defs::WHEELHOUSE,
            value: value.to_owned(),
            reason: reason.to_owned(),
        })
    };
    match from.as_deref() {
        None | Some("found") if sha256.is_some() => {
            let message = "--wheelhouse-sha256 needs --wheelhouse URL; without it, set WHEELHOUSE_PROGRAM_SHA256 \
                           beside WHEELHOUSE_PROGRAM_URL";
            Err(ReleaseFailure::usage(message.to_owned()).into())
        }
        None | Some("found") => Ok(Program::Found),
        Some(text) if text.starts_with("pip:") => match text[4..].parse::<PlainText>() {
            Ok(package) if !package.as_str().is_empty() && !package.as_str().starts_with('-') => {
                Ok(Program::Package(package))
            }
            _ => Err(bad(text, "write pip:NAME or pip:NAME==VERSION")),
        },
        Some(text) => match address(text) {
            Ok(url) if url.username().is_empty() && url.password().is_none() => {
                Ok(Program::Download { url, sha256 })
            }
            Ok(_) => Err(bad(
                "[an address]",
                "a user or a password would stand in the file",
            )),
            Err(_) => Err(bad(
                text,
                "write found, pip:NAME==VERSION or a whole address",
            )),
        },
    }
}

fn plain(parsed: &Parsed, option: &'static OptionDef) -> Result<Option<PlainText>, Failure> {
    let read = |text: String| {
        text.parse::<PlainText>().map_err(|error: PlainTextError| {
            Failure::from(UsageError::BadValue {
                option,
                value: text,
                reason: error.to_string(),
            })
        })
    };
    parsed.text(option).map(read).transpose()
}

/// Orders versions such as `3.9` and `3.12`, each once.
fn sorted(mut versions: Vec<String>) -> Vec<String> {
    let number = |version: &String| {
        version
            .split_once('.')
            .and_then(|(_, minor)| minor.parse::<u16>().ok())
    };
    versions.sort_by_key(number);
    versions.dedup();
    versions
}
