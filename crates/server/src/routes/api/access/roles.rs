//! Owners and maintainers of projects.

use axum::Json;
use axum::extract::State as Shares;
use serde::Deserialize;
use utoipa::IntoParams;
use wheelhouse_index::actor::Actor;
use wheelhouse_index::change::Attribution;
use wheelhouse_index::permission::{Principal, Right, Role};
use wheelhouse_standards::name::ProjectKey;

use super::{Problems, changed_rights, project_named, user_named};
use crate::api::{Changed, RoleList, RoleName, RoleWish};
use crate::error::ApiError;
use crate::routes::api::caller::{Asked, Caller, Given};
use crate::routes::api::problem::Problem;
use crate::state::State;

/// Of which project or user.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::routes::api) struct RolesQuery {
    /// The project.
    #[param(
        min_length = 1,
        max_length = 200,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    project: String,
}

/// Lists the owners and maintainers of a project.
#[utoipa::path(
    get,
    path = "/api/v1/access/roles",
    operation_id = "roles",
    tag = "access",
    params(RolesQuery),
    responses((status = 200, body = RoleList, description = "Owners first"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn roles(
    Shares(state): Shares<State>,
    caller: Caller,
    Asked(query): Asked<RolesQuery>,
) -> Result<Json<RoleList>, Problem> {
    let project = project_named(&query.project)?;
    let who = caller
        .authorise(&state, Right::List, Some(&project))
        .await?;
    if *who.actor() == Actor::Anonymous {
        return Err(ApiError::sign_in().into());
    }
    let roles = state.access.roles(&project).into_iter();
    Ok(Json(RoleList {
        roles: roles
            .map(|(user, role)| RoleWish {
                project: project.to_string(),
                user: user.to_string(),
                role: match role {
                    Role::Owner => RoleName::Owner,
                    Role::Maintainer => RoleName::Maintainer,
                },
            })
            .collect(),
    }))
}

/// Returns who says who owns a project: an administrator or an owner of it.
async fn owner(
    state: &State,
    caller: &Caller,
    project: &ProjectKey,
) -> Result<Attribution, Problem> {
    let who = caller.changing(state, Right::Admin).await?;
    check_may_name(state, &who, project)?;
    Ok(caller.attribution(state, &who))
}

/// Succeeds if somebody may say who owns a project.
pub(in crate::routes) fn check_may_name(
    state: &State,
    who: &Principal,
    project: &ProjectKey,
) -> Result<(), ApiError> {
    let mut roles = state.access.roles(project).into_iter();
    let is_owner = roles.any(|(name, role)| role == Role::Owner && who.stands_for(&name));
    if is_owner {
        return Ok(());
    }
    state.check(who, Right::Admin, Some(project))
}

/// Makes a user an owner or a maintainer.
#[utoipa::path(
    post,
    path = "/api/v1/access/roles",
    operation_id = "give-role",
    tag = "access",
    request_body = RoleWish,
    responses((status = 200, body = Changed, description = "The user has this part now"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn give_role(
    Shares(state): Shares<State>,
    caller: Caller,
    Given(wish): Given<RoleWish>,
) -> Result<Json<Changed>, Problem> {
    let project = project_named(&wish.project)?;
    let by = owner(&state, &caller, &project).await?;
    let role = match wish.role {
        RoleName::Owner => Role::Owner,
        RoleName::Maintainer => Role::Maintainer,
    };
    let user = user_named(&wish.user)?;
    let changed = state.access.give_role(&project, &user, role, by).await?;
    changed_rights(&state);
    Ok(Json(Changed { changed }))
}

/// Whose part in which project.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::routes::api) struct RoleQuery {
    /// The project.
    #[param(
        min_length = 1,
        max_length = 200,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    project: String,
    /// The user.
    #[param(
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\s\\x00-\\x1f\\x7f-\\x9f/:,]+$"
    )]
    user: String,
}

/// Takes a user's part in a project.
#[utoipa::path(
    delete,
    path = "/api/v1/access/roles",
    operation_id = "take-role",
    tag = "access",
    params(RoleQuery),
    responses((status = 200, body = Changed, description = "The user has no part any more"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn take_role(
    Shares(state): Shares<State>,
    caller: Caller,
    Asked(query): Asked<RoleQuery>,
) -> Result<Json<Changed>, Problem> {
    let project = project_named(&query.project)?;
    let by = owner(&state, &caller, &project).await?;
    let user = user_named(&query.user)?;
    state.access.take_role(&project, &user, by).await?;
    changed_rights(&state);
    Ok(Json(Changed { changed: true }))
}
