//! The forms of the API: what callers send and get. Also for programs that call it.

mod access;
mod downloads;
mod inside;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use access::{
    AccountList, AccountReport, AccountWish, CanReport, Changed, MemberList, MemberWish,
    ProviderName, PublisherList, PublisherReport, PublisherWish, RobotWish, RoleList, RoleName,
    RoleWish, RuleList, RuleReport, RuleWish, TokenList, TokenMade, TokenReport, TokenWish, Trail,
    TrailEvent,
};
pub use downloads::{
    DayCount, DownloadFigures, IndexDownloads, MonthCount, NamedCount, ProjectDownloads,
};

pub use inside::{
    ChangedFile, ChangesReport, DifferenceReport, FileChangeKind, HookReport, InsideKind,
    InsideList, InsideMember,
};

/// What to unyank, delete or undelete: a release, a file or, with neither, the whole project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeWish {
    /// A version, in any spelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "1.0",
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$"
    )]
    pub version: Option<String>,
    /// The name of a file; of that version, if one is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "demo-1.0-py3-none-any.whl",
        min_length = 1,
        max_length = 255,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$"
    )]
    pub file: Option<String>,
    /// Whether to say what would change, and change nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// What to yank: a release, a file or, with neither, the whole project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct YankWish {
    /// A version, in any spelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "1.0",
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$"
    )]
    pub version: Option<String>,
    /// The name of a file; of that version, if one is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "demo-1.0-py3-none-any.whl",
        min_length = 1,
        max_length = 255,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$"
    )]
    pub file: Option<String>,
    /// Why: one line, shown to whoever installs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "deletes the wrong files",
        min_length = 1,
        max_length = 500,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]*$"
    )]
    pub reason: Option<String>,
    /// Whether to say what would change, and change nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// The status that a project is to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusWish {
    /// The status.
    pub status: StatusName,
    /// Why: one line, shown on the project's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "use demo-ng",
        min_length = 1,
        max_length = 500,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]*$"
    )]
    pub reason: Option<String>,
    /// Whether to say what would change, and change nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// The status of a project.
///
/// Standard: PEP 792.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatusName {
    /// As usual.
    Active,
    /// It gets no more releases.
    Archived,
    /// Nobody may install it.
    Quarantined,
    /// It should not be used any more.
    Deprecated,
}

/// What changed, or would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeReport {
    /// The project.
    #[schema(example = "demo")]
    pub project: String,
    /// Whether nothing was changed, because that was asked for.
    pub dry_run: bool,
    /// The serial of the change; `null` if there was none.
    pub serial: Option<u64>,
    /// Each thing that changed, in order. Empty if everything was as it was wished.
    pub changes: Vec<ChangeStep>,
    /// What the owner should know besides.
    pub warnings: Vec<String>,
}

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeStep {
    /// What happened.
    pub kind: ChangeKind,
    /// The version that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The path of the file that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The project's new status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusName>,
    /// Why, if somebody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What happened to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// The project's status was set.
    StatusSet,
    /// Installers pass it over.
    Yanked,
    /// They pass it over no more.
    Unyanked,
    /// A file went away.
    Deleted,
    /// A file that was deleted may come back.
    Readmitted,
    /// A file came back, if its bytes were still kept.
    Restored,
}

/// What is said about a project, and its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProjectReport {
    /// The project, in normal form.
    pub project: String,
    /// The status.
    pub status: StatusName,
    /// Why, if somebody said.
    pub reason: Option<String>,
    /// The serial of the last change; `null` if no file of it is here.
    pub last_serial: Option<u64>,
    /// The releases, oldest first.
    pub releases: Vec<ReleaseReport>,
    /// Files that were deleted, and stay away.
    pub withdrawn: Vec<WithdrawnFile>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseReport {
    /// The version.
    pub version: String,
    /// Whether all its files are yanked.
    pub yanked: bool,
    /// The files.
    pub files: Vec<FileReport>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileReport {
    /// The file's name.
    pub file: String,
    /// Its size, in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes; `null` while nobody has read it.
    pub sha256: Option<String>,
    /// Whether it is yanked, by itself or with its release.
    pub yanked: bool,
    /// Why, if somebody said.
    pub reason: Option<String>,
}

/// A file that was deleted: the same bytes stay away if somebody copies them in again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WithdrawnFile {
    /// Where it was.
    pub file: String,
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// When it was deleted.
    pub since: String,
    /// Whether the same bytes are in the folder again, and kept from everybody.
    pub is_back: bool,
}

/// A part of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventList {
    /// The events, in their order.
    pub events: Vec<EventReport>,
    /// What to ask for next with `after`.
    pub next: u64,
    /// The serial of the last change of all.
    pub head: u64,
}

/// One event of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventReport {
    /// The serial of the change. The events of one change share it.
    pub serial: u64,
    /// When.
    pub at: String,
    /// What happened.
    #[schema(example = "uploaded")]
    pub kind: String,
    /// The project.
    pub project: String,
    /// The version, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The path of the file, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The SHA-256 of the file's bytes, if they were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The project's new status, if it is about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusName>,
    /// Why, if somebody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who did it; for those alone who may change things.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<EventAuthor>,
}

/// Who made a change, and how the request came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventAuthor {
    /// Who: `anonymous`, `user:NAME`, `administrator` or `system`.
    pub actor: String,
    /// The client's address, if it came by network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The client's `User-Agent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The id of the request, as in the answer and the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// How the index is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IndexReport {
    /// The name of the index.
    pub index: String,
    /// The version of the program.
    pub version: String,
    /// Projects that have files.
    pub projects: u64,
    /// Files.
    pub files: u64,
    /// Files that nobody has read yet.
    pub unread: u64,
    /// The serial of the last change.
    pub serial: u64,
    /// Files that are in a folder with the bytes of one that was deleted, and are kept from
    /// everybody until somebody says `undelete`.
    pub came_back: Vec<String>,
    /// Files whose content is gone or altered in the file store, as far as somebody has asked for
    /// them since the start. Uploading the same file again mends it.
    pub damaged: Vec<String>,
}

/// Why a request was refused.
///
/// Standard: RFC 9457, "Problem Details for HTTP APIs".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemDetails {
    /// What the status says.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// What is wrong, in a sentence.
    pub detail: String,
}
