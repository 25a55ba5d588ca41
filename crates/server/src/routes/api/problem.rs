//! Refusals of the API.
//!
//! Standard: RFC 9457, "Problem Details for HTTP APIs".

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use wheelhouse_index::access::AccessError;
use wheelhouse_index::manage::ManageError;
use wheelhouse_index::ports::StoreError;

use crate::api::ProblemDetails;
use crate::error::ApiError;

/// A refused or failed request to the API.
#[derive(Debug)]
pub(super) struct Problem(ApiError);

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        Self(error.into())
    }
}

impl From<ManageError> for Problem {
    fn from(error: ManageError) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let details = ProblemDetails {
            title: self.0.status.canonical_reason().unwrap_or("").to_owned(),
            status: self.0.status.as_u16(),
            detail: self.0.detail.clone(),
        };
        let body = serde_json::to_vec(&details).expect("texts and a number are always JSON");
        let mut response = self.0.into_response();
        *response.body_mut() = body.into();
        response.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
    }
}
