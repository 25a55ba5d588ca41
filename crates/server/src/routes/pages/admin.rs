//! `/admin/…`: for those who may say who may do what. For all others there is no such page.

mod events;
mod health;
mod journal;
mod rules;
mod trail;
mod users;

use axum::Router;
use axum::extract::State as Shares;
use axum::response::Response;
use axum::routing::get;
use wheelhouse_index::access::AccountKind;
use wheelhouse_index::permission::{Principal, Right};
use wheelhouse_ui::admin::{AdminPage, Figure};

use super::own::Reader;
use crate::error::ApiError;
use crate::state::State;

pub(super) fn router() -> Router<State> {
    Router::new()
        .route("/admin", get(overview))
        .route("/admin/users", get(users::page).post(users::change))
        .route("/admin/rules", get(rules::page))
        .route("/admin/journal", get(journal::page))
        .route("/admin/audit", get(trail::page))
        .route("/admin/health", get(health::page))
}

/// Succeeds if somebody is an administrator.
fn check_may(state: &State, who: &Principal) -> Result<(), ApiError> {
    state
        .check(who, Right::Admin, None)
        .map_err(|_| ApiError::not_found())
}

fn figure(label: &'static str, text: &dyn std::fmt::Display) -> Figure {
    Figure {
        label,
        text: text.to_string(),
    }
}

/// `GET /admin`.
async fn overview(Shares(state): Shares<State>, reader: Reader) -> Result<Response, ApiError> {
    check_may(&state, reader.who())?;
    let counts = state.index.counts().await?;
    let accounts = state.access.accounts();
    let robots = accounts.iter();
    let robots = robots.filter(|account| account.kind == AccountKind::Robot);
    let page = AdminPage {
        figures: vec![
            figure("Projects", &counts.projects),
            figure("Files", &counts.files),
            figure("Files to be read", &counts.unread),
            figure("Last change", &format!("#{}", state.index.head().await?)),
            figure("Tokens", &state.access.tokens(None).len()),
            figure("Trusted publishers", &state.access.publishers().len()),
            figure("Robots", &robots.count()),
            figure("Version", &env!("CARGO_PKG_VERSION")),
        ],
        damaged: state.index.damaged().len(),
        came_back: state.index.came_back().await.len(),
        server: reader.info.external.url(""),
    };
    reader.show(&state, &page)
}
