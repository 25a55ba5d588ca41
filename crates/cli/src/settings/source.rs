//! What settings are resolved from.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::config::Values;
use crate::environment::Environment;
use crate::options::OptionDef;

/// What settings are resolved from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) values: &'a Values,
    pub(crate) environment: &'a Environment,
    /// Whether missing folders may be made. If not, those that would be made count as there.
    pub(crate) may_make_folders: bool,
}

impl Source<'_> {
    /// Returns the path of an option, absolute.
    pub(super) fn path(&self, option: &OptionDef) -> Option<PathBuf> {
        let path = self.values.path(option)?;
        Some(self.absolute(option, path))
    }

    /// Makes a path of an option absolute: one from a file is relative to the file's folder.
    pub(super) fn absolute(&self, option: &OptionDef, path: &Path) -> PathBuf {
        let base = self.values.base(option, &self.environment.working_folder);
        self.environment.absolute(path, base)
    }

    /// Returns the text of an option, if it has one that is not blank.
    pub(super) fn text(&self, option: &OptionDef) -> Option<String> {
        let text = self.values.text(option)?;
        (!text.trim().is_empty()).then(|| text.to_owned())
    }

    /// Returns the number of an option, if it has one.
    pub(super) fn number<T: TryFrom<i64>>(&self, option: &OptionDef) -> Option<T> {
        T::try_from(self.values.integer(option)?).ok()
    }

    /// Returns a simple URL without its final slashes.
    pub(super) fn simple_url(&self, option: &OptionDef) -> Option<String> {
        let text = self.values.text(option)?;
        Some(text.trim_end_matches('/').to_owned())
    }
}

/// Reads a small file of text.
pub(super) fn read_small_file(path: &Path) -> std::io::Result<String> {
    /// Nobody writes a welcome page or a list of projects that is longer, in bytes.
    const MAX_BYTES: u64 = 4 << 20;
    let mut text = String::new();
    File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(std::io::Error::other("the file is longer than 4 MiB"));
    }
    Ok(text)
}
