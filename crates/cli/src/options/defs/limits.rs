//! Options about what the program may use.

use super::super::{DefaultValue, Kind, OptionDef, Topic};

pub(crate) static PAGE_CACHE_MIB: OptionDef = OptionDef {
    long: "page-cache-mib",
    kind: Kind::Integer {
        name: "N",
        min: 0,
        max: 1_048_576,
    },
    default: DefaultValue::both("64"),
    topic: Topic::Limits,
    help: "Keep this much of rendered pages in memory, in MiB.",
    ..OptionDef::BASE
};

pub(crate) static FILE_CACHE_MIB: OptionDef = OptionDef {
    long: "file-cache-mib",
    kind: Kind::Integer {
        name: "N",
        min: 0,
        max: 1_048_576,
    },
    default: DefaultValue::both("64"),
    topic: Topic::Limits,
    help: "Keep this much of hot files in memory, in MiB.",
    ..OptionDef::BASE
};

pub(crate) static SCRUB_DAYS: OptionDef = OptionDef {
    long: "scrub-days",
    kind: Kind::Integer {
        name: "N",
        min: 0,
        max: 3_650,
    },
    default: DefaultValue::both("30"),
    topic: Topic::Limits,
    help: "Read every file again once in so many days, to find damage before somebody needs the file; 0 \
           reads none.",
    details: "One server does it, one file at a time, spread over the days, 16 MiB a second at most. What \
              it finds is in the log, in `wheelhouse status`, on the page about health and among the \
              counters. How far it is stands in the state folder.",
    ..OptionDef::BASE
};

pub(crate) static MAX_CONNECTIONS: OptionDef = OptionDef {
    long: "max-connections",
    kind: Kind::Integer {
        name: "N",
        min: 1,
        max: 1_000_000,
    },
    default: DefaultValue::both("4096"),
    topic: Topic::Limits,
    help: "Hold this many connections open at once.",
    ..OptionDef::BASE
};

pub(crate) static MAX_FAILED_SIGN_INS: OptionDef = OptionDef {
    long: "max-failed-sign-ins",
    kind: Kind::Integer {
        name: "N",
        min: 0,
        max: 1_000_000,
    },
    default: DefaultValue::each("30", "0"),
    topic: Topic::Limits,
    help: "Answer 429 after so many failed sign-ins of one user from one address within a minute, \
           and after ten times as many from one address; 0 for no limit.",
    details: "Behind a proxy that is not trusted all clients have its address: name it with \
              `trusted-proxy`. A token that is wrong stops itself alone: it cannot be guessed.",
    ..OptionDef::BASE
};

pub(crate) static MAX_UPLOADS_PER_HOUR: OptionDef = OptionDef {
    long: "max-uploads-per-hour",
    kind: Kind::Integer {
        name: "N",
        min: 0,
        max: 1_000_000,
    },
    default: DefaultValue::both("0"),
    topic: Topic::Limits,
    help: "Answer 429 after so many uploads of one actor within an hour; 0 for no \
           limit.",
    ..OptionDef::BASE
};

pub(crate) static HEADER_TIMEOUT_SECONDS: OptionDef = OptionDef {
    long: "header-timeout-seconds",
    kind: Kind::Integer {
        name: "N",
        min: 1,
        max: 3600,
    },
    default: DefaultValue::both("30"),
    topic: Topic::Limits,
    help: "Drop a client that takes longer to send the head of a request.",
    ..OptionDef::BASE
};

pub(crate) static DRAIN_SECONDS: OptionDef = OptionDef {
    long: "drain-seconds",
    kind: Kind::Integer {
        name: "N",
        min: 0,
        max: 3600,
    },
    default: DefaultValue::both("30"),
    topic: Topic::Limits,
    help: "Give requests in flight this long to end when the program is stopped.",
    ..OptionDef::BASE
};

pub(crate) static WORKERS: OptionDef = OptionDef {
    long: "workers",
    kind: Kind::Integer {
        name: "N",
        min: 1,
        max: 1024,
    },
    topic: Topic::Limits,
    help: "Answer with this many threads [default: one for each core].",
    ..OptionDef::BASE
};
