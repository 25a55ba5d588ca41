//! `POST /` and `POST /legacy/`: uploads, removals, and what old tools also send there.

use axum::extract::State as Shares;
use axum::response::{IntoResponse, Response};
use axum::{Extension, body};
use http::header::{ACCEPT, USER_AGENT};
use http::request::Parts;
use http::{Request, StatusCode};
use wheelhouse_index::actor::Actor;
use wheelhouse_index::documentation::has_index_page;
use wheelhouse_index::permission::Right;
use wheelhouse_index::publish::{ClaimedDigests, Published, Upload};
use wheelhouse_standards::found::UploadFilename;
use wheelhouse_standards::name::ProjectKey;

use super::upload_form::{FormLimits, ReceivedFile, UploadForm};
use crate::drained::DrainedBody;
use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::settings::LegacyActions;
use crate::state::State;

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
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => for_agent(error, &head).into_upload_response(head.headers.get(ACCEPT)),
    }
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
) -> Result<(), ApiError> {
    let actor = state.authorise(&head.headers, Right::Upload, None).await?;
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
        ("file_upload", _) => publish(state, info, head, actor, form).await,
        ("remove_pkg", _) => remove(state, info, head, actor, &form).await,
        ("submit" | "verify", LegacyActions::Accept) => {
            tracing::warn!("ignored the action `{action}` of an old uploader");
            Ok(())
        }
        ("doc_upload", LegacyActions::Accept) => take_documentation(form).await,
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

async fn publish(
    state: &State,
    info: &RequestInfo,
    head: &Parts,
    actor: Actor,
    form: UploadForm,
) -> Result<(), ApiError> {
    let claimed = claimed_digests(&form)?;
    let content = form.content.ok_or_else(|| {
        ApiError::bad_request("Missing 'content' file-field! The form does not have a file in it")
    })?;
    let file_name = content.file_name.clone();
    let mut uploads = vec![upload(content, claimed)?];
    if let Some(signature) = form.signature {
        if signature.file_name != format!("{file_name}.asc") {
            return Err(ApiError::bad_request(format!(
                "Unrelated signature: `{}` does not sign `{file_name}`; its name must be `{file_name}.asc`",
                signature.file_name.escape_debug()
            )));
        }
        uploads.push(upload(signature, ClaimedDigests::default())?);
    }
    let project = uploads[0].named.key.clone();
    state
        .authorise(&head.headers, Right::Upload, Some(&project))
        .await?;
    let by = info.attribution(actor, &head.headers, state.index.now());
    let user = by.actor.to_string();
    let published = state
        .index
        .publish(uploads, state.settings.overwrite, by)
        .await?;
    match published {
        Published::Recorded => {
            state.metrics.uploads.increment(1);
            tracing::info!(
                file.name = file_name,
                user.name = user,
                "a file was uploaded"
            );
        }
        Published::Identical => {
            tracing::info!(
                file.name = file_name,
                user.name = user,
                "a file was uploaded that was here already"
            );
        }
    }
    Ok(())
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
    actor: Actor,
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
    state
        .authorise(&head.headers, Right::Delete, Some(&project))
        .await?;
    let by = info.attribution(actor, &head.headers, state.index.now());
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
