//! Robots, and accounts that were disabled.

use axum::Json;
use axum::extract::State as Shares;
use serde::Deserialize;
use utoipa::IntoParams;
use wheelhouse_index::access::AccountKind;
use wheelhouse_index::permission::Right;

use super::{Problems, administrator, user_named};
use crate::api::{AccountList, AccountReport, AccountWish, Changed, RobotWish};
use crate::error::ApiError;
use crate::routes::api::caller::{Asked, Caller, Given};
use crate::routes::api::events::moment;
use crate::routes::api::problem::Problem;
use crate::state::State;

/// Lists the accounts that something is kept about.
#[utoipa::path(
    get,
    path = "/api/v1/access/accounts",
    operation_id = "accounts",
    tag = "access",
    responses((status = 200, body = AccountList, description = "The accounts"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn accounts(
    Shares(state): Shares<State>,
    caller: Caller,
) -> Result<Json<AccountList>, Problem> {
    caller.authorise(&state, Right::Admin, None).await?;
    let accounts = state.access.accounts().into_iter();
    Ok(Json(AccountList {
        accounts: accounts
            .map(|account| AccountReport {
                name: account.name.to_string(),
                is_robot: account.kind == AccountKind::Robot,
                disabled: account.is_disabled,
                since: moment(account.since),
            })
            .collect(),
    }))
}

/// Makes an account for a robot: without a password, with tokens alone.
#[utoipa::path(
    post,
    path = "/api/v1/access/accounts",
    operation_id = "make-robot",
    tag = "access",
    request_body = RobotWish,
    responses((status = 200, body = Changed, description = "The account is there"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn make_robot(
    Shares(state): Shares<State>,
    caller: Caller,
    Given(wish): Given<RobotWish>,
) -> Result<Json<Changed>, Problem> {
    let by = administrator(&state, &caller).await?;
    let name = user_named(&wish.name)?;
    state.access.make_robot(&name, by).await?;
    Ok(Json(Changed { changed: true }))
}

/// Ends an account's sign-ins and tokens at once, or allows them again.
#[utoipa::path(
    put,
    path = "/api/v1/access/accounts",
    operation_id = "set-disabled",
    tag = "access",
    request_body = AccountWish,
    responses((status = 200, body = Changed, description = "It is so now"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn set_disabled(
    Shares(state): Shares<State>,
    caller: Caller,
    Given(wish): Given<AccountWish>,
) -> Result<Json<Changed>, Problem> {
    let by = administrator(&state, &caller).await?;
    let name = user_named(&wish.name)?;
    let changed = state.access.set_disabled(&name, wish.disabled, by).await?;
    Ok(Json(Changed { changed }))
}

/// Whose browsers are meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::routes::api) struct BrowsersQuery {
    /// The account.
    #[param(
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\s\\x00-\\x1f\\x7f-\\x9f/:,]+$"
    )]
    user: String,
}

/// Signs all browsers of an account out: one's own, or anybody's for administrators.
#[utoipa::path(
    delete,
    path = "/api/v1/access/browsers",
    operation_id = "sign-out",
    tag = "access",
    params(BrowsersQuery),
    responses((status = 200, body = Changed, description = "No browser is signed in"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn sign_out(
    Shares(state): Shares<State>,
    caller: Caller,
    Asked(query): Asked<BrowsersQuery>,
) -> Result<Json<Changed>, Problem> {
    let who = caller.changing(&state, Right::Admin).await?;
    let user = user_named(&query.user)?;
    if !who.stands_for(&user) {
        state.check(&who, Right::Admin, None)?;
    }
    let by = caller.attribution(&state, &who);
    let ended = state.access.end_sessions(&user, None, by).await;
    let ended = ended.map_err(ApiError::from)?;
    Ok(Json(Changed { changed: ended > 0 }))
}
