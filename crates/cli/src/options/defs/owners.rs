//! Options of the commands for owners. No settings: they stand on the command line alone.

use super::super::{CommandName, DefaultValue, Kind, OptionDef, Places, Topic, checks};

/// The commands for owners.
pub(crate) const COMMANDS: &[CommandName] = &[
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
];

/// Those among them that are about who may do what.
pub(crate) const ACCESS: &[CommandName] = &[
    CommandName::Can,
    CommandName::Rule,
    CommandName::Group,
    CommandName::Account,
    CommandName::Role,
    CommandName::Token,
    CommandName::Publisher,
];

/// What an option of owners starts from.
const BASE: OptionDef = OptionDef {
    commands: COMMANDS,
    topic: Topic::Owners,
    places: Places::CommandLine,
    ..OptionDef::BASE
};

pub(crate) static SERVER_URL: OptionDef = OptionDef {
    long: "server",
    kind: Kind::Text {
        name: "URL",
        check: checks::web_address,
    },
    topic: Topic::Where,
    help: "Ask the server at this address, with the credentials of WHEELHOUSE_USER and \
           WHEELHOUSE_PASSWORD, of netrc, or of --user.",
    ..BASE
};

pub(crate) static USER: OptionDef = OptionDef {
    long: "user",
    kind: Kind::Text {
        name: "NAME",
        check: checks::any,
    },
    topic: Topic::Where,
    help: "Sign in at the server as this user; the password is asked for.",
    ..BASE
};

pub(crate) static INSECURE_HTTP: OptionDef = OptionDef {
    long: "insecure-http",
    topic: Topic::Where,
    help: "Send a password without encryption to another machine.",
    ..BASE
};

pub(crate) static DIR: OptionDef = OptionDef {
    long: "dir",
    kind: Kind::Path { name: "DIR" },
    topic: Topic::Where,
    help: "Work on the index of this folder on this machine, served or not [default: the folder \
           that `wheelhouse run` would serve].",
    ..BASE
};

pub(crate) static REASON: OptionDef = OptionDef {
    long: "reason",
    kind: Kind::Text {
        name: "TEXT",
        check: checks::any,
    },
    commands: &[CommandName::Yank, CommandName::Status],
    help: "Say why, in one line that people see who install.",
    ..BASE
};

pub(crate) static DRY_RUN: OptionDef = OptionDef {
    long: "dry-run",
    commands: &[
        CommandName::Yank,
        CommandName::Unyank,
        CommandName::Status,
        CommandName::Delete,
        CommandName::Undelete,
    ],
    help: "Say what would change, and change nothing.",
    ..BASE
};

pub(crate) static YES: OptionDef = OptionDef {
    long: "yes",
    commands: &[CommandName::Delete],
    help: "Do not ask before files are deleted.",
    ..BASE
};

pub(crate) static PROJECT: OptionDef = OptionDef {
    long: "project",
    kind: Kind::Text {
        name: "NAME",
        check: checks::any,
    },
    commands: &[CommandName::Log],
    help: "Show what happened to this project alone.",
    ..BASE
};

pub(crate) static KIND: OptionDef = OptionDef {
    long: "kind",
    kind: Kind::Text {
        name: "KIND",
        check: checks::any,
    },
    commands: &[CommandName::Log],
    help: "Show events of this kind alone, such as uploaded or yanked.",
    ..BASE
};

pub(crate) static SINCE: OptionDef = OptionDef {
    long: "since",
    kind: Kind::Text {
        name: "WHEN",
        check: checks::since,
    },
    commands: &[CommandName::Log],
    help: "Show what happened after this serial, or since this moment: 7d, 12h, 2026-11-23 or \
           2026-11-23T14:30, in UTC [default: the last changes].",
    ..BASE
};

pub(crate) static LIMIT: OptionDef = OptionDef {
    long: "limit",
    kind: Kind::Integer {
        name: "N",
        min: 1,
        max: 1_000_000,
    },
    default: DefaultValue::both("50"),
    commands: &[CommandName::Log],
    help: "Show so many events.",
    ..BASE
};

pub(crate) static FOLLOW: OptionDef = OptionDef {
    long: "follow",
    commands: &[CommandName::Log],
    help: "Go on, and show what happens from now on.",
    ..BASE
};

pub(crate) static ACCESS_TRAIL: OptionDef = OptionDef {
    long: "access",
    commands: &[CommandName::Log],
    help: "Show the audit trail: sign-ins that failed, and changes of who may do what.",
    ..BASE
};

pub(crate) static ALL_EVENTS: OptionDef = OptionDef {
    long: "all",
    commands: &[CommandName::Log],
    help: "Show both: the changes of packages and the audit trail, in the order of time.",
    ..BASE
};

pub(crate) static ACTOR: OptionDef = OptionDef {
    long: "actor",
    kind: Kind::Text {
        name: "ACTOR",
        check: checks::any,
    },
    commands: &[CommandName::Log],
    help: "Show what this user did alone, with tokens too, or this token or actor, such as \
           administrator.",
    ..BASE
};

pub(crate) static OWNER: OptionDef = OptionDef {
    long: "owner",
    kind: Kind::Text {
        name: "NAME",
        check: checks::any,
    },
    commands: &[CommandName::Token],
    help: "Make the token for this user or robot, or list theirs.",
    ..BASE
};

pub(crate) static RIGHTS: OptionDef = OptionDef {
    long: "rights",
    kind: Kind::Text {
        name: "RIGHTS",
        check: checks::rights,
    },
    commands: &[CommandName::Token, CommandName::Publisher],
    help: "Let the token, or the publisher's jobs, use these rights alone, such as upload+yank.",
    ..BASE
};

pub(crate) static PROJECTS: OptionDef = OptionDef {
    long: "projects",
    kind: Kind::List {
        name: "LIST",
        example: "data-*",
        check: checks::patterns,
        joins: true,
    },
    commands: &[CommandName::Token, CommandName::Publisher],
    help: "Let it be used for these projects alone: names with * for any text, separated \
           by commas.",
    ..BASE
};

pub(crate) static DAYS: OptionDef = OptionDef {
    long: "days",
    kind: Kind::Integer {
        name: "N",
        min: 1,
        max: 3650,
    },
    commands: &[CommandName::Token],
    help: "Let the token be good for so many days [default: until it is revoked].",
    ..BASE
};

pub(crate) static STATS_DAYS: OptionDef = OptionDef {
    long: "days",
    kind: Kind::Integer {
        name: "N",
        min: 1,
        max: 3650,
    },
    default: DefaultValue::both("30"),
    commands: &[CommandName::Stats],
    help: "Count the last so many days, today among them; of more than are kept by day, those that \
           are.",
    ..BASE
};

pub(crate) static JSON: OptionDef = OptionDef {
    long: "json",
    help: "Print JSON, as the API answers it.",
    ..BASE
};

/// All of them, in the order in which they are shown.
pub(crate) static ALL: &[&OptionDef] = &[
    &SERVER_URL,
    &USER,
    &INSECURE_HTTP,
    &DIR,
    &REASON,
    &PROJECT,
    &ACTOR,
    &ACCESS_TRAIL,
    &ALL_EVENTS,
    &KIND,
    &SINCE,
    &LIMIT,
    &FOLLOW,
    &DRY_RUN,
    &YES,
    &OWNER,
    &RIGHTS,
    &PROJECTS,
    &DAYS,
    &STATS_DAYS,
    &JSON,
];
