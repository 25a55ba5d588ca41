//! The versions of Python that a project is for.

use wheelhouse_standards::specifier::RequiresPython;

use crate::version_place::{Files, python_of};

/// The second numbers of the versions of Python 3 that CI systems have.
const MINORS: std::ops::RangeInclusive<u64> = 9..=14;

/// The versions to test with cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PythonFault {
    /// The project says it in a form that is not understood.
    #[error("`{0}` does not say for which Python the project is")]
    Unreadable(String),
    /// None of the known versions fits.
    #[error("none of Python 3.{first} to 3.{last} fits `{0}`", first = MINORS.start(), last = MINORS.end())]
    None(String),
}

/// Returns the versions of Python that a project is for, such as `3.12`, in order; the newest alone if it
/// does not say.
///
/// # Errors
/// [`PythonFault`] if what it says fits none of them.
pub fn pythons_of(files: &dyn Files) -> Result<Vec<String>, PythonFault> {
    let Some(said) = python_of(files) else {
        return Ok(vec![format!("3.{}", MINORS.end())]);
    };
    let requires: RequiresPython = without_caret(&said)
        .parse()
        .map_err(|_| PythonFault::Unreadable(said.clone()))?;
    let minors = MINORS.filter(|minor| requires.admits_minor(*minor));
    let found: Vec<String> = minors.map(|minor| format!("3.{minor}")).collect();
    if found.is_empty() {
        return Err(PythonFault::None(said));
    }
    Ok(found)
}

/// Poetry's `^3.9` is anything from there below the next first number.
fn without_caret(said: &str) -> String {
    match said.trim().strip_prefix('^') {
        Some(version) => format!(">={version},<4"),
        None => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(file: &'static str, text: &'static str) -> Result<String, PythonFault> {
        let files = |path: &str| (path == file).then(|| text.to_owned());
        pythons_of(&files).map(|found| found.join(" "))
    }

    #[test]
    fn versions_are_those_that_the_project_is_for() {
        let all = "3.9 3.10 3.11 3.12 3.13 3.14";
        for (file, text, found) in [
            (
                "pyproject.toml",
                "[project]\nrequires-python = '>=3.12'",
                "3.12 3.13 3.14",
            ),
            (
                "pyproject.toml",
                "[tool.poetry.dependencies]\npython = '^3.13'",
                "3.13 3.14",
            ),
            (
                "setup.cfg",
                "[options]\npython_requires = >=3.6, <3.11",
                "3.9 3.10",
            ),
            ("setup.py", "setup(name='x', python_requires='>=3')", all),
            ("setup.py", "setup(name='x')", "3.14"),
            ("none", "", "3.14"),
        ] {
            assert_eq!(of(file, text).as_deref(), Ok(found), "{text}");
        }
    }

    #[test]
    fn what_fits_no_version_is_told() {
        let none = of("setup.cfg", "[options]\npython_requires = <3");
        assert_eq!(none, Err(PythonFault::None("<3".to_owned())));
        let odd = of("setup.cfg", "[options]\npython_requires = python3");
        assert_eq!(odd, Err(PythonFault::Unreadable("python3".to_owned())));
    }
}
