//! The HTML form of the pages.
//!
//! One link a line, attributes in double quotes, no other links: many readers of these pages are
//! regular expressions.
//!
//! Standard: PyPA specifications, "Simple repository API", the HTML form, which is frozen at 1.4.

use std::fmt::Write;

use super::escape::{push_digest, push_text};
use super::{
    API_VERSION, CoreMetadataMark, FlatList, FragmentHash, PageFile, ProjectList, ProjectPage,
    ProjectStatus, link,
};
use crate::digest::Sha256Digest;

/// About the length of one project's line, without its name.
const PROJECT_LINE_BYTES: usize = 32;

/// About the length of one file's line, without its name, URL and `Requires-Python`.
const FILE_LINE_BYTES: usize = 400;

/// Renders the list of projects.
pub fn project_list(list: &ProjectList) -> String {
    let names: usize = list
        .projects
        .iter()
        .map(|project| 2 * project.key.as_str().len() + PROJECT_LINE_BYTES)
        .sum();
    let mut html = String::with_capacity(names + 512);
    push_head(&mut html, "Simple Index", "", |_| ());
    for project in &list.projects {
        let key = project.key.as_str();
        html.push_str("    <a href=\"");
        // Encoded, so it holds nothing that HTML gives a meaning to.
        html.push_str(&link::encode_segment(key));
        html.push_str("/\">");
        push_text(&mut html, key);
        html.push_str("</a><br>\n");
    }
    push_tail(&mut html, list.serial);
    html
}

/// Renders one project's files.
pub fn project_page(page: &ProjectPage) -> String {
    let files = page.offered_files();
    let lines: usize = files
        .iter()
        .map(|file| {
            let texts = file.filename.len()
                + file.url.len()
                + file.requires_python.as_ref().map_or(0, String::len);
            texts + FILE_LINE_BYTES
        })
        .sum();
    let mut html = String::with_capacity(lines + 1024);
    push_head(&mut html, "Links for ", page.key.as_str(), |html| {
        push_status(html, page);
    });
    for file in files {
        push_file(&mut html, file);
    }
    push_tail(&mut html, page.serial);
    html
}

/// Renders the list of all files of an index.
pub fn flat_list(list: &FlatList) -> String {
    let lines: usize = list
        .files
        .iter()
        .map(|file| file.path.len() + file.url.len() + PROJECT_LINE_BYTES + 72)
        .sum();
    let mut html = String::with_capacity(lines + 512);
    push_head(&mut html, "Index of packages", "", |_| ());
    for file in &list.files {
        html.push_str("    <a href=\"");
        push_target(
            &mut html,
            &file.url,
            file.sha256.as_ref(),
            &file.listed_hash,
        );
        html.push_str("\">");
        push_text(&mut html, &file.path);
        html.push_str("</a><br>\n");
    }
    push_tail(&mut html, None);
    html
}

fn push_head(html: &mut String, title: &str, subject: &str, metas: impl FnOnce(&mut String)) {
    html.push_str("<!DOCTYPE html>\n<html lang=\"en\">\n  <head>\n    <meta charset=\"utf-8\">\n");
    push_meta(html, "pypi:repository-version", API_VERSION);
    metas(html);
    html.push_str("    <title>");
    html.push_str(title);
    push_text(html, subject);
    html.push_str("</title>\n  </head>\n  <body>\n    <h1>");
    html.push_str(title);
    push_text(html, subject);
    html.push_str("</h1>\n");
}

fn push_meta(html: &mut String, name: &str, content: &str) {
    html.push_str("    <meta name=\"");
    html.push_str(name);
    html.push_str("\" content=\"");
    push_text(html, content);
    html.push_str("\">\n");
}

fn push_status(html: &mut String, page: &ProjectPage) {
    if page.status != ProjectStatus::Active {
        push_meta(html, "pypi:project-status", page.status.marker());
    }
    if let Some(reason) = &page.status_reason {
        push_meta(html, "pypi:project-status-reason", reason);
    }
}

fn push_tail(html: &mut String, serial: Option<u64>) {
    html.push_str("  </body>\n</html>\n");
    if let Some(serial) = serial {
        // Writing into a `String` cannot fail.
        let _ = writeln!(html, "<!--SERIAL {serial}-->");
    }
}

fn push_file(html: &mut String, file: &PageFile) {
    html.push_str("    <a href=\"");
    push_target(html, &file.url, file.sha256.as_ref(), &file.listed_hash);
    html.push('"');
    if let Some(requires_python) = &file.requires_python {
        push_attribute(html, "data-requires-python", requires_python);
    }
    push_core_metadata(html, file.core_metadata);
    if let Some(has_signature) = file.gpg_sig {
        let value = if has_signature { "true" } else { "false" };
        push_attribute(html, "data-gpg-sig", value);
    }
    if let Some(reason) = file.yanked.reason() {
        push_attribute(html, "data-yanked", reason);
    }
    if let Some(url) = file.secure_provenance() {
        push_attribute(html, "data-provenance", url);
    }
    html.push('>');
    push_text(html, &file.filename);
    html.push_str("</a><br>\n");
}

fn push_target(
    html: &mut String,
    url: &str,
    sha256: Option<&Sha256Digest>,
    listed_hash: &FragmentHash,
) {
    push_text(html, url);
    match (listed_hash, sha256) {
        (FragmentHash::Other(listed), _) => {
            html.push('#');
            html.push_str(listed.algorithm.name());
            html.push('=');
            push_text(html, &listed.hex);
        }
        (FragmentHash::Sha256, Some(digest)) => {
            html.push_str("#sha256=");
            push_digest(html, digest);
        }
        (FragmentHash::Sha256, None) | (FragmentHash::None, _) => {}
    }
}

/// Appends both names of the mark, or neither: several readers take any value, even `false`, for
/// a promise that the metadata is there.
fn push_core_metadata(html: &mut String, mark: CoreMetadataMark) {
    let CoreMetadataMark::Present(digest) = mark else {
        return;
    };
    for name in ["data-dist-info-metadata", "data-core-metadata"] {
        html.push(' ');
        html.push_str(name);
        html.push_str("=\"");
        if let Some(digest) = &digest {
            html.push_str("sha256=");
            push_digest(html, digest);
        } else {
            html.push_str("true");
        }
        html.push('"');
    }
}

fn push_attribute(html: &mut String, name: &str, value: &str) {
    html.push(' ');
    html.push_str(name);
    html.push_str("=\"");
    push_text(html, value);
    html.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::{HashAlgorithm, ListedDigest};
    use crate::simple::fixture::{full_page, project_list as two_projects};
    use crate::simple::{FlatFile, Yanked};

    /// The lines with a link, without their indent.
    fn links(html: &str) -> Vec<&str> {
        html.lines()
            .map(str::trim)
            .filter(|line| line.contains("<a"))
            .collect()
    }

    fn rendered(change: impl FnOnce(&mut PageFile)) -> String {
        let mut page = full_page();
        page.files.truncate(1);
        change(&mut page.files[0]);
        links(&project_page(&page)).concat()
    }

    #[test]
    fn a_project_page_is_as_the_standard_shows_it() {
        insta::assert_snapshot!(project_page(&full_page()));
    }

    #[test]
    fn a_project_list_is_as_the_standard_shows_it() {
        insta::assert_snapshot!(super::project_list(&two_projects()));
    }

    #[test]
    fn simple_22_to_23_the_page_is_html5_and_announces_1_4() {
        for html in [
            project_page(&full_page()),
            super::project_list(&two_projects()),
            flat_list(&FlatList::default()),
        ] {
            assert!(html.starts_with("<!DOCTYPE html>\n"));
            assert!(html.contains("<meta name=\"pypi:repository-version\" content=\"1.4\">"));
        }
    }

    #[test]
    fn simple_24_project_links_are_relative_and_encoded() {
        let html = super::project_list(&two_projects());
        assert_eq!(
            links(&html),
            [
                "<a href=\"friendly-bard/\">friendly-bard</a><br>",
                "<a href=\"sp%20ace%3A%C3%A4%3Cb%3E/\">sp ace:ä&lt;b&gt;</a><br>",
            ]
        );
    }

    #[test]
    fn simple_25_the_text_is_the_file_name_even_an_odd_one() {
        let html = rendered(|file| file.filename = "a\n<b>&\"-1.zip".to_owned());
        assert!(html.ends_with(">a&#10;&lt;b&gt;&amp;&quot;-1.zip</a><br>"));
    }

    #[test]
    fn simple_26_the_fragment_is_one_pair_in_the_chosen_algorithm() {
        let html = rendered(|file| file.listed_hash = FragmentHash::None);
        assert!(html.starts_with("<a href=\"/packages/demo-1.0.tar.gz\" "));
        let html = rendered(|file| file.sha256 = None);
        assert!(html.starts_with("<a href=\"/packages/demo-1.0.tar.gz\" "));
        let html = rendered(|file| {
            file.listed_hash = FragmentHash::Other(ListedDigest {
                algorithm: HashAlgorithm::Md5,
                hex: "ab".repeat(16).into(),
            });
        });
        let expected = format!(
            "<a href=\"/packages/demo-1.0.tar.gz#md5={}\" ",
            "ab".repeat(16)
        );
        assert!(html.starts_with(&expected));
    }

    #[test]
    fn simple_27_requires_python_is_escaped_and_left_out_when_absent() {
        let html = rendered(|file| file.requires_python = Some(">=3.8,<4,!=\"3.9\"".to_owned()));
        assert!(html.contains(" data-requires-python=\"&gt;=3.8,&lt;4,!=&quot;3.9&quot;\""));
        let html = rendered(|file| file.requires_python = None);
        assert!(!html.contains("data-requires-python"));
    }

    #[test]
    fn simple_28_yanked_has_an_explicit_value() {
        for (yanked, attribute) in [
            (Yanked::Yes(None), Some(" data-yanked=\"\"")),
            (
                Yanked::Yes(Some("br<oken".to_owned())),
                Some(" data-yanked=\"br&lt;oken\""),
            ),
            (Yanked::No, None),
        ] {
            let html = rendered(|file| file.yanked = yanked);
            match attribute {
                Some(attribute) => assert!(html.contains(attribute), "{html}"),
                None => assert!(!html.contains("data-yanked"), "{html}"),
            }
        }
    }

    #[test]
    fn simple_29_to_30_core_metadata_has_both_names_or_none() {
        let html = rendered(|file| file.core_metadata = CoreMetadataMark::Present(None));
        assert!(html.contains(" data-dist-info-metadata=\"true\" data-core-metadata=\"true\""));
        for mark in [CoreMetadataMark::Unknown, CoreMetadataMark::Absent] {
            let html = rendered(|file| file.core_metadata = mark);
            assert!(!html.contains("metadata"), "{html}");
        }
    }

    #[test]
    fn simple_31_the_signature_mark_is_on_every_link_or_on_none() {
        for (mark, attribute) in [(true, "\"true\""), (false, "\"false\"")] {
            let html = rendered(|file| file.gpg_sig = Some(mark));
            assert!(
                html.contains(&format!(" data-gpg-sig={attribute}")),
                "{html}"
            );
        }
        assert!(!rendered(|file| file.gpg_sig = None).contains("gpg"));
    }

    #[test]
    fn simple_32_an_insecure_provenance_is_left_out() {
        let html = rendered(|file| file.provenance = Some("http://index.example/p".to_owned()));
        assert!(!html.contains("provenance"));
        let html = rendered(|file| file.provenance = Some("https://index.example/p".to_owned()));
        assert!(html.contains(" data-provenance=\"https://index.example/p\""));
    }

    #[test]
    fn simple_33_only_a_status_that_is_not_active_is_named() {
        let mut page = full_page();
        page.status = ProjectStatus::Active;
        page.status_reason = None;
        assert!(!project_page(&page).contains("project-status"));
        page.status = ProjectStatus::Deprecated;
        page.status_reason = Some("use <other>".to_owned());
        let html = project_page(&page);
        assert!(html.contains("<meta name=\"pypi:project-status\" content=\"deprecated\">"));
        assert!(
            html.contains(
                "<meta name=\"pypi:project-status-reason\" content=\"use &lt;other&gt;\">"
            )
        );
    }

    #[test]
    fn simple_34_the_serial_stands_in_a_comment_at_the_end() {
        let mut page = full_page();
        assert!(project_page(&page).ends_with("</html>\n<!--SERIAL 42-->\n"));
        page.serial = None;
        assert!(project_page(&page).ends_with("</html>\n"));
    }

    #[test]
    fn simple_35_each_link_is_one_line_and_each_line_is_one_link() {
        let mut page = full_page();
        for file in &mut page.files {
            file.filename.push('\n');
            file.requires_python = Some(">=3\n,<4\r".to_owned());
        }
        let html = project_page(&page);
        let links = links(&html);
        assert_eq!(links.len(), page.files.len());
        for link in links {
            assert!(
                link.starts_with("<a href=\"") && link.ends_with("</a><br>"),
                "{link}"
            );
            assert_eq!(link.matches('<').count(), 3, "{link}");
            assert_eq!(link.matches('>').count(), 3, "{link}");
        }
    }

    #[test]
    fn simple_46_a_quarantined_project_offers_no_file() {
        let mut page = full_page();
        page.status = ProjectStatus::Quarantined;
        assert!(links(&project_page(&page)).is_empty());
    }

    #[test]
    fn the_flat_list_shows_paths() {
        let list = FlatList {
            files: vec![FlatFile {
                path: "sub dir/a-1.zip".to_owned(),
                url: "/packages/sub%20dir/a-1.zip".to_owned(),
                sha256: Some(Sha256Digest::new([7; 32])),
                listed_hash: FragmentHash::Sha256,
            }],
        };
        let expected = format!(
            "<a href=\"/packages/sub%20dir/a-1.zip#sha256={}\">sub dir/a-1.zip</a><br>",
            "07".repeat(32)
        );
        assert_eq!(links(&flat_list(&list)), [expected]);
    }
}
