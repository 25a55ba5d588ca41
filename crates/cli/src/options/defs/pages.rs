//! Options about pages and files.

use super::super::{CommandName, DefaultValue, Kind, OptionDef, Topic, checks};

pub(crate) static HASH_ALGO: OptionDef = OptionDef {
    long: "hash-algo",
    kind: Kind::Text {
        name: "NAME",
        check: checks::hash_algorithm,
    },
    default: DefaultValue::both("sha256"),
    commands: &[CommandName::Run, CommandName::Update],
    topic: Topic::Pages,
    is_pypiserver: true,
    help: "Put this hash into the links of HTML pages; off for none.",
    details: "One of sha256, sha384, sha512, sha224, sha3_224, sha3_256, sha3_384, sha3_512, \
           blake2b, blake2s, sha1, md5, in this spelling. `0`, `no`, `off`, `false`, `n` and `f` \
           in any case mean none. JSON pages always carry SHA-256.",
    ..OptionDef::BASE
};

pub(crate) static WELCOME: OptionDef = OptionDef {
    long: "welcome",
    kind: Kind::Path { name: "HTML_FILE" },
    topic: Topic::Pages,
    is_pypiserver: true,
    help: "Show this template at / [default: the built-in page].",
    details: "Read once, at the start. `{{URL}}`, `{{VERSION}}`, `{{NUMPKGS}}`, `{{PACKAGES}}` and \
           `{{SIMPLE}}` are replaced; code in it is never run.",
    ..OptionDef::BASE
};

pub(crate) static FRONT_PAGE: OptionDef = OptionDef {
    long: "front-page",
    kind: Kind::Choice {
        name: "WHICH",
        words: &["home", "welcome"],
    },
    default: DefaultValue::each("home", "welcome"),
    topic: Topic::Pages,
    help: "Show search and the newest releases at /, or the welcome page.",
    details: "With a welcome file it is the welcome page, whatever this says.",
    ..OptionDef::BASE
};

pub(crate) static THEME: OptionDef = OptionDef {
    long: "theme",
    kind: Kind::Path { name: "FOLDER" },
    topic: Topic::Pages,
    help: "Give pages the look that this folder holds.",
    details: "Read once, at the start: `name.txt` (what the index is called), `style.css` (rules after \
           ours), `logo.svg` or `logo.png`, and `templates/` with pages in place of ours. See \
           docs/guides/theme.md.",
    ..OptionDef::BASE
};

pub(crate) static HEALTH_ENDPOINT: OptionDef = OptionDef {
    long: "health-endpoint",
    kind: Kind::Text {
        name: "PATH",
        check: checks::health_endpoint,
    },
    default: DefaultValue::both("/health"),
    topic: Topic::Pages,
    is_pypiserver: true,
    help: "Answer `Ok` at this path, besides /healthz.",
    ..OptionDef::BASE
};

pub(crate) static CACHE_CONTROL: OptionDef = OptionDef {
    long: "cache-control",
    kind: Kind::Integer {
        name: "AGE",
        min: i64::MIN,
        max: i64::MAX,
    },
    topic: Topic::Pages,
    is_pypiserver: true,
    help: "Let clients keep files for this many seconds (`Cache-Control: public, max-age=AGE`); 0 \
           says nothing about it.",
    details: "It goes before file-caching.",
    ..OptionDef::BASE
};

pub(crate) static FILE_CACHING: OptionDef = OptionDef {
    long: "file-caching",
    kind: Kind::Choice {
        name: "HOW",
        words: &["silent", "revalidate"],
    },
    default: DefaultValue::each("revalidate", "silent"),
    topic: Topic::Pages,
    help: "Say nothing about the caching of files, or that they must be asked for again.",
    details: "`revalidate` sends `Cache-Control: no-cache` with the ETag: a file in a folder can be \
           replaced by hand.",
    ..OptionDef::BASE
};

pub(crate) static SIGNATURE_LINKS: OptionDef = OptionDef {
    long: "signature-links",
    kind: Kind::Truth,
    default: DefaultValue::each("false", "true"),
    topic: Topic::Pages,
    help: "Make signature files (.asc) links of their own on HTML project pages.",
    ..OptionDef::BASE
};

pub(crate) static TAR_GZ_TYPE: OptionDef = OptionDef {
    long: "tar-gz-type",
    kind: Kind::Choice {
        name: "TYPE",
        words: &["application/x-tar", "application/octet-stream"],
    },
    default: DefaultValue::each("application/octet-stream", "application/x-tar"),
    topic: Topic::Pages,
    help: "Send .tar.gz files with this content type.",
    ..OptionDef::BASE
};

pub(crate) static SURROGATE_KEYS: OptionDef = OptionDef {
    long: "surrogate-keys",
    kind: Kind::Truth,
    default: DefaultValue::both("false"),
    topic: Topic::Pages,
    help: "Say in each answer under which words a content delivery network forgets it.",
    details: "In `Surrogate-Key`, on pages for programs and on files that everybody may have. See \
           docs/operations/internet-scale.md.",
    ..OptionDef::BASE
};
