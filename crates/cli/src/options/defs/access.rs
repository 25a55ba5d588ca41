//! Options about who may do what.

use super::super::{DefaultValue, Kind, OptionDef, Topic, checks};

pub(crate) static AUTHENTICATE: OptionDef = OptionDef {
    long: "authenticate",
    shorts: &['a'],
    kind: Kind::List {
        name: "LIST",
        check: checks::locks,
        joins: false,
    },
    default: DefaultValue::both("update"),
    topic: Topic::Access,
    is_pypiserver: true,
    help: "Ask for a password for these: update, download, list, separated by commas; . alone for \
           nothing, which needs `-P .` too.",
    details: "`update` is uploads and removals, `download` is files, `list` is pages, JSON and \
           search. With no password file nobody can sign in, so what is listed here is shut: with \
           neither option given the index can be read by everybody and changed by nobody but \
           through its folders.",
    ..OptionDef::BASE
};

pub(crate) static PASSWORDS: OptionDef = OptionDef {
    long: "passwords",
    shorts: &['P'],
    kind: Kind::Path { name: "FILE" },
    topic: Topic::Access,
    is_pypiserver: true,
    help: "Take users and passwords from this htpasswd file; . for none, which needs `-a .` too.",
    details: "Made with `htpasswd`. Formats: bcrypt, apr1, {SHA}, SHA-256 and SHA-512 crypt, DES \
           crypt. It is read again when it changes.",
    ..OptionDef::BASE
};

pub(crate) static ALLOW_PLAIN_PASSWORDS: OptionDef = OptionDef {
    long: "allow-plain-passwords",
    kind: Kind::Switch,
    topic: Topic::Access,
    help: "Take passwords that stand in the password file as plain text.",
    details: "Without it such a user is refused, and named in the log with the command that converts \
           the file.",
    ..OptionDef::BASE
};

pub(crate) static INVALID_CREDENTIALS: OptionDef = OptionDef {
    long: "invalid-credentials",
    kind: Kind::Choice {
        name: "WHAT",
        words: &["ignore", "reject"],
    },
    default: DefaultValue::each("reject", "ignore"),
    topic: Topic::Access,
    help: "Ignore wrong credentials on routes that need none, or answer 401.",
    details: "Where no source of users is configured they are always ignored.",
    ..OptionDef::BASE
};
