//! What is logged, how and where to.

use std::path::PathBuf;

use super::source::Source;
use crate::options::defs;

/// What is logged, how and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggingSettings {
    /// How many times `-v` was given: 0 is warnings, 1 info, 2 debug, 3 and more everything.
    pub verbosity: u8,
    /// A file that gets the log as well, appended to, made at the start. Absolute.
    pub file: Option<PathBuf>,
    /// The stream that gets the log, if any.
    pub stream: Option<LogStream>,
    /// Lines of text, or one JSON object for each line.
    pub output: LogOutput,
    /// The form of a line of text, as a format of Python's `logging`, if one was given.
    pub line_format: Option<String>,
    /// The form of the line about a request, as a %-format, if one was given.
    pub request_format: Option<String>,
    /// The form of the line about an answer, as a %-format, if one was given.
    pub response_format: Option<String>,
    /// The form of the line about a failure, as a %-format, if one was given.
    pub error_format: Option<String>,
}

/// A stream that can get the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The shape of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogOutput {
    /// Lines of text.
    Text,
    /// One JSON object for each line.
    Json,
}

/// Something to say about the settings once logging works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How much it matters.
    pub level: NoteLevel,
    /// A sentence.
    pub text: String,
}

/// How much a [`Note`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteLevel {
    /// Good to know.
    Info,
    /// Probably not what was meant.
    Warning,
}

impl LoggingSettings {
    pub(super) fn of(source: Source<'_>) -> Self {
        Self {
            verbosity: source.number(&defs::VERBOSE).unwrap_or(u8::MAX),
            file: source.path(&defs::LOG_FILE),
            stream: match source.values.text(&defs::LOG_STREAM) {
                Some("none") => None,
                Some("stderr") => Some(LogStream::Stderr),
                _ => Some(LogStream::Stdout),
            },
            output: match source.values.text(&defs::LOG_FORMAT) {
                Some("json") => LogOutput::Json,
                _ => LogOutput::Text,
            },
            line_format: source.text(&defs::LOG_FRMT),
            request_format: source.text(&defs::LOG_REQ_FRMT),
            response_format: source.text(&defs::LOG_RES_FRMT),
            error_format: source.text(&defs::LOG_ERR_FRMT),
        }
    }
}
