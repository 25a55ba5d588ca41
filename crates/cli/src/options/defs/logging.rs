//! Options about the log.

use super::super::{CommandName, DefaultValue, Kind, OptionDef, Topic, checks};

pub(crate) static VERBOSE: OptionDef = OptionDef {
    long: "verbose",
    shorts: &['v'],
    kind: Kind::Count,
    default: DefaultValue::both("0"),
    commands: &[CommandName::Run, CommandName::Update],
    topic: Topic::Logging,
    is_pypiserver: true,
    help: "Log more: -v info, -vv debug, -vvv everything.",
    ..OptionDef::BASE
};

pub(crate) static LOG_FILE: OptionDef = OptionDef {
    long: "log-file",
    kind: Kind::Path { name: "FILE" },
    commands: &[CommandName::Run, CommandName::Update],
    topic: Topic::Logging,
    is_pypiserver: true,
    help: "Log to this file as well; it is appended to.",
    ..OptionDef::BASE
};

pub(crate) static LOG_STREAM: OptionDef = OptionDef {
    long: "log-stream",
    kind: Kind::Choice {
        name: "STREAM",
        words: &["stdout", "stderr", "none"],
    },
    default: DefaultValue::both("stdout"),
    commands: &[CommandName::Run, CommandName::Update],
    topic: Topic::Logging,
    is_pypiserver: true,
    help: "Log to stdout, to stderr or to none of them.",
    ..OptionDef::BASE
};

pub(crate) static LOG_FORMAT: OptionDef = OptionDef {
    long: "log-format",
    kind: Kind::Choice {
        name: "SHAPE",
        words: &["text", "json"],
    },
    default: DefaultValue::both("text"),
    commands: &[CommandName::Run, CommandName::Update],
    topic: Topic::Logging,
    help: "Log lines of text, or one JSON object a line.",
    ..OptionDef::BASE
};

pub(crate) static LOG_FRMT: OptionDef = OptionDef {
    long: "log-frmt",
    kind: Kind::Text {
        name: "FORMAT",
        check: checks::any,
    },
    commands: &[CommandName::Run, CommandName::Update],
    topic: Topic::Logging,
    is_pypiserver: true,
    help: "Write lines of text in this form, as Python's logging does.",
    details: "It holds for the file and for the stream.",
    ..OptionDef::BASE
};

pub(crate) static LOG_REQ_FRMT: OptionDef = OptionDef {
    long: "log-req-frmt",
    kind: Kind::Text {
        name: "FORMAT",
        check: checks::any,
    },
    topic: Topic::Logging,
    is_pypiserver: true,
    help: "Write the line about a request in this form; %s shows all that there is.",
    ..OptionDef::BASE
};

pub(crate) static LOG_RES_FRMT: OptionDef = OptionDef {
    long: "log-res-frmt",
    kind: Kind::Text {
        name: "FORMAT",
        check: checks::any,
    },
    topic: Topic::Logging,
    is_pypiserver: true,
    help: "Write the line about an answer in this form; %s shows all that there is.",
    ..OptionDef::BASE
};

pub(crate) static LOG_ERR_FRMT: OptionDef = OptionDef {
    long: "log-err-frmt",
    kind: Kind::Text {
        name: "FORMAT",
        check: checks::any,
    },
    topic: Topic::Logging,
    is_pypiserver: true,
    help: "Write the line about a failure in this form; %s shows all that there is.",
    ..OptionDef::BASE
};
