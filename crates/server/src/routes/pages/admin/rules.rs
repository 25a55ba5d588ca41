//! `/admin/rules`: who may do what, to be read; and the question whether somebody may do something.

use axum::extract::State as Shares;
use axum::response::Response;
use wheelhouse_index::permission::Right;
use wheelhouse_ui::admin::RulesPage;

use super::check_may;
use crate::error::ApiError;
use crate::routes::api::access::{can, project_named, user_named};
use crate::routes::pages::own::Reader;
use crate::state::State;

/// `GET /admin/rules`.
pub(super) async fn page(
    Shares(state): Shares<State>,
    reader: Reader,
) -> Result<Response, ApiError> {
    check_may(&state, reader.who())?;
    let rules = state.access.rules();
    let asked = |name: &str| reader.asked(name).to_owned();
    let mut page = RulesPage {
        rules: rules
            .all()
            .iter()
            .map(|rule| (rule.to_string(), rule.origin.clone()))
            .collect(),
        actor: asked("actor"),
        right: asked("right"),
        project: asked("project"),
        rights: Right::ALL.iter().map(|right| right.name()).collect(),
        answer: None,
        error: None,
        server: reader.info.external.url(""),
    };
    if !page.actor.is_empty() {
        match answer(&state, &page).await {
            Ok(answer) => page.answer = Some(answer),
            Err(error) => page.error = Some(error.detail),
        }
    }
    reader.show(&state, &page)
}

async fn answer(state: &State, page: &RulesPage) -> Result<(bool, String), ApiError> {
    let name = user_named(&page.actor)?;
    let right =
        Right::from_name(&page.right).ok_or_else(|| ApiError::bad_request("choose a right"))?;
    let project = Some(page.project.as_str()).filter(|name| !name.is_empty());
    let project = project.map(project_named).transpose()?;
    let report = can::answer(state, name, right, project.as_ref()).await;
    Ok((report.allowed, report.reason))
}
