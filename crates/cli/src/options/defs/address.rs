//! Options about where the server listens.

use super::super::{CommandName, DefaultValue, Kind, OptionDef, Topic, checks};

pub(crate) static PORT: OptionDef = OptionDef {
    long: "port",
    shorts: &['p'],
    kind: Kind::Integer {
        name: "PORT",
        min: 0,
        max: 65535,
    },
    default: DefaultValue::both("8080"),
    commands: &[CommandName::Run, CommandName::Health],
    topic: Topic::Address,
    is_pypiserver: true,
    help: "Listen on this port; 0 lets the system choose a free one, which the start banner \
           names.",
    ..OptionDef::BASE
};

pub(crate) static HOST: OptionDef = OptionDef {
    long: "host",
    shorts: &['H', 'i'],
    aliases: &["interface"],
    kind: Kind::Text {
        name: "ADDRESS",
        check: checks::any,
    },
    default: DefaultValue::each("127.0.0.1", "0.0.0.0"),
    commands: &[CommandName::Run, CommandName::Health],
    topic: Topic::Address,
    is_pypiserver: true,
    help: "Listen on this address; 0.0.0.0 or :: means every one that the machine has.",
    ..OptionDef::BASE
};

pub(crate) static TLS_CERTIFICATE: OptionDef = OptionDef {
    long: "tls-certificate",
    kind: Kind::Path { name: "FILE" },
    commands: &[CommandName::Run, CommandName::Health],
    topic: Topic::Address,
    help: "Speak HTTPS with this certificate, which needs --tls-key.",
    details: "A PEM file with the server's certificate and, behind it, those that signed it. Both \
              files are taken anew when they change; while they do not fit each other the last \
              pair is used. HTTP/2 is spoken as well.",
    ..OptionDef::BASE
};

pub(crate) static TLS_KEY: OptionDef = OptionDef {
    long: "tls-key",
    kind: Kind::Path { name: "FILE" },
    commands: &[CommandName::Run, CommandName::Health],
    topic: Topic::Address,
    help: "Take the certificate's key from this PEM file.",
    ..OptionDef::BASE
};

pub(crate) static ACME_DOMAINS: OptionDef = OptionDef {
    long: "acme-domains",
    kind: Kind::List {
        name: "LIST",
        example: "packages.example.org",
        check: checks::domains,
        joins: true,
    },
    commands: &[CommandName::Run, CommandName::Health],
    topic: Topic::Address,
    help: "Speak HTTPS with a certificate for these names, which an ACME server is asked for and which \
           is renewed in time; needs --acme-accept-terms.",
    details: "The names are proven with TLS-ALPN-01: the ACME server must reach this server at port 443 \
              of each. Until the first certificate is there, one is used that nobody trusts. Account, \
              certificate and key are in the folder `acme` of the state folder.",
    ..OptionDef::BASE
};

pub(crate) static ACME_DIRECTORY: OptionDef = OptionDef {
    long: "acme-directory",
    kind: Kind::Text {
        name: "URL",
        check: checks::acme_directory,
    },
    default: DefaultValue::both("letsencrypt"),
    topic: Topic::Address,
    help: "Ask the ACME server with this directory, or letsencrypt, or letsencrypt-staging.",
    ..OptionDef::BASE
};

pub(crate) static ACME_CONTACT: OptionDef = OptionDef {
    long: "acme-contact",
    kind: Kind::Text {
        name: "ADDRESS",
        check: checks::mail_address,
    },
    topic: Topic::Address,
    help: "Give the ACME server this e-mail address.",
    ..OptionDef::BASE
};

pub(crate) static ACME_ACCEPT_TERMS: OptionDef = OptionDef {
    long: "acme-accept-terms",
    kind: Kind::Truth,
    default: DefaultValue::both("false"),
    topic: Topic::Address,
    help: "Accept the terms of service of the ACME server.",
    ..OptionDef::BASE
};

pub(crate) static HSTS_SECONDS: OptionDef = OptionDef {
    long: "hsts-seconds",
    kind: Kind::Integer {
        name: "N",
        min: 0,
        max: 315_360_000,
    },
    default: DefaultValue::both("0"),
    topic: Topic::Address,
    help: "Tell browsers that came by HTTPS to use nothing else for so many seconds; 0 tells \
           nothing.",
    ..OptionDef::BASE
};

pub(crate) static SERVER_BASE_URL: OptionDef = OptionDef {
    long: "server-base-url",
    kind: Kind::Text {
        name: "PATH",
        check: checks::base_path,
    },
    default: DefaultValue::both("/"),
    commands: &[CommandName::Run, CommandName::Health],
    topic: Topic::Address,
    is_pypiserver: true,
    help: "Serve everything below this path.",
    details: "A slash at the start is added and one at the end is dropped where needed. It is a path \
           and no address: behind a proxy the address is what the proxy forwards.",
    ..OptionDef::BASE
};
