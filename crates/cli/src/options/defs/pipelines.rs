//! Options of `ci`, which writes the files of CI systems.

use super::super::{CommandName, DefaultValue, Kind, OptionDef, Places, Topic, checks};

/// What an option starts from.
const BASE: OptionDef = OptionDef {
    commands: &[CommandName::Ci],
    topic: Topic::Owners,
    places: Places::CommandLine,
    ..OptionDef::BASE
};

const fn text(name: &'static str) -> Kind {
    Kind::Text {
        name,
        check: checks::plain_text,
    }
}

pub(crate) static PRINT: OptionDef = OptionDef {
    long: "print",
    help: "Write the file to stdout, and change nothing.",
    ..BASE
};

pub(crate) static FORCE: OptionDef = OptionDef {
    long: "force",
    help: "Write over a file that is not ours, or that was changed.",
    ..BASE
};

pub(crate) static INDEX_URL: OptionDef = OptionDef {
    long: "index-url",
    kind: Kind::Text {
        name: "URL",
        check: checks::web_address,
    },
    topic: Topic::Where,
    help: "Release to the index with these simple pages, and install from it alone [default: the index \
           that .pypirc, pyproject.toml, or the settings of pip and uv name].",
    ..BASE
};

pub(crate) static EXTRA_INDEX_URL: OptionDef = OptionDef {
    long: "extra-index-url",
    kind: Kind::List {
        name: "URL",
        example: "https://packages.example.org/simple/",
        check: checks::web_addresses,
        joins: true,
    },
    topic: Topic::Where,
    help: "What the project needs may come from here, too.",
    ..BASE
};

pub(crate) static REPOSITORY: OptionDef = OptionDef {
    long: "repository",
    shorts: &['r'],
    kind: Kind::Text {
        name: "NAME",
        check: checks::any,
    },
    topic: Topic::Where,
    help: "Upload to the repository that has this name in ~/.pypirc here.",
    ..BASE
};

pub(crate) static REPOSITORY_URL: OptionDef = OptionDef {
    long: "repository-url",
    kind: Kind::Text {
        name: "URL",
        check: checks::web_address,
    },
    topic: Topic::Where,
    help: "Upload to this address.",
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
    help: "Sign in with the job's identity where the system gives each job one by itself (auto), also \
           where a plugin does (always), or with a token (never).",
    ..BASE
};

pub(crate) static AUDIENCE: OptionDef = OptionDef {
    long: "audience",
    kind: text("NAME"),
    default: DefaultValue::both("wheelhouse"),
    topic: Topic::Where,
    help: "The server's --trusted-audience.",
    ..BASE
};

pub(crate) static ENVIRONMENT: OptionDef = OptionDef {
    long: "environment",
    kind: text("NAME"),
    help: "The environment of GitHub, GitLab or Bitbucket that releases are of; people may have to \
           approve them there [default: none; for Bitbucket: Production].",
    ..BASE
};

pub(crate) static WHEELHOUSE: OptionDef = OptionDef {
    long: "wheelhouse",
    kind: Kind::Text {
        name: "FROM",
        check: checks::any,
    },
    help: "How this program gets to the runner: it is in the image or at the address that the variable \
           WHEELHOUSE_PROGRAM_URL of the CI system tells (found), at an address, or the Python package \
           `pip:NAME==VERSION` of the index.",
    default: DefaultValue::both("found"),
    ..BASE
};

pub(crate) static WHEELHOUSE_SHA256: OptionDef = OptionDef {
    long: "wheelhouse-sha256",
    kind: Kind::Text {
        name: "HEX",
        check: checks::sha256,
    },
    help: "What is downloaded as this program must have this digest.",
    ..BASE
};

pub(crate) static IMAGE: OptionDef = OptionDef {
    long: "image",
    kind: text("NAME"),
    help: "The container image of the jobs, with git, curl and Python [default: python with the version, \
           where jobs run in containers].",
    ..BASE
};

pub(crate) static RUNNER: OptionDef = OptionDef {
    long: "runner",
    kind: text("NAME"),
    default: DefaultValue::both("ubuntu-latest"),
    help: "What GitHub and Azure run the jobs on.",
    ..BASE
};

pub(crate) static PYTHON: OptionDef = OptionDef {
    long: "python",
    kind: Kind::List {
        name: "VERSIONS",
        example: "3.12",
        check: checks::pythons,
        joins: true,
    },
    help: "Test with these versions of Python [default: those that the project is for].",
    ..BASE
};

pub(crate) static BRANCH: OptionDef = OptionDef {
    long: "branch",
    kind: text("NAME"),
    help: "The branch to which changes are merged [default: that of the remote, or main].",
    ..BASE
};

pub(crate) static PIN: OptionDef = OptionDef {
    long: "pin",
    kind: Kind::List {
        name: "ACTION@VERSION",
        example: "actions/checkout@v6",
        check: checks::actions,
        joins: true,
    },
    help: "Use this version of an action of GitHub: a tag, or the digest of a commit.",
    ..BASE
};

/// All options of the command.
pub(crate) static ALL: &[&OptionDef] = &[
    &PRINT,
    &FORCE,
    &WHEELHOUSE,
    &WHEELHOUSE_SHA256,
    &IMAGE,
    &RUNNER,
    &PYTHON,
    &BRANCH,
    &ENVIRONMENT,
    &PIN,
    &REPOSITORY,
    &REPOSITORY_URL,
    &INDEX_URL,
    &EXTRA_INDEX_URL,
    &TRUSTED_PUBLISHING,
    &AUDIENCE,
];
