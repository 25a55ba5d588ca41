//! Options about projects that are not here.

use super::super::{CommandName, DefaultValue, Kind, OptionDef, Topic, checks};

pub(crate) static DISABLE_FALLBACK: OptionDef = OptionDef {
    long: "disable-fallback",
    kind: Kind::Switch,
    topic: Topic::Fallback,
    is_pypiserver: true,
    help: "Answer 404 for a project that is not here, never a redirect.",
    ..OptionDef::BASE
};

pub(crate) static FALLBACK_URL: OptionDef = OptionDef {
    long: "fallback-url",
    kind: Kind::Text {
        name: "URL",
        check: checks::redirect_target,
    },
    topic: Topic::Fallback,
    is_pypiserver: true,
    help: "Redirect to this simple URL for a project that is not here.",
    ..OptionDef::BASE
};

pub(crate) static FALLBACK_SOURCE: OptionDef = OptionDef {
    long: "fallback-source",
    kind: Kind::Choice {
        name: "FROM",
        words: &["given", "known"],
    },
    default: DefaultValue::each("given", "known"),
    topic: Topic::Fallback,
    help: "Redirect only to a given fallback-url (given), or else to the public index where its \
           address is known (known).",
    details: "The address is looked for in the variable WHEELHOUSE_PUBLIC_INDEX, in the settings of \
           pip and uv if installer-settings allows it, and in what the packager of this program \
           put in.",
    ..OptionDef::BASE
};

pub(crate) static INSTALLER_SETTINGS: OptionDef = OptionDef {
    long: "installer-settings",
    kind: Kind::Truth,
    default: DefaultValue::each("false", "true"),
    commands: &[CommandName::Run, CommandName::Update],
    topic: Topic::Fallback,
    help: "Look for the public index's address in the settings of pip and uv on this machine.",
    details: "Only an https address without user name and password is taken.",
    ..OptionDef::BASE
};
