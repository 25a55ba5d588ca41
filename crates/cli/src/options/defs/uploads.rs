//! Options about what is taken in.

use super::super::{DefaultValue, Kind, OptionDef, Topic};

pub(crate) static OVERWRITE: OptionDef = OptionDef {
    long: "overwrite",
    shorts: &['o'],
    kind: Kind::Switch,
    topic: Topic::Uploads,
    is_pypiserver: true,
    help: "Let an upload replace a file of the same name.",
    ..OptionDef::BASE
};

pub(crate) static MAX_UPLOAD_MIB: OptionDef = OptionDef {
    long: "max-upload-mib",
    kind: Kind::Integer {
        name: "N",
        min: 1,
        max: 1_048_576,
    },
    default: DefaultValue::both("4096"),
    topic: Topic::Uploads,
    help: "Refuse uploads that are longer, in MiB.",
    ..OptionDef::BASE
};

pub(crate) static UPLOAD_STRICTNESS: OptionDef = OptionDef {
    long: "upload-strictness",
    kind: Kind::Choice {
        name: "HOW",
        words: &["lenient", "standard"],
    },
    default: DefaultValue::both("lenient"),
    topic: Topic::Uploads,
    help: "Check file names and given digests (lenient), or all that the standards ask for \
           (standard).",
    details: "Standard is not built yet: it checks what lenient checks.",
    ..OptionDef::BASE
};

pub(crate) static LEGACY_ACTIONS: OptionDef = OptionDef {
    long: "legacy-actions",
    kind: Kind::Choice {
        name: "WHAT",
        words: &["accept", "gone"],
    },
    default: DefaultValue::each("gone", "accept"),
    topic: Topic::Uploads,
    help: "Answer the old actions submit, verify and doc_upload like pypiserver (accept) or with \
           410 (gone).",
    ..OptionDef::BASE
};
