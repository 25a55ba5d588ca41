//! The program's log: where it goes, what it lets through, and what its lines look like.

mod line;
mod percent;
mod redact;
mod requests;
mod values;
mod visible;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

pub use percent::TemplateError;
pub use requests::RequestLog;

use crate::settings::{LogOutput, LogStream, LoggingSettings, Note, NoteLevel};
use line::{KeyValues, LineFormat};
use wheelhouse_index::reading::PROGRESS;

/// Starts the log of this process as the settings say, and makes the log file if one is named.
///
/// The same lines go to the stream and to the file.
///
/// # Errors
///
/// [`LoggingError::File`] if the log file cannot be opened for appending,
/// [`LoggingError::Format`] if the line format means nothing, [`LoggingError::Twice`] if the
/// process has a log already.
pub fn start(settings: &LoggingSettings) -> Result<(), LoggingError> {
    let mut writers = Vec::new();
    match settings.stream {
        Some(LogStream::Stdout) => writers.push(BoxMakeWriter::new(io::stdout)),
        Some(LogStream::Stderr) => writers.push(BoxMakeWriter::new(io::stderr)),
        None => {}
    }
    if let Some(path) = &settings.file {
        writers.push(BoxMakeWriter::new(Mutex::new(open(path)?)));
    }
    subscriber(settings, writers)?
        .try_init()
        .map_err(|_| LoggingError::Twice)
}

/// Says in the log what was to be said about the settings.
pub fn tell(notes: &[Note]) {
    for note in notes {
        match note.level {
            NoteLevel::Info => tracing::info!("{}", note.text),
            NoteLevel::Warning => tracing::warn!("{}", note.text),
        }
    }
}

/// Why the log could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The log file cannot be opened for appending.
    #[error(
        "cannot write the log file `{}`: {source}; \
         name a file in a folder that this user may write to", path.display()
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A format means nothing.
    #[error("`{option}`: {source}")]
    Format {
        /// The option that gave it, such as `--log-frmt`.
        option: &'static str,
        /// What is wrong with it.
        source: TemplateError,
    },
    /// The process has a log already.
    #[error("the log of this process was started before")]
    Twice,
}

type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

fn subscriber(
    settings: &LoggingSettings,
    writers: Vec<BoxMakeWriter>,
) -> Result<impl tracing::Subscriber + Send + Sync + 'static, LoggingError> {
    let mut layers: Vec<BoxedLayer> = Vec::new();
    for writer in writers {
        // A log that cannot be written must not fill standard error, or end the program where
        // that is closed.
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(writer)
            .with_ansi(false)
            .log_internal_errors(false);
        layers.push(match settings.output {
            LogOutput::Json => layer.json().flatten_event(true).boxed(),
            LogOutput::Text => {
                let format = LineFormat::compile(settings.line_format.as_deref())?;
                layer.fmt_fields(KeyValues).event_format(format).boxed()
            }
        });
    }
    Ok(tracing_subscriber::registry().with(layers.with_filter(filter(settings.verbosity))))
}

/// What each number of `-v` lets through. Other people's crates stay quieter than our own, until
/// everything is asked for.
fn filter(verbosity: u8) -> Targets {
    let (ours, others) = match verbosity {
        0 => (LevelFilter::WARN, LevelFilter::WARN),
        1 => (LevelFilter::INFO, LevelFilter::WARN),
        2 => (LevelFilter::DEBUG, LevelFilter::INFO),
        _ => (LevelFilter::TRACE, LevelFilter::TRACE),
    };
    // Targets are compared by their beginnings, so this covers all our crates.
    Targets::new()
        .with_default(others)
        .with_target("wheelhouse", ours)
        .with_target(PROGRESS, ours.max(LevelFilter::INFO))
}

fn open(path: &Path) -> Result<File, LoggingError> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .map_err(|source| LoggingError::File {
            path: path.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(verbosity: u8, line_format: Option<&str>) -> LoggingSettings {
        LoggingSettings {
            verbosity,
            file: None,
            stream: None,
            output: LogOutput::Text,
            line_format: line_format.map(str::to_owned),
            request_format: None,
            response_format: None,
            error_format: None,
        }
    }

    /// Returns what is logged to a file while `act` runs.
    fn logged(settings: &LoggingSettings, act: impl FnOnce()) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let writer = BoxMakeWriter::new(Mutex::new(open(&path).expect("a file")));
        let subscriber = subscriber(settings, vec![writer]).expect("good settings");
        tracing::subscriber::with_default(subscriber, act);
        std::fs::read_to_string(&path).expect("the log")
    }

    #[test]
    fn each_v_lets_one_level_more_through() {
        let act = || {
            tracing::error!(target: "wheelhouse_x", "e");
            tracing::warn!(target: "hyper", "w");
            tracing::info!(target: "wheelhouse_x", "i");
            tracing::info!(target: "hyper", "hi");
            tracing::info!(target: PROGRESS, "p");
            tracing::debug!(target: "wheelhouse_x", "d");
            tracing::debug!(target: "hyper", "hd");
            tracing::trace!(target: "wheelhouse_x", "t");
            tracing::trace!(target: "hyper", "ht");
        };
        for (verbosity, lines) in [
            (0, "e w p "),
            (1, "e w i p "),
            (2, "e w i hi p d "),
            (3, "e w i hi p d hd t ht "),
            (9, "e w i hi p d hd t ht "),
        ] {
            let log = logged(&settings(verbosity, Some("%(message)s")), act);
            assert_eq!(log.replace('\n', " "), lines, "with {verbosity} times -v");
        }
    }

    #[test]
    fn line_format_shapes_every_line() {
        let format = Some("%(levelname)-8s|%(levelno)d|%(name)s|%(message)s");
        let log = logged(&settings(1, format), || {
            tracing::warn!(target: "wheelhouse_x::y", a = 1, b = "two words", c = %"x", d = %"a b", e = ?"a b", "said");
            let span = tracing::info_span!(target: "wheelhouse", "request", request.id = "r1");
            span.in_scope(|| tracing::info!(target: "wheelhouse", "inside\nforged|line"));
        });
        assert_eq!(
            log,
            "WARNING |30|wheelhouse_x.y|said a=1 b=\"two words\" c=x d=\"a b\" e=\"a b\"\n\
             INFO    |20|wheelhouse|inside\\nforged|line request.id=r1\n"
        );
    }

    #[test]
    fn json_output_is_one_object_for_each_line() {
        let settings = LoggingSettings {
            output: LogOutput::Json,
            ..settings(0, None)
        };
        let log = logged(&settings, || tracing::warn!(a = 1, "two\nlines"));
        let [line] = log.lines().collect::<Vec<_>>()[..] else {
            panic!("one line, not {log:?}")
        };
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["message"], "two\nlines");
        assert_eq!(value["a"], 1);
        assert_eq!(value["level"], "WARN");
    }

    #[test]
    fn log_file_is_appended_to_and_a_bad_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, "before\n").unwrap();
        io::Write::write_all(&mut open(&path).unwrap(), b"after\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before\nafter\n");

        let error = open(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("cannot write the log file"), "{error}");
    }

    #[test]
    fn bad_line_format_is_an_error_at_the_start() {
        let settings = settings(0, Some("%(nonsense)s"));
        let error = subscriber(&settings, vec![BoxMakeWriter::new(io::sink)])
            .err()
            .expect("an error")
            .to_string();
        assert_eq!(error, "`--log-frmt`: `%(nonsense)s` is not known here");
    }
}
