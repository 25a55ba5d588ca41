//! `/account/tokens`: somebody's own tokens.

use axum::extract::State as Shares;
use axum::response::Response;
use http::StatusCode;
use wheelhouse_index::access::TokenRecord;
use wheelhouse_index::actor::{TokenId, UserName};
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::permission::Right;
use wheelhouse_ui::account::tokens::{MadeToken, TokenForm, TokenLine, TokensPage};

use super::super::listed;
use super::super::own::{Done, Reader, Sender};
use crate::api::TokenWish;
use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::routes::api::access::tokens;
use crate::state::State;

/// `GET /account/tokens`.
pub(in crate::routes::pages) async fn page(
    Shares(state): Shares<State>,
    reader: Reader,
) -> Result<Response, ApiError> {
    let form = TokenForm {
        rights: rights(&[]),
        days: "90".to_owned(),
        ..TokenForm::default()
    };
    let page = with(&state, &reader.visit.user, &reader.info, form);
    reader.show(&state, &page)
}

/// `POST /account/tokens`: makes one, and shows it this once.
pub(in crate::routes::pages) async fn make(
    Shares(state): Shares<State>,
    sender: Sender,
) -> Result<Response, ApiError> {
    let chosen = sender.all("right");
    let mut form = TokenForm {
        name: sender.field("name").to_owned(),
        rights: rights(&chosen),
        projects: sender.field("projects").to_owned(),
        days: sender.field("days").to_owned(),
        error: None,
    };
    let made = match wish(&form, &chosen) {
        Ok(wish) => tokens::make(&state, sender.who(), wish, sender.by(&state)).await,
        Err(error) => Err(error),
    };
    let (user, info) = (&sender.visit.user, &sender.info);
    match made {
        Ok((secret, kept)) => {
            let url = info.external.url("");
            let made = MadeToken::new(&kept.name, secret.reveal(), &url);
            let form = TokenForm {
                rights: rights(&[]),
                days: "90".to_owned(),
                ..TokenForm::default()
            };
            let page = TokensPage {
                made: Some(made),
                ..with(&state, user, info, form)
            };
            sender.show(&state, StatusCode::OK, &page)
        }
        Err(error) if error.status.is_server_error() => Err(error),
        Err(error) => {
            form.error = Some(error.detail);
            sender.show(&state, error.status, &with(&state, user, info, form))
        }
    }
}

/// `POST /account/tokens/revoke`.
pub(in crate::routes::pages) async fn revoke(
    Shares(state): Shares<State>,
    sender: Sender,
) -> Result<Response, ApiError> {
    let id = TokenId::new(sender.field("id"));
    tokens::revoke(&state, sender.who(), &id, sender.by(&state)).await?;
    Ok(sender.done("/account/tokens", Done::TokenRevoked))
}

fn with(state: &State, user: &UserName, info: &RequestInfo, form: TokenForm) -> TokensPage {
    let now = state.index.now();
    let mut tokens = state.access.tokens(Some(user));
    tokens.reverse();
    TokensPage {
        tokens: tokens.iter().map(|token| line(token, now)).collect(),
        made: None,
        form,
        server: info.external.url(""),
    }
}

fn line(token: &TokenRecord, now: Timestamp) -> TokenLine {
    let patterns = token.limit.projects.as_ref();
    TokenLine {
        id: token.id.to_string(),
        name: token.name.clone(),
        rights: token.limit.rights.map(|rights| rights.to_string()),
        projects: patterns.map(|patterns| {
            let names: Vec<String> = patterns.iter().map(ToString::to_string).collect();
            names.join(", ")
        }),
        made_at: token.made_at.seconds(),
        last_used: token.last_used.map(Timestamp::seconds),
        expires_at: token.expires_at.map(Timestamp::seconds),
        is_expired: token.is_expired(now),
    }
}

fn rights(chosen: &[&str]) -> Vec<(&'static str, bool)> {
    let names = Right::ALL.iter().map(|right| right.name());
    names.map(|name| (name, chosen.contains(&name))).collect()
}

fn wish(form: &TokenForm, chosen: &[&str]) -> Result<TokenWish, ApiError> {
    let projects = listed(&form.projects);
    let days = Some(form.days.as_str()).filter(|days| !days.is_empty());
    let days = days.map(|days| {
        let days = days.parse::<u32>();
        days.map_err(|_| ApiError::bad_request("the days must be a number from 1 to 3650"))
    });
    Ok(TokenWish {
        name: form.name.clone(),
        owner: None,
        rights: (!chosen.is_empty()).then(|| chosen.join("+")),
        projects: (!projects.is_empty()).then_some(projects),
        days: days.transpose()?,
    })
}
