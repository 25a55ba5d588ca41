//! Who may do what, and the tokens, accounts and rules that decide it.

pub(super) mod accounts;
pub(in crate::routes) mod can;
pub(super) mod members;
pub(in crate::routes) mod publishers;
pub(in crate::routes) mod roles;
pub(super) mod rules;
pub(in crate::routes) mod tokens;
pub(super) mod trail;

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use wheelhouse_index::actor::UserName;
use wheelhouse_index::change::Attribution;
use wheelhouse_index::permission::{Right, Rule};
use wheelhouse_standards::name::{ProjectKey, ProjectName};

use super::caller::Caller;
use super::problem::Problem;
use crate::error::ApiError;
use crate::state::State;

/// How any call about access may be refused.
pub(super) struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let problem = |description: &str| {
            let content = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("ProblemDetails")))
                .build();
            let response = ResponseBuilder::new()
                .description(description)
                .content("application/problem+json", content)
                .build();
            RefOr::T(response)
        };
        [
            ("400", "The call is wrong"),
            ("401", "Signing in is needed"),
            ("403", "It may not be done"),
            ("404", "There is no such thing"),
            ("405", "There is no such method"),
            ("409", "It cannot be done as things are"),
            ("413", "The body is too large"),
            ("415", "The body is not JSON"),
        ]
        .into_iter()
        .map(|(status, description)| (status.to_owned(), problem(description)))
        .collect()
    }
}

/// Returns who changes rights, if they may.
async fn administrator(state: &State, caller: &Caller) -> Result<Attribution, Problem> {
    caller.changes(state, Right::Admin, None).await
}

pub(in crate::routes) fn user_named(name: &str) -> Result<UserName, ApiError> {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "/:,".contains(c);
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(is_odd) {
        return Err(ApiError::bad_request("no account can have this name"));
    }
    Ok(UserName::new(name))
}

pub(in crate::routes) fn project_named(name: &str) -> Result<ProjectKey, ApiError> {
    name.parse::<ProjectName>()
        .ok()
        .filter(|_| name.len() <= 200)
        .map(ProjectKey::from)
        .ok_or_else(|| ApiError::bad_request("no project can have this name"))
}

fn rule_of(text: &str) -> Result<Rule, Problem> {
    text.parse()
        .map_err(|error: wheelhouse_index::permission::RuleError| {
            ApiError::bad_request(error.to_string()).into()
        })
}

/// Lets pages be made anew that depend on who may see what.
pub(in crate::routes) fn changed_rights(state: &State) {
    state.pages.forget_all();
}
