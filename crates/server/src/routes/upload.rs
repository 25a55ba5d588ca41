//! `POST /` and `POST /legacy/`: uploads, removals, and what old tools also send there.

use std::sync::Arc;

use axum::extract::State as Shares;
use axum::response::{IntoResponse, Response};
use axum::{Extension, body};
use http::header::{ACCEPT, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use serde_json::json;
use wheelhouse_index::audit::{AuditEvent, AuditKind};
use wheelhouse_index::change::Attribution;
use wheelhouse_index::documentation::has_index_page;
use wheelhouse_index::permission::{Principal, Right};
use wheelhouse_index::ports::{AttestedFile, StoreError};
use wheelhouse_index::publish::{ClaimedDigests, PublishError, Published, Upload};
use wheelhouse_standards::check::{Finding, Gravity, Policy, Strictness, check_form};
use wheelhouse_standards::found::{FoundFile, UploadFilename};
use wheelhouse_standards::name::ProjectKey;

use super::upload_form::{FormLimits, ReceivedFile, UploadForm};
use crate::drained::DrainedBody;
use crate::error::{ApiError, phrase};
use crate::request::RequestInfo;
use crate::settings::{Attestations, LegacyActions};
use crate::state::State;

/// The header of a warning about an upload that was taken, one for each.
const UPLOAD_WARNING: HeaderName = HeaderName::from_static("x-upload-warning");
/// Most of them: clients and proxies limit the head of an answer.
const MAX_WARNING_HEADERS: usize = 10;

/// `POST` of a form, or of XML for XML-RPC.
pub(super) async fn post(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    request: Request<body::Body>,
) -> Response {
    if super::xmlrpc::is_xml(request.headers()) {
        return super::xmlrpc::call(Shares(state), Extension(info), request)
            .await
            .into_response();
    }
    let (head, body) = request.into_parts();
    let body = DrainedBody::new(body, &head.headers);
    match act(&state, &info, &head, body).await {
        // Old uploaders take nothing but exactly 200 for success.
        Ok(warnings) => success(&warnings, state.index.options().checks.strictness),
        Err(error) => for_agent(error, &head).into_upload_response(head.headers.get(ACCEPT)),
    }
}

/// Says that all went well, and what is to be said all the same: each warning in a header, and
/// all of them in the body unless this is to be as pypiserver's, which is empty.
fn success(warnings: &[String], strictness: Strictness) -> Response {
    let mut response = match strictness {
        Strictness::Lenient => StatusCode::OK.into_response(),
        _ if warnings.is_empty() => StatusCode::OK.into_response(),
        Strictness::Standard | Strictness::Strict => {
            format!("warning: {}\n", warnings.join("\nwarning: ")).into_response()
        }
    };
    for warning in warnings.iter().take(MAX_WARNING_HEADERS) {
        if let Ok(value) = HeaderValue::from_bytes(&phrase(warning)) {
            response.headers_mut().append(UPLOAD_WARNING, value);
        }
    }
    response
}

/// Reads and throws away the body of a request that is refused for another reason.
pub(super) fn drain(request: Request<body::Body>) {
    let (head, body) = request.into_parts();
    drop(DrainedBody::new(body, &head.headers));
}

async fn act(
    state: &State,
    info: &RequestInfo,
    head: &Parts,
    body: DrainedBody,
) -> Result<Vec<String>, ApiError> {
    let who = state
        .authorise_somewhere(
            &head.headers,
            info,
            [Right::Upload, Right::Create, Right::Delete],
        )
        .await?;
    let limits = FormLimits {
        max_file_bytes: state.settings.limits.max_upload_bytes,
        idle_timeout: state.settings.limits.idle_timeout,
    };
    let form = UploadForm::read(&state.index, &head.headers, body, limits).await?;
    let action = form
        .field(":action")
        .ok_or_else(|| ApiError::bad_request("Missing ':action' field!"))?
        .to_owned();
    match (action.as_str(), state.settings.legacy_actions) {
        ("file_upload", _) => publish(state, info, head, &who, form).await,
        ("remove_pkg", _) => {
            remove(state, info, head, &who, &form).await?;
            Ok(Vec::new())
        }
        ("submit" | "verify", LegacyActions::Accept) => {
            tracing::warn!("ignored the action `{action}` of an old uploader");
            Ok(Vec::new())
        }
        ("doc_upload", LegacyActions::Accept) => {
            take_documentation(form).await?;
            Ok(Vec::new())
        }
        ("submit" | "verify" | "submit_pkg_info" | "doc_upload", _) => Err(ApiError::new(
            StatusCode::GONE,
            format!(
                "the action `{action}` is no longer in use; upload the file itself with `file_upload`"
            ),
        )),
        _ => {
            let action: String = action.chars().take(100).collect();
            Err(ApiError::bad_request(format!(
                "Unsupported ':action' field: {action}"
            )))
        }
    }
}

/// Publishes the file of a program's form, and returns what is to be said about it all the same.
async fn publish(
    state: &State,
    info: &RequestInfo,
    head: &Parts,
    who: &Principal,
    form: UploadForm,
) -> Result<Vec<String>, ApiError> {
    let attestations = form.field("attestations").map(str::to_owned);
    if attestations.is_some() && matches!(state.settings.attestations, Attestations::Refuse) {
        return Err(invalid_attestations(
            "this index has nothing to verify them with; upload without them (`uv publish --no-attestations`)",
        ));
    }
    let claimed = claimed_digests(&form)?;
    let findings = match &form.content {
        Some(content) => check_said(state, &form, content)?,
        None => Vec::new(),
    };
    let content = form.content.ok_or_else(|| {
        ApiError::bad_request("Missing 'content' file-field! The form does not have a file in it")
    })?;
    let sent = Sent {
        content,
        signature: form.signature,
        claimed,
        attestations,
        findings,
    };
    let taken = publish_file(state, info, &head.headers, who, sent).await?;
    Ok(taken.told)
}

/// A file that somebody sent, with what came with it.
pub(super) struct Sent {
    content: ReceivedFile,
    signature: Option<ReceivedFile>,
    claimed: ClaimedDigests,
    attestations: Option<String>,
    /// What is to be said about the form around it.
    findings: Vec<Finding>,
}

impl Sent {
    /// A file with nothing around it, as browsers send it.
    pub(super) fn file(content: ReceivedFile) -> Self {
        Self {
            content,
            signature: None,
            claimed: ClaimedDigests::default(),
            attestations: None,
            findings: Vec::new(),
        }
    }
}

/// A file that was taken.
pub(super) struct Taken {
    /// The project that has it.
    pub(super) project: ProjectKey,
    /// What is to be said about it all the same.
    pub(super) told: Vec<String>,
}

/// Publishes a file, however it came: whether it may, and whether it is sound, is decided here for
/// programs and browsers alike.
pub(super) async fn publish_file(
    state: &State,
    info: &RequestInfo,
    headers: &HeaderMap,
    who: &Principal,
    sent: Sent,
) -> Result<Taken, ApiError> {
    let Sent {
        content,
        signature,
        claimed,
        attestations,
        mut findings,
    } = sent;
    let file_name = content.file_name.clone();
    let mut uploads = vec![upload(content, claimed)?];
    if let Some(signature) = signature {
        if signature.file_name != format!("{file_name}.asc") {
            return Err(ApiError::bad_request(format!(
                "Unrelated signature: `{}` does not sign `{file_name}`; its name must be `{file_name}.asc`",
                signature.file_name.escape_debug()
            )));
        }
        uploads.push(upload(signature, ClaimedDigests::default())?);
    }
    let project = uploads[0].named.key.clone();
    let is_new = may_upload(state, who, &project).await?;
    if let Some(wait) = state.tried.upload(who.actor(), info.client) {
        state.metrics.limited_uploads.increment(1);
        let detail = "too many uploads within an hour; --max-uploads-per-hour raises this limit";
        return Err(ApiError::too_often(detail, wait));
    }
    if let Some(sent) = attestations {
        uploads[0].provenance = proven(state, who, sent, &uploads[0]).await?;
    }
    let by = info.attribution(who.actor().clone(), headers, state.index.now());
    let user = by.actor.to_string();
    let published = if is_new {
        let creation = create(
            state.clone(),
            who.clone(),
            project.clone(),
            uploads,
            by.clone(),
        );
        // It goes on to its end when the client does not wait for it.
        tokio::spawn(creation)
            .await
            .map_err(|failure| StoreError::new("server", "create a project", failure))??
    } else {
        let overwrite = state.settings.overwrite;
        state.index.publish(uploads, overwrite, by.clone()).await?
    };
    match published {
        Published::Recorded(of_file) => {
            let lost = Gravity::Policy(Policy::LostProvenance);
            if let Some(finding) = of_file.iter().find(|finding| finding.gravity == lost) {
                state.audit.note(AuditEvent {
                    kind: AuditKind::ProvenanceLost,
                    by,
                    project: Some(project.clone()),
                    detail: json!({ "reason": finding.message }),
                });
            }
            findings.extend(of_file);
            state.metrics.uploads.increment(1);
            tracing::info!(
                file.name = file_name,
                user.name = user,
                "a file was uploaded"
            );
        }
        Published::Identical => {
            findings.clear();
            tracing::info!(
                file.name = file_name,
                user.name = user,
                "a file was uploaded that was here already"
            );
        }
    }
    Ok(Taken {
        project,
        told: told(&file_name, &findings),
    })
}

/// Publishes the first file of a project. Whoever does so owns it, and does before the file is there:
/// after a crash in between, the same upload succeeds.
async fn create(
    state: State,
    who: Principal,
    project: ProjectKey,
    uploads: Vec<Upload>,
    by: Attribution,
) -> Result<Published, ApiError> {
    let _alone = state.access.creating(&project).await?;
    // Somebody else may have been faster, whose project it is now.
    let is_new = may_upload(&state, &who, &project).await?;
    let is_adopted = is_new && state.access.adopt_project(&project, by.clone()).await?;
    let overwrite = state.settings.overwrite;
    let published = state.index.publish(uploads, overwrite, by.clone()).await;
    if is_adopted {
        if published.is_err()
            && !state.index.has_project(&project).await?
            && let Some(owner) = by.actor.account().cloned()
        {
            // What went wrong first is what the uploader is told.
            if let Err(error) = state.access.take_role(&project, &owner, by).await {
                tracing::error!("cannot take back that `{owner}` owns `{project}`: {error}");
            }
        }
        state.pages.forget(&project);
    }
    Ok(published?)
}

fn invalid_attestations(reason: impl std::fmt::Display) -> ApiError {
    ApiError::bad_request(format!(
        "Invalid attestations supplied during upload: {reason}"
    ))
}

/// Verifies the attestations of an upload, and returns the provenance that is kept with it.
async fn proven(
    state: &State,
    who: &Principal,
    sent: String,
    upload: &Upload,
) -> Result<Option<Vec<u8>>, ApiError> {
    let Attestations::Verify(verifier) = &state.settings.attestations else {
        return Ok(None);
    };
    let publisher = state.access.publisher_of(who.actor()).ok_or_else(|| {
        invalid_attestations(
            "they are taken from jobs of trusted publishers alone; upload with a token from `uv publish --trusted-publishing`, or without them (`uv publish --no-attestations`)",
        )
    })?;
    let verifier = Arc::clone(verifier);
    let file_name = upload.file_name.clone();
    let sha256 = upload.staged.digests().sha256;
    let verified = tokio::task::spawn_blocking(move || {
        let file = AttestedFile {
            file_name: &file_name,
            sha256,
        };
        verifier.verify(&sent, &file, &publisher)
    });
    match verified.await {
        Ok(Ok(provenance)) => Ok(Some(provenance)),
        Ok(Err(reason)) => Err(invalid_attestations(reason)),
        Err(failure) => Err(StoreError::new("server", "verify attestations", failure).into()),
    }
}

/// Checks what a form says about its file, as far as this index cares.
fn check_said(
    state: &State,
    form: &UploadForm,
    content: &ReceivedFile,
) -> Result<Vec<Finding>, ApiError> {
    // A name that says nothing is told as the fault itself.
    let Some(file) = FoundFile::of(&content.file_name) else {
        return Ok(Vec::new());
    };
    let checks = &state.index.options().checks;
    let judged = checks.judge(check_form(&form.said(), &file));
    if judged.refused.is_empty() {
        return Ok(judged.told);
    }
    Err(PublishError::Unfit {
        file_name: content.file_name.clone(),
        reasons: judged.refused,
    }
    .into())
}

/// Writes findings that are no reason to refuse to the log, and as lines for the uploader.
fn told(file_name: &str, findings: &[Finding]) -> Vec<String> {
    const MAX_TOLD: usize = 50;
    let warnings: Vec<String> = findings
        .iter()
        .take(MAX_TOLD)
        .map(|finding| finding.message.clone())
        .collect();
    for warning in &warnings {
        tracing::warn!(file.name = file_name, "about an upload: {warning}");
    }
    warnings
}

/// Succeeds if somebody may upload to a project, and returns whether it is not there yet.
async fn may_upload(
    state: &State,
    who: &Principal,
    project: &ProjectKey,
) -> Result<bool, ApiError> {
    let is_new = !state.index.has_project(project).await?;
    let right = if is_new { Right::Create } else { Right::Upload };
    state.check(who, right, Some(project))?;
    Ok(is_new)
}

fn upload(received: ReceivedFile, claimed: ClaimedDigests) -> Result<Upload, ApiError> {
    let name: UploadFilename = received
        .file_name
        .parse()
        .map_err(|error| ApiError::bad_request(format!("Bad filename: {error}")))?;
    Ok(Upload {
        file_name: name.as_str().to_owned(),
        named: name.into_found(),
        staged: received.staged,
        claimed,
        provenance: None,
    })
}

fn claimed_digests(form: &UploadForm) -> Result<ClaimedDigests, ApiError> {
    fn claim<D: std::str::FromStr<Err: std::fmt::Display>>(
        form: &UploadForm,
        name: &str,
    ) -> Result<Option<D>, ApiError> {
        form.field(name)
            .map(|text| {
                text.parse()
                    .map_err(|error| ApiError::bad_request(format!("Invalid {name}: {error}")))
            })
            .transpose()
    }
    // The old uploader of setuptools sends a digest of 64 bytes under this name. Nobody else
    // computes it, and its form has two more.
    let is_of_setuptools =
        |text: &str| text.len() == 128 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let blake2b_256 = match form.field("blake2_256_digest") {
        Some(text) if is_of_setuptools(text) => None,
        _ => claim(form, "blake2_256_digest")?,
    };
    Ok(ClaimedDigests {
        sha256: claim(form, "sha256_digest")?,
        blake2b_256,
        md5: claim(form, "md5_digest")?,
    })
}

async fn remove(
    state: &State,
    info: &RequestInfo,
    head: &Parts,
    who: &Principal,
    form: &UploadForm,
) -> Result<(), ApiError> {
    let (name, version) = (form.field("name"), form.field("version"));
    let (Some(name), Some(version)) = (name, version) else {
        let shown = |field: Option<&str>| field.unwrap_or("None").escape_debug().to_string();
        return Err(ApiError::bad_request(format!(
            "Missing 'name' or 'version' fields: name={}, version={}",
            shown(name),
            shown(version)
        )));
    };
    let project = ProjectKey::of(name).ok_or_else(ApiError::not_found)?;
    state.check(who, Right::Delete, Some(&project))?;
    let by = info.attribution(who.actor().clone(), &head.headers, state.index.now());
    let user = by.actor.to_string();
    let removed = state
        .index
        .remove_release(project.clone(), version, by)
        .await?;
    tracing::info!(
        project.name = project.as_str(),
        release.version = version,
        files.count = removed,
        user.name = user,
        "a release was removed"
    );
    Ok(())
}

/// Takes documentation as pypiserver did: looks whether it is any, and throws it away.
async fn take_documentation(form: UploadForm) -> Result<(), ApiError> {
    let content = form
        .content
        .ok_or_else(|| ApiError::bad_request("Missing 'content' file-field!"))?;
    let bytes = content.staged.content();
    let has_index = tokio::task::spawn_blocking(move || has_index_page(&*bytes)).await;
    if has_index.unwrap_or(false) {
        return Ok(());
    }
    Err(ApiError::bad_request(
        "documentation must be a zip file with an index.html in it",
    ))
}

/// Tells an error in the way that an uploader understands.
fn for_agent(mut error: ApiError, head: &Parts) -> ApiError {
    let agent = head
        .headers
        .get(USER_AGENT)
        .map_or(&b""[..], |agent| agent.as_bytes());
    let is_twine = memchr::memmem::find(&agent.to_ascii_lowercase(), b"twine").is_some();
    if error.status == StatusCode::CONFLICT && is_twine {
        error.status = StatusCode::BAD_REQUEST;
    }
    error
}
