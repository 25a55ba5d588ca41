//! Options about who may do what.

use super::super::{DefaultValue, Kind, OptionDef, Topic, checks};

pub(crate) static AUTHENTICATE: OptionDef = OptionDef {
    long: "authenticate",
    shorts: &['a'],
    kind: Kind::List {
        name: "LIST",
        example: "update",
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

pub(crate) static GROUP_FILE: OptionDef = OptionDef {
    long: "group-file",
    kind: Kind::Path { name: "FILE" },
    topic: Topic::Access,
    help: "Take groups of users from this file: lines of GROUP: USER USER ….",
    details: "The form of Apache's group files. It is read again when it changes.",
    ..OptionDef::BASE
};

pub(crate) static LDAP_URL: OptionDef = OptionDef {
    long: "ldap-url",
    kind: Kind::Text {
        name: "URL",
        check: checks::ldap_url,
    },
    topic: Topic::Access,
    help: "Take users from this LDAP directory too: ldaps://HOST/BASE?ATTRIBUTE?SCOPE?FILTER, such \
           as 'ldaps://ldap.example/ou=people,dc=example?uid'.",
    details: "The form of Apache's `AuthLDAPURL`. A user is searched below BASE by ATTRIBUTE (uid) \
              within SCOPE (sub, one) and FILTER, and proven by a bind with the password; that is \
              remembered for a minute. The password file is asked first. `ldap://` without \
              `ldap-start-tls` sends passwords as they are.",
    ..OptionDef::BASE
};

pub(crate) static LDAP_BIND: OptionDef = OptionDef {
    long: "ldap-bind",
    kind: Kind::Text {
        name: "DN",
        check: checks::distinguished_name,
    },
    topic: Topic::Access,
    help: "Search the directory as this account, with the password in `ldap-password-file`; without, \
           anonymously.",
    ..OptionDef::BASE
};

pub(crate) static LDAP_PASSWORD_FILE: OptionDef = OptionDef {
    long: "ldap-password-file",
    kind: Kind::Path { name: "FILE" },
    topic: Topic::Access,
    help: "Take the password of the account that searches the directory from this file.",
    details: "It is read at the start.",
    ..OptionDef::BASE
};

pub(crate) static LDAP_GROUPS: OptionDef = OptionDef {
    long: "ldap-groups",
    kind: Kind::Text {
        name: "DN",
        check: checks::distinguished_name,
    },
    topic: Topic::Access,
    help: "Take groups from below this entry of the directory, groups in groups too.",
    details: "A group is an entry with the user in `member`, `uniqueMember` or `memberUid`; its name \
              is its `cn`. They count for the user's tokens too, and are remembered for a minute.",
    ..OptionDef::BASE
};

pub(crate) static LDAP_START_TLS: OptionDef = OptionDef {
    long: "ldap-start-tls",
    kind: Kind::Truth,
    default: DefaultValue::both("false"),
    topic: Topic::Access,
    help: "Encrypt the connection to the directory with StartTLS.",
    ..OptionDef::BASE
};

pub(crate) static RULE: OptionDef = OptionDef {
    long: "rule",
    kind: Kind::List {
        name: "RULE",
        example: "group:data upload+create data-*",
        check: checks::rules,
        joins: true,
    },
    topic: Topic::Access,
    help: "Allow somebody something: WHO RIGHTS [PROJECTS [INDEX]], such as 'group:data \
           upload+create data-*'. With one rule, users may do no more than rules say.",
    details: "WHO is everybody, users, user:NAME, group:NAME, owners or maintainers. RIGHTS are \
              list, download, upload, create, yank, delete and admin with + between them; update is \
              upload, create, yank and delete, and all is everything. PROJECTS is a name in which * \
              stands for any text. Rules only allow: what `authenticate` leaves open stays open. \
              Whoever creates a project owns it, and may do everything with it. `wheelhouse can` \
              says who may do what and by which rule; `wheelhouse rule` adds rules to a running \
              server.",
    ..OptionDef::BASE
};

pub(crate) static WEB_SIGN_IN: OptionDef = OptionDef {
    long: "web-sign-in",
    kind: Kind::Choice {
        name: "WHETHER",
        words: &["on", "off"],
    },
    default: DefaultValue::each("on", "off"),
    topic: Topic::Access,
    help: "Let people sign in with a browser, at /account/sign-in: for their tokens and projects, \
           uploads and administration.",
    details: "With the names and passwords that programs use, or at the OpenID provider. When it is \
              off there are no such pages and no cookie counts for anything.",
    ..OptionDef::BASE
};

pub(crate) static OPENID_ISSUER: OptionDef = OptionDef {
    long: "openid-issuer",
    kind: Kind::Text {
        name: "URL",
        check: checks::https_url,
    },
    topic: Topic::Access,
    help: "Let people sign in at this OpenID provider, in a browser at /_/openid/sign-in; needs \
           --openid-client-id.",
    details: "They get a token that is good for twelve hours, and may make others with it. Register \
              the address of /_/openid/return at the provider.",
    ..OptionDef::BASE
};

pub(crate) static OPENID_CLIENT_ID: OptionDef = OptionDef {
    long: "openid-client-id",
    kind: Kind::Text {
        name: "ID",
        check: checks::any,
    },
    topic: Topic::Access,
    help: "What the OpenID provider knows this server as.",
    ..OptionDef::BASE
};

pub(crate) static OPENID_CLIENT_SECRET_FILE: OptionDef = OptionDef {
    long: "openid-client-secret-file",
    kind: Kind::Path { name: "FILE" },
    topic: Topic::Access,
    help: "Take the secret that the OpenID provider gave this server from this file.",
    details: "It is read at the start. Without one this server is a public client: PKCE is used in \
              any case.",
    ..OptionDef::BASE
};

pub(crate) static OPENID_USER_CLAIM: OptionDef = OptionDef {
    long: "openid-user-claim",
    kind: Kind::Text {
        name: "CLAIM",
        check: checks::any,
    },
    default: DefaultValue::both("preferred_username"),
    topic: Topic::Access,
    help: "Take the names of users from this claim.",
    details: "With `email` the address must be verified. Choose a claim that users cannot change \
              themselves.",
    ..OptionDef::BASE
};

pub(crate) static OPENID_GROUPS_CLAIM: OptionDef = OptionDef {
    long: "openid-groups-claim",
    kind: Kind::Text {
        name: "CLAIM",
        check: checks::any,
    },
    default: DefaultValue::both("groups"),
    topic: Topic::Access,
    help: "Take the groups of users from this claim; they count until the next sign-in.",
    ..OptionDef::BASE
};

pub(crate) static TRUSTED_ISSUER: OptionDef = OptionDef {
    long: "trusted-issuer",
    kind: Kind::List {
        name: "URL",
        example: "https://gitlab.example.org",
        check: checks::issuers,
        joins: true,
    },
    topic: Topic::Access,
    help: "Believe identity tokens of this issuer: CI jobs of trusted publishers exchange them for \
           tokens of ours.",
    details: "An https address, such as the one of GitHub's or GitLab's jobs. No other issuer is ever \
              asked for its keys. `wheelhouse publisher add` says whose jobs may do what.",
    ..OptionDef::BASE
};

pub(crate) static TRUSTED_AUDIENCE: OptionDef = OptionDef {
    long: "trusted-audience",
    kind: Kind::Text {
        name: "NAME",
        check: checks::any,
    },
    default: DefaultValue::both("wheelhouse"),
    topic: Topic::Access,
    help: "Take identity tokens that were made for this audience alone.",
    details: "Two servers that trust the same issuers should have names of their own, so that neither \
              can use what was sent to the other.",
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
