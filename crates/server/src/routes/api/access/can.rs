//! Whether somebody may do something.

use axum::Json;
use axum::extract::State as Shares;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use wheelhouse_index::actor::{Actor, UserName};
use wheelhouse_index::permission::{Decision, Principal, Right};
use wheelhouse_standards::name::ProjectKey;

use super::{Problems, project_named, user_named};
use crate::api::CanReport;
use crate::routes::api::caller::{Asked, Caller};
use crate::routes::api::problem::Problem;
use crate::state::State;

/// Who is asked about, and what they would do.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::routes::api) struct CanQuery {
    /// A user or robot, or `anonymous`.
    #[param(
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\s\\x00-\\x1f\\x7f-\\x9f/:,]+$"
    )]
    actor: String,
    /// A right.
    #[param(inline)]
    right: RightName,
    /// A project; without one, everything.
    #[param(
        min_length = 1,
        max_length = 200,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    project: Option<String>,
}

/// A right.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::routes::api) enum RightName {
    List,
    Download,
    Upload,
    Create,
    Yank,
    Delete,
    Admin,
}

impl From<RightName> for Right {
    fn from(name: RightName) -> Self {
        match name {
            RightName::List => Self::List,
            RightName::Download => Self::Download,
            RightName::Upload => Self::Upload,
            RightName::Create => Self::Create,
            RightName::Yank => Self::Yank,
            RightName::Delete => Self::Delete,
            RightName::Admin => Self::Admin,
        }
    }
}

/// Says whether somebody may do something, and by which rule.
#[utoipa::path(
    get,
    path = "/api/v1/access/can",
    operation_id = "can",
    tag = "access",
    params(CanQuery),
    responses((status = 200, body = CanReport, description = "Whether they may"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn can(
    Shares(state): Shares<State>,
    caller: Caller,
    Asked(query): Asked<CanQuery>,
) -> Result<Json<CanReport>, Problem> {
    let who = caller.who(&state, Right::Admin).await?;
    let name = user_named(&query.actor)?;
    if who.actor().account() != Some(&name) {
        state.check(&who, Right::Admin, None)?;
    }
    let right = query.right.into();
    let project = query.project.as_deref().map(project_named).transpose()?;
    Ok(Json(answer(&state, name, right, project.as_ref()).await))
}

/// Says whether somebody may do something, and why.
pub(in crate::routes) async fn answer(
    state: &State,
    name: UserName,
    right: Right,
    project: Option<&ProjectKey>,
) -> CanReport {
    let asked = if name.as_str() == "anonymous" {
        Some(Principal::new(Actor::Anonymous))
    } else {
        let groups = state.identities.groups_of(&name).await;
        let known = Principal::new(Actor::User(name)).in_groups(groups);
        state.access.admit(known)
    };
    let Some(asked) = asked else {
        return CanReport {
            allowed: false,
            reason: "the account is disabled".to_owned(),
        };
    };
    let decided = state
        .access
        .decide(&asked, right, state.index.name(), project);
    match decided {
        Decision::Allowed(reason) => CanReport {
            allowed: true,
            reason: reason.to_string(),
        },
        Decision::SignInNeeded => CanReport {
            allowed: false,
            reason: "nobody may without signing in".to_owned(),
        },
        Decision::Refused(refusal) => CanReport {
            allowed: false,
            reason: refusal.to_string(),
        },
    }
}
