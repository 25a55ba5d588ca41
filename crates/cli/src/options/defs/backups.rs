//! Options of `backup` and `restore`. No settings: they stand on the command line alone.

use super::super::{CommandName, Kind, OptionDef, Places, Topic, checks};

/// What an option starts from.
const BASE: OptionDef = OptionDef {
    commands: &[CommandName::Backup],
    topic: Topic::Owners,
    places: Places::CommandLine,
    ..OptionDef::BASE
};

pub(crate) static TO: OptionDef = OptionDef {
    long: "to",
    kind: Kind::Path { name: "PATH" },
    help: "The folder of the backups. It is made if it is not there, and belongs to one index.",
    ..BASE
};

pub(crate) static ENCRYPT_FOR: OptionDef = OptionDef {
    long: "encrypt-for",
    kind: Kind::List {
        name: "KEY,...",
        example: "age1…",
        check: checks::age_keys,
        joins: true,
    },
    help: "Encrypt for these public keys of age (age1…), or for those in a file (@FILE). Given once, \
           with the first backup in a folder: the folder keeps to its keys.",
    ..BASE
};

pub(crate) static KEEP: OptionDef = OptionDef {
    long: "keep",
    kind: Kind::Integer {
        name: "N",
        min: 1,
        max: 1_000_000,
    },
    help: "Take older snapshots away when this one is made, and what none of those that stay needs, so \
           that N snapshots remain.",
    ..BASE
};

pub(crate) static LIST: OptionDef = OptionDef {
    long: "list",
    help: "Make no backup: show the snapshots that are there.",
    ..BASE
};

pub(crate) static VERIFY: OptionDef = OptionDef {
    long: "verify",
    help: "Make no backup: read a snapshot and all of its contents, and compare their digests. Exit \
           code 1 means that something is damaged.",
    ..BASE
};

pub(crate) static FROM: OptionDef = OptionDef {
    long: "from",
    kind: Kind::Path { name: "PATH" },
    commands: &[CommandName::Restore],
    help: "The folder of the backups.",
    ..BASE
};

pub(crate) static SNAPSHOT: OptionDef = OptionDef {
    long: "snapshot",
    kind: Kind::Text {
        name: "NAME",
        check: checks::any,
    },
    commands: &[CommandName::Backup, CommandName::Restore],
    help: "Take the snapshot of this name, as `backup --list` shows it [default: the newest].",
    ..BASE
};

pub(crate) static IDENTITY: OptionDef = OptionDef {
    long: "identity",
    kind: Kind::Path { name: "FILE" },
    commands: &[CommandName::Backup, CommandName::Restore],
    help: "Open what is encrypted with the secret key in this file, as age-keygen writes it.",
    ..BASE
};

pub(crate) static EXPECT_INDEX: OptionDef = OptionDef {
    long: "expect-index",
    kind: Kind::Text {
        name: "ID",
        check: checks::uuid,
    },
    commands: &[CommandName::Restore],
    help: "Refuse backups of another index than this one, as `backup --list` shows it.",
    ..BASE
};

/// All options of the commands.
pub(crate) static ALL: &[&OptionDef] = &[
    &TO,
    &ENCRYPT_FOR,
    &KEEP,
    &LIST,
    &VERIFY,
    &FROM,
    &SNAPSHOT,
    &IDENTITY,
    &EXPECT_INDEX,
];
