//! Options about counts of downloads.

use super::super::{DefaultValue, Kind, OptionDef, Topic};

pub(crate) static COUNT_DOWNLOADS: OptionDef = OptionDef {
    long: "count-downloads",
    kind: Kind::Truth,
    default: DefaultValue::both("true"),
    topic: Topic::Pages,
    help: "Count how often files are downloaded.",
    details: "By day, file, version of Python, platform and client; nothing about persons is kept. \
              What was counted before is still shown when this is off.",
    ..OptionDef::BASE
};

pub(crate) static DOWNLOAD_DETAIL_DAYS: OptionDef = OptionDef {
    long: "download-detail-days",
    kind: Kind::Integer {
        name: "N",
        min: 1,
        max: 3650,
    },
    default: DefaultValue::both("90"),
    topic: Topic::Pages,
    help: "Keep counts of downloads by day and by what fetched for so many days.",
    details: "Older ones are folded into one count for each file and month, which is kept.",
    ..OptionDef::BASE
};
