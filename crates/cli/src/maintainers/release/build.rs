//! Building the files, in an environment of their own, and reading what went wrong.

use std::path::{Path, PathBuf};

use super::git::Copy;
use super::programs::{Done, Programs};
use super::project::Project;
use super::report::Trouble;
use crate::exit::{Failure, ReleaseFailure};

/// What builds packages and makes environments.
pub(super) enum Builder {
    /// uv does both.
    Uv(PathBuf),
    /// Python with the package build.
    Python(PathBuf),
}

impl Builder {
    /// Finds what is on this machine.
    pub(super) async fn find(programs: &Programs, folder: &Path) -> Result<Self, Failure> {
        if let Some(uv) = programs.find("uv") {
            return Ok(Self::Uv(uv));
        }
        for name in ["python3", "python"] {
            if let Some(python) = programs.find(name) {
                let asked = programs
                    .run(&python, ["-c", "import build"], folder)
                    .await?;
                if asked.is_good {
                    return Ok(Self::Python(python));
                }
            }
        }
        let message = "nothing on this machine builds packages; install uv, or `pip install build`";
        Err(ReleaseFailure::usage(message.to_owned()).into())
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Uv(_) => "uv",
            Self::Python(_) => "build",
        }
    }

    /// Builds an sdist, and a wheel from it, and returns their paths.
    pub(super) async fn build(
        &self,
        programs: &Programs,
        copy: &Copy,
        project: &Project,
        into: &Path,
    ) -> Result<Result<Vec<PathBuf>, Trouble>, Failure> {
        let out = into.as_os_str();
        let done = match self {
            Self::Uv(uv) => {
                let words = ["build".as_ref(), "--out-dir".as_ref(), out, ".".as_ref()];
                programs.run(uv, words, &copy.project).await?
            }
            Self::Python(python) => {
                let words = ["-m".as_ref(), "build".as_ref(), "--outdir".as_ref(), out];
                programs.run(python, words, &copy.project).await?
            }
        };
        if !done.is_good {
            let trouble = blamed(&done, project, "the build fails", "mend it, and commit");
            return Ok(Err(trouble));
        }
        let entries = std::fs::read_dir(into).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        let is_built = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(".whl") || name.ends_with(".tar.gz")
        };
        files.retain(is_built);
        files.sort();
        Ok(Ok(files))
    }

    /// Makes a fresh environment, and returns its Python.
    pub(super) async fn environment(
        &self,
        programs: &Programs,
        folder: &Path,
    ) -> Result<PathBuf, Failure> {
        let venv = folder.join("environment");
        let words: Vec<&std::ffi::OsStr> = match self {
            Self::Uv(_) => vec!["venv".as_ref(), "--quiet".as_ref(), venv.as_os_str()],
            Self::Python(_) => vec!["-m".as_ref(), "venv".as_ref(), venv.as_os_str()],
        };
        let done = programs.run(self.program(), words, folder).await?;
        if !done.is_good {
            return Err(anyhow::anyhow!("no environment can be made: {}", done.err.trim()).into());
        }
        Ok(venv.join("bin/python"))
    }

    /// Installs something, or only finds out what would be installed.
    pub(super) async fn install(
        &self,
        programs: &Programs,
        python: &Path,
        what: &str,
        is_dry: bool,
    ) -> Result<Done, Failure> {
        let folder = python.parent().unwrap_or(Path::new("/"));
        let mut words: Vec<&std::ffi::OsStr> = match self {
            Self::Uv(_) => ["pip", "install", "--python"]
                .iter()
                .map(|word| (*word).as_ref())
                .collect(),
            Self::Python(_) => ["-m", "pip", "install", "--disable-pip-version-check"]
                .iter()
                .map(|word| (*word).as_ref())
                .collect(),
        };
        if matches!(self, Self::Uv(_)) {
            words.push(python.as_os_str());
        }
        if is_dry {
            words.push("--dry-run".as_ref());
        }
        words.push(what.as_ref());
        let program = match self {
            Self::Uv(uv) => uv,
            Self::Python(_) => python,
        };
        programs.run(program, words, folder).await
    }

    fn program(&self) -> &Path {
        match self {
            Self::Uv(program) | Self::Python(program) => program,
        }
    }
}

/// Says what a program stumbled over: the error that it ends with, and the line of the project that
/// led to it.
pub(super) fn blamed(done: &Done, project: &Project, what: &str, fix: &str) -> Trouble {
    let said = done.all();
    let what = match last_error(&said) {
        Some(error) => format!("{what}: {error}"),
        None => what.to_owned(),
    };
    let trouble = Trouble::new(what, fix).said(&said);
    match place(&said, project) {
        Some((file, line)) => trouble.at(file, Some(line)),
        None => trouble,
    }
}

/// Returns the last line such as `ValueError: no`. Tools that run others say their own after it.
fn last_error(said: &str) -> Option<&str> {
    let is_error = |line: &&str| {
        let kind = line.split_once(':').map_or(*line, |(kind, _)| kind);
        let is_word = kind
            .chars()
            .all(|c| c.is_alphanumeric() || c == '.' || c == '_');
        is_word && (kind.ends_with("Error") || kind.ends_with("Exception")) && kind.len() > 5
    };
    let is_tools =
        |line: &&str| line.contains("CalledProcessError") || line.contains("BackendError");
    let lines = || {
        said.lines()
            .map(|line| line.trim_matches([' ', '│', '|']))
            .filter(is_error)
    };
    lines().rfind(|line| !is_tools(line))
}

/// Returns the last line of the project that a traceback or a parser names.
fn place(said: &str, project: &Project) -> Option<(String, usize)> {
    let mut found = None;
    let mut caller = "";
    for line in said.lines() {
        if let Some((_, rest)) = line.split_once("TOML parse error at line ") {
            found = leading_number(rest).map(|number| ("pyproject.toml".to_owned(), number));
        }
        let traced = line
            .split_once("File \"")
            .and_then(|(_, rest)| rest.split_once("\", line "));
        let Some((path, rest)) = traced else {
            continue;
        };
        // setuptools runs the script as a text without a name.
        let is_script = path == "<string>" && caller.ends_with("build_meta.py");
        let file = if is_script && project.has("setup.py") {
            Some("setup.py".to_owned())
        } else {
            project.own_file(path)
        };
        if let (Some(file), Some(number)) = (file, leading_number(rest)) {
            found = Some((file, number));
        }
        caller = path;
    }
    found
}

fn leading_number(text: &str) -> Option<usize> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_error_of_the_project_is_told_with_its_line() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("setup.py"), "").expect("written");
        let project = Project::new(folder.path(), "x");
        for (said, what, found) in [
            (
                "Traceback (most recent call last):\n  File \"/usr/lib/runpy.py\", line 3, in run\n  \
                 File \"/tmp/b/setup.py\", line 12, in <module>\n    raise ValueError('no')\nValueError: no\n\
                 subprocess.CalledProcessError: Command '[...]' returned 1\n",
                "the build fails: ValueError: no",
                Some(("setup.py".to_owned(), Some(12))),
            ),
            (
                "  × Failed to parse\n  ╰─▶ TOML parse error at line 4, column 2\n",
                "the build fails",
                Some(("pyproject.toml".to_owned(), Some(4))),
            ),
            (
                "  File \"<string>\", line 14, in <module>\n  File \"/x/setuptools/build_meta.py\", line 317, in \
                 run_setup\n    exec(code, locals())\n  File \"<string>\", line 3, in <module>\nNameError: no\n",
                "the build fails: NameError: no",
                Some(("setup.py".to_owned(), Some(3))),
            ),
            ("it is broken\n", "the build fails", None),
        ] {
            let done = Done {
                is_good: false,
                out: String::new(),
                err: said.to_owned(),
            };
            let trouble = blamed(&done, &project, "the build fails", "");
            assert_eq!(
                (trouble.what.as_str(), trouble.place),
                (what, found),
                "{said}"
            );
        }
    }
}
