//! From which site a request comes: what browsers say of the page that made them send it.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderValue};

use crate::request::RequestInfo;

/// Returns whether a page of another site made a browser send a request. Programs say nothing of sites,
/// and so do old browsers.
///
/// Standards: Fetch Metadata Request Headers; Fetch, "`Origin` header".
pub(crate) fn is_of_another_site(headers: &HeaderMap, info: &RequestInfo) -> bool {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_ascii_lowercase();
    let site = headers.get("sec-fetch-site").map(text);
    if site.is_some_and(|site| site == "cross-site" || site == "same-site") {
        return true;
    }
    let Some(origin) = headers.get(ORIGIN).map(text) else {
        return false;
    };
    let host = headers.get(HOST).map(text).unwrap_or_default();
    let outside = info.external.host.to_ascii_lowercase();
    let of_origin = origin.split_once("://").map_or("", |(_, host)| host);
    of_origin.is_empty() || (of_origin != host && of_origin != outside)
}
