//! Options about what is taken in.

use super::super::{DefaultValue, Kind, OptionDef, Topic, checks};

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

pub(crate) static MAX_PROJECT_MIB: OptionDef = OptionDef {
    long: "max-project-mib",
    kind: Kind::Integer {
        name: "N",
        min: 0,
        max: 1 << 40,
    },
    default: DefaultValue::both("0"),
    topic: Topic::Uploads,
    help: "Refuse an upload with which all files of its project would be larger together, in MiB; \
           0 for no limit.",
    ..OptionDef::BASE
};

pub(crate) static UPLOAD_STRICTNESS: OptionDef = OptionDef {
    long: "upload-strictness",
    kind: Kind::Choice {
        name: "HOW",
        words: &["lenient", "standard", "strict"],
    },
    default: DefaultValue::each("standard", "lenient"),
    topic: Topic::Uploads,
    help: "Take what pypiserver took (lenient), what the standards allow (standard), or what the \
           public index takes (strict).",
    details: "Whatever is found and not refused is told to the uploader and written to the log. \
              `standard` looks at the file's name, the archive, the metadata inside, and whether \
              the form fits them. `strict` also refuses what `--refuse-uploads-with` names, all \
              but record-mismatch.",
    ..OptionDef::BASE
};

pub(crate) static REFUSE_UPLOADS_WITH: OptionDef = OptionDef {
    long: "refuse-uploads-with",
    kind: Kind::List {
        name: "LIST",
        example: "direct-reference",
        check: checks::upload_policies,
        joins: true,
    },
    topic: Topic::Uploads,
    help: "Refuse uploads with these, at any strictness, separated by commas: local-version, \
           direct-reference, record-mismatch, unknown-classifier, platform-tag, loose-metadata, \
           old-release, lost-provenance, standard-library-name, confusable-name.",
    details: "`local-version` is a version such as 1.0+cu126, `direct-reference` a dependency with \
              an address, `record-mismatch` a wheel whose RECORD lists something else than what is \
              in it, `unknown-classifier` one that is not in the common list or no longer, \
              `platform-tag` one that the public index does not take, such as linux_x86_64, \
              `loose-metadata` long summaries, unknown fields and bad addresses, `old-release` a \
              file for a release that is older than 14 days, `lost-provenance` one without \
              attestations in a project whose last release had them, `standard-library-name` a new \
              project named as a module of Python's own, `confusable-name` one whose name is easily \
              taken for that of another project here.",
    ..OptionDef::BASE
};

pub(crate) static DENY_NAMES: OptionDef = OptionDef {
    long: "deny-names",
    kind: Kind::List {
        name: "LIST",
        example: "internal-*",
        check: checks::patterns,
        joins: true,
    },
    topic: Topic::Uploads,
    help: "Refuse uploads that would make projects of these names, separated by commas; * stands for \
           any text.",
    ..OptionDef::BASE
};

pub(crate) static ATTESTATIONS: OptionDef = OptionDef {
    long: "attestations",
    kind: Kind::Text {
        name: "WHAT",
        check: checks::attestations,
    },
    default: DefaultValue::each("refuse", "ignore"),
    topic: Topic::Uploads,
    help: "What becomes of attestations that come with uploads: the upload is refused (refuse), \
           they are dropped (ignore), or verified with the trust root of Sigstore (sigstore) or \
           of this file, and kept.",
    details: "Attestations are taken from jobs of trusted publishers alone. The file is a trust \
              root in Sigstore's JSON form, for a private installation of it or for a newer root \
              of the public one than this program came with. It is read at the start.",
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
