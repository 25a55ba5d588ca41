//! Options about the program itself.

use super::super::{CommandName, Kind, OptionDef, Places, Topic, checks};

pub(crate) static CONFIG: OptionDef = OptionDef {
    long: "config",
    kind: Kind::Path { name: "FILE" },
    commands: &[
        CommandName::Run,
        CommandName::Update,
        CommandName::Health,
        CommandName::Yank,
        CommandName::Unyank,
        CommandName::Status,
        CommandName::Delete,
        CommandName::Undelete,
        CommandName::Log,
        CommandName::Stats,
        CommandName::Can,
        CommandName::Rule,
        CommandName::Group,
        CommandName::Account,
        CommandName::Role,
        CommandName::Token,
        CommandName::Publisher,
        CommandName::Migrate,
        CommandName::MoveTo,
        CommandName::Backup,
        CommandName::Restore,
        CommandName::Check,
        CommandName::Recover,
    ],
    topic: Topic::General,
    places: Places::NotInFile,
    help: "Read settings from this file.",
    details: "Without it `wheelhouse` reads `wheelhouse.toml` in the working folder, else the one in \
           the state folder; `pypi-server` reads none.",
    ..OptionDef::BASE
};

pub(crate) static GIVE_UP: OptionDef = OptionDef {
    long: "give-up",
    kind: Kind::Switch,
    commands: &[CommandName::MoveTo],
    topic: Topic::General,
    places: Places::CommandLine,
    help: "Give up a move that stopped while the index was held: let it change again where it is.",
    ..OptionDef::BASE
};

pub(crate) static URL: OptionDef = OptionDef {
    long: "url",
    kind: Kind::Text {
        name: "URL",
        check: checks::web_address,
    },
    commands: &[CommandName::Health],
    topic: Topic::General,
    places: Places::CommandLine,
    help: "Ask this address, without going by the settings.",
    ..OptionDef::BASE
};

pub(crate) static HELP: OptionDef = OptionDef {
    long: "help",
    shorts: &['h'],
    kind: Kind::Switch,
    commands: &[
        CommandName::Run,
        CommandName::Update,
        CommandName::Health,
        CommandName::Yank,
        CommandName::Unyank,
        CommandName::Status,
        CommandName::Delete,
        CommandName::Undelete,
        CommandName::Log,
        CommandName::Stats,
        CommandName::Can,
        CommandName::Rule,
        CommandName::Group,
        CommandName::Account,
        CommandName::Role,
        CommandName::Token,
        CommandName::Publisher,
        CommandName::Release,
        CommandName::Publish,
        CommandName::Doctor,
        CommandName::SetupClient,
        CommandName::Ci,
        CommandName::Migrate,
        CommandName::MoveTo,
        CommandName::Backup,
        CommandName::Restore,
        CommandName::Check,
        CommandName::Recover,
    ],
    topic: Topic::General,
    is_pypiserver: true,
    places: Places::CommandLine,
    help: "Show this help.",
    ..OptionDef::BASE
};

pub(crate) static VERSION: OptionDef = OptionDef {
    long: "version",
    kind: Kind::Switch,
    commands: &[CommandName::Run, CommandName::Update],
    topic: Topic::General,
    is_pypiserver: true,
    places: Places::CommandLine,
    help: "Show the version.",
    ..OptionDef::BASE
};
