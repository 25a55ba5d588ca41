//! Options of the commands that look after an index. No settings: they stand on the command line alone.

use super::super::{CommandName, OptionDef, Places, Topic};

/// What an option of these commands starts from.
const BASE: OptionDef = OptionDef {
    commands: &[CommandName::Check],
    topic: Topic::Owners,
    places: Places::CommandLine,
    ..OptionDef::BASE
};

pub(crate) static REHASH: OptionDef = OptionDef {
    long: "rehash",
    commands: &[CommandName::Check, CommandName::Recover],
    help: "Read every byte of every file, and prove digests and metadata by that.",
    ..BASE
};

pub(crate) static REPAIR: OptionDef = OptionDef {
    long: "repair",
    help: "Mend what can be proven, and say what cannot.",
    ..BASE
};

pub(crate) static TAKE_OVER: OptionDef = OptionDef {
    long: "take-over",
    commands: &[CommandName::Recover],
    help: "Make the place of the objects belong to this index from now on, because the key of the one \
           that had it is lost. No server of that one may run any more.",
    ..BASE
};

pub(crate) static JSON: OptionDef = OptionDef {
    long: "json",
    commands: &[CommandName::Check, CommandName::Recover],
    help: "Print JSON.",
    ..BASE
};

/// All of them, in the order in which they are shown.
pub(crate) static ALL: &[&OptionDef] = &[&REHASH, &REPAIR, &TAKE_OVER, &JSON];
