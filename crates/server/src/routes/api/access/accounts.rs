//! Robots, and accounts that were disabled.

use axum::Json;
use axum::extract::State as Shares;
use wheelhouse_index::access::AccountKind;
use wheelhouse_index::permission::Right;

use super::{Problems, administrator, user_named};
use crate::api::{AccountList, AccountReport, AccountWish, Changed, RobotWish};
use crate::routes::api::caller::{Caller, Given};
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
