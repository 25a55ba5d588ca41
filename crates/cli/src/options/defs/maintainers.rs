//! Options of the commands for maintainers. No settings: they stand on the command line alone.

use super::super::{CommandName, DefaultValue, Kind, OptionDef, Places, Topic, checks};

/// The commands.
pub(crate) static COMMANDS: &[CommandName] = &[CommandName::Publish, CommandName::Doctor];

/// What an option starts from.
const BASE: OptionDef = OptionDef {
    commands: &[CommandName::Publish],
    topic: Topic::Owners,
    places: Places::CommandLine,
    ..OptionDef::BASE
};

pub(crate) static REPOSITORY: OptionDef = OptionDef {
    long: "repository",
    shorts: &['r'],
    kind: Kind::Text {
        name: "NAME",
        check: checks::any,
    },
    topic: Topic::Where,
    help: "Upload to the repository of this name in ~/.pypirc.",
    ..BASE
};

pub(crate) static REPOSITORY_URL: OptionDef = OptionDef {
    long: "repository-url",
    kind: Kind::Text {
        name: "URL",
        check: checks::web_address,
    },
    topic: Topic::Where,
    help: "Upload to this address [default: that of TWINE_REPOSITORY_URL or UV_PUBLISH_URL, or the \
           one in ~/.pypirc].",
    ..BASE
};

pub(crate) static INDEX_URL: OptionDef = OptionDef {
    long: "index-url",
    kind: Kind::Text {
        name: "URL",
        check: checks::web_address,
    },
    topic: Topic::Where,
    help: "Look here at what the index has [default: simple/ beside the address of uploads].",
    ..BASE
};

pub(crate) static USER: OptionDef = OptionDef {
    long: "user",
    shorts: &['u'],
    kind: Kind::Text {
        name: "NAME",
        check: checks::any,
    },
    topic: Topic::Where,
    help: "Upload as this user, or as __token__ [default: whom TWINE_USERNAME, UV_PUBLISH_USERNAME, \
           the address, ~/.pypirc, netrc or a trusted publisher's job tell].",
    ..BASE
};

pub(crate) static INSECURE_HTTP: OptionDef = OptionDef {
    long: "insecure-http",
    commands: &[CommandName::Publish, CommandName::Doctor],
    topic: Topic::Where,
    help: "Send a password without encryption to another machine.",
    ..BASE
};

pub(crate) static TRUSTED_PUBLISHING: OptionDef = OptionDef {
    long: "trusted-publishing",
    kind: Kind::Choice {
        name: "WHEN",
        words: &["auto", "always", "never"],
    },
    default: DefaultValue::both("auto"),
    topic: Topic::Where,
    help: "Exchange the identity of a CI job for a token: if there is nothing else to sign in with \
           (auto), always, or never.",
    ..BASE
};

pub(crate) static JOBS: OptionDef = OptionDef {
    long: "jobs",
    shorts: &['j'],
    kind: Kind::Integer {
        name: "N",
        min: 1,
        max: 32,
    },
    default: DefaultValue::both("4"),
    help: "Send so many files at once.",
    ..BASE
};

pub(crate) static DRY_RUN: OptionDef = OptionDef {
    long: "dry-run",
    help: "Check the files and ask the index what it has, and send nothing.",
    ..BASE
};

pub(crate) static JSON: OptionDef = OptionDef {
    long: "json",
    commands: &[CommandName::Publish, CommandName::Doctor],
    help: "Write JSON to stdout: an object for each file, or one with all answers.",
    ..BASE
};

pub(crate) static DOCTOR_USER: OptionDef = OptionDef {
    long: "user",
    shorts: &['u'],
    kind: Kind::Text {
        name: "NAME",
        check: checks::any,
    },
    commands: &[CommandName::Doctor],
    topic: Topic::Where,
    help: "Ask as this user; the password is that of TWINE_PASSWORD, the address, keyring or netrc, \
           or asked for.",
    ..BASE
};

pub(crate) static DOCTOR_PROJECT: OptionDef = OptionDef {
    long: "project",
    kind: Kind::Text {
        name: "NAME",
        check: checks::any,
    },
    commands: &[CommandName::Doctor],
    help: "Look at the page and the files of this project [default: the first one].",
    ..BASE
};

pub(crate) static UPLOAD_URL: OptionDef = OptionDef {
    long: "upload-url",
    kind: Kind::Text {
        name: "URL",
        check: checks::web_address,
    },
    commands: &[CommandName::Doctor],
    topic: Topic::Where,
    help: "Files are uploaded to this address [default: legacy/ beside simple/].",
    ..BASE
};

/// All options of these commands.
pub(crate) static ALL: &[&OptionDef] = &[
    &JOBS,
    &DRY_RUN,
    &JSON,
    &DOCTOR_PROJECT,
    &UPLOAD_URL,
    &DOCTOR_USER,
    &REPOSITORY,
    &REPOSITORY_URL,
    &INDEX_URL,
    &USER,
    &TRUSTED_PUBLISHING,
    &INSECURE_HTTP,
];
