//! What the fuzz targets reach and no other crate needs.

use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use wheelhouse_index::Index;

use crate::drained::DrainedBody;
use crate::routes::upload_form::{FormLimits, UploadForm};
use crate::settings::Limits;

/// Reads the form of an upload whose body comes in these pieces.
pub async fn read_form(index: &Index, content_type: &'static str, pieces: Vec<Vec<u8>>) {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let pieces = pieces
        .into_iter()
        .map(|piece| Ok::<_, std::io::Error>(Bytes::from(piece)));
    let body = axum::body::Body::from_stream(stream::iter(pieces));
    let body = DrainedBody::new(body, &headers);
    let limits = FormLimits {
        max_file_bytes: 10_000,
        idle_timeout: Limits::default().idle_timeout,
    };
    if let Ok(form) = UploadForm::read(index, &headers, body, limits).await {
        let _ = form.said();
        if let Some(content) = &form.content {
            assert!(
                content.staged.size_bytes() <= limits.max_file_bytes,
                "files are limited"
            );
        }
    }
}
