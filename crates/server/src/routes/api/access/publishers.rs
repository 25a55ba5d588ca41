//! Trusted publishers: whose CI jobs are believed, and what they may do.

use axum::Json;
use axum::extract::State as Shares;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use wheelhouse_index::access::{Provider, Publisher};
use wheelhouse_index::change::Attribution;
use wheelhouse_index::permission::{Pattern, Principal, Right, Rights};
use wheelhouse_standards::name::{ProjectKey, ProjectName};

use super::roles::check_may_name;
use super::{Problems, changed_rights};
use crate::api::{Changed, ProviderName, PublisherList, PublisherReport, PublisherWish};
use crate::error::ApiError;
use crate::routes::api::caller::{Asked, Caller, Given};
use crate::routes::api::events::moment;
use crate::routes::api::problem::Problem;
use crate::state::State;

/// Longest value that is wanted, in characters.
const MAX_VALUE_CHARS: usize = 200;

impl From<ProviderName> for Provider {
    fn from(name: ProviderName) -> Self {
        match name {
            ProviderName::GitHub => Self::GitHub,
            ProviderName::GitLab => Self::GitLab,
            ProviderName::Google => Self::Google,
            ProviderName::ActiveState => Self::ActiveState,
            ProviderName::Generic => Self::Generic,
        }
    }
}

impl From<Provider> for ProviderName {
    fn from(provider: Provider) -> Self {
        match provider {
            Provider::GitHub => Self::GitHub,
            Provider::GitLab => Self::GitLab,
            Provider::Google => Self::Google,
            Provider::ActiveState => Self::ActiveState,
            Provider::Generic => Self::Generic,
        }
    }
}

/// Lists the trusted publishers.
#[utoipa::path(
    get,
    path = "/api/v1/access/publishers",
    operation_id = "publishers",
    tag = "access",
    responses((status = 200, body = PublisherList, description = "The publishers"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn publishers(
    Shares(state): Shares<State>,
    caller: Caller,
) -> Result<Json<PublisherList>, Problem> {
    let who = caller.who(&state, Right::Admin).await?;
    let mut publishers = state.access.publishers();
    if state.check(&who, Right::Admin, None).is_err() {
        // Owners see those that they could remove.
        publishers.retain(|known| check_may_trust(&state, &who, &known.projects).is_ok());
        if publishers.is_empty() {
            state.check(&who, Right::Admin, None)?;
        }
    }
    let publishers = publishers.into_iter();
    Ok(Json(PublisherList {
        publishers: publishers.map(publisher_report).collect(),
    }))
}

/// Trusts a publisher. The projects need not be there yet.
#[utoipa::path(
    post,
    path = "/api/v1/access/publishers",
    operation_id = "add-publisher",
    tag = "access",
    request_body = PublisherWish,
    responses((status = 200, body = PublisherReport, description = "The publisher"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn add_publisher(
    Shares(state): Shares<State>,
    caller: Caller,
    Given(wish): Given<PublisherWish>,
) -> Result<Json<PublisherReport>, Problem> {
    let who = caller.changing(&state, Right::Admin).await?;
    let by = caller.attribution(&state, &who);
    Ok(Json(publisher_report(add(&state, &who, wish, by).await?)))
}

/// Trusts a publisher, if somebody may say so.
pub(in crate::routes) async fn add(
    state: &State,
    who: &Principal,
    wish: PublisherWish,
    by: Attribution,
) -> Result<Publisher, ApiError> {
    let pattern = |text: &String| {
        text.parse::<Pattern>()
            .map_err(|error| ApiError::bad_request(error.to_string()))
    };
    // Whether somebody may is said first, and nothing of what the operator trusts.
    let projects = wish.projects.iter().map(pattern);
    let projects = projects.collect::<Result<Vec<_>, _>>();
    check_may_trust(state, who, projects.as_deref().unwrap_or_default())?;
    let projects = projects?;
    let provider = Provider::from(wish.provider);
    let exchange = state.exchange.as_ref();
    if !exchange.is_some_and(|exchange| exchange.trusts(&wish.issuer)) {
        let issuer: String = wish.issuer.chars().take(200).collect();
        let detail = format!(
            "the operator does not trust the issuer `{issuer}`; --trusted-issuer names those that are"
        );
        return Err(ApiError::new(StatusCode::CONFLICT, detail));
    }
    check_wanted(provider, &wish)?;
    let rights: Rights = wish
        .rights
        .as_deref()
        .unwrap_or("upload+create")
        .parse()
        .map_err(|error: wheelhouse_index::permission::RightsError| {
            ApiError::bad_request(error.to_string())
        })?;
    if rights.contains(Right::Admin) {
        return Err(ApiError::bad_request("a job may not say who may do what"));
    }
    if projects.is_empty() || projects.len() > 20 {
        return Err(ApiError::bad_request("`projects` must have 1 to 20 names"));
    }
    let mut id = [0; 8];
    getrandom::fill(&mut id)
        .map_err(|error| ApiError::later(format!("there is no randomness: {error}")))?;
    let publisher = Publisher {
        id: hex::encode(id),
        provider,
        issuer: wish.issuer,
        wanted: wish.wanted,
        rights,
        projects,
        since: by.at,
    };
    state.access.add_publisher(&publisher, by).await?;
    changed_rights(state);
    Ok(publisher)
}

/// Succeeds if somebody may say which publishers are trusted with projects: an administrator, or
/// whoever owns each of them and could name others who own it.
pub(in crate::routes) fn check_may_trust(
    state: &State,
    who: &Principal,
    projects: &[Pattern],
) -> Result<(), ApiError> {
    let owns = |pattern: &Pattern| {
        let name: Option<ProjectName> = pattern.to_string().parse().ok();
        name.is_some_and(|name| check_may_name(state, who, &ProjectKey::from(name)).is_ok())
    };
    if !projects.is_empty() && projects.iter().all(owns) {
        return Ok(());
    }
    state.check(who, Right::Admin, None)
}

fn publisher_report(publisher: Publisher) -> PublisherReport {
    PublisherReport {
        id: publisher.id,
        provider: publisher.provider.into(),
        issuer: publisher.issuer,
        wanted: publisher.wanted,
        rights: publisher.rights.to_string(),
        projects: publisher.projects.iter().map(ToString::to_string).collect(),
        since: moment(publisher.since),
    }
}

/// Checks that what is wanted is what the provider says of its jobs.
fn check_wanted(provider: Provider, wish: &PublisherWish) -> Result<(), ApiError> {
    let (needed, more) = provider.fields();
    let refuse = |text: String| Err(ApiError::bad_request(text));
    for name in needed {
        if !wish.wanted.contains_key(*name) {
            let all: Vec<&str> = needed.iter().chain(more).copied().collect();
            return refuse(format!(
                "`wanted` must have `{name}`; a publisher of {} has {}",
                provider.name(),
                all.join(", ")
            ));
        }
    }
    for (name, value) in &wish.wanted {
        let is_known = needed.iter().chain(more).any(|known| known == name);
        if !is_known && provider != Provider::Generic {
            return refuse(format!("`{name}` is not known of {}", provider.name()));
        }
        let is_plain = (1..=MAX_VALUE_CHARS).contains(&value.chars().count())
            && !value.chars().any(char::is_control);
        if !is_plain {
            return refuse(format!(
                "`{name}` must be 1 to {MAX_VALUE_CHARS} characters on one line"
            ));
        }
    }
    Ok(())
}

/// Which publisher is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::routes::api) struct PublisherQuery {
    /// Its id.
    #[param(min_length = 1, max_length = 100)]
    id: String,
}

/// Trusts a publisher no more. Tokens of its jobs are worth nothing at once.
#[utoipa::path(
    delete,
    path = "/api/v1/access/publishers",
    operation_id = "remove-publisher",
    tag = "access",
    params(PublisherQuery),
    responses((status = 200, body = Changed, description = "It is trusted no more"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn remove_publisher(
    Shares(state): Shares<State>,
    caller: Caller,
    Asked(query): Asked<PublisherQuery>,
) -> Result<Json<Changed>, Problem> {
    let who = caller.changing(&state, Right::Admin).await?;
    let by = caller.attribution(&state, &who);
    remove(&state, &who, &query.id, by).await?;
    Ok(Json(Changed { changed: true }))
}

/// Trusts a publisher no more, if somebody may say so.
pub(in crate::routes) async fn remove(
    state: &State,
    who: &Principal,
    id: &str,
    by: Attribution,
) -> Result<(), ApiError> {
    let publishers = state.access.publishers();
    let known = publishers.iter().find(|publisher| publisher.id == id);
    check_may_trust(state, who, known.map_or(&[], |known| &known.projects))?;
    state.access.remove_publisher(id, by).await?;
    changed_rights(state);
    Ok(())
}
