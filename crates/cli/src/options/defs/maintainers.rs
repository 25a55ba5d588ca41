//! Options of the commands for maintainers. No settings: they stand on the command line alone.

use super::super::{CommandName, DefaultValue, Kind, OptionDef, Places, Topic, checks};

/// The commands.
pub(crate) static COMMANDS: &[CommandName] = &[
    CommandName::Release,
    CommandName::Publish,
    CommandName::Doctor,
    CommandName::SetupClient,
    CommandName::Ci,
];

/// Those that send files.
const SENDERS: &[CommandName] = &[CommandName::Release, CommandName::Publish];
/// All that ask an index.
const ASKERS: &[CommandName] = &[
    CommandName::Release,
    CommandName::Publish,
    CommandName::Doctor,
    CommandName::SetupClient,
];

/// What an option starts from.
const BASE: OptionDef = OptionDef {
    commands: SENDERS,
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
    commands: &[CommandName::Publish],
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
    commands: ASKERS,
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
    commands: &[CommandName::Publish],
    help: "Check the files and ask the index what it has, and send nothing.",
    ..BASE
};

pub(crate) static JSON: OptionDef = OptionDef {
    long: "json",
    commands: ASKERS,
    help: "Write JSON to stdout: an object for each check or file, or one with all answers.",
    ..BASE
};

pub(crate) static RELEASE_INDEX_URL: OptionDef = OptionDef {
    long: "index-url",
    commands: &[CommandName::Release],
    kind: Kind::Text {
        name: "URL",
        check: checks::web_address,
    },
    topic: Topic::Where,
    help: "Release to the index with these simple pages, and install from it alone; uploads go to \
           legacy/ beside them, unless an address is given [default: the index that .pypirc, \
           pyproject.toml, or the settings of pip and uv name].",
    ..BASE
};

pub(crate) static EXTRA_INDEX_URL: OptionDef = OptionDef {
    long: "extra-index-url",
    commands: &[CommandName::Release],
    kind: Kind::List {
        name: "URL",
        example: "https://packages.example.org/simple/",
        check: checks::web_addresses,
        joins: true,
    },
    topic: Topic::Where,
    help: "What the release needs may come from here, too.",
    ..BASE
};

pub(crate) static BUMP: OptionDef = OptionDef {
    long: "bump",
    commands: &[CommandName::Release],
    kind: Kind::Text {
        name: "WHAT",
        check: checks::any,
    },
    help: "Raise the version first: major, minor, patch, or to a version. It is written where the \
           version and the changelog's heading are, and committed once the release is out.",
    ..BASE
};

pub(crate) static CHANGELOG: OptionDef = OptionDef {
    long: "changelog",
    commands: &[CommandName::Release],
    kind: Kind::Text {
        name: "FILE",
        check: checks::any,
    },
    help: "The changelog, relative to the project [default: the first CHANGELOG, CHANGES, HISTORY, \
           NEWS or RELEASES in the project, its docs or its packages].",
    ..BASE
};

pub(crate) static SKIP: OptionDef = OptionDef {
    long: "skip",
    commands: &[CommandName::Release],
    kind: Kind::List {
        name: "CHECKS",
        example: "branch",
        check: checks::skippable,
        joins: true,
    },
    help: "Release although these do not pass, of branch, changelog, newest, python, licence, \
           readme, dependencies, install and import; in a dry run also of version, tag and index.",
    ..BASE
};

pub(crate) static YES: OptionDef = OptionDef {
    long: "yes",
    shorts: &['y'],
    commands: &[CommandName::Release],
    help: "Release without asking once every check passed.",
    ..BASE
};

pub(crate) static RELEASE_DRY_RUN: OptionDef = OptionDef {
    long: "dry-run",
    commands: &[CommandName::Release],
    help: "Make every check, build and try the files, and send nothing.",
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
    commands: &[CommandName::Doctor, CommandName::SetupClient],
    topic: Topic::Where,
    help: "Files are uploaded to this address [default: legacy/ beside simple/].",
    ..BASE
};

pub(crate) static SETUP_INDEX_URL: OptionDef = OptionDef {
    long: "index-url",
    commands: &[CommandName::SetupClient],
    kind: Kind::Text {
        name: "URL",
        check: checks::web_address,
    },
    topic: Topic::Where,
    help: "Set up for the index with these simple pages, or that of this host [default for --check: \
           the one that was set up].",
    ..BASE
};

pub(crate) static SETUP_USER: OptionDef = OptionDef {
    long: "user",
    shorts: &['u'],
    kind: Kind::Text {
        name: "NAME",
        check: checks::any,
    },
    commands: &[CommandName::SetupClient],
    topic: Topic::Where,
    help: "Clients sign in as this user, or as __token__; the password is that of \
           WHEELHOUSE_PASSWORD, TWINE_PASSWORD, keyring or netrc, or asked for [default: nobody].",
    ..BASE
};

pub(crate) static SETUP_NAME: OptionDef = OptionDef {
    long: "name",
    kind: Kind::Text {
        name: "NAME",
        check: checks::index_name,
    },
    default: DefaultValue::both("company"),
    commands: &[CommandName::SetupClient],
    topic: Topic::Where,
    help: "What clients call the index.",
    ..BASE
};

pub(crate) static EXTRA: OptionDef = OptionDef {
    long: "extra",
    commands: &[CommandName::SetupClient],
    help: "One index more, beside those that clients have [default: the only one, for all that it \
           has].",
    ..BASE
};

pub(crate) static PROJECT_FOLDER: OptionDef = OptionDef {
    long: "project-folder",
    kind: Kind::Path { name: "DIR" },
    commands: &[CommandName::SetupClient],
    help: "Set the project in this folder up too: poetry and pipenv take their sources from projects.",
    ..BASE
};

pub(crate) static PRINT: OptionDef = OptionDef {
    long: "print",
    commands: &[CommandName::SetupClient],
    help: "Show what would be written on a machine without settings, and change nothing. Passwords \
           are left out.",
    ..BASE
};

pub(crate) static CHECK: OptionDef = OptionDef {
    long: "check",
    commands: &[CommandName::SetupClient],
    help: "Try an install through each client as it is set up, in a folder that is thrown away, and \
           say what fails. Nothing is changed.",
    ..BASE
};

pub(crate) static SETUP_PROJECT: OptionDef = OptionDef {
    long: "project",
    kind: Kind::Text {
        name: "NAME",
        check: checks::any,
    },
    commands: &[CommandName::SetupClient],
    help: "Try to install this project with --check [default: the first of the index].",
    ..BASE
};

pub(crate) static UNDO: OptionDef = OptionDef {
    long: "undo",
    commands: &[CommandName::SetupClient],
    help: "Take back what was written, as far as nobody changed it since.",
    ..BASE
};

/// All options of these commands.
pub(crate) static ALL: &[&OptionDef] = &[
    &BUMP,
    &CHANGELOG,
    &SKIP,
    &YES,
    &JOBS,
    &DRY_RUN,
    &RELEASE_DRY_RUN,
    &JSON,
    &DOCTOR_PROJECT,
    &EXTRA,
    &PROJECT_FOLDER,
    &PRINT,
    &CHECK,
    &SETUP_PROJECT,
    &UNDO,
    &SETUP_INDEX_URL,
    &SETUP_NAME,
    &SETUP_USER,
    &UPLOAD_URL,
    &DOCTOR_USER,
    &REPOSITORY,
    &REPOSITORY_URL,
    &INDEX_URL,
    &RELEASE_INDEX_URL,
    &EXTRA_INDEX_URL,
    &USER,
    &TRUSTED_PUBLISHING,
    &INSECURE_HTTP,
];
