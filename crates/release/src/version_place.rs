//! Where a project's version is written: read without running anything, and changed in its place.
//!
//! Known are `pyproject.toml` with what the usual build backends read besides it, `setup.cfg`, and
//! `setup.py` as far as it is plain. Whatever is computed is known once the project is built.

mod python;
mod setup_cfg;
mod toml;

use std::ops::Range;

use wheelhouse_standards::version::Version;

/// Reads the files of a project by their paths in it. `None` stands for a file that is not there.
pub trait Files {
    /// Returns the text of a file.
    fn read(&self, path: &str) -> Option<String>;
}

impl<F: Fn(&str) -> Option<String>> Files for F {
    fn read(&self, path: &str) -> Option<String> {
        self(path)
    }
}

/// Where a version comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionPlace {
    /// It is written there.
    Written(Written),
    /// It is made by this file when the project is built, for this reason.
    Computed {
        /// The file, relative to the project.
        file: String,
        /// Why it cannot be read, as a part of a sentence.
        why: String,
    },
}

/// A version that is written in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file, relative to the project.
    pub file: String,
    /// The number of its line, from 1.
    pub line: usize,
    /// The version as it is written.
    pub version: Version,
    /// The whole text of the file.
    text: String,
    /// Where the version is in it, in bytes.
    at: Range<usize>,
}

/// A version cannot be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct PlaceFault {
    /// The file to look at, relative to the project.
    pub file: String,
    /// The number of the line, from 1, if one is to blame.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub fix: String,
}

impl VersionPlace {
    /// Finds where the version of a project comes from.
    ///
    /// # Errors
    /// [`PlaceFault`] if the project has none, or one that is no version.
    pub fn find(files: &dyn Files) -> Result<Self, PlaceFault> {
        if let Some(text) = files.read("pyproject.toml")
            && let Some(place) = toml::find(&text, files)?
        {
            return Ok(place);
        }
        let cfg = files.read("setup.cfg");
        if let Some(text) = &cfg
            && let Some(place) = setup_cfg::find(text, files)?
        {
            return Ok(place);
        }
        if let Some(text) = files.read("setup.py") {
            return python::in_setup(&text);
        }
        let file = if cfg.is_some() {
            "setup.cfg"
        } else {
            "pyproject.toml"
        };
        Err(PlaceFault {
            file: file.to_owned(),
            line: None,
            what: "the project has no version".to_owned(),
            fix: "write `version = \"0.1.0\"` below `[project]` in pyproject.toml".to_owned(),
        })
    }
}

impl Written {
    /// Returns the text of the file with another version in it.
    pub fn with(&self, version: &Version) -> String {
        let mut text = self.text.clone();
        text.replace_range(self.at.clone(), version.as_str());
        text
    }

    /// Reads a version that was found in a file.
    fn found(file: &str, text: &str, at: Range<usize>) -> Result<VersionPlace, PlaceFault> {
        let line = text[..at.start].matches('\n').count() + 1;
        match text[at.clone()].parse() {
            Ok(version) => Ok(VersionPlace::Written(Self {
                file: file.to_owned(),
                line,
                version,
                text: text.to_owned(),
                at,
            })),
            Err(_) => Err(PlaceFault {
                file: file.to_owned(),
                line: Some(line),
                what: format!("`{}` is no version", &text[at]),
                fix: "write a version such as 1.2.0 or 1.2.0rc1".to_owned(),
            }),
        }
    }
}

/// Returns the name that a project's files give it, if it is plainly written there.
pub fn name_of(files: &dyn Files) -> Option<String> {
    let paths: &[&[&str]] = &[&["project", "name"], &["tool", "poetry", "name"]];
    let of_toml = || toml::text_at(&files.read("pyproject.toml")?, paths);
    let of_cfg = || setup_cfg::value(&files.read("setup.cfg")?, "metadata", "name");
    let of_script = || python::text_in_setup(&files.read("setup.py")?, "name");
    of_toml().or_else(of_cfg).or_else(of_script)
}

/// Returns for which versions of Python a project's files say it is, as they write it.
pub(crate) fn python_of(files: &dyn Files) -> Option<String> {
    let poetry: &[&str] = &["tool", "poetry", "dependencies", "python"];
    let paths: &[&[&str]] = &[&["project", "requires-python"], poetry];
    let of_toml = || toml::text_at(&files.read("pyproject.toml")?, paths);
    let of_cfg = || setup_cfg::value(&files.read("setup.cfg")?, "options", "python_requires");
    let of_script = || python::text_in_setup(&files.read("setup.py")?, "python_requires");
    of_toml().or_else(of_cfg).or_else(of_script)
}

/// Returns the line, from 1, at which a setup script calls `setup()`.
pub(crate) fn call_of_setup(text: &str) -> Option<usize> {
    python::line_of_setup(text)
}

fn computed(file: &str, why: impl Into<String>) -> VersionPlace {
    VersionPlace::Computed {
        file: file.to_owned(),
        why: why.into(),
    }
}

/// Finds a version that is the whole text of a file.
fn in_text(file: &str, files: &dyn Files) -> Result<VersionPlace, PlaceFault> {
    let Some(text) = files.read(file) else {
        return Err(gone(file));
    };
    let start = text.len() - text.trim_start().len();
    Written::found(file, &text, start..start + text.trim().len())
}

/// Finds a version that is an attribute of a module: `package.module.__version__`.
fn in_attribute(
    attribute: &str,
    root: &str,
    files: &dyn Files,
) -> Result<VersionPlace, PlaceFault> {
    let (module, name) = attribute.rsplit_once('.').unwrap_or(("", attribute));
    let path = module.replace('.', "/");
    let roots = [root, "", "src"];
    let places = roots.iter().flat_map(|root| {
        let base = if root.is_empty() {
            path.clone()
        } else {
            format!("{root}/{path}")
        };
        [format!("{base}/__init__.py"), format!("{base}.py")]
    });
    for place in places {
        if let Some(text) = files.read(&place) {
            return python::in_module(&place, &text, &[name]);
        }
    }
    Err(gone(&format!("{path}.py")))
}

fn gone(file: &str) -> PlaceFault {
    PlaceFault {
        file: file.to_owned(),
        line: None,
        what: format!("the version is to be in `{file}`, which is not there"),
        fix: "write the version there, or say where it is".to_owned(),
    }
}

#[cfg(test)]
mod tests;
