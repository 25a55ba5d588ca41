//! One definition for each option: from it come the command line of both names of the program, its
//! help, the keys of `wheelhouse.toml`, the environment variables and the reference page.

pub(crate) mod checks;
pub(crate) mod defs;
pub(crate) mod help;
pub(crate) mod nearest;
pub(crate) mod reference;
pub(crate) mod value;
mod wrap;

/// The name that the program goes by, which decides what an option is when nobody sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// `wheelhouse`.
    Wheelhouse,
    /// `pypi-server`, the drop-in.
    PypiServer,
}

/// A sub-command that takes options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandName {
    /// `run`.
    Run,
    /// `update`.
    Update,
    /// `health`.
    Health,
    /// `yank`.
    Yank,
    /// `unyank`.
    Unyank,
    /// `status`.
    Status,
    /// `delete`.
    Delete,
    /// `undelete`.
    Undelete,
    /// `log`.
    Log,
    /// `stats`.
    Stats,
    /// `can`.
    Can,
    /// `rule`.
    Rule,
    /// `group`.
    Group,
    /// `account`.
    Account,
    /// `role`.
    Role,
    /// `token`.
    Token,
    /// `publisher`.
    Publisher,
    /// `release`.
    Release,
    /// `publish`.
    Publish,
    /// `doctor`.
    Doctor,
    /// `setup-client`.
    SetupClient,
    /// `ci`.
    Ci,
    /// `backup`.
    Backup,
    /// `restore`.
    Restore,
    /// `migrate`.
    Migrate,
    /// `move-to`.
    MoveTo,
    /// `check`.
    Check,
    /// `recover`.
    Recover,
}

impl CommandName {
    /// Returns the word on the command line.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Update => "update",
            Self::Health => "health",
            Self::Yank => "yank",
            Self::Unyank => "unyank",
            Self::Status => "status",
            Self::Delete => "delete",
            Self::Undelete => "undelete",
            Self::Log => "log",
            Self::Stats => "stats",
            Self::Can => "can",
            Self::Rule => "rule",
            Self::Group => "group",
            Self::Account => "account",
            Self::Role => "role",
            Self::Token => "token",
            Self::Publisher => "publisher",
            Self::Release => "release",
            Self::Publish => "publish",
            Self::Doctor => "doctor",
            Self::SetupClient => "setup-client",
            Self::Ci => "ci",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Migrate => "migrate",
            Self::MoveTo => "move-to",
            Self::Check => "check",
            Self::Recover => "recover",
        }
    }
}

/// What an option is about: its heading in the help, its section in the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Owners,
    Where,
    Address,
    Folders,
    Access,
    Uploads,
    Pages,
    Fallback,
    Proxies,
    Limits,
    Update,
    Logging,
    Compatibility,
    General,
}

impl Topic {
    /// All topics, in the order in which they are shown.
    pub(crate) const ALL: &[Self] = &[
        Self::Owners,
        Self::Where,
        Self::Address,
        Self::Folders,
        Self::Access,
        Self::Uploads,
        Self::Pages,
        Self::Fallback,
        Self::Proxies,
        Self::Limits,
        Self::Update,
        Self::Logging,
        Self::Compatibility,
        Self::General,
    ];

    /// Returns the heading.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Owners => "What and how",
            Self::Where => "Where",
            Self::Address => "Address",
            Self::Folders => "Folders",
            Self::Access => "Passwords and locks",
            Self::Uploads => "Uploads",
            Self::Pages => "Pages and files",
            Self::Fallback => "Fallback",
            Self::Proxies => "Proxies",
            Self::Limits => "Limits",
            Self::Update => "Update",
            Self::Logging => "Logging",
            Self::Compatibility => "Accepted without effect",
            Self::General => "General",
        }
    }
}

/// Reads a text and says in a sentence what is wrong with it.
pub(crate) type Check = fn(&str) -> Result<(), String>;

/// What an option takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Nothing on the command line: there it means true.
    Switch,
    /// Nothing; each time it is given counts one more.
    Count,
    /// `true` or `false`.
    Truth,
    /// A whole number from `min` to `max`.
    Integer {
        name: &'static str,
        min: i64,
        max: i64,
    },
    /// A text that passes a check.
    Text { name: &'static str, check: Check },
    /// A path; `~` is the home folder.
    Path { name: &'static str },
    /// One of some words, in any case.
    Choice {
        name: &'static str,
        words: &'static [&'static str],
    },
    /// Texts separated by commas, which pass a check together. The option may be repeated: then the
    /// lists are joined if `joins`, else the last counts.
    List {
        name: &'static str,
        /// An item, for the reference.
        example: &'static str,
        check: Check,
        joins: bool,
    },
    /// Folders: what stands on the command line without an option.
    Folders,
}

/// The value that an option has when nobody sets it, as it would be written on the command line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DefaultValue {
    wheelhouse: Option<&'static str>,
    pypi_server: Option<&'static str>,
}

impl DefaultValue {
    /// No value.
    pub(crate) const NONE: Self = Self {
        wheelhouse: None,
        pypi_server: None,
    };

    /// One value under both names.
    pub(crate) const fn both(value: &'static str) -> Self {
        Self {
            wheelhouse: Some(value),
            pypi_server: Some(value),
        }
    }

    /// A value for `wheelhouse` and another one for `pypi-server`.
    pub(crate) const fn each(wheelhouse: &'static str, pypi_server: &'static str) -> Self {
        Self {
            wheelhouse: Some(wheelhouse),
            pypi_server: Some(pypi_server),
        }
    }

    /// Returns the value under a name.
    pub(crate) const fn under(self, profile: Profile) -> Option<&'static str> {
        match profile {
            Profile::Wheelhouse => self.wheelhouse,
            Profile::PypiServer => self.pypi_server,
        }
    }
}

/// Where an option may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Places {
    /// On the command line, in the environment and in the file.
    Everywhere,
    /// On the command line and in the environment.
    NotInFile,
    /// On the command line alone.
    CommandLine,
}

/// One option.
#[derive(Debug)]
pub(crate) struct OptionDef {
    /// The long name. It is the key in `wheelhouse.toml`, and names the variable.
    pub(crate) long: &'static str,
    /// The short names, the usual one first.
    pub(crate) shorts: &'static [char],
    /// Other long names, on the command line only.
    pub(crate) aliases: &'static [&'static str],
    /// What it takes.
    pub(crate) kind: Kind,
    /// What it is when nobody sets it.
    pub(crate) default: DefaultValue,
    /// The commands that take it.
    pub(crate) commands: &'static [CommandName],
    /// What it is about.
    pub(crate) topic: Topic,
    /// Whether pypiserver has it. Where a shortened name fits several options, its own win.
    pub(crate) is_pypiserver: bool,
    /// Where it may stand.
    pub(crate) places: Places,
    /// What it does, for `--help`.
    pub(crate) help: &'static str,
    /// What else is to be known, for the reference page.
    pub(crate) details: &'static str,
}

impl OptionDef {
    /// What the definitions start from: an option of ours for `run`.
    pub(crate) const BASE: Self = Self {
        long: "",
        shorts: &[],
        aliases: &[],
        kind: Kind::Switch,
        default: DefaultValue::NONE,
        commands: &[CommandName::Run],
        topic: Topic::General,
        is_pypiserver: false,
        places: Places::Everywhere,
        help: "",
        details: "",
    };

    /// Returns the name of the environment variable.
    pub(crate) fn variable(&self) -> String {
        format!(
            "WHEELHOUSE_{}",
            self.long.to_ascii_uppercase().replace('-', "_")
        )
    }

    /// Returns whether a value follows on the command line.
    pub(crate) const fn takes_value(&self) -> bool {
        !matches!(self.kind, Kind::Switch | Kind::Count)
    }

    /// Returns the long name and its other spellings.
    pub(crate) fn long_names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.long).chain(self.aliases.iter().copied())
    }

    /// Returns what stands for the value in the help, such as `PORT`.
    pub(crate) const fn value_name(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Switch | Kind::Count => None,
            Kind::Truth => Some("true|false"),
            Kind::Integer { name, .. }
            | Kind::Text { name, .. }
            | Kind::Path { name }
            | Kind::Choice { name, .. }
            | Kind::List { name, .. } => Some(name),
            Kind::Folders => Some("DIR"),
        }
    }
}

/// Returns the options that a command takes, in the order of their definition.
pub(crate) fn options_of(command: CommandName) -> Vec<&'static OptionDef> {
    let takes = |option: &&OptionDef| option.commands.contains(&command);
    let own = defs::owners::ALL.iter().chain(defs::maintainers::ALL);
    let own = own.chain(defs::pipelines::ALL).chain(defs::backups::ALL);
    let own = own.chain(defs::maintenance::ALL);
    let all = own.chain(defs::ALL);
    all.copied().filter(takes).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_spelling_is_unique() {
        let mut seen = BTreeSet::new();
        for option in defs::ALL {
            for name in option.long_names() {
                assert!(seen.insert(name.to_owned()), "--{name} twice");
            }
            for short in option.shorts {
                assert!(seen.insert(format!("-{short}")), "-{short} twice");
            }
        }
    }

    #[test]
    fn every_default_is_a_value_that_a_user_could_write() {
        for option in defs::ALL {
            for profile in [Profile::Wheelhouse, Profile::PypiServer] {
                if let Some(text) = option.default.under(profile) {
                    let read = option.read_text(text.as_ref());
                    assert!(read.is_ok(), "--{} {text}: {read:?}", option.long);
                }
            }
        }
    }

    #[test]
    fn no_option_of_ours_takes_a_shortened_name_from_pypiserver() {
        let theirs: Vec<_> = defs::ALL
            .iter()
            .filter(|option| option.is_pypiserver)
            .collect();
        for ours in defs::ALL.iter().filter(|option| !option.is_pypiserver) {
            for other in &theirs {
                for name in other.long_names() {
                    assert!(
                        !name.starts_with(ours.long),
                        "--{} begins --{name}",
                        ours.long
                    );
                }
            }
        }
    }

    #[test]
    fn every_option_says_in_a_sentence_what_it_does() {
        for option in defs::ALL {
            assert!(
                option.help.ends_with('.'),
                "--{}: {:?}",
                option.long,
                option.help
            );
            assert!(
                option.details.is_empty() || option.details.ends_with('.'),
                "--{}",
                option.long
            );
        }
    }
}
