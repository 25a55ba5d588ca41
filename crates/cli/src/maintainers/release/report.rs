//! The checks of a release, a line for each as soon as it is known.

use std::fmt::Write;
use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::environment::Environment;
use crate::exit::Failure;
use crate::program::print;

/// What is looked at before anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Upload,
    Tree,
    Branch,
    Bump,
    Build,
    Version,
    Changelog,
    Tag,
    Files,
    Python,
    Licence,
    Readme,
    Index,
    Newest,
    Dependencies,
    Install,
    Import,
}

impl Check {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Tree => "tree",
            Self::Branch => "branch",
            Self::Bump => "bump",
            Self::Build => "build",
            Self::Version => "version",
            Self::Changelog => "changelog",
            Self::Tag => "tag",
            Self::Files => "files",
            Self::Python => "python",
            Self::Licence => "licence",
            Self::Readme => "readme",
            Self::Index => "index",
            Self::Newest => "newest",
            Self::Dependencies => "dependencies",
            Self::Install => "install",
            Self::Import => "import",
        }
    }
}

/// Why a check does not pass.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// What is wrong, in one sentence.
    pub(super) what: String,
    /// The file to look at, relative to the project, and its line from 1.
    pub(super) place: Option<(String, Option<usize>)>,
    /// What to do.
    pub(super) fix: String,
    /// The last of what a program said.
    pub(super) output: String,
}

impl Trouble {
    pub(super) fn new(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            fix: fix.into(),
            ..Self::default()
        }
    }

    #[must_use]
    pub(super) fn at(mut self, file: impl Into<String>, line: Option<usize>) -> Self {
        self.place = Some((file.into(), line));
        self
    }

    /// Adds the last lines of what a program said.
    #[must_use]
    pub(super) fn said(mut self, output: &str) -> Self {
        const MOST_LINES: usize = 20;
        let lines: Vec<&str> = output.lines().map(str::trim_end).collect();
        let first = lines.len().saturating_sub(MOST_LINES);
        self.output = lines[first..].join("\n");
        self
    }
}

/// What was found so far.
pub(super) struct Report {
    as_json: bool,
    with_colours: bool,
    skipped: Vec<String>,
    failed: Vec<&'static str>,
    /// What goes on, on a terminal.
    spinner: ProgressBar,
}

impl Report {
    /// Begins. The checks in `skipped` do not count.
    pub(super) fn new(as_json: bool, skipped: Vec<String>, environment: &Environment) -> Self {
        let is_plain = environment.variable("NO_COLOR").is_some();
        Self {
            as_json,
            with_colours: std::io::stdout().is_terminal() && !is_plain,
            skipped,
            failed: Vec::new(),
            spinner: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
        }
    }

    /// Shows what goes on, on a terminal, until something is told.
    pub(super) fn doing(&mut self, what: &'static str) {
        if self.as_json || !std::io::stderr().is_terminal() {
            return;
        }
        let style = ProgressStyle::with_template("{spinner}     {msg} …");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let spinner = ProgressBar::new_spinner()
            .with_style(style)
            .with_message(what);
        spinner.enable_steady_tick(std::time::Duration::from_millis(100));
        self.spinner = spinner;
    }

    /// Shows no more what goes on.
    pub(super) fn quiet(&self) {
        self.spinner.finish_and_clear();
    }

    /// Returns the checks that failed.
    pub(super) fn failed(&self) -> &[&'static str] {
        &self.failed
    }

    pub(super) fn skips(&self, check: Check) -> bool {
        self.skipped.iter().any(|name| name == check.as_str())
    }

    /// Writes what a check came to.
    pub(super) fn tell(
        &mut self,
        check: Check,
        result: Result<String, Trouble>,
    ) -> Result<(), Failure> {
        self.quiet();
        match result {
            Ok(said) => self.line(check, Some(true), &said),
            Err(trouble) if self.skips(check) => {
                self.line(check, None, &format!("skipped; {}", trouble.what))
            }
            Err(trouble) => {
                self.failed.push(check.as_str());
                self.trouble(check, &trouble)
            }
        }
    }

    /// Writes that a check was not made.
    pub(super) fn left_out(&mut self, check: Check, why: &str) -> Result<(), Failure> {
        self.quiet();
        self.line(check, None, why)
    }

    fn line(&self, check: Check, passed: Option<bool>, said: &str) -> Result<(), Failure> {
        if self.as_json {
            let object = json!({ "check": check.as_str(), "passed": passed, "said": said });
            return print(&format!("{object}\n"));
        }
        let mark = match passed {
            Some(true) => self.coloured("32", "ok  "),
            _ => "-   ".to_owned(),
        };
        print(&format!("{mark}  {:<12}  {said}\n", check.as_str()))
    }

    fn trouble(&self, check: Check, trouble: &Trouble) -> Result<(), Failure> {
        let (file, line) = match &trouble.place {
            Some((file, line)) => (Some(file), *line),
            None => (None, None),
        };
        if self.as_json {
            let object = json!({
                "check": check.as_str(),
                "passed": false,
                "said": trouble.what,
                "file": file,
                "line": line,
                "fix": trouble.fix,
                "output": trouble.output,
            });
            return print(&format!("{object}\n"));
        }
        let place = match (file, line) {
            (Some(file), Some(line)) => format!("{file}:{line}: "),
            (Some(file), None) => format!("{file}: "),
            _ => String::new(),
        };
        let mark = self.coloured("31", "FAIL");
        let mut text = format!("{mark}  {:<12}  {place}{}\n", check.as_str(), trouble.what);
        if !trouble.fix.is_empty() {
            let _ = writeln!(text, "{:20}{}", "", trouble.fix);
        }
        for line in trouble.output.lines() {
            let _ = writeln!(text, "{:20}| {line}", "");
        }
        print(&text)
    }

    fn coloured(&self, colour: &str, text: &str) -> String {
        if self.with_colours {
            format!("\u{1b}[{colour}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}
