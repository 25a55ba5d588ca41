//! Members of the groups that are kept here.

use axum::Json;
use axum::extract::State as Shares;
use serde::Deserialize;
use utoipa::IntoParams;
use wheelhouse_index::access::Member;
use wheelhouse_index::permission::Right;

use super::{Problems, administrator};
use crate::api::{Changed, MemberList, MemberWish};
use crate::routes::api::caller::{Asked, Caller, Given};
use crate::routes::api::problem::Problem;
use crate::state::State;

/// Lists the members of the groups that are kept here.
#[utoipa::path(
    get,
    path = "/api/v1/access/members",
    operation_id = "members",
    tag = "access",
    responses((status = 200, body = MemberList, description = "The members"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn members(
    Shares(state): Shares<State>,
    caller: Caller,
) -> Result<Json<MemberList>, Problem> {
    caller.authorise(&state, Right::Admin, None).await?;
    let members = state.access.members().into_iter().map(|member| MemberWish {
        group: member.group.to_string(),
        user: member.user.to_string(),
    });
    Ok(Json(MemberList {
        members: members.collect(),
    }))
}

/// Adds a user to a group.
#[utoipa::path(
    post,
    path = "/api/v1/access/members",
    operation_id = "add-member",
    tag = "access",
    request_body = MemberWish,
    responses((status = 200, body = Changed, description = "The user is a member now"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn add_member(
    Shares(state): Shares<State>,
    caller: Caller,
    Given(wish): Given<MemberWish>,
) -> Result<Json<Changed>, Problem> {
    let by = administrator(&state, &caller).await?;
    let member = Member::new(&wish.group, &wish.user);
    let changed = state.access.add_member(&member, by).await?;
    Ok(Json(Changed { changed }))
}

/// Which member is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::routes::api) struct MemberQuery {
    /// The group.
    #[param(
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\s\\x00-\\x1f\\x7f-\\x9f/:,]+$"
    )]
    group: String,
    /// The user.
    #[param(
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\s\\x00-\\x1f\\x7f-\\x9f/:,]+$"
    )]
    user: String,
}

/// Takes a user out of a group.
#[utoipa::path(
    delete,
    path = "/api/v1/access/members",
    operation_id = "remove-member",
    tag = "access",
    params(MemberQuery),
    responses((status = 200, body = Changed, description = "The user is no member any more"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn remove_member(
    Shares(state): Shares<State>,
    caller: Caller,
    Asked(query): Asked<MemberQuery>,
) -> Result<Json<Changed>, Problem> {
    let by = administrator(&state, &caller).await?;
    let member = Member::new(&query.group, &query.user);
    state.access.remove_member(&member, by).await?;
    Ok(Json(Changed { changed: true }))
}
