//! The part `info`: what a release says about itself.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ReleaseDocument, project_urls};
use crate::simple::Yanked;

#[derive(Serialize)]
pub(super) struct InfoForm<'a> {
    author: Option<&'a str>,
    author_email: Option<&'a str>,
    bugtrack_url: Option<()>,
    classifiers: &'a [String],
    description: Option<&'a str>,
    description_content_type: Option<&'a str>,
    docs_url: Option<()>,
    download_url: Option<&'a str>,
    downloads: DownloadsForm,
    dynamic: Option<&'a [String]>,
    home_page: Option<&'a str>,
    keywords: &'a str,
    license: Option<&'a str>,
    license_expression: Option<&'a str>,
    license_files: Option<&'a [String]>,
    maintainer: Option<&'a str>,
    maintainer_email: Option<&'a str>,
    name: &'a str,
    package_url: &'a str,
    platform: Option<String>,
    project_url: &'a str,
    project_urls: Option<BTreeMap<&'a str, &'a str>>,
    provides_extra: Option<&'a [String]>,
    release_url: &'a str,
    requires_dist: Option<&'a [String]>,
    requires_python: Option<String>,
    summary: Option<&'a str>,
    version: &'a str,
    yanked: bool,
    yanked_reason: Option<&'a str>,
}

/// Nobody counts downloads.
#[derive(Serialize)]
struct DownloadsForm {
    #[serde(rename = "last_day")]
    day: i8,
    #[serde(rename = "last_month")]
    month: i8,
    #[serde(rename = "last_week")]
    week: i8,
}

impl<'a> InfoForm<'a> {
    pub(super) fn of(document: &'a ReleaseDocument, page_url: &'a str) -> Self {
        let shown = &document.shown;
        let metadata = &shown.metadata;
        Self {
            author: metadata.author.as_deref(),
            author_email: metadata.author_email.as_deref(),
            bugtrack_url: None,
            classifiers: &metadata.classifiers,
            description: metadata.description.as_deref(),
            description_content_type: metadata.description_content_type.as_deref(),
            docs_url: None,
            download_url: metadata.download_url.as_deref(),
            downloads: DownloadsForm {
                day: -1,
                month: -1,
                week: -1,
            },
            dynamic: given(&metadata.dynamic),
            home_page: metadata.home_page.as_deref(),
            keywords: metadata.keywords.as_deref().unwrap_or_default(),
            license: metadata.license.as_deref(),
            license_expression: metadata.license_expression.as_deref(),
            license_files: given(&metadata.license_files),
            maintainer: metadata.maintainer.as_deref(),
            maintainer_email: metadata.maintainer_email.as_deref(),
            name: &document.display_name,
            package_url: page_url,
            platform: given(&metadata.platform).map(|platforms| platforms.join(", ")),
            project_url: page_url,
            project_urls: project_urls(metadata),
            provides_extra: given(&metadata.provides_extra),
            release_url: page_url,
            requires_dist: given(&metadata.requires_dist),
            requires_python: metadata.requires_python().map(|wanted| wanted.to_string()),
            summary: metadata.summary.as_deref(),
            version: &shown.version,
            yanked: shown.yanked != Yanked::No,
            yanked_reason: reason(&shown.yanked),
        }
    }
}

/// Returns why something is yanked, if somebody said.
pub(super) fn reason(yanked: &Yanked) -> Option<&str> {
    yanked.reason().filter(|reason| !reason.is_empty())
}

fn given(list: &[String]) -> Option<&[String]> {
    (!list.is_empty()).then_some(list)
}
