//! `/admin/users`: whoever something is kept about.

use std::collections::BTreeMap;

use axum::extract::State as Shares;
use axum::response::Response;
use http::StatusCode;
use wheelhouse_index::actor::UserName;
use wheelhouse_ui::admin::{UserLine, UsersPage};

use super::check_may;
use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::routes::api::access::user_named;
use crate::routes::pages::own::{Done, Reader, Sender};
use crate::state::State;

/// Most users on one page.
const MAX_SHOWN: usize = 200;

/// `GET /admin/users`, with `?name=` for the beginning of a name.
pub(super) async fn page(
    Shares(state): Shares<State>,
    reader: Reader,
) -> Result<Response, ApiError> {
    check_may(&state, reader.who())?;
    let page = with(&state, &reader.info, reader.asked("name"), None);
    reader.show(&state, &page)
}

/// `POST /admin/users`: makes a robot, disables or enables an account, signs it out.
pub(super) async fn change(
    Shares(state): Shares<State>,
    sender: Sender,
) -> Result<Response, ApiError> {
    check_may(&state, sender.who())?;
    match changed(&state, &sender).await {
        Ok(done) => Ok(sender.done("/admin/users", done)),
        Err(error) if error.status.is_server_error() => Err(error),
        Err(error) => {
            let page = with(&state, &sender.info, "", Some(error.detail));
            sender.show(&state, error.status, &page)
        }
    }
}

async fn changed(state: &State, sender: &Sender) -> Result<Done, ApiError> {
    let name = user_named(sender.field("name"))?;
    let by = sender.by(state);
    Ok(match sender.field("do") {
        "robot" => {
            state.access.make_robot(&name, by).await?;
            Done::RobotMade
        }
        "disable" if name == sender.visit.user => {
            let detail = "this is your own account: another administrator can disable it, or `wheelhouse account disable` on the server";
            return Err(ApiError::new(StatusCode::CONFLICT, detail));
        }
        "disable" => {
            state.access.set_disabled(&name, true, by).await?;
            Done::AccountDisabled
        }
        "enable" => {
            state.access.set_disabled(&name, false, by).await?;
            Done::AccountEnabled
        }
        "sign-out" => {
            state.access.end_sessions(&name, None, by).await?;
            Done::SignedOutEverywhere
        }
        _ => return Err(ApiError::bad_request("choose what to do")),
    })
}

fn with(state: &State, info: &RequestInfo, asked: &str, error: Option<String>) -> UsersPage {
    let mut users: BTreeMap<UserName, UserLine> = BTreeMap::new();
    let mut line = |name: &UserName, add: &dyn Fn(&mut UserLine)| {
        if !name.as_str().starts_with(asked) {
            return;
        }
        let line = users.entry(name.clone()).or_insert_with(|| UserLine {
            name: name.to_string(),
            is_robot: false,
            is_disabled: false,
            groups: Vec::new(),
            projects: 0,
            tokens: 0,
            browsers: 0,
        });
        add(line);
    };
    for account in state.access.accounts() {
        let is_robot = state.access.is_robot(&account.name);
        line(&account.name, &|line| {
            (line.is_robot, line.is_disabled) = (is_robot, account.is_disabled);
        });
    }
    for member in state.access.members() {
        line(&member.user, &|line| {
            line.groups.push(member.group.to_string());
        });
    }
    // A publisher's tokens are nobody's.
    for token in state
        .access
        .tokens(None)
        .iter()
        .filter(|token| !token.is_minted())
    {
        line(&token.owner, &|line| line.tokens += 1);
    }
    for (user, projects) in state.access.owners() {
        line(&user, &|line| line.projects = projects);
    }
    for (user, browsers) in state.access.signed_in() {
        line(&user, &|line| line.browsers = browsers);
    }
    UsersPage {
        is_more: users.len() > MAX_SHOWN,
        users: users.into_values().take(MAX_SHOWN).collect(),
        asked: asked.to_owned(),
        error,
        server: info.external.url(""),
    }
}
