//! Rules that were added to those of the settings.

use axum::Json;
use axum::extract::State as Shares;
use serde::Deserialize;
use utoipa::IntoParams;
use wheelhouse_index::permission::{Right, Rule};

use super::{Problems, administrator, changed_rights, rule_of};
use crate::api::{Changed, RuleList, RuleReport, RuleWish};
use crate::error::ApiError;
use crate::routes::api::caller::{Asked, Caller, Given};
use crate::routes::api::problem::Problem;
use crate::state::State;

/// Lists the rules that count, in the order in which they are looked at.
#[utoipa::path(
    get,
    path = "/api/v1/access/rules",
    operation_id = "rules",
    tag = "access",
    responses((status = 200, body = RuleList, description = "The rules"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn rules(
    Shares(state): Shares<State>,
    caller: Caller,
) -> Result<Json<RuleList>, Problem> {
    caller.authorise(&state, Right::Admin, None).await?;
    let rules = state.access.rules();
    let report = |rule: &Rule| RuleReport {
        rule: rule.to_string(),
        origin: rule.origin.clone(),
    };
    Ok(Json(RuleList {
        rules: rules.all().iter().map(report).collect(),
    }))
}

/// Adds a rule.
#[utoipa::path(
    post,
    path = "/api/v1/access/rules",
    operation_id = "add-rule",
    tag = "access",
    request_body = RuleWish,
    responses((status = 200, body = Changed, description = "It counts now"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn add_rule(
    Shares(state): Shares<State>,
    caller: Caller,
    Given(wish): Given<RuleWish>,
) -> Result<Json<Changed>, Problem> {
    let by = administrator(&state, &caller).await?;
    let changed = state.access.add_rule(&rule_of(&wish.rule)?, by).await?;
    changed_rights(&state);
    Ok(Json(Changed { changed }))
}

/// Which rule is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::routes::api) struct RuleQuery {
    /// The rule.
    #[param(
        example = "group:data upload+create data-*",
        min_length = 1,
        max_length = 300
    )]
    rule: String,
}

/// Removes a rule that was added.
#[utoipa::path(
    delete,
    path = "/api/v1/access/rules",
    operation_id = "remove-rule",
    tag = "access",
    params(RuleQuery),
    responses((status = 200, body = Changed, description = "It counts no more"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn remove_rule(
    Shares(state): Shares<State>,
    caller: Caller,
    Asked(query): Asked<RuleQuery>,
) -> Result<Json<Changed>, Problem> {
    let by = administrator(&state, &caller).await?;
    // A text that is no rule was never added.
    let rule: Rule = query.rule.parse().map_err(|_| no_such_rule(&query.rule))?;
    state.access.remove_rule(&rule, by).await?;
    changed_rights(&state);
    Ok(Json(Changed { changed: true }))
}

fn no_such_rule(rule: &str) -> ApiError {
    let rule: String = rule.chars().take(100).collect();
    ApiError::new(
        http::StatusCode::NOT_FOUND,
        format!("there is no rule `{rule}`"),
    )
}
