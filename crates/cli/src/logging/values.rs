//! What the formats of lines about requests may show, by name: values of a request and its answer,
//! without secrets and without anything that could break a line.

use http::HeaderMap;
use wheelhouse_server::access_log::{RequestFacts, ResponseFacts};

use super::percent::Value;
use super::redact::{self, REDACTED};
use super::visible::{harmless, python_text};

/// The names that formats for answers and failures may hold besides those of the request.
pub(super) const ANSWER_NAMES: [&str; 17] = [
    "",
    "_cookies",
    "_headers",
    "_status_code",
    "_status_line",
    "body",
    "cookies",
    "duration",
    "duration_ms",
    "error",
    "exception",
    "headers",
    "length",
    "response",
    "route",
    "status",
    "traceback",
];

/// The names that every format may hold: those of a WSGI environment, and `request.id`.
const REQUEST_NAMES: [&str; 20] = [
    "",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "PATH_INFO",
    "QUERY_STRING",
    "REMOTE_ADDR",
    "REMOTE_HOST",
    "REMOTE_PORT",
    "REMOTE_USER",
    "REQUEST_METHOD",
    "REQUEST_URI",
    "RAW_URI",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "SERVER_SOFTWARE",
    "bottle.request",
    "request.id",
    "wsgi.url_scheme",
];

pub(super) fn is_request_name(name: &str) -> bool {
    REQUEST_NAMES.contains(&name) || name.starts_with("HTTP_")
}

/// Returns a value of the request. Nothing in it can break the line.
pub(super) fn request_value(name: &str, request: &RequestFacts<'_>) -> Option<Value> {
    let head = request.head;
    let host = || header(&head.headers, "host");
    let text = match name {
        "" => dump_request(request),
        "REQUEST_METHOD" => head.method.to_string(),
        "PATH_INFO" => head.uri.path().to_owned(),
        "REQUEST_URI" | "RAW_URI" => target(request),
        "QUERY_STRING" => redact::query(head.uri.query().unwrap_or_default()),
        "REMOTE_ADDR" | "REMOTE_HOST" => request.client.to_string(),
        "SCRIPT_NAME" => String::new(),
        "SERVER_NAME" => host()?.split(':').next()?.to_owned(),
        "SERVER_PORT" => host()?.split_once(':')?.1.to_owned(),
        "SERVER_PROTOCOL" => format!("{:?}", head.version),
        "SERVER_SOFTWARE" => format!("wheelhouse/{}", env!("CARGO_PKG_VERSION")),
        "CONTENT_LENGTH" => header(&head.headers, "content-length")?,
        "CONTENT_TYPE" => header(&head.headers, "content-type")?,
        "wsgi.url_scheme" => head.uri.scheme_str().unwrap_or("http").to_owned(),
        "bottle.request" => format!(
            "<LocalRequest: {} http://{}{}>",
            head.method,
            host().unwrap_or_default(),
            target(request)
        ),
        "request.id" => request.id.to_owned(),
        _ => header(
            &head.headers,
            &name.strip_prefix("HTTP_")?.replace('_', "-"),
        )?,
    };
    Some(Value::Text(harmless(&text)))
}

/// Returns a value of the answer or, failing that, of the request.
pub(super) fn answer_value(
    name: &str,
    request: &RequestFacts<'_>,
    response: &ResponseFacts<'_>,
) -> Option<Value> {
    let text = match name {
        "" => dump_answer(request, response),
        "status" | "_status_line" | "response" => status_line(response),
        "_status_code" => return Some(Value::Whole(response.status.as_u16().into())),
        "headers" | "_headers" => dump(headers(response.headers)),
        "cookies" | "_cookies" => {
            let has_cookies = response.headers.contains_key("set-cookie");
            if has_cookies { REDACTED } else { "None" }.to_owned()
        }
        // Never what was sent, only the reason of a refusal.
        "body" | "error" | "exception" => response.error.unwrap_or("None").to_owned(),
        "traceback" => "None".to_owned(),
        "length" => header(response.headers, "content-length")?,
        "route" => response.route.to_owned(),
        "duration" => return Some(Value::Real(response.duration.as_secs_f64())),
        "duration_ms" => return Some(Value::Real(milliseconds(response))),
        _ => return request_value(name, request),
    };
    Some(Value::Text(harmless(&text)))
}

fn status_line(response: &ResponseFacts<'_>) -> String {
    let reason = response.status.canonical_reason().unwrap_or_default();
    format!("{} {reason}", response.status.as_u16())
        .trim_end()
        .to_owned()
}

pub(super) fn milliseconds(response: &ResponseFacts<'_>) -> f64 {
    response.duration.as_secs_f64() * 1000.0
}

/// Path and query as they came, without secrets.
pub(super) fn target(request: &RequestFacts<'_>) -> String {
    let uri = &request.head.uri;
    match uri.query() {
        Some(query) => harmless(&format!("{}?{}", uri.path(), redact::query(query))),
        None => harmless(uri.path()),
    }
}

/// Everything about a request, as Python shows a dictionary.
fn dump_request(request: &RequestFacts<'_>) -> String {
    let named = REQUEST_NAMES.iter().filter(|name| !name.is_empty());
    let mut pairs: Vec<(String, String)> = named
        .filter_map(|name| {
            Some((
                (*name).to_owned(),
                request_value(name, request)?.to_string(),
            ))
        })
        .collect();
    pairs.extend(
        headers(&request.head.headers)
            .into_iter()
            .map(|(name, value)| {
                let name = name.to_ascii_uppercase().replace('-', "_");
                (format!("HTTP_{name}"), value)
            }),
    );
    dump(pairs)
}

/// Everything about an answer, as Python shows a dictionary.
fn dump_answer(request: &RequestFacts<'_>, response: &ResponseFacts<'_>) -> String {
    let named = [
        "status",
        "route",
        "length",
        "duration_ms",
        "error",
        "request.id",
    ];
    let mut pairs: Vec<(String, String)> = named
        .into_iter()
        .filter_map(|name| {
            let value = answer_value(name, request, response)?.to_string();
            Some((name.to_owned(), value))
        })
        .collect();
    pairs.extend(headers(response.headers));
    dump(pairs)
}

fn dump(pairs: Vec<(String, String)>) -> String {
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{}: {}", python_text(&name), python_text(&value)))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

/// All headers with what may be shown of them.
fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .keys()
        .filter_map(|name| Some((name.to_string(), header(headers, name.as_str())?)))
        .collect()
}

/// The values of a header, joined, or the mark in place of a secret.
pub(super) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    if values.is_empty() {
        None
    } else if redact::is_secret(name) {
        Some(REDACTED.to_owned())
    } else if matches!(name.to_ascii_lowercase().as_str(), "referer" | "location") {
        Some(redact::url(&values.join(", ")))
    } else {
        Some(values.join(", "))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use http::request::Parts;
    use http::{Request, StatusCode};

    use super::super::percent::Template;
    use super::*;

    fn head() -> Parts {
        let request = Request::get("/simple/demo/?token=t0p&x=1")
            .header("host", "index.example:8080")
            .header("authorization", "Basic c2VjcmV0")
            .header("cookie", "session=secret")
            .header("x-api-key", "secret")
            .header("user-agent", "pip/26.3 {\"a\": 1}")
            .header("referer", "https://u:secret@site.example/")
            .body(());
        request.expect("a request").into_parts().0
    }

    /// Hands a request and its answer out, both full of secrets.
    pub(in super::super) fn with_facts<T>(
        act: impl FnOnce(&RequestFacts<'_>, &ResponseFacts<'_>) -> T,
    ) -> T {
        let head = head();
        let request = RequestFacts {
            id: "r-1",
            client: [192, 0, 2, 7].into(),
            head: &head,
        };
        let mut headers = HeaderMap::new();
        headers.insert("content-length", "12".parse().expect("a value"));
        headers.insert("set-cookie", "session=secret".parse().expect("a value"));
        let response = ResponseFacts {
            status: StatusCode::NOT_FOUND,
            headers: &headers,
            route: "/simple/{project}/",
            duration: Duration::from_micros(1500),
            error: Some("no such\nproject"),
        };
        act(&request, &response)
    }

    fn line(format: &str) -> String {
        let template = Template::compile(format, |_| true).expect(format);
        with_facts(|request, response| {
            template.render(&|name| answer_value(name, request, response))
        })
    }

    #[test]
    fn formats_show_what_they_name() {
        for (format, expected) in [
            (
                "%(bottle.request)s",
                "<LocalRequest: GET http://index.example:8080/simple/demo/?token=[redacted]&x=1>",
            ),
            ("%(REQUEST_METHOD)s %(PATH_INFO)s", "GET /simple/demo/"),
            (
                "%(HTTP_USER_AGENT)s|%(HTTP_X_NONE)s",
                "pip/26.3 {\"a\": 1}|-",
            ),
            ("%(SERVER_NAME)s %(SERVER_PORT)d", "index.example 8080"),
            (
                "%(status)s %(_status_code)d %(length)6s",
                "404 Not Found 404     12",
            ),
            ("%(duration_ms).2f %(route)s", "1.50 /simple/{project}/"),
            (
                "%(body)s: %(exception)s \n%(traceback)s",
                "no such\\nproject: no such\\nproject \nNone",
            ),
        ] {
            assert_eq!(line(format), expected, "from {format:?}");
        }
    }

    #[test]
    fn no_format_shows_a_secret() {
        for format in [
            "%s",
            "%(headers)s %(cookies)s %(response)s",
            "%(HTTP_AUTHORIZATION)s %(HTTP_COOKIE)r %(HTTP_X_API_KEY)s %(HTTP_REFERER)s",
            "%(REQUEST_URI)s %(QUERY_STRING)s",
        ] {
            let line = line(format);
            assert!(line.contains(REDACTED), "{line}");
            for secret in ["secret", "c2VjcmV0", "t0p"] {
                assert!(!line.contains(secret), "{secret} in {line}");
            }
        }
        let all = with_facts(|request, _| dump_request(request));
        assert!(all.contains("'HTTP_USER_AGENT': 'pip/26.3"), "{all}");
        assert!(all.contains("'HTTP_AUTHORIZATION': '[redacted]'"), "{all}");
        assert!(
            !all.contains("secret") && !all.contains("c2VjcmV0"),
            "{all}"
        );
    }
}
