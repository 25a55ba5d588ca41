//! `/project/{project}/manage`: what owners change. A form first shows what would change, and the
//! command that does the same; the form on that page does it.

use axum::Router;
use axum::extract::{Path, State as Shares};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use wheelhouse_index::manage::Wish;
use wheelhouse_index::permission::{Principal, Right, Role};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;
use wheelhouse_ui::manage::{
    ChangePage, ConfirmPage, ManagePage, ManagedFile, ManagedRelease, WithdrawnFile,
};

use super::account::role_word;
use super::own::{Done, Reader, Sender, shell_word};
use crate::api::{ChangeKind, ChangeStep};
use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::routes::api::access::{changed_rights, roles, user_named};
use crate::routes::api::changes::{carry_out, target};
use crate::routes::simple::{no_such_project, project_key};
use crate::state::State;

/// Most changes that are listed before they are made.
const MAX_SHOWN: usize = 200;

pub(super) fn router() -> Router<State> {
    let at = |end: &str| format!("/project/{{project}}/manage{end}");
    Router::new()
        .route(&at(""), get(manage))
        .route(&at("/change"), get(change))
        .route(&at("/role"), post(role))
        .route(&at("/{verb}"), post(act))
}

/// What somebody may do with a project.
struct May {
    yank: bool,
    delete: bool,
    name: bool,
}

impl May {
    /// Returns what somebody may do with a project, if that is anything. A project that they may not
    /// see is for them as if it were not there.
    fn of(state: &State, who: &Principal, project: &ProjectKey) -> Result<Self, ApiError> {
        let may = |right| state.check(who, right, Some(project));
        let own = Self {
            yank: may(Right::Yank).is_ok(),
            delete: may(Right::Delete).is_ok(),
            name: roles::check_may_name(state, who, project).is_ok(),
        };
        if own.yank || own.delete || own.name {
            return Ok(own);
        }
        may(Right::List)?;
        may(Right::Yank)?;
        Ok(own)
    }
}

/// `GET /project/{project}/manage`.
async fn manage(
    Shares(state): Shares<State>,
    Path(spelling): Path<String>,
    reader: Reader,
) -> Result<Response, ApiError> {
    let project = project_key(&spelling)?;
    let may = May::of(&state, reader.who(), &project)?;
    if project.as_str() != spelling {
        return Ok(reader.sent_to(&format!("/project/{project}/manage")));
    }
    let page = page(&state, &reader.info, &project, &may, None).await?;
    reader.show(&state, &page)
}

async fn page(
    state: &State,
    info: &RequestInfo,
    project: &ProjectKey,
    may: &May,
    error: Option<String>,
) -> Result<ManagePage, ApiError> {
    let said = state.index.said_of(project).await?;
    let roles = state.access.roles(project);
    if said.is_none() && roles.is_empty() {
        return Err(no_such_project(project));
    }
    let (status, reason) = said.as_ref().map_or((ProjectStatus::Active, None), |said| {
        (said.status, said.reason.clone())
    });
    let (releases, withdrawn) =
        said.map_or_else(Default::default, |said| (said.releases, said.withdrawn));
    let releases = releases.into_iter().rev().map(|release| ManagedRelease {
        version: release.version,
        is_yanked: release
            .files
            .iter()
            .all(|file| file.yanked.reason().is_some()),
        files: release
            .files
            .into_iter()
            .map(|file| ManagedFile {
                yanked: file.yanked.reason().map(str::to_owned),
                name: file.file_name,
                size: file.size_bytes,
            })
            .collect(),
    });
    Ok(ManagePage {
        project: project.to_string(),
        status: status.marker(),
        reason,
        statuses: STATUSES
            .map(|(status, meaning)| (status.marker(), meaning))
            .to_vec(),
        releases: releases.collect(),
        withdrawn: withdrawn
            .into_iter()
            .map(|file| WithdrawnFile {
                name: file.path.file_name().to_owned(),
                since: file.since.seconds(),
                is_back: file.is_back,
            })
            .collect(),
        roles: roles
            .into_iter()
            .map(|(user, role)| (user.to_string(), role_word(role)))
            .collect(),
        may_yank: may.yank,
        may_delete: may.delete,
        may_name: may.name,
        error,
        server: info.external.url(""),
    })
}

const STATUSES: [(ProjectStatus, &str); 4] = [
    (ProjectStatus::Active, "as usual"),
    (ProjectStatus::Archived, "gets no more releases"),
    (ProjectStatus::Deprecated, "should not be used any more"),
    (ProjectStatus::Quarantined, "nobody may install it"),
];

/// `GET /project/{project}/manage/change?version=` or `?file=`, or of all releases.
async fn change(
    Shares(state): Shares<State>,
    Path(spelling): Path<String>,
    reader: Reader,
) -> Result<Response, ApiError> {
    let project = project_key(&spelling)?;
    let may = May::of(&state, reader.who(), &project)?;
    let part = Part::new(reader.asked("version"), reader.asked("file"));
    reader.show(
        &state,
        &ChangePage {
            called: part.called(&project),
            project: project.to_string(),
            version: part.version,
            file: part.file,
            may_yank: may.yank,
            may_delete: may.delete,
        },
    )
}

/// A part of a project, as forms name it.
struct Part {
    version: Option<String>,
    file: Option<String>,
}

impl Part {
    fn new(version: &str, file: &str) -> Self {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            version: given(version),
            file: given(file),
        }
    }

    fn called(&self, project: &ProjectKey) -> String {
        match (&self.version, &self.file) {
            (_, Some(file)) => file.clone(),
            (Some(version), None) => format!("{project} {version}"),
            (None, None) => format!("all of {project}"),
        }
    }

    /// Returns the word of a command that names it.
    fn word(&self, project: &ProjectKey) -> String {
        shell_word(&match (&self.version, &self.file) {
            (_, Some(file)) => format!("{project}/{file}"),
            (Some(version), None) => format!("{project}=={version}"),
            (None, None) => project.to_string(),
        })
    }
}

/// What a form asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Yank,
    Unyank,
    Delete,
    Undelete,
    Status,
}

impl Verb {
    fn of(name: &str) -> Option<Self> {
        let all = [
            Self::Yank,
            Self::Unyank,
            Self::Delete,
            Self::Undelete,
            Self::Status,
        ];
        all.into_iter().find(|verb| verb.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Yank => "yank",
            Self::Unyank => "unyank",
            Self::Delete => "delete",
            Self::Undelete => "undelete",
            Self::Status => "status",
        }
    }

    const fn right(self) -> Right {
        match self {
            Self::Yank | Self::Unyank | Self::Status => Right::Yank,
            Self::Delete | Self::Undelete => Right::Delete,
        }
    }

    const fn done(self) -> Done {
        match self {
            Self::Yank => Done::Yanked,
            Self::Unyank => Done::Unyanked,
            Self::Delete => Done::Deleted,
            Self::Undelete => Done::Undeleted,
            Self::Status => Done::StatusSet,
        }
    }
}

/// `POST /project/{project}/manage/{verb}`: says what would change, or with `step=do` changes it.
async fn act(
    Shares(state): Shares<State>,
    Path((spelling, verb)): Path<(String, String)>,
    sender: Sender,
) -> Result<Response, ApiError> {
    let verb = Verb::of(&verb).ok_or_else(ApiError::not_found)?;
    let project = project_key(&spelling)?;
    state.check(sender.who(), verb.right(), Some(&project))?;
    let part = Part::new(sender.field("version"), sender.field("file"));
    let reason = Some(sender.field("reason")).filter(|reason| !reason.is_empty());
    let wish = wish(verb, &project, &part, reason, sender.field("status"))?;
    let typed = (verb == Verb::Delete).then(|| part.typed(&project));
    let is_typed = typed
        .as_ref()
        .is_none_or(|typed| sender.field("typed") == typed);
    let is_asked = sender.field("step") == "do";
    if is_asked && is_typed {
        carry_out(&state, wish, sender.by(&state), false).await?;
        return Ok(sender.done(&format!("/project/{project}/manage"), verb.done()));
    }
    let report = carry_out(&state, wish, sender.by(&state), true).await?;
    let mut changes: Vec<String> = report.changes.iter().take(MAX_SHOWN).map(told).collect();
    let more = report.changes.len().saturating_sub(MAX_SHOWN);
    if more > 0 {
        changes.push(format!("and {more} more"));
    }
    let kept =
        ["version", "file", "reason", "status"].map(|name| (name, sender.field(name).to_owned()));
    let page = ConfirmPage {
        question: question(
            verb,
            &part.called(&project),
            sender.field("status"),
            &project,
        ),
        verb: verb.name(),
        kept: kept
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect(),
        changes,
        warnings: report.warnings,
        error: (is_asked && !is_typed)
            .then(|| "What you typed is something else: nothing was deleted.".to_owned()),
        command: command(
            verb,
            &part.word(&project),
            reason,
            sender.field("status"),
            &sender.info,
        ),
        typed,
        project: project.to_string(),
    };
    let status = if page.error.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    sender.show(&state, status, &page)
}

impl Part {
    /// Returns what is to be typed before the part is deleted.
    fn typed(&self, project: &ProjectKey) -> String {
        match (&self.version, &self.file) {
            (_, Some(file)) => file.clone(),
            (Some(version), None) => format!("{project} {version}"),
            (None, None) => project.to_string(),
        }
    }
}

fn wish(
    verb: Verb,
    project: &ProjectKey,
    part: &Part,
    reason: Option<&str>,
    status: &str,
) -> Result<Wish, ApiError> {
    let reason = reason.map(str::to_owned);
    if verb == Verb::Status {
        let status = ProjectStatus::from_marker(status)
            .ok_or_else(|| ApiError::bad_request("choose a status"))?;
        return Ok(Wish::SetStatus {
            project: project.clone(),
            status,
            reason,
        });
    }
    let target = target(project.clone(), part.version.clone(), part.file.clone())?;
    Ok(match verb {
        Verb::Yank => Wish::Yank { target, reason },
        Verb::Unyank => Wish::Unyank { target },
        Verb::Delete => Wish::Delete { target },
        Verb::Undelete | Verb::Status => Wish::Undelete { target },
    })
}

fn question(verb: Verb, called: &str, status: &str, project: &ProjectKey) -> String {
    match verb {
        Verb::Yank => format!("Yank {called}?"),
        Verb::Unyank => format!("Take the yank of {called} back?"),
        Verb::Delete => format!("Delete {called}?"),
        Verb::Undelete => format!("Bring {called} back?"),
        Verb::Status => format!("Make {project} {status}?"),
    }
}

fn command(
    verb: Verb,
    word: &str,
    reason: Option<&str>,
    status: &str,
    info: &RequestInfo,
) -> String {
    let mut command = format!("wheelhouse {} {word}", verb.name());
    if verb == Verb::Status {
        command.push(' ');
        command.push_str(&shell_word(status));
    }
    if let Some(reason) = reason.filter(|_| matches!(verb, Verb::Yank | Verb::Status)) {
        command.push_str(" --reason ");
        command.push_str(&shell_word(reason));
    }
    command.push_str(" --server ");
    command.push_str(&shell_word(&info.external.url("")));
    command
}

/// Says what a change is, in words.
fn told(step: &ChangeStep) -> String {
    let what = step
        .file
        .as_deref()
        .or(step.version.as_deref())
        .unwrap_or("the project");
    let reason = step.reason.as_deref();
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    match step.kind {
        ChangeKind::StatusSet => {
            let status = step.status.map(ProjectStatus::from);
            format!(
                "the status is {}{reason}",
                status.unwrap_or_default().marker()
            )
        }
        ChangeKind::Yanked => format!("installers pass {what} over{reason}"),
        ChangeKind::Unyanked => format!("installers pass {what} over no more"),
        ChangeKind::Deleted => format!("{what} goes away"),
        ChangeKind::Readmitted => format!("{what} may be here again"),
        ChangeKind::Restored => format!("{what} comes back, if its bytes are still kept"),
    }
}

/// `POST /project/{project}/manage/role`: gives somebody a part, or takes it.
async fn role(
    Shares(state): Shares<State>,
    Path(spelling): Path<String>,
    sender: Sender,
) -> Result<Response, ApiError> {
    let project = project_key(&spelling)?;
    roles::check_may_name(&state, sender.who(), &project)?;
    let (by, here) = (sender.by(&state), format!("/project/{project}/manage"));
    let user = user_named(sender.field("user"));
    let role = match sender.field("role") {
        "owner" => Some(Role::Owner),
        "maintainer" => Some(Role::Maintainer),
        "none" => None,
        _ => return Err(ApiError::bad_request("choose a part")),
    };
    let changed = match (user, role) {
        (Err(error), _) => Err(error),
        (Ok(user), Some(role)) => {
            let given = state.access.give_role(&project, &user, role, by).await;
            given.map(|_| Done::RoleGiven).map_err(ApiError::from)
        }
        (Ok(user), None) => {
            let taken = state.access.take_role(&project, &user, by).await;
            taken.map(|()| Done::RoleTaken).map_err(ApiError::from)
        }
    };
    changed_rights(&state);
    match changed {
        Ok(done) => {
            // Whoever took their own part may have nothing to see there any more.
            let may = May::of(&state, sender.who(), &project);
            let target = if may.is_ok() { &*here } else { "/account" };
            Ok(sender.done(target, done))
        }
        Err(error) if error.status.is_server_error() => Err(error),
        Err(error) => {
            let may = May::of(&state, sender.who(), &project)?;
            let page = page(&state, &sender.info, &project, &may, Some(error.detail)).await?;
            sender.show(&state, error.status, &page)
        }
    }
}
