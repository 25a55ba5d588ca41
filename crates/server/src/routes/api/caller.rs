//! Who calls the API, and what may be read of the call.

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use wheelhouse_index::actor::Actor;
use wheelhouse_index::change::Attribution;
use wheelhouse_index::permission::{Principal, Right, Sight};
use wheelhouse_standards::name::ProjectKey;

use super::problem::Problem;
use crate::drained::DrainedBody;
use crate::error::ApiError;
use crate::origin::is_of_another_site;
use crate::request::RequestInfo;
use crate::routes::simple::project_key;
use crate::state::State;
use crate::whole_body::read_whole;

/// Largest body of a call, in bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Marks a request that came through the socket in the state folder: whoever can open that is the
/// administrator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ViaSocket;

/// Who calls.
#[derive(Debug)]
pub(super) struct Caller {
    headers: HeaderMap,
    info: RequestInfo,
    is_administrator: bool,
}

impl Caller {
    /// Returns who calls, if they may use `right`.
    pub(super) async fn authorise(
        &self,
        state: &State,
        right: Right,
        project: Option<&ProjectKey>,
    ) -> Result<Principal, Problem> {
        let who = self.who(state, right).await?;
        state.check(&who, right, project)?;
        Ok(who)
    }

    /// Returns who calls, whatever they may do.
    pub(super) async fn who(&self, state: &State, right: Right) -> Result<Principal, Problem> {
        if self.is_administrator {
            return Ok(Principal::new(Actor::Administrator));
        }
        Ok(state.who(&self.headers, &self.info, right).await?)
    }

    /// Returns which projects the caller may see.
    pub(super) async fn sight(&self, state: &State) -> Result<Sight, Problem> {
        let who = self.who(state, Right::List).await?;
        Ok(state.sight_of(&who)?)
    }

    /// Returns who makes a change, if they may. A change that a page of another site asks a
    /// browser for is refused: browsers send passwords along.
    pub(super) async fn changes(
        &self,
        state: &State,
        right: Right,
        project: Option<&ProjectKey>,
    ) -> Result<Attribution, Problem> {
        let who = self.changing(state, right).await?;
        state.check(&who, right, project)?;
        Ok(self.attribution(state, &who))
    }

    /// Returns who wants to change something, whether they may or not, but not for a page of
    /// another site.
    pub(super) async fn changing(&self, state: &State, right: Right) -> Result<Principal, Problem> {
        if !self.is_administrator && is_of_another_site(&self.headers, &self.info) {
            let detail = "a page of another site may not change anything here";
            return Err(ApiError::new(StatusCode::FORBIDDEN, detail).into());
        }
        self.who(state, right).await
    }

    /// Returns who made a change, and how the request came.
    pub(super) fn attribution(&self, state: &State, who: &Principal) -> Attribution {
        let actor = who.actor().clone();
        let mut by = self
            .info
            .attribution(actor, &self.headers, state.index.now());
        if self.is_administrator {
            by.address = None;
        }
        by
    }
}

impl FromRequestParts<State> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Parts, _state: &State) -> Result<Self, Problem> {
        let info = head
            .extensions
            .get::<RequestInfo>()
            .expect("the front has named every request");
        Ok(Self {
            headers: head.headers.clone(),
            info: info.clone(),
            is_administrator: head.extensions.get::<ViaSocket>().is_some(),
        })
    }
}

/// The project of the address.
#[derive(Debug)]
pub(super) struct Project(pub(super) ProjectKey);

impl FromRequestParts<State> for Project {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Parts, state: &State) -> Result<Self, Problem> {
        let named = Path::<String>::from_request_parts(head, state).await;
        let Path(name) = named.map_err(|_| no_project())?;
        Ok(Self(project_key(&name).map_err(|_| no_project())?))
    }
}

fn no_project() -> Problem {
    let detail = "no project can have this name";
    ApiError::new(StatusCode::NOT_FOUND, detail).into()
}

/// The part of the address behind the question mark.
#[derive(Debug)]
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<State> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Parts, state: &State) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(head, state).await;
        let Query(asked) = read.map_err(|error| ApiError::bad_request(error.body_text()))?;
        Ok(Self(asked))
    }
}

/// A body of JSON.
#[derive(Debug)]
pub(super) struct Given<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<State> for Given<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &State) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        let media_type = head.headers.get(CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let media_type = media_type.and_then(|value| value.split(';').next());
        let is_json =
            media_type.is_some_and(|value| value.trim().eq_ignore_ascii_case("application/json"));
        let body = DrainedBody::new(body, &head.headers);
        let bytes = read_whole(state, body, MAX_BODY_BYTES, "the body").await?;
        if !is_json {
            let detail = "the body must be JSON, with the header `Content-Type: application/json`";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).into());
        }
        // A list would be taken for the fields in their order.
        if bytes.trim_ascii_start().starts_with(b"[") {
            return Err(ApiError::bad_request("the body must be a JSON object").into());
        }
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| ApiError::bad_request(format!("the body is wrong: {error}")).into())
    }
}
