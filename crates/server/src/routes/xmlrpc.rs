//! XML-RPC: `search`, for `pip search`.

use axum::body::{self, Body};
use axum::extract::State as Shares;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use wheelhouse_index::permission::Right;
use wheelhouse_index::ports::SearchTerms;

use crate::drained::DrainedBody;
use crate::error::ApiError;
use crate::state::State;
use crate::xmlrpc::{Call, CallError, Value, fault, read_call, response};

/// Largest call, in bytes.
const MAX_CALL_BYTES: usize = 1024 * 1024;
/// Most texts that one search may look for.
const MAX_TERMS: usize = 100;

/// Returns whether a request's body says that it is XML.
pub(super) fn is_xml(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media_type| {
            ["text/xml", "application/xml"]
                .iter()
                .any(|xml| media_type.trim().eq_ignore_ascii_case(xml))
        })
}

/// `POST` of a call.
pub(super) async fn call(
    Shares(state): Shares<State>,
    request: Request<body::Body>,
) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let body = DrainedBody::new(body, &head.headers);
    state.authorise(&head.headers, Right::List, None).await?;
    let document = read(&state, body).await?;
    let answer = match read_call(&document) {
        Ok(call) => answer(&state, call).await?,
        Err(error @ CallError::NotACall(_)) => fault(-32600, &error.to_string()),
        Err(error) => return Err(ApiError::bad_request(error.to_string())),
    };
    let xml = (
        CONTENT_TYPE,
        HeaderValue::from_static("text/xml; charset=utf-8"),
    );
    Ok(([xml], Body::from(answer)).into_response())
}

async fn read(state: &State, mut body: DrainedBody) -> Result<String, ApiError> {
    let mut bytes = Vec::new();
    loop {
        let next = tokio::time::timeout(state.settings.limits.idle_timeout, body.next()).await;
        let next = next.map_err(|_| {
            ApiError::new(
                StatusCode::REQUEST_TIMEOUT,
                "the call did not come to its end",
            )
        })?;
        let Some(chunk) = next else { break };
        let chunk = chunk.map_err(|_| ApiError::bad_request("the call ended in its middle"))?;
        if bytes.len() + chunk.len() > MAX_CALL_BYTES {
            return Err(ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the call is larger than {MAX_CALL_BYTES} bytes"),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| ApiError::bad_request("the call is not UTF-8"))
}

async fn answer(state: &State, call: Call) -> Result<String, ApiError> {
    if call.method != "search" {
        let name: String = call.method.chars().take(100).collect();
        return Ok(fault(
            -32601,
            &format!("there is no method `{name}`; there is `search`"),
        ));
    }
    let Some(terms) = terms(&call.params) else {
        return Ok(fault(
            -32602,
            "search takes a struct of `name` and `summary` with strings or arrays of strings, and `and` or `or`",
        ));
    };
    let found = state.index.search(&terms).await?;
    let hits = found.into_iter().enumerate().map(|(place, release)| {
        let version = release.version.as_str().to_owned();
        Value::Struct(vec![
            ("name".into(), Value::Text(release.name)),
            (
                "summary".into(),
                Value::Text(release.summary.unwrap_or_else(|| version.clone())),
            ),
            ("version".into(), Value::Text(version)),
            (
                "_pypi_ordering".into(),
                Value::Int(i64::try_from(place).unwrap_or(i64::MAX)),
            ),
        ])
    });
    Ok(response(&Value::Array(hits.collect())))
}

/// Reads what a search looks for; a bare string, as old clients send it, is a name.
fn terms(params: &[Value]) -> Option<SearchTerms> {
    let mut terms = SearchTerms::default();
    match params.first()? {
        Value::Text(name) => terms.name.push(name.clone()),
        Value::Struct(fields) => {
            for (field, value) in fields {
                let wanted = texts(value)?;
                match field.as_str() {
                    "name" => terms.name.extend(wanted),
                    "summary" => terms.summary.extend(wanted),
                    // The index knows nothing else to look in.
                    _ => {}
                }
            }
        }
        _ => return None,
    }
    terms.any = match params.get(1) {
        None => false,
        Some(Value::Text(operator)) => match operator.as_str() {
            "or" => true,
            "and" => false,
            _ => return None,
        },
        Some(_) => return None,
    };
    (terms.name.len() + terms.summary.len() <= MAX_TERMS).then_some(terms)
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Text(text) => Some(vec![text.clone()]),
        Value::Array(values) => values
            .iter()
            .map(|value| match value {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}
