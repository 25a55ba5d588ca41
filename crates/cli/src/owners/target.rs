//! What a command is about: `PROJECT`, `PROJECT==VERSION` or `PROJECT/FILE`.

use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::link::encode_segment;

use crate::command_line::UsageError;

/// What a command is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    project: ProjectKey,
    pub(super) version: Option<String>,
    pub(super) file: Option<String>,
}

impl Target {
    /// Reads a word of the command line.
    pub(super) fn read(word: &str) -> Result<Self, UsageError> {
        let bad = |reason| UsageError::BadTarget {
            word: word.to_owned(),
            reason,
        };
        let (name, version, file) = if let Some((name, file)) = word.split_once('/') {
            (name, None, Some(file))
        } else if let Some((name, version)) = word.split_once("==") {
            (name, Some(version.trim_start_matches('=')), None)
        } else {
            (word, None, None)
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name = name.trim();
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(bad(
                "a project's name has letters, digits and `-`, `_` and `.` alone",
            ));
        }
        if version.is_some_and(|version| version.trim().is_empty()) {
            return Err(bad("there is no version behind `==`"));
        }
        if file.is_some_and(|file| file.is_empty() || file.contains('/')) {
            return Err(bad(
                "behind `/` stands the name of one file, without folders",
            ));
        }
        Ok(Self {
            project: ProjectKey::of(name).ok_or_else(|| bad("no project can have this name"))?,
            version: version.map(|version| version.trim().to_owned()),
            file: file.map(str::to_owned),
        })
    }

    /// Returns the project, as an address holds it.
    pub(super) fn project_in_address(&self) -> String {
        encode_segment(self.project.as_str())
    }

    /// Returns the project, as an address holds it, if nothing less is meant.
    pub(super) fn whole_project(&self) -> Result<String, UsageError> {
        if self.version.is_none() && self.file.is_none() {
            return Ok(self.project_in_address());
        }
        Err(UsageError::BadTarget {
            word: self.project.to_string(),
            reason: "only a whole project has a status",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects_releases_and_files_are_told_apart() {
        for (word, project, version, file) in [
            ("Demo_Lib", "demo-lib", None, None),
            ("demo==1.0", "demo", Some("1.0"), None),
            ("demo===1.0-odd", "demo", Some("1.0-odd"), None),
            ("demo == 1.0", "demo", Some("1.0"), None),
            (
                "demo/demo-1.0==x.zip",
                "demo",
                None,
                Some("demo-1.0==x.zip"),
            ),
        ] {
            let target = Target::read(word).expect(word);
            assert_eq!(target.project.as_str(), project);
            assert_eq!(target.version.as_deref(), version, "{word}");
            assert_eq!(target.file.as_deref(), file, "{word}");
        }
        for word in [
            "", "==1.0", "demo==", "demo/", "demo/a/b", "de mo", "demo>=1", "/f",
        ] {
            assert!(Target::read(word).is_err(), "{word}");
        }
    }
}
