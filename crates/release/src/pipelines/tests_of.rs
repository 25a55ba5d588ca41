//! What tests a project has, and how they are run.

use serde::Serialize;
use toml::{Table, Value};

use crate::version_place::Files;

/// A program that runs tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TestTool {
    /// tox.
    Tox,
    /// nox.
    Nox,
    /// pytest.
    Pytest,
}

/// The tests of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tests {
    /// What runs them.
    pub tool: TestTool,
    /// What stands behind the wheel when pip installs it for pytest: the extra and the group of tests.
    pub install: String,
}

/// Names under which projects list what their tests need.
const NAMES: &[&str] = &["test", "tests", "testing", "dev"];

/// Finds the tests of a project. `has_tests` tells whether there are files of tests.
pub fn tests_of(files: &dyn Files, has_tests: bool) -> Option<Tests> {
    let toml = files
        .read("pyproject.toml")
        .and_then(|text| text.parse::<Table>().ok());
    let at = |path: &[&str]| -> Option<&Value> {
        let mut value = toml.as_ref()?.get(*path.first()?)?;
        for key in &path[1..] {
            value = value.get(key)?;
        }
        Some(value)
    };
    let has = |file: &str| files.read(file).is_some();
    let cfg = files.read("setup.cfg").unwrap_or_default();
    let in_cfg = |section: &str| cfg.lines().any(|line| line.trim_end() == section);
    let tool = if has("tox.ini")
        || has("tox.toml")
        || at(&["tool", "tox"]).is_some()
        || in_cfg("[tox:tox]")
    {
        TestTool::Tox
    } else if has("noxfile.py") {
        TestTool::Nox
    } else if has("pytest.ini")
        || has("pytest.toml")
        || has("conftest.py")
        || at(&["tool", "pytest"]).is_some()
        || in_cfg("[tool:pytest]")
        || has_tests
    {
        TestTool::Pytest
    } else {
        return None;
    };
    let named = |table: &[&str]| {
        let table = at(table).and_then(Value::as_table);
        NAMES
            .iter()
            .find(|name| table.is_some_and(|table| table.contains_key(**name)))
    };
    let extra = named(&["project", "optional-dependencies"]);
    let group = named(&["dependency-groups"]);
    let extra = extra.map_or_else(String::new, |extra| format!("'[{extra}]'"));
    let group = group.map(|group| format!(" --group {group}"));
    Some(Tests {
        tool,
        install: format!("{extra}{}", group.unwrap_or_default()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_run_as_the_project_is_set_up() {
        let pytest = |install: &str| Some((TestTool::Pytest, install.to_owned()));
        for (file, text, has_tests, found) in [
            ("tox.ini", "", true, Some((TestTool::Tox, String::new()))),
            (
                "pyproject.toml",
                "[tool.tox]\nenv_list = []",
                false,
                Some((TestTool::Tox, String::new())),
            ),
            (
                "noxfile.py",
                "",
                false,
                Some((TestTool::Nox, String::new())),
            ),
            (
                "pyproject.toml",
                "[tool.pytest.ini_options]",
                false,
                pytest(""),
            ),
            (
                "setup.cfg",
                "[tool:pytest]\naddopts = -q",
                false,
                pytest(""),
            ),
            (
                "pyproject.toml",
                "[project.optional-dependencies]\ntest = []",
                true,
                pytest("'[test]'"),
            ),
            (
                "pyproject.toml",
                "[dependency-groups]\ndev = []",
                true,
                pytest(" --group dev"),
            ),
            ("pyproject.toml", "[project]", true, pytest("")),
            ("pyproject.toml", "[project]", false, None),
            ("pyproject.toml", "no TOML", false, None),
        ] {
            let files = |path: &str| (path == file).then(|| text.to_owned());
            let tests = tests_of(&files, has_tests).map(|tests| (tests.tool, tests.install));
            assert_eq!(tests, found, "{file}: {text}");
        }
    }
}
