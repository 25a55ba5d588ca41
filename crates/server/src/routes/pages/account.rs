//! `/account/…`: signing in and out, and what somebody has here.

pub(super) mod publishers;
pub(super) mod sign_in;
pub(super) mod tokens;
pub(super) mod upload;

use axum::Router;
use axum::extract::State as Shares;
use axum::response::Response;
use axum::routing::{get, post};
use wheelhouse_index::permission::Role;
use wheelhouse_ui::account::{AccountPage, Browser, OwnProject};

use super::own::{Reader, shell_word};
use crate::error::ApiError;
use crate::state::State;

pub(super) fn router() -> Router<State> {
    Router::new()
        .route("/account", get(account))
        .route(
            "/account/sign-in",
            get(sign_in::page).post(sign_in::sign_in),
        )
        .route("/account/sign-out", post(sign_in::sign_out))
        .route("/account/tokens", get(tokens::page).post(tokens::make))
        .route("/account/tokens/revoke", post(tokens::revoke))
        .route(
            "/account/publishers",
            get(publishers::page).post(publishers::add),
        )
        .route("/account/publishers/remove", post(publishers::remove))
        .route("/account/upload", get(upload::page).post(upload::upload))
}

/// `GET /account`.
async fn account(Shares(state): Shares<State>, reader: Reader) -> Result<Response, ApiError> {
    let user = &reader.visit.user;
    let now = state.index.now();
    let projects = state.access.projects_of(user).into_iter();
    let tokens = state.access.tokens(Some(user));
    let browsers = state.access.sessions(user).into_iter();
    let page = AccountPage {
        user: user.to_string(),
        groups: reader
            .who()
            .groups()
            .iter()
            .map(ToString::to_string)
            .collect(),
        projects: projects
            .map(|(project, role)| OwnProject {
                project: project.to_string(),
                role: role_word(role),
            })
            .collect(),
        tokens: tokens.iter().filter(|token| !token.is_expired(now)).count(),
        sign_out: format!(
            "wheelhouse account sign-out {} --server {}",
            shell_word(user.as_str()),
            shell_word(&reader.info.external.url(""))
        ),
        has_publishers: state.exchange.is_some(),
        browsers: browsers
            .map(|session| Browser {
                since: session.made_at.seconds(),
                last_used: session.last_used.seconds(),
                until: session.expires_at.seconds(),
                is_this: session.id == reader.visit.session,
            })
            .collect(),
        server: reader.info.external.url(""),
    };
    reader.show(&state, &page)
}

/// Returns the word that commands and forms have for a part in a project.
pub(super) const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Maintainer => "maintainer",
    }
}
