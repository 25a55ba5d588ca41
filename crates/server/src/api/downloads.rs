//! The forms of counts of downloads.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How often a project's files were downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProjectDownloads {
    /// The project.
    pub project: String,
    /// How often.
    pub downloads: DownloadFigures,
}

/// How often files of the index were downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IndexDownloads {
    /// How often, of all projects together; for those alone who may see all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downloads: Option<DownloadFigures>,
    /// The projects that were downloaded most within these days, of those that the caller may see,
    /// the most downloaded first.
    pub projects: Vec<NamedCount>,
}

/// How often files were downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DownloadFigures {
    /// The first day that is counted, UTC.
    #[schema(example = "2026-11-01")]
    pub from: String,
    /// The last day that is counted: today, UTC.
    #[schema(example = "2026-11-30")]
    pub to: String,
    /// How often within these days.
    pub total: u64,
    /// How often ever.
    pub ever: u64,
    /// How often on each of these days.
    pub by_day: Vec<DayCount>,
    /// How often in each month since the first download.
    pub by_month: Vec<MonthCount>,
    /// How often within these days, by version (empty for files without one).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_version: Vec<NamedCount>,
    /// By file name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_file: Vec<NamedCount>,
    /// By version of Python, such as `3.11`, or `unknown`.
    pub by_python: Vec<NamedCount>,
    /// By platform: `linux`, `macos`, `windows`, `other` or `unknown`.
    pub by_platform: Vec<NamedCount>,
    /// By client: `pip`, `uv`, `poetry`, `pdm`, `setuptools`, `browser`, `mirror`, `script` or
    /// `other`.
    pub by_client: Vec<NamedCount>,
}

/// How often on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayCount {
    /// The day, UTC.
    #[schema(example = "2026-11-30")]
    pub day: String,
    /// How often.
    pub count: u64,
}

/// How often in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonthCount {
    /// The month, UTC.
    #[schema(example = "2026-11")]
    pub month: String,
    /// How often.
    pub count: u64,
}

/// How often something with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedCount {
    /// What.
    pub name: String,
    /// How often.
    pub count: u64,
}
