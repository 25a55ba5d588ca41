//! Lines of the log in a form that Python's `logging` would give them.

use std::fmt;
use std::fmt::Write;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::LoggingError;
use super::percent::{Template, Value};
use super::requests::REQUESTS_TARGET;
use super::visible::push_visible;

/// The form of a line where none is given: that of `pypiserver`.
const DEFAULT_FORMAT: &str = "%(asctime)s|%(name)s|%(levelname)s|%(thread)d|%(message)s";

/// The names that a line may show: the attributes of Python's `LogRecord` that mean something
/// here.
const NAMES: [&str; 20] = [
    "asctime",
    "created",
    "filename",
    "funcName",
    "levelname",
    "levelno",
    "lineno",
    "message",
    "module",
    "msecs",
    "msg",
    "name",
    "pathname",
    "process",
    "processName",
    "relativeCreated",
    "taskName",
    "thread",
    "threadName",
    "target",
];

/// Writes each event as one line in a form of Python's `logging`.
#[derive(Debug)]
pub(super) struct LineFormat {
    template: Template,
    zone: TimeZone,
    started: Instant,
}

impl LineFormat {
    pub(super) fn compile(format: Option<&str>) -> Result<Self, LoggingError> {
        let format = format.unwrap_or(DEFAULT_FORMAT);
        let template =
            Template::compile(format, |name| NAMES.contains(&name)).map_err(|source| {
                LoggingError::Format {
                    option: "--log-frmt",
                    source,
                }
            })?;
        Ok(Self {
            template,
            zone: TimeZone::system(),
            started: Instant::now(),
        })
    }

    fn value(&self, name: &str, event: &Event<'_>, told: &Told) -> Option<Value> {
        let metadata = event.metadata();
        let since_epoch = || {
            SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default()
        };
        let text = |text: &str| Some(Value::from(text));
        match name {
            "asctime" => Some(Value::Text(self.clock_text(since_epoch()))),
            "created" => Some(Value::Real(since_epoch().as_secs_f64())),
            "msecs" => Some(Value::Whole(since_epoch().subsec_millis().into())),
            "relativeCreated" => Some(Value::Real(self.started.elapsed().as_secs_f64() * 1000.0)),
            "name" => Some(Value::Text(match &told.log_target {
                Some(target) => target.replace("::", "."),
                None => metadata.target().replace("::", "."),
            })),
            "target" => text(metadata.target()),
            "levelname" => text(level_name(*metadata.level())),
            "levelno" => Some(Value::Whole(level_number(*metadata.level()))),
            "message" | "msg" => Some(Value::Text(told.text.clone())),
            "lineno" => metadata.line().map(|line| Value::Whole(line.into())),
            "pathname" => metadata.file().map(Value::from),
            "filename" => metadata.file()?.rsplit('/').next().map(Value::from),
            "module" => {
                let file = metadata.file()?.rsplit('/').next()?;
                text(file.strip_suffix(".rs").unwrap_or(file))
            }
            "process" => Some(Value::Whole(std::process::id().into())),
            "processName" => text("MainProcess"),
            "thread" => Some(Value::Whole(
                rustix::thread::gettid().as_raw_nonzero().get().into(),
            )),
            "threadName" => std::thread::current().name().map(Value::from),
            // Neither functions nor tasks have a name here: shown as `-`.
            _ => None,
        }
    }

    /// Writes a moment as Python does: local time, and milliseconds after a comma.
    fn clock_text(&self, since_epoch: Duration) -> String {
        let moment = i128::try_from(since_epoch.as_nanos())
            .ok()
            .and_then(|nanoseconds| Timestamp::from_nanosecond(nanoseconds).ok())
            .unwrap_or_default()
            .to_zoned(self.zone.clone());
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02},{:03}",
            moment.year(),
            moment.month(),
            moment.day(),
            moment.hour(),
            moment.minute(),
            moment.second(),
            moment.millisecond()
        )
    }
}

impl<S, N> FormatEvent<S, N> for LineFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut told = Told {
            // A line about a request has the form that the operator gave it, line ends and all.
            // Whatever came from the client is made harmless before.
            is_harmless: event.metadata().target() == REQUESTS_TARGET,
            ..Told::default()
        };
        event.record(&mut told);
        told.text.push_str(&told.fields);
        for span in context.event_scope().into_iter().flatten() {
            let extensions = span.extensions();
            if let Some(fields) = extensions.get::<FormattedFields<N>>() {
                told.text.push_str(&fields.fields);
            }
        }
        let line = self.template.render(&|name| self.value(name, event, &told));
        writeln!(writer, "{line}")
    }
}

/// Writes the fields of spans as ` key=value`, as those of events are.
#[derive(Debug)]
pub(super) struct KeyValues;

impl<'writer> FormatFields<'writer> for KeyValues {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut told = Told::default();
        fields.record(&mut told);
        writer.write_str(&told.fields)
    }
}

/// What an event says: its message, and its other fields as ` key=value`.
#[derive(Default)]
struct Told {
    text: String,
    fields: String,
    /// The target of a record that came through the crate `log`.
    log_target: Option<String>,
    is_harmless: bool,
}

impl Told {
    fn push(&mut self, field: &Field, value: &str, is_quoted: bool) {
        match field.name() {
            "message" if self.is_harmless => self.text.push_str(value),
            "message" => value.chars().for_each(|c| push_visible(&mut self.text, c)),
            "log.target" => self.log_target = Some(value.to_owned()),
            name if name.starts_with("log.") => {}
            name => {
                // Writing into a `String` cannot fail.
                let _ = write!(self.fields, " {name}=");
                if is_quoted {
                    let _ = write!(self.fields, "{value:?}");
                } else {
                    value
                        .chars()
                        .for_each(|c| push_visible(&mut self.fields, c));
                }
            }
        }
    }
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, value, !is_one_word(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        // Text is quoted already if its debug form was asked for.
        let is_quoted = !text.starts_with('"') && !is_one_word(&text);
        self.push(field, &text, is_quoted);
    }
}

/// Whether a value can stand after `key=` as it is.
fn is_one_word(value: &str) -> bool {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"' && c != '=';
    !value.is_empty() && value.chars().all(is_plain)
}

/// Python's names of the levels. Its `logging` has none below debug.
fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

fn level_number(level: Level) -> i64 {
    match level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        Level::DEBUG => 10,
        Level::TRACE => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_is_written_as_python_writes_it() {
        let format = LineFormat {
            zone: TimeZone::fixed(jiff::tz::offset(2)),
            ..LineFormat::compile(None).unwrap()
        };
        let moment = Duration::from_millis(1_767_312_245_007);
        assert_eq!(format.clock_text(moment), "2026-01-02 02:04:05,007");
    }

    #[test]
    fn default_format_and_every_name_compile() {
        LineFormat::compile(None).unwrap();
        for name in NAMES {
            LineFormat::compile(Some(&format!("%({name})s"))).unwrap();
        }
        LineFormat::compile(Some("%s")).unwrap_err();
    }
}
