//! What `check` and `recover` share: which index is meant, and telling what is found.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use wheelhouse_maintenance::check::{Finding, Outcome, Told};

use crate::command_line::Parsed;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::defs::maintenance;
use crate::options::{OptionDef, Profile};
use crate::program::{print, to_stderr};
use crate::settings::{RunSettings, Source};
use crate::{config, owners};

/// How often progress is told where it is read later, and where somebody looks at it.
const TOLD_EVERY: [Duration; 2] = [Duration::from_secs(5), Duration::from_millis(200)];

/// Returns the settings with which `run` would serve the index that is meant, and becomes the owner of
/// its folder.
pub(super) fn settings(
    mut parsed: Parsed,
    profile: Profile,
    environment: &Environment,
) -> Result<RunSettings, Failure> {
    let is_own = |given: &OptionDef| maintenance::ALL.iter().any(|own| own.long == given.long);
    parsed.given.retain(|(given, _)| !is_own(given));
    let values = config::gather(parsed, profile, environment)?;
    let settings = RunSettings::of(Source {
        values: &values,
        environment,
        may_make_folders: false,
    })?;
    for root in &settings.folders.roots {
        if !root.is_dir() {
            let error = anyhow!("there is no folder {}", root.display());
            return Err(error.into());
        }
    }
    owners::become_owner(&settings)?;
    Ok(settings)
}

pub(super) fn threads() -> Result<Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    Ok(built.context("cannot start the threads of the program")?)
}

/// Tells people, or a program, what is found and how far it is.
#[derive(Debug)]
pub(super) struct Teller {
    /// The findings, if they are to be told as JSON in the end.
    kept: Option<Vec<Value>>,
    is_terminal: bool,
    step: &'static str,
    told_at: Instant,
    /// Whether there is a line of progress on the terminal that is to be taken away.
    is_open: bool,
    /// A failure of stdout: nobody reads it any more, or its disk is full.
    failure: Option<Failure>,
}

impl Teller {
    pub(super) fn new(is_json: bool) -> Self {
        Self {
            kept: is_json.then(Vec::new),
            is_terminal: std::io::stderr().is_terminal(),
            step: "",
            told_at: Instant::now(),
            is_open: false,
            failure: None,
        }
    }

    pub(super) fn tell(&mut self, told: Told) {
        match told {
            Told::Found(finding) => self.found(&finding),
            Told::Progress { step, done, total } => self.progress(step, done, total),
        }
    }

    fn found(&mut self, finding: &Finding) {
        self.close();
        match &mut self.kept {
            Some(kept) => kept.push(as_json(finding)),
            None => {
                if let Err(failure) = print(&line(finding)) {
                    self.failure.get_or_insert(failure);
                }
            }
        }
    }

    fn progress(&mut self, step: &'static str, done: u64, total: u64) {
        let is_new = step != self.step;
        let every = TOLD_EVERY[usize::from(self.is_terminal)];
        if !is_new && self.told_at.elapsed() < every {
            return;
        }
        self.step = step;
        self.told_at = Instant::now();
        let text = match (done, total) {
            (_, 0 | 1) => step.to_owned(),
            (done, total) => format!("{step}: {done} of {total}"),
        };
        if self.is_terminal {
            to_stderr(&format!("\r\x1b[K{text}"));
            self.is_open = true;
        } else {
            to_stderr(&format!("{text}\n"));
        }
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.is_open) {
            to_stderr("\r\x1b[K");
        }
    }

    /// Tells what it all came to: a sentence, or the numbers with all that was found.
    pub(super) fn end(mut self, sentence: &str, numbers: Value) -> Result<(), Failure> {
        self.close();
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let Some(kept) = self.kept else {
            return print(&format!("{sentence}\n"));
        };
        let mut all = numbers;
        all["findings"] = Value::Array(kept);
        print(&format!("{all}\n"))
    }
}

fn line(finding: &Finding) -> String {
    let about = match finding.about.as_str() {
        "" => String::new(),
        about => format!(" {}", visible(about)),
    };
    let outcome = match &finding.outcome {
        Outcome::Mendable => "; --repair mends it".to_owned(),
        Outcome::Mended(how) => format!("; mended: {how}"),
        Outcome::Left(advice) => format!("; {advice}"),
        Outcome::Notice => String::new(),
    };
    let word = match finding.outcome {
        Outcome::Mendable | Outcome::Left(_) => "WRONG",
        Outcome::Mended(_) => "MENDED",
        Outcome::Notice => "NOTE",
    };
    let sentence = visible(&finding.sentence);
    let outcome = visible(&outcome);
    format!(
        "{word} {}{about}: {sentence}{outcome}\n",
        finding.kind.name()
    )
}

/// Paths and metadata may hold anything.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn as_json(finding: &Finding) -> Value {
    let (outcome, more) = match &finding.outcome {
        Outcome::Mendable => ("mendable", None),
        Outcome::Mended(how) => ("mended", Some(how)),
        Outcome::Left(advice) => ("left", Some(advice)),
        Outcome::Notice => ("notice", None),
    };
    json!({
        "kind": finding.kind.name(),
        "about": finding.about,
        "sentence": finding.sentence,
        "outcome": outcome,
        "advice": more,
    })
}

#[cfg(test)]
mod tests {
    use wheelhouse_maintenance::check::Kind;

    use super::*;

    #[test]
    fn a_finding_is_one_line_whatever_it_is_about() {
        let finding = |outcome| Finding {
            kind: Kind::ContentAltered,
            about: "a\n\u{1b}[2Jb-1.0.zip".to_owned(),
            sentence: "it is odd".to_owned(),
            outcome,
        };
        for (outcome, expected) in [
            (
                Outcome::Mendable,
                "WRONG content-altered a\u{fffd}\u{fffd}[2Jb-1.0.zip: it is odd; --repair mends it\n",
            ),
            (
                Outcome::Left("do".to_owned()),
                "WRONG content-altered a\u{fffd}\u{fffd}[2Jb-1.0.zip: it is odd; do\n",
            ),
            (
                Outcome::Mended("so".to_owned()),
                "MENDED content-altered a\u{fffd}\u{fffd}[2Jb-1.0.zip: it is odd; mended: so\n",
            ),
            (
                Outcome::Notice,
                "NOTE content-altered a\u{fffd}\u{fffd}[2Jb-1.0.zip: it is odd\n",
            ),
        ] {
            assert_eq!(line(&finding(outcome)), expected);
        }
    }
}
