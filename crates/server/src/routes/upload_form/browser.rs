//! The form of a page on which people upload: several files at a time.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use multer::{Field, Multipart};
use wheelhouse_index::Index;

use super::{
    FormLimits, HeadBudget, MAX_PARTS, ReceivedFile, next_chunk, no_form, patiently, read_text,
    receive,
};
use crate::drained::DrainedBody;
use crate::error::ApiError;
use crate::metrics::RequestLimit;

/// A form that a browser sends: texts, and files in `content`, as many as there are.
pub(crate) struct BrowserForm {
    parts: Multipart<'static>,
    heads: HeadBudget,
    limits: FormLimits,
    fields_bytes: u64,
    read: usize,
    /// Why nothing more can be read.
    failed: Option<ApiError>,
}

/// Reads the rest of a file that is not taken, so that the part after it can be read.
async fn pass_over(part: &mut Field<'static>, limits: FormLimits) -> Result<(), ApiError> {
    let mut passed_bytes = 0;
    while let Some(chunk) = next_chunk(part, limits).await? {
        passed_bytes += chunk.len() as u64;
        if passed_bytes > limits.max_file_bytes {
            return Err(ApiError::beyond(
                RequestLimit::BodySize,
                StatusCode::PAYLOAD_TOO_LARGE,
                "a file is much too large; it and those after it were not looked at",
            ));
        }
    }
    Ok(())
}

/// A part of such a form.
pub(crate) enum PartOfForm {
    Text {
        name: String,
        text: String,
    },
    /// A file, or why it was not taken.
    File {
        file_name: String,
        received: Result<ReceivedFile, ApiError>,
    },
}

impl BrowserForm {
    /// Begins to read a form.
    ///
    /// # Errors
    /// 415 for what is no form with files.
    pub(crate) fn new(
        headers: &HeaderMap,
        body: DrainedBody,
        limits: FormLimits,
    ) -> Result<Self, ApiError> {
        let content_type = headers.get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let boundary = multer::parse_boundary(content_type.unwrap_or_default()).map_err(|_| {
            ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the form must be `multipart/form-data`, as a browser sends it",
            )
        })?;
        let heads = HeadBudget::default();
        let body = heads.watch(body);
        Ok(Self {
            parts: Multipart::new(body, boundary),
            heads,
            limits,
            fields_bytes: 0,
            read: 0,
            failed: None,
        })
    }

    /// Reads the next part, a file to its end; of one that is not taken, the rest is passed over with
    /// the part after it.
    ///
    /// # Errors
    /// As [`UploadForm::read`], if nothing more can be read.
    pub(crate) async fn next(&mut self, index: &Index) -> Result<Option<PartOfForm>, ApiError> {
        if let Some(failed) = self.failed.take() {
            return Err(failed);
        }
        self.read += 1;
        if self.read > MAX_PARTS {
            return Err(ApiError::bad_request(format!(
                "the form has more than {MAX_PARTS} parts"
            )));
        }
        self.heads.limit();
        let next = patiently(self.limits.idle_timeout, self.parts.next_field()).await?;
        self.heads.release();
        let Some(mut part) = next.map_err(|error| no_form(&error))? else {
            return Ok(None);
        };
        let name = part.name().unwrap_or_default().to_owned();
        let Some(file_name) = part.file_name().map(str::to_owned) else {
            let text = read_text(&mut part, &name, &mut self.fields_bytes, self.limits).await?;
            return Ok(Some(PartOfForm::Text { name, text }));
        };
        if name != "content" || file_name.is_empty() {
            let received = Err(ApiError::bad_request("files go into the field `content`"));
            return Ok(Some(PartOfForm::File {
                file_name,
                received,
            }));
        }
        let received = receive(index, file_name.clone(), &mut part, self.limits).await;
        if received.is_err() {
            self.failed = pass_over(&mut part, self.limits).await.err();
        }
        Ok(Some(PartOfForm::File {
            file_name,
            received,
        }))
    }
}
