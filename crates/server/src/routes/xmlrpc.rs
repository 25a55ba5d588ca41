//! XML-RPC: what old mirrors and `pip search` call.

mod arguments;
mod mirroring;
mod releases;
mod search;

use std::sync::Arc;

use axum::Extension;
use axum::body::{self, Body};
use axum::extract::State as Shares;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request};
use wheelhouse_index::Index;
use wheelhouse_index::access::Access;
use wheelhouse_index::actor::Actor;
use wheelhouse_index::permission::{Right, Sight};
use wheelhouse_index::ports::StoreError;

use crate::drained::DrainedBody;
use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::state::State;
use crate::whole_body::read_whole;
use arguments::Arguments;

use crate::xmlrpc::{Call, CallError, Value, fault, read_call, response};

/// Largest call, in bytes.
const MAX_CALL_BYTES: usize = 1024 * 1024;
/// The methods, and what each is for.
const METHODS: &[(&str, &str)] = &[
    ("browse", "The releases that have all of these classifiers."),
    (
        "changelog",
        "What changed since a moment, in seconds since 1970.",
    ),
    ("changelog_last_serial", "The serial of the last change."),
    ("changelog_since_serial", "What changed after a serial."),
    ("list_packages", "The names of all projects."),
    (
        "list_packages_with_serial",
        "The names of all projects, and the serial of the last change to each.",
    ),
    (
        "package_releases",
        "The versions of a project, newest first; yanked ones too if the second argument is true.",
    ),
    ("package_roles", "Who owns and maintains a project."),
    ("release_data", "What a release says about itself."),
    ("release_urls", "The files of a release."),
    (
        "search",
        "The releases whose names or summaries hold texts.",
    ),
    ("system.listMethods", "The names of all methods."),
    ("system.methodHelp", "What a method is for."),
    (
        "user_packages",
        "The projects that a user owns or maintains.",
    ),
];

/// The code of a call of a method that does not exist.
const NO_SUCH_METHOD: i32 = -32601;
/// The code of a call with arguments that the method cannot take.
const INVALID_ARGUMENTS: i32 = -32602;
/// The code of a call that the method refuses.
const REFUSED: i32 = -32500;

/// Why a call has no value.
enum Failed {
    /// The caller is told in the form of the protocol.
    Fault(i32, String),
    /// The server could not do it.
    Server(ApiError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Server(error.into())
    }
}

impl Failed {
    fn arguments(detail: impl Into<String>) -> Self {
        Self::Fault(
            INVALID_ARGUMENTS,
            format!("client error; {}", detail.into()),
        )
    }
}

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

/// Who calls, and what of the index they see.
struct Asker {
    index: Arc<Index>,
    access: Arc<Access>,
    sight: Sight,
    /// Whether they signed in.
    is_known: bool,
}

impl Asker {
    async fn of(state: &State, headers: &HeaderMap, info: &RequestInfo) -> Result<Self, ApiError> {
        let who = state.who(headers, info, Right::List).await?;
        let sight = state.sight_of(&who)?;
        Ok(Self {
            index: state.index.seen_with(&sight),
            access: Arc::clone(&state.access),
            sight,
            is_known: *who.actor() != Actor::Anonymous,
        })
    }
}

/// `POST` of a call.
pub(super) async fn call(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    request: Request<body::Body>,
) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let body = DrainedBody::new(body, &head.headers);
    let asker = Asker::of(&state, &head.headers, &info).await?;
    let document = read_whole(&state, body, MAX_CALL_BYTES, "the call").await?;
    let document =
        String::from_utf8(document).map_err(|_| ApiError::bad_request("the call is not UTF-8"))?;
    let answer = match read_call(&document) {
        Ok(call) => match answer(&asker, &info, call).await {
            Ok(value) => response(&value),
            Err(Failed::Fault(code, text)) => fault(code, &text),
            Err(Failed::Server(error)) => return Err(error),
        },
        Err(error @ CallError::NotACall(_)) => fault(-32600, &error.to_string()),
        Err(error) => return Err(ApiError::bad_request(error.to_string())),
    };
    let xml = (
        CONTENT_TYPE,
        HeaderValue::from_static("text/xml; charset=utf-8"),
    );
    Ok(([xml], Body::from(answer)).into_response())
}

async fn answer(asker: &Asker, info: &RequestInfo, call: Call) -> Result<Value, Failed> {
    let given = Arguments(&call.params);
    match call.method.as_str() {
        "browse" => search::browse(asker, &given).await,
        "changelog" => mirroring::changelog(asker, &given).await,
        "changelog_last_serial" => mirroring::last_serial(asker, &given).await,
        "changelog_since_serial" => mirroring::changelog_since_serial(asker, &given).await,
        "list_packages" => mirroring::list_packages(asker, &given).await,
        "list_packages_with_serial" => mirroring::list_packages_with_serial(asker, &given).await,
        "package_releases" => releases::package_releases(asker, &given).await,
        "package_roles" => releases::package_roles(asker, &given),
        "release_data" => releases::release_data(asker, info, &given).await,
        "release_urls" => releases::release_urls(asker, info, &given).await,
        "search" => search::search(asker, &given).await,
        "user_packages" => releases::user_packages(asker, &given),
        "system.listMethods" => {
            given.at_most(0)?;
            let names = METHODS
                .iter()
                .map(|(name, _)| Value::Text((*name).to_owned()));
            Ok(Value::Array(names.collect()))
        }
        "system.methodHelp" => {
            given.at_most(1)?;
            let name = given.text(0)?;
            let method = METHODS.iter().find(|(method, _)| *method == name);
            let (_, help) = method.ok_or_else(|| no_such_method(name))?;
            Ok(Value::Text((*help).to_owned()))
        }
        "system.multicall" => Err(Failed::Fault(
            REFUSED,
            "ValueError: one call at a time".to_owned(),
        )),
        name => Err(no_such_method(name)),
    }
}

fn no_such_method(name: &str) -> Failed {
    let name: String = name.chars().take(100).collect();
    Failed::Fault(
        NO_SUCH_METHOD,
        format!("there is no method `{name}`; system.listMethods names those that there are"),
    )
}
