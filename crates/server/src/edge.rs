//! What a content delivery network is told about an answer that everybody may have: words under which
//! it can be told to forget it. Pages change with each event of their project; files never do, so they
//! have words of their own.
//!
//! `docs/operations/internet-scale.md` says which words each event makes old.

use http::{HeaderName, HeaderValue};
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::path::FilePath;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::link::{encode_path, encode_segment};

use crate::page_cache::Subject;

/// The header of the words.
pub(crate) static SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");
/// Longest header, in bytes. Networks take less than they say.
const MAX_BYTES: usize = 2_000;

/// Returns the words of a page. Pages for people have none: they are for one browser each.
pub(crate) fn words_of_page(index: &IndexName, subject: Subject<'_>) -> Option<HeaderValue> {
    match subject {
        Subject::Project(project)
        | Subject::Document(project)
        | Subject::OldDocument(project)
        | Subject::Release(project, _)
        | Subject::Releases(project)
        | Subject::Badge(project) => header(&format!(
            "{index} {index}/project/{}",
            encode_segment(project)
        )),
        Subject::Projects
        | Subject::Files
        | Subject::Updates
        | Subject::NewProjects
        | Subject::Classifiers => header(&format!("{index} {index}/list")),
        Subject::Home
        | Subject::ProjectPage(_)
        | Subject::ReleasePage(..)
        | Subject::InsidePage(..)
        | Subject::ChangesPage(..) => None,
    }
}

/// Returns the words of a file, or of the metadata beside it.
pub(crate) fn words_of_file(
    index: &IndexName,
    project: &ProjectKey,
    path: &FilePath,
) -> Option<HeaderValue> {
    header(&format!(
        "{index} {index}/files/{} {index}/file/{}",
        encode_segment(project.as_str()),
        encode_path(path.as_str())
    ))
}

/// Words that are too long are left out: what has none can be forgotten with all the rest alone.
fn header(words: &str) -> Option<HeaderValue> {
    let is_short = words.len() <= MAX_BYTES;
    HeaderValue::from_str(words).ok().filter(|_| is_short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_apart_and_name_the_index_first() {
        let main = IndexName::main();
        let long = "x".repeat(3_000);
        let words = |subject| {
            let words = words_of_page(&main, subject)?;
            Some(words.to_str().expect("plain letters").to_owned())
        };
        let demo = Some("main main/project/demo".to_owned());
        assert_eq!(words(Subject::Project("demo")), demo);
        assert_eq!(words(Subject::Release("demo", "1.0 b")), demo);
        assert_eq!(words(Subject::Projects), Some("main main/list".to_owned()));
        assert_eq!(words(Subject::ProjectPage("demo")), None);
        assert_eq!(words(Subject::Project(&long)), None);
        let odd = words(Subject::Project("a b\u{e9}")).expect("words");
        assert_eq!(odd.split(' ').count(), 2, "{odd}");
        let project = ProjectKey::of("demo").expect("a name");
        let path = "a b/demo-1.0.zip".parse().expect("a path");
        let words = words_of_file(&main, &project, &path).expect("words");
        assert_eq!(words, "main main/files/demo main/file/a%20b/demo-1.0.zip");
    }
}
