//! `/`: the home page, or a welcome page.

use axum::Extension;
use axum::extract::State as Shares;
use axum::response::{Html, IntoResponse, Response};
use http::HeaderMap;
use http::header::{CACHE_CONTROL, HeaderValue};
use wheelhouse_index::permission::Right;

use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::settings::FrontPage;
use crate::state::State;
use crate::welcome::WelcomeFacts;

/// `GET /`: the home page, or a welcome page that says how to install from here. How much is here stands there only for those who may see
/// the list.
pub(super) async fn welcome(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let welcome = match &state.settings.front_page {
        FrontPage::Home => return super::pages::home(&state, &info, &headers).await,
        FrontPage::Welcome(welcome) => welcome,
    };
    let may_count = state
        .authorise(&headers, &info, Right::List, None)
        .await
        .is_ok();
    let files = if may_count {
        Some(state.index.counts().await?.files)
    } else {
        None
    };
    let url = info.external.url("/");
    let page = welcome.render(&WelcomeFacts {
        url: &url,
        version: may_count.then_some(env!("CARGO_PKG_VERSION")),
        file_count: files,
        packages_path: &info.external.path("/packages/"),
        simple_path: &info.external.path("/simple/"),
    });
    let no_cache = (CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(([no_cache], Html(page)).into_response())
}
