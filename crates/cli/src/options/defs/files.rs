//! Options about objects in place of folders.

use super::super::{CommandName, DefaultValue, Kind, OptionDef, Topic, checks};

pub(crate) static FILES: OptionDef = OptionDef {
    long: "files",
    kind: Kind::Text {
        name: "WHERE",
        check: checks::files,
    },
    commands: &[
        CommandName::Run,
        CommandName::Yank,
        CommandName::Unyank,
        CommandName::Status,
        CommandName::Delete,
        CommandName::Undelete,
        CommandName::Log,
        CommandName::Stats,
        CommandName::Can,
        CommandName::Rule,
        CommandName::Group,
        CommandName::Account,
        CommandName::Role,
        CommandName::Token,
        CommandName::Publisher,
        CommandName::MoveTo,
        CommandName::Backup,
        CommandName::Restore,
        CommandName::Check,
        CommandName::Recover,
    ],
    topic: Topic::Folders,
    help: "Keep files as objects here, in place of folders: s3://BUCKET/PREFIX, gs://…, az://… or \
           file:FOLDER.",
    details: "`dir:FOLDER,FOLDER…` means plain files in folders, as do folders without an option. \
           Credentials come from the variables that each kind of store has (`AWS_…`, `GOOGLE_…`, \
           `AZURE_…`), from the file of AWS's credentials, or from the role of the machine.",
    ..OptionDef::BASE
};

/// The commands that open a store of objects by themselves.
const STORE: &[CommandName] = &[
    CommandName::Run,
    CommandName::MoveTo,
    CommandName::Backup,
    CommandName::Restore,
    CommandName::Check,
    CommandName::Recover,
];

pub(crate) static S3_ENDPOINT: OptionDef = OptionDef {
    long: "s3-endpoint",
    kind: Kind::Text {
        name: "URL",
        check: checks::web_address,
    },
    commands: STORE,
    topic: Topic::Folders,
    help: "The address of the store of the objects, if it is not that of its kind.",
    details: "For stores that speak the language of S3, and for stand-ins of the others. \
           `AWS_ENDPOINT_URL` is heeded too.",
    ..OptionDef::BASE
};

pub(crate) static S3_REGION: OptionDef = OptionDef {
    long: "s3-region",
    kind: Kind::Text {
        name: "NAME",
        check: checks::region,
    },
    commands: STORE,
    topic: Topic::Folders,
    help: "The region of the bucket [default: AWS_REGION, else us-east-1].",
    ..OptionDef::BASE
};

pub(crate) static S3_BUCKET_IN_HOST: OptionDef = OptionDef {
    long: "s3-bucket-in-host",
    kind: Kind::Truth,
    default: DefaultValue::both("false"),
    commands: STORE,
    topic: Topic::Folders,
    help: "Name the bucket in the host's name, and not in the path.",
    ..OptionDef::BASE
};

pub(crate) static FILES_PLAIN_HTTP: OptionDef = OptionDef {
    long: "files-plain-http",
    kind: Kind::Truth,
    default: DefaultValue::both("false"),
    commands: STORE,
    topic: Topic::Folders,
    help: "Allow a store of objects without encryption that is not on this machine.",
    ..OptionDef::BASE
};

pub(crate) static FILE_REDIRECTS: OptionDef = OptionDef {
    long: "file-redirects",
    kind: Kind::Choice {
        name: "WHEN",
        words: &["never", "always"],
    },
    default: DefaultValue::both("never"),
    topic: Topic::Pages,
    help: "Send downloads to the store of the objects, with a signed address (always), or send the \
           bytes from here.",
    details: "Who may download is decided before. The digest in the page is then the only one that \
           guards the bytes: an altered object is found by the installer, not by the server.",
    ..OptionDef::BASE
};

pub(crate) static FILE_REDIRECT_SECONDS: OptionDef = OptionDef {
    long: "file-redirect-seconds",
    kind: Kind::Integer {
        name: "N",
        min: 1,
        max: 604_800,
    },
    default: DefaultValue::both("300"),
    topic: Topic::Pages,
    help: "For how long a signed address is good.",
    ..OptionDef::BASE
};
