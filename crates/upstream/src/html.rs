//! The HTML form of a project page, for indexes that have no JSON.

use url::Url;
use wheelhouse_standards::simple::{CoreMetadataMark, Yanked};

use crate::anchors::{Attributes, Element, Reader};
use crate::json::supported_version;
use crate::page::{UpstreamFile, UpstreamPage, file_url};

/// Reads the HTML form of a project page.
///
/// A link to a folder, or to something that is not fetched by HTTP, is passed over.
///
/// # Errors
///
/// The text says what is wrong: a later major version of the API. Any other HTML is a page,
/// perhaps one without files.
///
/// Standard: Simple repository API, HTML form.
pub(crate) fn project_page(body: &[u8], page_url: &Url) -> Result<UpstreamPage, String> {
    let html = String::from_utf8_lossy(body);
    let mut base = page_url.clone();
    let mut has_base = false;
    let mut page = UpstreamPage::default();
    for element in Reader::new(&html) {
        match element {
            // Only the first base counts.
            Element::Base(attributes) if !has_base => {
                if let Some(url) = attributes
                    .get("href")
                    .and_then(|href| page_url.join(href).ok())
                {
                    base = url;
                    has_base = true;
                }
            }
            Element::Base(_) => {}
            Element::Meta(attributes) => read_meta(&attributes, &mut page)?,
            Element::Anchor(attributes, text) => {
                page.files.extend(file(&attributes, &text, &base));
            }
        }
    }
    Ok(page)
}

fn read_meta(attributes: &Attributes, page: &mut UpstreamPage) -> Result<(), String> {
    let content = attributes.get("content");
    match (attributes.get("name"), content) {
        (Some("pypi:repository-version"), Some(version)) => supported_version(version)?,
        (Some("pypi:project-status"), Some(status)) => page.status = Some(status.to_owned()),
        (Some("pypi:project-status-reason"), Some(reason)) => {
            page.status_reason = Some(reason.to_owned());
        }
        _ => {}
    }
    Ok(())
}

fn file(attributes: &Attributes, text: &str, base: &Url) -> Option<UpstreamFile> {
    let href = attributes.get("href")?;
    let url = file_url(base, href)?;
    if url.path().ends_with('/') {
        return None;
    }
    // By the standard the text is the file's name. Some indexes put a path there.
    let filename = text.rsplit('/').next().filter(|name| !name.is_empty())?;
    let mut file = UpstreamFile::new(filename.to_owned(), url);
    if let Some((algorithm, digest)) = href
        .rsplit_once('#')
        .and_then(|(_, fragment)| fragment.split('&').find_map(|part| part.split_once('=')))
        .filter(|(algorithm, _)| *algorithm != "egg" && *algorithm != "subdirectory")
    {
        file.hashes
            .insert(algorithm.to_ascii_lowercase(), digest.to_ascii_lowercase());
    }
    file.requires_python = attributes
        .get("data-requires-python")
        .filter(|value| !value.is_empty())
        .map(str::to_owned);
    if let Some(reason) = attributes.get("data-yanked") {
        let reason = Some(reason.to_owned()).filter(|reason| !reason.trim().is_empty());
        file.yanked = Yanked::Yes(reason);
    }
    file.core_metadata = attributes
        .get("data-core-metadata")
        .or_else(|| attributes.get("data-dist-info-metadata"))
        .map_or(CoreMetadataMark::Unknown, core_metadata);
    Some(file)
}

fn core_metadata(value: &str) -> CoreMetadataMark {
    match value.split_once('=') {
        Some(("sha256", digest)) => CoreMetadataMark::Present(digest.parse().ok()),
        _ if value.eq_ignore_ascii_case("false") => CoreMetadataMark::Absent,
        _ => CoreMetadataMark::Present(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str) -> Result<UpstreamPage, String> {
        let url = "https://index.example/simple/demo/".parse().unwrap();
        project_page(html.as_bytes(), &url)
    }

    #[test]
    fn link_tells_the_whole_file() {
        let digest = "ab".repeat(32);
        let page = read(&format!(
            r#"<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.4">
            <meta name="pypi:project-status" content="deprecated"></head><body>
            <a href="../../files/demo-1.0-py3-none-any.whl#sha256={digest}"
               data-requires-python="&gt;=3.9" data-yanked="bad &amp; broken"
               data-core-metadata="sha256={digest}">demo-1.0-py3-none-any.whl</a><br></body></html>"#
        ))
        .unwrap();
        let [file] = &page.files[..] else {
            panic!("one file, not {:?}", page.files)
        };
        assert_eq!(page.status.as_deref(), Some("deprecated"));
        assert_eq!(file.filename, "demo-1.0-py3-none-any.whl");
        assert_eq!(
            file.url.as_str(),
            "https://index.example/files/demo-1.0-py3-none-any.whl"
        );
        assert_eq!(file.sha256(), Some(digest.parse().unwrap()));
        assert_eq!(file.requires_python.as_deref(), Some(">=3.9"));
        assert_eq!(file.yanked, Yanked::Yes(Some("bad & broken".to_owned())));
        assert_eq!(
            file.core_metadata,
            CoreMetadataMark::Present(Some(digest.parse().unwrap()))
        );
    }

    #[test]
    fn bare_yank_mark_counts_and_folders_do_not() {
        let page = read(
            "<base href='/pool/'><base href='/other/'><a href='../'>..</a>\
             <a href='mailto:x@y.example'>mail</a><a name=top></a>\
             <a href='demo-1.tar.gz' data-yanked>pool/demo-1.tar.gz</a>",
        )
        .unwrap();
        assert_eq!(page.files.len(), 1);
        assert_eq!(page.files[0].filename, "demo-1.tar.gz");
        assert_eq!(page.files[0].yanked, Yanked::Yes(None));
        assert_eq!(
            page.files[0].url.as_str(),
            "https://index.example/pool/demo-1.tar.gz"
        );
    }

    #[test]
    fn later_major_version_is_refused() {
        let error = read("<meta name='pypi:repository-version' content='2.0'>").unwrap_err();
        assert!(error.contains("version `2.0`"), "{error}");
    }
}
