//! What the program reads from its surroundings, taken once at the start, so that everything behind
//! it can be tested without changing the process.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The surroundings of the program.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, OsString>,
    /// The working folder, absolute.
    pub(crate) working_folder: PathBuf,
    /// The home folder, if there is one.
    pub(crate) home: Option<PathBuf>,
}

impl Environment {
    /// Takes the surroundings of this process.
    pub(crate) fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .collect();
        Self {
            variables,
            working_folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
            home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
        }
    }

    /// Returns a variable. One that is set to nothing counts as not set.
    pub(crate) fn variable(&self, name: &str) -> Option<&OsStr> {
        let value = self.variables.get(name).map(OsString::as_os_str);
        value.filter(|value| !value.is_empty())
    }

    /// Returns the names of the variables that begin with a prefix and are set to something.
    pub(crate) fn names_with<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let is_set = move |(name, value): &(&'a String, &OsString)| {
            name.starts_with(prefix) && !value.is_empty()
        };
        self.variables
            .iter()
            .filter(is_set)
            .map(|(name, _)| name.as_str())
    }

    /// Returns a variable's text. One that is not Unicode counts as not set.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.variable(name)?.to_str().map(str::to_owned)
    }

    /// Returns the surroundings without settings of ours: for a file that says everything.
    pub(crate) fn without_settings(&self) -> Self {
        let mut without = self.clone();
        without
            .variables
            .retain(|name, _| !name.starts_with("WHEELHOUSE_"));
        without
    }

    /// Makes a path absolute: `~` is the home folder, and what is relative is so to `base`.
    pub(crate) fn absolute(&self, path: &Path, base: &Path) -> PathBuf {
        let mut parts = path.components();
        let first = parts
            .next()
            .map(|part| part.as_os_str().to_owned())
            .unwrap_or_default();
        if let Some(user) = first.to_str().and_then(|first| first.strip_prefix('~'))
            && let Some(home) = self.home_of(user)
        {
            return home.join(parts.as_path());
        }
        let joined = base.join(path);
        std::path::absolute(&joined).unwrap_or(joined)
    }

    fn home_of(&self, user: &str) -> Option<PathBuf> {
        if user.is_empty() {
            return self.home.clone();
        }
        nix::unistd::User::from_name(user)
            .ok()
            .flatten()
            .map(|user| user.dir)
    }

    /// Makes surroundings for a test.
    #[cfg(test)]
    pub(crate) fn for_test(working_folder: &Path, variables: &[(&str, &str)]) -> Self {
        Self {
            variables: variables
                .iter()
                .map(|&(name, value)| (name.into(), value.into()))
                .collect(),
            working_folder: working_folder.into(),
            home: Some(working_folder.join("home")),
        }
    }
}

/// Returns the text of a file of settings, or `None` if it cannot be read or is too large to be
/// one.
pub(crate) fn settings_file(path: &Path) -> Option<String> {
    const MAX_BYTES: u64 = 1 << 20;
    let size_bytes = std::fs::metadata(path).ok()?.len();
    (size_bytes <= MAX_BYTES)
        .then(|| std::fs::read_to_string(path).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_tilde_is_the_home_folder() {
        let surroundings = Environment::for_test(Path::new("/srv"), &[]);
        for (path, expected) in [
            ("~/packages", "/srv/home/packages"),
            ("~", "/srv/home"),
            ("packages", "/srv/packages"),
            ("./packages", "/srv/packages"),
            ("/data", "/data"),
            ("a/~/b", "/srv/a/~/b"),
            ("~nobody-of-this-name/x", "/srv/~nobody-of-this-name/x"),
        ] {
            let absolute = surroundings.absolute(Path::new(path), Path::new("/srv"));
            assert_eq!(absolute, Path::new(expected), "{path}");
        }
    }

    #[test]
    fn variable_that_is_set_to_nothing_is_not_set() {
        let surroundings = Environment::for_test(Path::new("/"), &[("A", ""), ("B", "x")]);
        assert_eq!(surroundings.variable("A"), None);
        assert_eq!(surroundings.variable("B"), Some(OsStr::new("x")));
    }
}
