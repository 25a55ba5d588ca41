//! Options about what is accepted and does nothing.

use super::super::{CommandName, DefaultValue, Kind, OptionDef, Topic};

pub(crate) static SERVER: OptionDef = OptionDef {
    long: "server",
    kind: Kind::Choice {
        name: "METHOD",
        words: &[
            "auto", "cherrypy", "gevent", "gunicorn", "paste", "twisted", "waitress", "wsgiref",
        ],
    },
    default: DefaultValue::both("auto"),
    topic: Topic::Compatibility,
    is_pypiserver: true,
    help: "Chose a server of pypiserver; here there is one.",
    ..OptionDef::BASE
};

pub(crate) static BACKEND: OptionDef = OptionDef {
    long: "backend",
    kind: Kind::Choice {
        name: "NAME",
        words: &["auto", "simple-dir", "cached-dir"],
    },
    default: DefaultValue::both("auto"),
    commands: &[CommandName::Run, CommandName::Update],
    topic: Topic::Compatibility,
    is_pypiserver: true,
    help: "Chose a backend of pypiserver; here there is one.",
    ..OptionDef::BASE
};
