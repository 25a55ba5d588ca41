//! Options about the folders.

use super::super::{CommandName, DefaultValue, Kind, OptionDef, Places, Topic, checks};

pub(crate) static ROOTS: OptionDef = OptionDef {
    long: "roots",
    kind: Kind::Folders,
    default: DefaultValue::both("~/packages"),
    commands: &[
        CommandName::Run,
        CommandName::Update,
        CommandName::Migrate,
        CommandName::MoveTo,
        CommandName::Backup,
        CommandName::Restore,
        CommandName::Check,
        CommandName::Recover,
    ],
    topic: Topic::Folders,
    is_pypiserver: true,
    help: "Folders with the files, searched with their sub-folders; uploads go to the first.",
    details: "On the command line they stand anywhere, without an option; in the variable they are \
           separated by colons. Files and folders whose name begins with a dot are skipped. `~` \
           is the home folder.",
    ..OptionDef::BASE
};

pub(crate) static CREATE_MISSING: OptionDef = OptionDef {
    long: "create-missing",
    kind: Kind::Truth,
    default: DefaultValue::each("true", "false"),
    topic: Topic::Folders,
    help: "Make folders that are not there, in place of refusing to start.",
    ..OptionDef::BASE
};

pub(crate) static STATE_DIR: OptionDef = OptionDef {
    long: "state-dir",
    kind: Kind::Path { name: "DIR" },
    commands: &[
        CommandName::Run,
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
    topic: Topic::Folders,
    help: "Keep the catalog here [default: .wheelhouse in the first folder where that works].",
    details: "Losing it loses no file: what the catalog knows about them is learned again.",
    ..OptionDef::BASE
};

pub(crate) static CATALOG: OptionDef = OptionDef {
    long: "catalog",
    kind: Kind::Text {
        name: "WHERE",
        check: checks::catalog,
    },
    commands: STATE_DIR.commands,
    topic: Topic::Folders,
    help: "Keep the catalog in a file (sqlite:PATH) or in PostgreSQL (postgres://USER@HOST/DATABASE) \
           [default: a file in the state folder].",
    details: "What an address of PostgreSQL leaves out comes from `PGHOST`, `PGPORT`, `PGUSER`, \
              `PGPASSWORD`, `PGDATABASE`, `PGSSLMODE` and `PGSSLROOTCERT`. What goes to another \
              machine is encrypted, and its certificate checked, unless the address says \
              `?sslmode=disable`; `sslrootcert=FILE` names certificates to trust. A password in the \
              address is never shown; on the command line other users of the machine could read it, \
              so write it into the file, the variable or `PGPASSWORD`, or name a file of its own \
              with `catalog-password-file`.",
    ..OptionDef::BASE
};

pub(crate) static CATALOG_PASSWORD_FILE: OptionDef = OptionDef {
    long: "catalog-password-file",
    kind: Kind::Path { name: "FILE" },
    commands: STATE_DIR.commands,
    topic: Topic::Folders,
    help: "Take the password for the catalog in PostgreSQL from this file.",
    details: "It is read at the start, and goes before `PGPASSWORD`. A line end behind the password is \
              no part of it.",
    ..OptionDef::BASE
};

pub(crate) static CHECK: OptionDef = OptionDef {
    long: "check",
    commands: &[CommandName::Migrate],
    topic: Topic::General,
    places: Places::CommandLine,
    help: "Change nothing: say what would be done, and whether the program and the catalog fit.",
    ..OptionDef::BASE
};

pub(crate) static WATCH: OptionDef = OptionDef {
    long: "watch",
    kind: Kind::Choice {
        name: "MODE",
        words: &["auto", "poll"],
    },
    default: DefaultValue::both("auto"),
    topic: Topic::Folders,
    help: "Notice changes by the system's events (auto) or by scans alone (poll).",
    ..OptionDef::BASE
};

pub(crate) static SCAN_INTERVAL_SECONDS: OptionDef = OptionDef {
    long: "scan-interval-seconds",
    kind: Kind::Integer {
        name: "N",
        min: 1,
        max: 86400,
    },
    topic: Topic::Folders,
    help: "Scan the folders this often for what no event told [default: 60; 3 where no events come].",
    ..OptionDef::BASE
};
