//! Documentation archives, which old tools upload and nobody serves.

use wheelhouse_standards::archive::Limits;
use wheelhouse_standards::archive::zip::ZipArchive;

use crate::contents::Source;
use crate::ports::Content;

/// Returns whether a file is a zip archive with an `index.html` at its top. Blocks: not for
/// request threads.
pub fn has_index_page(content: &dyn Content) -> bool {
    let source = Source(content);
    let Ok(archive) = ZipArchive::open(&source, &Limits::DEFAULT) else {
        return false;
    };
    archive
        .members()
        .any(|member| member.is_ok_and(|member| member.shown_name() == "index.html"))
}
