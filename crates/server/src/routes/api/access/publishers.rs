//! Trusted publishers: whose CI jobs are believed, and what they may do.

use axum::Json;
use axum::extract::State as Shares;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use wheelhouse_index::access::{Provider, Publisher};
use wheelhouse_index::permission::{Pattern, Right, Rights};

use super::{Problems, administrator, changed_rights};
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
    caller.authorise(&state, Right::Admin, None).await?;
    let publishers = state.access.publishers().into_iter();
    Ok(Json(PublisherList {
        publishers: publishers
            .map(|publisher| PublisherReport {
                id: publisher.id,
                provider: publisher.provider.into(),
                issuer: publisher.issuer,
                wanted: publisher.wanted,
                rights: publisher.rights.to_string(),
                projects: publisher.projects.iter().map(ToString::to_string).collect(),
                since: moment(publisher.since),
            })
            .collect(),
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
    let by = administrator(&state, &caller).await?;
    let provider = Provider::from(wish.provider);
    let exchange = state.exchange.as_ref();
    if !exchange.is_some_and(|exchange| exchange.trusts(&wish.issuer)) {
        let issuer: String = wish.issuer.chars().take(200).collect();
        let detail = format!(
            "the operator does not trust the issuer `{issuer}`; --trusted-issuer names those that are"
        );
        return Err(ApiError::new(StatusCode::CONFLICT, detail).into());
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
        return Err(ApiError::bad_request("a job may not say who may do what").into());
    }
    if wish.projects.is_empty() || wish.projects.len() > 20 {
        return Err(ApiError::bad_request("`projects` must have 1 to 20 names").into());
    }
    let pattern = |text: &String| {
        text.parse::<Pattern>()
            .map_err(|error| ApiError::bad_request(error.to_string()))
    };
    let mut id = [0; 8];
    getrandom::fill(&mut id)
        .map_err(|error| ApiError::later(format!("there is no randomness: {error}")))?;
    let publisher = Publisher {
        id: hex::encode(id),
        provider,
        issuer: wish.issuer,
        wanted: wish.wanted,
        rights,
        projects: wish
            .projects
            .iter()
            .map(pattern)
            .collect::<Result<_, _>>()?,
        since: by.at,
    };
    state.access.add_publisher(&publisher, by).await?;
    changed_rights(&state);
    Ok(Json(PublisherReport {
        id: publisher.id,
        provider: publisher.provider.into(),
        issuer: publisher.issuer,
        wanted: publisher.wanted,
        rights: publisher.rights.to_string(),
        projects: publisher.projects.iter().map(ToString::to_string).collect(),
        since: moment(publisher.since),
    }))
}

/// Checks that what is wanted is what the provider says of its jobs.
fn check_wanted(provider: Provider, wish: &PublisherWish) -> Result<(), Problem> {
    let (needed, more) = provider.fields();
    let refuse = |text: String| Err(ApiError::bad_request(text).into());
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
    let by = administrator(&state, &caller).await?;
    state.access.remove_publisher(&query.id, by).await?;
    changed_rights(&state);
    Ok(Json(Changed { changed: true }))
}
