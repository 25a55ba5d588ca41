//! What a project and its releases are.

use wheelhouse_index::actor::UserName;
use wheelhouse_index::permission::Role;
use wheelhouse_index::release::Wanted;
use wheelhouse_standards::json_api::{ReleaseDocument, ReleaseFile, project_urls};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::Yanked;

use super::arguments::Arguments;
use super::{Asker, Failed};
use crate::request::RequestInfo;
use crate::xmlrpc::Value;

pub(super) async fn package_releases(
    asker: &Asker,
    given: &Arguments<'_>,
) -> Result<Value, Failed> {
    given.at_most(2)?;
    let (project, with_yanked) = (given.project(0)?, given.flag(1)?);
    let mut versions = Vec::new();
    if let Some(project) = project
        && let Some(shown) = asker.index.document(&project, &Wanted::Latest, "").await?
    {
        for (version, files) in shown.page.releases.unwrap_or_default().into_iter().rev() {
            let is_yanked = files.iter().all(|file| file.yanked != Yanked::No);
            if with_yanked || !is_yanked {
                versions.push(Value::Text(version));
            }
        }
    }
    Ok(Value::Array(versions))
}

pub(super) fn package_roles(asker: &Asker, given: &Arguments<'_>) -> Result<Value, Failed> {
    given.at_most(1)?;
    let project = given.project(0)?;
    let project = project.filter(|project| asker.sight.has(project));
    // Who they are is for those to know who are known themselves.
    let roles = match project {
        Some(project) if asker.is_known => asker.access.roles(&project),
        _ => Vec::new(),
    };
    let pair =
        |(user, role): (UserName, Role)| Value::Array(vec![text(role.name()), text(user.as_str())]);
    Ok(Value::Array(roles.into_iter().map(pair).collect()))
}

pub(super) fn user_packages(asker: &Asker, given: &Arguments<'_>) -> Result<Value, Failed> {
    given.at_most(1)?;
    let user = UserName::new(given.text(0)?);
    let mut projects = if asker.is_known {
        asker.access.projects_of(&user)
    } else {
        Vec::new()
    };
    projects.retain(|(project, _)| asker.sight.has(project));
    let pair = |(project, role): (ProjectKey, Role)| {
        Value::Array(vec![text(role.name()), text(project.as_str())])
    };
    Ok(Value::Array(projects.into_iter().map(pair).collect()))
}

pub(super) async fn release_urls(
    asker: &Asker,
    info: &RequestInfo,
    given: &Arguments<'_>,
) -> Result<Value, Failed> {
    let document = document(asker, info, given).await?;
    let files = document.map(|document| document.shown.files);
    Ok(Value::Array(
        files.unwrap_or_default().iter().map(file).collect(),
    ))
}

pub(super) async fn release_data(
    asker: &Asker,
    info: &RequestInfo,
    given: &Arguments<'_>,
) -> Result<Value, Failed> {
    let document = document(asker, info, given).await?;
    Ok(Value::Struct(
        document.map(|document| data(&document)).unwrap_or_default(),
    ))
}

async fn document(
    asker: &Asker,
    info: &RequestInfo,
    given: &Arguments<'_>,
) -> Result<Option<ReleaseDocument>, Failed> {
    given.at_most(2)?;
    let (project, version) = (given.project(0)?, given.text(1)?);
    let Some(project) = project else {
        return Ok(None);
    };
    let files_base = info.external.url("/packages/");
    let shown = asker
        .index
        .document(&project, &Wanted::Release(version.to_owned()), &files_base)
        .await?;
    Ok(shown.map(|shown| shown.page))
}

fn file(file: &ReleaseFile) -> Value {
    let digests = file.digests.as_ref().map(|digests| {
        [
            ("md5", digests.md5.to_string()),
            ("sha256", digests.sha256.to_string()),
            ("blake2b_256", digests.blake2b_256.to_string()),
        ]
    });
    let digests = digests.into_iter().flatten();
    let digests = digests.map(|(name, hex)| (name.to_owned(), Value::Text(hex)));
    let md5 = file.digests.as_ref().map(|digests| digests.md5.to_string());
    structure([
        ("filename", Value::Text(file.filename.clone())),
        ("packagetype", text(file.packagetype())),
        (
            "python_version",
            text(wheelhouse_standards::json_api::python_version(
                file.kind,
                &file.filename,
            )),
        ),
        ("url", Value::Text(file.url.clone())),
        (
            "size",
            Value::Int(i64::try_from(file.size_bytes).unwrap_or(i64::MAX)),
        ),
        ("md5_digest", Value::Text(md5.unwrap_or_default())),
        ("digests", Value::Struct(digests.collect())),
        ("has_sig", Value::Bool(file.is_signed)),
        ("comment_text", text("")),
        ("downloads", Value::Int(-1)),
        ("upload_time", Value::Text(file.upload_second())),
        ("upload_time_iso_8601", Value::Text(file.upload_instant())),
        ("requires_python", optional(file.requires_python.as_deref())),
        ("yanked", Value::Bool(file.yanked != Yanked::No)),
        ("yanked_reason", optional(file.yanked.reason())),
    ])
}

fn data(document: &ReleaseDocument) -> Vec<(String, Value)> {
    let shown = &document.shown;
    let metadata = &shown.metadata;
    let urls = project_urls(metadata).unwrap_or_default();
    let urls = urls
        .into_iter()
        .map(|(label, url)| format!("{label}, {url}"));
    let wanted_python = metadata.requires_python().map(|wanted| wanted.to_string());
    let fields = structure([
        ("name", Value::Text(document.display_name.clone())),
        ("version", Value::Text(shown.version.clone())),
        ("summary", optional(metadata.summary.as_deref())),
        ("description", optional(metadata.description.as_deref())),
        (
            "description_content_type",
            optional(metadata.description_content_type.as_deref()),
        ),
        ("author", optional(metadata.author.as_deref())),
        ("author_email", optional(metadata.author_email.as_deref())),
        ("maintainer", optional(metadata.maintainer.as_deref())),
        (
            "maintainer_email",
            optional(metadata.maintainer_email.as_deref()),
        ),
        ("home_page", optional(metadata.home_page.as_deref())),
        ("download_url", optional(metadata.download_url.as_deref())),
        ("license", optional(metadata.license.as_deref())),
        (
            "license_expression",
            optional(metadata.license_expression.as_deref()),
        ),
        ("keywords", optional(metadata.keywords.as_deref())),
        ("platform", Value::Text(metadata.platform.join(", "))),
        ("classifiers", texts(&metadata.classifiers)),
        ("requires_dist", texts(&metadata.requires_dist)),
        ("provides_extra", texts(&metadata.provides_extra)),
        ("requires_python", optional(wanted_python.as_deref())),
        ("project_url", Value::Array(urls.map(Value::Text).collect())),
        ("yanked", Value::Bool(shown.yanked != Yanked::No)),
        ("yanked_reason", optional(shown.yanked.reason())),
    ]);
    match fields {
        Value::Struct(fields) => fields,
        _ => Vec::new(),
    }
}

fn structure<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Struct(
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Returns what is not known as an empty text: strict readers know no `nil`.
fn optional(value: Option<&str>) -> Value {
    text(value.unwrap_or_default())
}

fn texts(list: &[String]) -> Value {
    Value::Array(list.iter().map(|entry| text(entry)).collect())
}
