//! API tokens: made, listed, revoked.

use std::time::Duration;

use axum::Json;
use axum::extract::State as Shares;
use serde::Deserialize;
use utoipa::IntoParams;
use wheelhouse_index::access::TokenRecord;
use wheelhouse_index::actor::{Actor, Secret, TokenId, UserName};
use wheelhouse_index::change::Attribution;
use wheelhouse_index::permission::{Limit, Pattern, Principal, Right};

use super::{Problems, user_named};
use crate::api::{Changed, TokenList, TokenMade, TokenReport, TokenWish};
use crate::error::ApiError;
use crate::routes::api::caller::{Asked, Caller, Given};
use crate::routes::api::events::moment;
use crate::routes::api::problem::Problem;
use crate::state::State;

/// Whose tokens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::routes::api) struct TokensQuery {
    /// Of this account; without one, the caller's own, or all for an administrator.
    #[param(
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\s\\x00-\\x1f\\x7f-\\x9f/:,]+$"
    )]
    owner: Option<String>,
}

/// Lists tokens, without what makes them tokens.
#[utoipa::path(
    get,
    path = "/api/v1/access/tokens",
    operation_id = "tokens",
    tag = "access",
    params(TokensQuery),
    responses((status = 200, body = TokenList, description = "The tokens"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn tokens(
    Shares(state): Shares<State>,
    caller: Caller,
    Asked(query): Asked<TokensQuery>,
) -> Result<Json<TokenList>, Problem> {
    let who = caller.who(&state, Right::Admin).await?;
    let wanted = query.owner.as_deref().map(user_named).transpose()?;
    let may_see_all = state.check(&who, Right::Admin, None).is_ok();
    let owner = match (wanted, who.actor().account()) {
        (Some(wanted), _) => Some(wanted),
        (None, Some(own)) if !may_see_all => Some(own.clone()),
        (None, _) => None,
    };
    let is_own = owner.is_some() && owner.as_ref() == who.actor().account();
    if !is_own {
        state.check(&who, Right::Admin, None)?;
    }
    let tokens = state.access.tokens(owner.as_ref());
    let is_shown = |token: &&TokenRecord| {
        may_see_all || who.stands_for(&token.owner) || is_itself(&who, &token.id)
    };
    Ok(Json(TokenList {
        tokens: tokens.iter().filter(is_shown).map(token_report).collect(),
    }))
}

/// Makes a token. It is shown this once.
#[utoipa::path(
    post,
    path = "/api/v1/access/tokens",
    operation_id = "make-token",
    tag = "access",
    request_body = TokenWish,
    responses((status = 200, body = TokenMade, description = "The token"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn make_token(
    Shares(state): Shares<State>,
    caller: Caller,
    Given(wish): Given<TokenWish>,
) -> Result<Json<TokenMade>, Problem> {
    let who = caller.changing(&state, Right::Admin).await?;
    let by = caller.attribution(&state, &who);
    let (secret, kept) = make(&state, &who, wish, by).await?;
    Ok(Json(TokenMade {
        token: secret.reveal().to_owned(),
        kept: token_report(&kept),
    }))
}

/// Makes a token, and keeps what is to be kept of it.
pub(in crate::routes) async fn make(
    state: &State,
    who: &Principal,
    wish: TokenWish,
    by: Attribution,
) -> Result<(Secret, TokenRecord), ApiError> {
    let owner = owner_of_new(state, who, wish.owner.as_deref())?;
    let is_plain = |c: char| !c.is_control() && c != '\u{2028}' && c != '\u{2029}';
    if wish.name.trim().is_empty()
        || wish.name.chars().count() > 100
        || !wish.name.chars().all(is_plain)
    {
        return Err(ApiError::bad_request(
            "the name of a token is one line of 1 to 100 characters",
        ));
    }
    let days = wish.days.map(u64::from);
    if days.is_some_and(|days| !(1..=3_650).contains(&days)) {
        return Err(ApiError::bad_request(
            "`days` must be a number from 1 to 3650",
        ));
    }
    let expires_at = days.map(|days| by.at.after(Duration::from_hours(24 * days)));
    let limit = limit_of(&wish)?;
    let (secret, kept) = state
        .identities
        .make_token(owner, wish.name, limit, expires_at)
        .map_err(ApiError::from)?;
    state.access.keep_token(&kept, by).await?;
    let kept = state.access.token(&kept.id);
    let kept = kept.ok_or_else(|| ApiError::later("the token was revoked at once"))?;
    Ok((secret, kept))
}

fn is_itself(who: &Principal, token: &TokenId) -> bool {
    matches!(who.actor(), Actor::Token { id, .. } if id == token)
}

/// Returns whose a new token is to be. A token makes no tokens, unless an administrator's or that of
/// a sign-in: they would outlive its own end.
fn owner_of_new(
    state: &State,
    who: &Principal,
    wanted: Option<&str>,
) -> Result<UserName, ApiError> {
    let wanted = wanted.map(user_named).transpose()?;
    let own = who.actor().account().cloned();
    if let Some(own) = &own
        && who.stands_for(wanted.as_ref().unwrap_or(own))
    {
        return Ok(own.clone());
    }
    state.check(who, Right::Admin, None)?;
    wanted
        .or(own)
        .ok_or_else(|| ApiError::bad_request("`owner` must say whose the token is to be"))
}

fn limit_of(wish: &TokenWish) -> Result<Limit, ApiError> {
    let bad = |error: &dyn std::fmt::Display| ApiError::bad_request(error.to_string());
    let rights = wish.rights.as_deref().map(str::parse).transpose();
    let projects = wish.projects.as_ref().map(|patterns| {
        let read = |pattern: &String| pattern.parse::<Pattern>().map_err(|error| bad(&error));
        if patterns.is_empty() || patterns.len() > 20 {
            return Err(ApiError::bad_request("`projects` must have 1 to 20 names"));
        }
        patterns.iter().map(read).collect::<Result<Vec<_>, _>>()
    });
    Ok(Limit {
        rights: rights.map_err(|error: wheelhouse_index::permission::RightsError| bad(&error))?,
        projects: projects.transpose()?,
        index: None,
    })
}

/// Which token is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::routes::api) struct TokenQuery {
    /// Its public part.
    #[param(min_length = 1, max_length = 100)]
    id: String,
}

/// Makes a token worth nothing.
#[utoipa::path(
    delete,
    path = "/api/v1/access/tokens",
    operation_id = "revoke-token",
    tag = "access",
    params(TokenQuery),
    responses((status = 200, body = Changed, description = "It is worth nothing now"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn revoke_token(
    Shares(state): Shares<State>,
    caller: Caller,
    Asked(query): Asked<TokenQuery>,
) -> Result<Json<Changed>, Problem> {
    let who = caller.changing(&state, Right::Admin).await?;
    let by = caller.attribution(&state, &who);
    revoke(&state, &who, &TokenId::new(&query.id), by).await?;
    Ok(Json(Changed { changed: true }))
}

/// Makes a token worth nothing, if somebody may.
pub(in crate::routes) async fn revoke(
    state: &State,
    who: &Principal,
    id: &TokenId,
    by: Attribution,
) -> Result<(), ApiError> {
    let kept = state.access.token(id);
    let is_own = kept.is_some_and(|kept| who.stands_for(&kept.owner) || is_itself(who, &kept.id));
    if !is_own {
        state.check(who, Right::Admin, None)?;
    }
    Ok(state.access.revoke_token(id, by).await?)
}

fn token_report(token: &TokenRecord) -> TokenReport {
    TokenReport {
        id: token.id.to_string(),
        owner: token.owner.to_string(),
        name: token.name.clone(),
        rights: token.limit.rights.map(|rights| rights.to_string()),
        projects: token
            .limit
            .projects
            .as_ref()
            .map(|patterns| patterns.iter().map(ToString::to_string).collect()),
        made_at: moment(token.made_at),
        expires_at: token.expires_at.map(moment),
        last_used: token.last_used.map(moment),
    }
}
