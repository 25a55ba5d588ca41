//! Lines about requests, answers and failures, in forms that the operator may give.

use std::fmt::Write;

use tracing::Level;
use wheelhouse_server::access_log::{AccessLog, RequestFacts, ResponseFacts};

use super::LoggingError;
use super::percent::Template;
use super::values::{
    ANSWER_NAMES, answer_value, header, is_request_name, milliseconds, request_value, target,
};
use super::visible::harmless;
use crate::settings::{LogOutput, LoggingSettings};

/// The target of all lines about requests.
pub(super) const REQUESTS_TARGET: &str = "wheelhouse::requests";

/// Writes what the server does into the log, at level info.
///
/// Without formats there is one line for each answer. A format for requests adds a line when a
/// request comes, one for failures adds a line for each answer of 400 and above, and one for
/// answers takes the place of the usual line.
///
/// Passwords, tokens and cookies are not shown, whatever the formats ask for.
#[derive(Debug, Default)]
pub struct RequestLog {
    request: Option<Template>,
    response: Option<Template>,
    error: Option<Template>,
    is_json: bool,
}

impl RequestLog {
    /// Compiles the formats of the settings.
    ///
    /// # Errors
    ///
    /// [`LoggingError::Format`] names the option whose format means nothing.
    pub fn new(settings: &LoggingSettings) -> Result<Self, LoggingError> {
        let compile = |option, format: &Option<String>, own_names: &'static [&'static str]| {
            let is_known = |name: &str| own_names.contains(&name) || is_request_name(name);
            format
                .as_deref()
                .map(|format| Template::compile(format, is_known))
                .transpose()
                .map_err(|source| LoggingError::Format { option, source })
        };
        Ok(Self {
            request: compile("--log-req-frmt", &settings.request_format, &[])?,
            response: compile("--log-res-frmt", &settings.response_format, &ANSWER_NAMES)?,
            error: compile("--log-err-frmt", &settings.error_format, &ANSWER_NAMES)?,
            is_json: settings.output == LogOutput::Json,
        })
    }
}

impl AccessLog for RequestLog {
    fn is_enabled(&self) -> bool {
        tracing::enabled!(target: REQUESTS_TARGET, Level::INFO)
    }

    fn request(&self, request: &RequestFacts<'_>) {
        if let Some(template) = &self.request {
            let line = template.render(&|name| request_value(name, request));
            tracing::info!(target: REQUESTS_TARGET, "{line}");
        }
    }

    fn response(&self, request: &RequestFacts<'_>, response: &ResponseFacts<'_>) {
        let value = |name: &str| answer_value(name, request, response);
        match &self.response {
            Some(template) => {
                let line = template.render(&value);
                tracing::info!(target: REQUESTS_TARGET, "{line}");
            }
            None if self.is_json => log_fields(request, response),
            None => {
                let line = usual_line(request, response);
                tracing::info!(target: REQUESTS_TARGET, "{line}");
            }
        }
        if let Some(template) = &self.error
            && (response.error.is_some() || response.status.as_u16() >= 400)
        {
            let line = template.render(&value);
            tracing::info!(target: REQUESTS_TARGET, "{line}");
        }
    }
}

/// The line about an answer where no format is given.
fn usual_line(request: &RequestFacts<'_>, response: &ResponseFacts<'_>) -> String {
    let mut line = format!(
        "{} \"{} {}\" {}",
        request.client,
        request.head.method,
        target(request),
        response.status.as_u16(),
    );
    // Writing into a `String` cannot fail.
    if let Some(length) = header(response.headers, "content-length") {
        let _ = write!(line, " {length} bytes");
    }
    let _ = write!(
        line,
        " in {:.1} ms id={}",
        milliseconds(response),
        request.id
    );
    if let Some(error) = response.error {
        line.push_str(": ");
        line.push_str(&harmless(error));
    }
    line
}

/// The answer as fields, for a log that machines read.
fn log_fields(request: &RequestFacts<'_>, response: &ResponseFacts<'_>) {
    tracing::info!(
        target: REQUESTS_TARGET,
        // The macro takes no name with a dot in the first place.
        client = %request.client,
        request.id = request.id,
        method = %request.head.method,
        target = target(request),
        route = response.route,
        status = response.status.as_u16(),
        length_bytes = header(response.headers, "content-length"),
        duration_ms = milliseconds(response),
        user_agent = header(&request.head.headers, "user-agent"),
        error = response.error.map(harmless),
        "request answered"
    );
}

#[cfg(test)]
mod tests {
    use super::super::values::tests::with_facts;
    use super::*;

    #[test]
    fn usual_line_tells_who_what_and_how_it_went() {
        assert_eq!(
            with_facts(usual_line),
            "192.0.2.7 \"GET /simple/demo/?token=[redacted]&x=1\" 404 12 bytes in 1.5 ms id=r-1: \
             no such\\nproject"
        );
    }

    #[test]
    fn unknown_name_is_refused_with_its_option() {
        let settings = |request: &str, response: &str| LoggingSettings {
            verbosity: 1,
            file: None,
            stream: None,
            output: LogOutput::Text,
            line_format: None,
            request_format: Some(request.to_owned()),
            response_format: Some(response.to_owned()),
            error_format: None,
        };
        RequestLog::new(&settings("%(HTTP_ANY)s %s", "%(status)s %(PATH_INFO)s")).unwrap();
        for (request, response, start) in [
            (
                "%(status)s",
                "",
                "`--log-req-frmt`: `%(status)s` is not known",
            ),
            ("", "%(stat)s", "`--log-res-frmt`: `%(stat)s` is not known"),
        ] {
            let error = RequestLog::new(&settings(request, response))
                .unwrap_err()
                .to_string();
            assert!(error.starts_with(start), "{error}");
        }
    }
}
