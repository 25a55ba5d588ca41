//! Options about the command `update`.

use super::super::{CommandName, Kind, OptionDef, Topic, checks};

pub(crate) static EXECUTE: OptionDef = OptionDef {
    long: "execute",
    shorts: &['x'],
    kind: Kind::Switch,
    commands: &[CommandName::Update],
    topic: Topic::Update,
    is_pypiserver: true,
    help: "Fetch the new files; without it the pip commands that would do it are printed.",
    ..OptionDef::BASE
};

pub(crate) static DOWNLOAD_DIRECTORY: OptionDef = OptionDef {
    long: "download-directory",
    shorts: &['d'],
    kind: Kind::Path { name: "DIR" },
    commands: &[CommandName::Update],
    topic: Topic::Update,
    is_pypiserver: true,
    help: "Put new files here [default: beside the file that they replace].",
    ..OptionDef::BASE
};

pub(crate) static ALLOW_UNSTABLE: OptionDef = OptionDef {
    long: "allow-unstable",
    shorts: &['u'],
    kind: Kind::Switch,
    commands: &[CommandName::Update],
    topic: Topic::Update,
    is_pypiserver: true,
    help: "Let pre-releases (alpha, beta, rc, dev) count as newer.",
    ..OptionDef::BASE
};

pub(crate) static IGNORELIST_FILE: OptionDef = OptionDef {
    long: "ignorelist-file",
    aliases: &["blacklist-file"],
    kind: Kind::Path { name: "FILE" },
    commands: &[CommandName::Update],
    topic: Topic::Update,
    is_pypiserver: true,
    help: "Leave the projects alone that this file names, one a line; # begins a comment.",
    details: "List your private projects here: somebody else may publish a higher version under the \
           same name.",
    ..OptionDef::BASE
};

pub(crate) static INDEX_URL: OptionDef = OptionDef {
    long: "index-url",
    kind: Kind::Text {
        name: "URL",
        check: checks::web_address,
    },
    commands: &[CommandName::Update],
    topic: Topic::Update,
    help: "Look for new versions at this simple URL [default: the public index, where its address \
           is known].",
    ..OptionDef::BASE
};
