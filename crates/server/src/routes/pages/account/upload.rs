//! `/account/upload`: upload with a browser, several files at once. Each goes the way of an upload by a
//! program.

use axum::extract::{Request, State as Shares};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use wheelhouse_index::permission::Right;
use wheelhouse_ui::account::upload::{UploadPage, UploadResult};

use super::super::own::{Reader, info_of, own_frame, shown, visit_of};
use crate::drained::DrainedBody;
use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::routes::upload::{Sent, publish_file};
use crate::routes::upload_form::{BrowserForm, FormLimits, PartOfForm, ReceivedFile};
use crate::session::Visit;
use crate::state::State;

/// Most files of one form.
const MAX_FILES: usize = 100;
/// Longest name of a file that is shown, in characters.
const MAX_SHOWN_CHARS: usize = 255;

/// `GET /account/upload`.
pub(in crate::routes::pages) async fn page(
    Shares(state): Shares<State>,
    reader: Reader,
) -> Result<Response, ApiError> {
    check_may(&state, &reader.visit)?;
    reader.show(&state, &with(&state, &reader.info, Vec::new(), None))
}

/// `POST /account/upload`.
pub(in crate::routes::pages) async fn upload(
    Shares(state): Shares<State>,
    request: Request,
) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let info = info_of(&head);
    let body = DrainedBody::new(body, &head.headers);
    // Nothing of the body is read for somebody who may upload nothing.
    let visit = visit_of(&state, &head, &info).await?;
    check_may(&state, &visit)?;
    let limits = FormLimits {
        max_file_bytes: state.settings.limits.max_upload_bytes,
        idle_timeout: state.settings.limits.idle_timeout,
    };
    let mut form = BrowserForm::new(&head.headers, body, limits)?;
    let (mut results, mut refusals) = (Vec::new(), Vec::new());
    let (mut is_proven, mut failed) = (false, None);
    loop {
        let part = match form.next(&state.index).await {
            Ok(Some(part)) => part,
            Ok(None) => break,
            Err(error) if is_proven => {
                failed = Some(error);
                break;
            }
            Err(error) => return Err(error),
        };
        match part {
            PartOfForm::Text { name, text } => {
                if name == "form_token" && !is_proven {
                    state.check_form(&visit, Some(text.trim()))?;
                    is_proven = true;
                }
            }
            // The token comes first: until then nothing is taken.
            PartOfForm::File { .. } if !is_proven => {
                state.check_form(&visit, None)?;
            }
            PartOfForm::File { file_name, .. } if results.len() == MAX_FILES => {
                let detail = format!(
                    "a form may have {MAX_FILES} files: `{}` and those after it were not looked at",
                    shown_name(&file_name)
                );
                failed = Some(ApiError::bad_request(detail));
                break;
            }
            // A field of a file that nobody chose has no name.
            PartOfForm::File { file_name, .. } if file_name.is_empty() => {}
            PartOfForm::File {
                file_name,
                received,
            } => {
                let (result, refused) =
                    take(&state, &info, &head, &visit, &file_name, received).await;
                results.push(result);
                refusals.extend(refused);
            }
        }
    }
    if !is_proven {
        state.check_form(&visit, None)?;
    }
    if results.is_empty() && failed.is_none() {
        failed = Some(ApiError::bad_request("no file was chosen"));
    }
    let status = match &failed {
        Some(error) => error.status,
        None => status_of(&refusals),
    };
    let page = with(&state, &info, results, failed.map(|error| error.detail));
    let frame = own_frame(&state, &info, &visit)?;
    Ok(shown(&state, &frame, status, &page))
}

/// Publishes a file, and returns what to tell of it, and the status of its refusal.
async fn take(
    state: &State,
    info: &RequestInfo,
    head: &Parts,
    visit: &Visit,
    file_name: &str,
    received: Result<ReceivedFile, ApiError>,
) -> (UploadResult, Option<StatusCode>) {
    let published = match received {
        Ok(content) => {
            publish_file(state, info, &head.headers, &visit.who, Sent::file(content)).await
        }
        Err(error) => Err(error),
    };
    let file = shown_name(file_name);
    match published {
        Ok(taken) => {
            let project = Some(taken.project.to_string());
            let told = taken.told;
            (
                UploadResult {
                    file,
                    project,
                    told,
                },
                None,
            )
        }
        Err(error) => {
            let (project, told) = (None, vec![error.detail]);
            (
                UploadResult {
                    file,
                    project,
                    told,
                },
                Some(error.status),
            )
        }
    }
}

/// Returns the status of the page. Where the server is at fault that counts, so that whoever watches it
/// sees more than bad files.
fn status_of(refusals: &[StatusCode]) -> StatusCode {
    let of_server = refusals.iter().find(|status| status.is_server_error());
    match of_server {
        Some(status) => *status,
        None if refusals.is_empty() => StatusCode::OK,
        None => StatusCode::BAD_REQUEST,
    }
}

fn with(
    state: &State,
    info: &RequestInfo,
    results: Vec<UploadResult>,
    error: Option<String>,
) -> UploadPage {
    UploadPage {
        results,
        error,
        max_bytes: state.settings.limits.max_upload_bytes,
        max_files: MAX_FILES,
        server: info.external.url(""),
    }
}

/// Succeeds if there can be any project that somebody may upload to.
fn check_may(state: &State, visit: &Visit) -> Result<(), ApiError> {
    state.check_somewhere(&visit.who, [Right::Upload, Right::Create])
}

fn shown_name(name: &str) -> String {
    name.chars().take(MAX_SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_says_whose_fault_it_is() {
        let (full, taken) = (StatusCode::INSUFFICIENT_STORAGE, StatusCode::CONFLICT);
        for (refusals, status) in [
            (&[][..], StatusCode::OK),
            (&[taken], StatusCode::BAD_REQUEST),
            (&[taken, full], full),
        ] {
            assert_eq!(status_of(refusals), status, "{refusals:?}");
        }
    }
}
