//! Small bodies that are read whole, within a limit and with patience.

use futures_util::StreamExt;
use http::StatusCode;

use crate::drained::DrainedBody;
use crate::error::ApiError;
use crate::metrics::RequestLimit;
use crate::state::Shared;

/// Reads a body of at most `max_bytes`; `what` is what people call it, as in "the call".
pub(crate) async fn read_whole(
    state: &Shared,
    mut body: DrainedBody,
    max_bytes: usize,
    what: &str,
) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    loop {
        let next = tokio::time::timeout(state.settings.limits.idle_timeout, body.next()).await;
        let next = next.map_err(|_| {
            let detail = format!("{what} did not come to its end");
            ApiError::beyond(RequestLimit::BodyTime, StatusCode::REQUEST_TIMEOUT, detail)
        })?;
        let Some(chunk) = next else { break };
        let chunk =
            chunk.map_err(|_| ApiError::bad_request(format!("{what} ended in its middle")))?;
        if bytes.len() + chunk.len() > max_bytes {
            return Err(ApiError::beyond(
                RequestLimit::BodySize,
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("{what} is larger than {max_bytes} bytes"),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
