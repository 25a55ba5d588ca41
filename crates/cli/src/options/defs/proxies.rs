//! Options about forwarded headers.

use super::super::{DefaultValue, Kind, OptionDef, Topic, checks};

pub(crate) static TRUSTED_PROXY: OptionDef = OptionDef {
    long: "trusted-proxy",
    kind: Kind::List {
        name: "CIDR",
        example: "10.0.0.0/8",
        check: checks::ip_ranges,
        joins: true,
    },
    topic: Topic::Proxies,
    help: "Believe all X-Forwarded headers from this address or range; may be repeated.",
    details: "Such as `10.0.0.7`, `10.0.0.0/8` or `fd00::/8`. Only these are believed about the \
           address of the client.",
    ..OptionDef::BASE
};

pub(crate) static TRUST_PRIVATE_PROXIES: OptionDef = OptionDef {
    long: "trust-private-proxies",
    kind: Kind::Truth,
    default: DefaultValue::each("false", "true"),
    topic: Topic::Proxies,
    help: "Believe X-Forwarded-Host, -Proto and -Prefix from private addresses too; from this \
           machine they always are.",
    ..OptionDef::BASE
};
