//! The value of each option, with where it comes from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::options::value::Value;
use crate::options::{OptionDef, Profile, defs};
use crate::settings::Note;

/// The value of an option and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File { path: PathBuf, line: usize },
    Variable(String),
    CommandLine,
}

/// The values of options.
#[derive(Debug, Default)]
pub(crate) struct Values {
    settings: BTreeMap<&'static str, Setting>,
    /// The file with settings that was read.
    pub(crate) file: Option<PathBuf>,
    /// What should be said about them.
    pub(crate) notes: Vec<Note>,
}

impl Values {
    /// Makes the values that hold when nobody sets any.
    pub(crate) fn of_defaults(profile: Profile) -> Self {
        let mut values = Self::default();
        for option in defs::ALL {
            // A test reads every default, so none is lost here.
            if let Some(text) = option.default.under(profile)
                && let Ok(value) = option.read_text(text.as_ref())
            {
                values.set(option, value, Origin::Default);
            }
        }
        values
    }

    /// Sets a value.
    pub(crate) fn set(&mut self, option: &OptionDef, value: Value, origin: Origin) {
        self.settings.insert(option.long, Setting { value, origin });
    }

    /// Lays values over these: what they set counts.
    pub(crate) fn lay_over(&mut self, upper: Self) {
        self.settings.extend(upper.settings);
        self.notes.extend(upper.notes);
    }

    /// Returns the value of an option and where it comes from.
    pub(crate) fn setting(&self, option: &OptionDef) -> Option<&Setting> {
        self.settings.get(option.long)
    }

    /// Returns whether somebody set an option.
    pub(crate) fn is_set(&self, option: &OptionDef) -> bool {
        self.setting(option)
            .is_some_and(|setting| setting.origin != Origin::Default)
    }

    /// Returns the folder that a relative path of an option is relative to.
    pub(crate) fn base<'a>(&'a self, option: &OptionDef, working_folder: &'a Path) -> &'a Path {
        match self.setting(option).map(|setting| &setting.origin) {
            Some(Origin::File { path, .. }) => path.parent().unwrap_or(working_folder),
            _ => working_folder,
        }
    }

    /// Returns whether a switch is on.
    pub(crate) fn truth(&self, option: &OptionDef) -> bool {
        matches!(self.value(option), Some(Value::Truth(true)))
    }

    /// Returns a number.
    pub(crate) fn integer(&self, option: &OptionDef) -> Option<i64> {
        match self.value(option) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// Returns a text.
    pub(crate) fn text(&self, option: &OptionDef) -> Option<&str> {
        match self.value(option) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns a path, as it was written.
    pub(crate) fn path(&self, option: &OptionDef) -> Option<&Path> {
        match self.value(option) {
            Some(Value::Path(path)) => Some(path),
            _ => None,
        }
    }

    /// Returns the items of a list.
    pub(crate) fn list(&self, option: &OptionDef) -> &[String] {
        match self.value(option) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }

    /// Returns folders, as they were written.
    pub(crate) fn folders(&self, option: &OptionDef) -> &[PathBuf] {
        match self.value(option) {
            Some(Value::Folders(folders)) => folders,
            _ => &[],
        }
    }

    fn value(&self, option: &OptionDef) -> Option<&Value> {
        self.setting(option).map(|setting| &setting.value)
    }
}
