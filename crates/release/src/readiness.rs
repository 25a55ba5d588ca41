//! What a release should say about itself, and where in the project to write what is missing.

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use wheelhouse_standards::metadata::CoreMetadata;

use crate::version_place::{Files, call_of_setup};

/// What a release should say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Statement {
    /// For which versions of Python it is.
    RequiresPython,
    /// Under which licence it may be used.
    Licence,
    /// What it is, at length.
    Readme,
}

/// Where a project states its metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementPlace {
    /// The file, relative to the project.
    pub file: String,
    /// The number of the line, from 1, below which it goes.
    pub line: Option<usize>,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Project,
    Poetry,
    SetupCfg,
    SetupPy,
}

impl Statement {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::RequiresPython, Self::Licence, Self::Readme];

    /// Returns what the metadata states, in a few words, or `None` if nothing.
    pub fn found(self, metadata: &CoreMetadata) -> Option<String> {
        let said = |text: &Option<String>| {
            let text = text.as_deref().map(str::trim);
            text.filter(|text| !text.is_empty() && *text != "UNKNOWN")
                .map(str::to_owned)
        };
        match self {
            Self::RequiresPython => said(&metadata.requires_python),
            Self::Licence => {
                let classifier = || {
                    let mut classifiers = metadata.classifiers.iter();
                    let found = classifiers.find_map(|text| text.strip_prefix("License ::"));
                    found.map(|text| text.rsplit("::").next().unwrap_or(text).trim().to_owned())
                };
                said(&metadata.license_expression)
                    .or_else(|| said(&metadata.license).map(first_line))
                    .or_else(classifier)
                    .or_else(|| metadata.license_files.first().cloned())
            }
            Self::Readme => said(&metadata.description)
                .map(|text| format!("{} lines", text.lines().count()))
                .filter(|_| metadata.description.is_some()),
        }
    }

    /// Returns what to write at a place so that a release states this.
    pub const fn fix(self, place: &StatementPlace) -> &'static str {
        match (self, place.form) {
            (Self::RequiresPython, Form::Project) => {
                "write `requires-python = \">=3.9\"` below `[project]`"
            }
            (Self::RequiresPython, Form::Poetry) => {
                "write `python = \">=3.9\"` below `[tool.poetry.dependencies]`"
            }
            (Self::RequiresPython, Form::SetupCfg) => {
                "write `python_requires = >=3.9` below `[options]`"
            }
            (Self::RequiresPython, Form::SetupPy) => "give `python_requires=\">=3.9\"` to setup()",
            (Self::Licence, Form::Project) => {
                "write `license = \"MIT\"`, or what it is, below `[project]`"
            }
            (Self::Licence, Form::Poetry) => {
                "write `license = \"MIT\"`, or what it is, below `[tool.poetry]`"
            }
            (Self::Licence, Form::SetupCfg) => {
                "write `license = MIT`, or what it is, below `[metadata]`"
            }
            (Self::Licence, Form::SetupPy) => "give `license=\"MIT\"`, or what it is, to setup()",
            (Self::Readme, Form::Project) => "write `readme = \"README.md\"` below `[project]`",
            (Self::Readme, Form::Poetry) => "write `readme = \"README.md\"` below `[tool.poetry]`",
            (Self::Readme, Form::SetupCfg) => {
                "write `long_description = file: README.md` below `[metadata]`"
            }
            (Self::Readme, Form::SetupPy) => {
                "give `long_description=Path(\"README.md\").read_text()` to setup()"
            }
        }
    }
}

impl StatementPlace {
    /// Finds the file in which a project states its metadata, and the line at which that begins.
    pub fn find(files: &dyn Files) -> Self {
        let toml = files.read("pyproject.toml").unwrap_or_default();
        for (path, form) in [
            (&["project"][..], Form::Project),
            (&["tool", "poetry"], Form::Poetry),
        ] {
            if let Some(line) = table_line(&toml, path) {
                return Self::at("pyproject.toml", Some(line), form);
            }
        }
        let cfg = files.read("setup.cfg").unwrap_or_default();
        let mut lines = cfg.lines();
        if let Some(at) = lines.position(|line| line.trim() == "[metadata]") {
            return Self::at("setup.cfg", Some(at + 1), Form::SetupCfg);
        }
        if let Some(text) = files.read("setup.py") {
            return Self::at("setup.py", call_of_setup(&text), Form::SetupPy);
        }
        Self::at("pyproject.toml", None, Form::Project)
    }

    fn at(file: &str, line: Option<usize>, form: Form) -> Self {
        Self {
            file: file.to_owned(),
            line,
            form,
        }
    }
}

fn table_line(text: &str, path: &[&str]) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut found: Option<&Spanned<DeValue<'_>>> = None;
    for key in path {
        let value = table.get(*key)?;
        found = Some(value);
        table = value.get_ref().as_table()?;
    }
    let start = found?.span().start;
    Some(text[..start].matches('\n').count() + 1)
}

fn first_line(text: String) -> String {
    match text.split_once('\n') {
        Some((line, _)) => line.trim_end().to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(fields: &str) -> CoreMetadata {
        let text = format!("Metadata-Version: 2.1\nName: x\nVersion: 1\n{fields}");
        CoreMetadata::parse(text.as_bytes()).expect("metadata")
    }

    #[test]
    fn statements_are_found_wherever_they_may_stand() {
        use Statement::{Licence, Readme, RequiresPython};
        for (statement, fields, found) in [
            (RequiresPython, "Requires-Python: >=3.9\n", Some(">=3.9")),
            (RequiresPython, "", None),
            (Licence, "License-Expression: MIT\n", Some("MIT")),
            (Licence, "License: Ours\n        all rights\n", Some("Ours")),
            (Licence, "License: UNKNOWN\n", None),
            (
                Licence,
                "Classifier: License :: OSI Approved :: MIT License\n",
                Some("MIT License"),
            ),
            (Licence, "License-File: LICENSE\n", Some("LICENSE")),
            (Licence, "Classifier: Private :: Do Not Upload\n", None),
            (Readme, "\n# Helpers\n\nThey help.\n", Some("3 lines")),
            (Readme, "\n \n", None),
            (Readme, "Description: UNKNOWN\n", None),
            (Readme, "", None),
        ] {
            let said = statement.found(&metadata(fields));
            assert_eq!(said.as_deref(), found, "{statement:?} in {fields:?}");
        }
    }

    #[test]
    fn place_is_where_the_project_states_the_rest() {
        const SETUP: &str = "from setuptools import setup\n\nsetup(\n    name='x',\n)\n";
        for (files, place, fix) in [
            (
                &[(
                    "pyproject.toml",
                    "[build-system]\n\n[project]\nname = 'x'\n",
                )][..],
                ("pyproject.toml", Some(3)),
                "below `[project]`",
            ),
            (
                &[("pyproject.toml", "[tool.poetry]\nname = 'x'\n")],
                ("pyproject.toml", Some(1)),
                "below `[tool.poetry",
            ),
            (
                &[
                    ("pyproject.toml", "[build-system]\n"),
                    ("setup.cfg", "# x\n[metadata]\nname = x\n"),
                    ("setup.py", SETUP),
                ],
                ("setup.cfg", Some(2)),
                "below `[",
            ),
            (
                &[("setup.cfg", "[flake8]\n"), ("setup.py", SETUP)],
                ("setup.py", Some(3)),
                "to setup()",
            ),
            (&[("setup.py", "???")], ("setup.py", None), "to setup()"),
            (&[], ("pyproject.toml", None), "below `[project]`"),
        ] {
            let read = |path: &str| {
                let mut files = files.iter();
                let found = files.find(|(name, _)| *name == path);
                found.map(|(_, text)| (*text).to_owned())
            };
            let found = StatementPlace::find(&read);
            assert_eq!((found.file.as_str(), found.line), place);
            for statement in Statement::ALL {
                assert!(
                    statement.fix(&found).contains(fix),
                    "{statement:?} {found:?}"
                );
            }
        }
    }
}
