//! What the marks of an index are written down as beside its files: JSON for people, sorted, one
//! mark a line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wheelhouse_standards::name::ProjectKey;

use crate::identity::{IndexName, Timestamp};
use crate::mark::{Mark, ProjectMark};

/// The format that is written. Others are not read.
const FORMAT: u64 = 1;
/// What people are told who open the file.
const ABOUT: &str = "What was yanked, deleted and given a status in this folder. Kept by Wheelhouse; read when it starts.";

/// Marks that were written down cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MarksFileError {
    /// A newer program has written them.
    #[error("its format is {0}, and this program knows format {FORMAT}: use the newer program")]
    Newer(u64),
    /// They are of another index.
    #[error("it is about the index `{0}`")]
    OtherIndex(String),
    /// They are damaged.
    #[error("it is damaged ({0})")]
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
struct Line {
    since: i64,
    #[serde(flatten)]
    mark: Mark,
}

#[derive(Deserialize)]
struct Head {
    format: u64,
    index: String,
}

#[derive(Deserialize)]
struct Whole {
    projects: BTreeMap<String, Vec<Line>>,
}

/// Writes marks down. The same marks are always the same bytes, whatever their order.
pub(crate) fn encode(index: &IndexName, marks: &[ProjectMark]) -> Vec<u8> {
    let mut projects: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for marked in marks {
        let line = Line {
            since: marked.since.0,
            mark: marked.mark.clone(),
        };
        let line = serde_json::to_string(&line).expect("texts and numbers are JSON");
        projects
            .entry(marked.project.as_str())
            .or_default()
            .push(line);
    }
    let text = |text: &str| serde_json::to_string(text).expect("a text is JSON");
    let mut written = format!(
        "{{\n\"about\": {},\n\"format\": {FORMAT},\n\"index\": {},\n\"projects\": {{",
        text(ABOUT),
        text(index.as_str())
    );
    for (number, (project, mut lines)) in projects.into_iter().enumerate() {
        lines.sort_unstable();
        written.push_str(if number == 0 { "\n" } else { ",\n" });
        written.push_str(&text(project));
        written.push_str(": [\n  ");
        written.push_str(&lines.join(",\n  "));
        written.push_str("\n]");
    }
    written.push_str("\n}\n}\n");
    written.into_bytes()
}

/// Reads marks that were written down.
///
/// # Errors
/// [`MarksFileError`].
pub(crate) fn decode(index: &IndexName, bytes: &[u8]) -> Result<Vec<ProjectMark>, MarksFileError> {
    let damaged = |error: serde_json::Error| MarksFileError::Damaged(error.to_string());
    let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
    if head.format != FORMAT {
        return Err(MarksFileError::Newer(head.format));
    }
    if head.index != index.as_str() {
        return Err(MarksFileError::OtherIndex(head.index));
    }
    let whole: Whole = serde_json::from_slice(bytes).map_err(damaged)?;
    let mut marks: Vec<ProjectMark> = Vec::new();
    for (project, lines) in whole.projects {
        let project = ProjectKey::of(&project)
            .filter(|key| key.as_str() == project)
            .ok_or_else(|| {
                MarksFileError::Damaged(format!("`{project}` is no name of a project"))
            })?;
        for line in lines {
            marks.push(ProjectMark {
                project: project.clone(),
                mark: line.mark,
                since: Timestamp(line.since),
            });
        }
    }
    Ok(marks)
}

#[cfg(test)]
mod tests {
    use wheelhouse_standards::simple::ProjectStatus;

    use super::*;

    fn marks() -> Vec<ProjectMark> {
        let marked = |project: &str, mark, since| ProjectMark {
            project: ProjectKey::of(project).expect("a name"),
            mark,
            since: Timestamp(since),
        };
        let status = Mark::Status {
            status: ProjectStatus::Quarantined,
            reason: Some("line\u{2028}and \u{1f980}".into()),
        };
        let yanked = Mark::YankedRelease {
            version: "1.0".into(),
            reason: None,
        };
        vec![
            marked("zope", status, 7),
            marked("odd \"name\"", yanked.clone(), -1),
            marked("zope", yanked, 8),
        ]
    }

    #[test]
    fn marks_are_read_back_and_their_order_does_not_change_the_bytes() {
        let main = IndexName::main();
        let written = encode(&main, &marks());
        let mut read = decode(&main, &written).expect("what was just written");
        let mut expected = marks();
        let order =
            |a: &ProjectMark, b: &ProjectMark| (&a.project, a.since).cmp(&(&b.project, b.since));
        read.sort_by(order);
        expected.sort_by(order);
        assert_eq!(read, expected);
        let mut turned = marks();
        turned.reverse();
        assert_eq!(encode(&main, &turned), written);
        assert_eq!(decode(&main, &encode(&main, &[])).expect("none"), []);
    }

    #[test]
    fn what_cannot_be_read_whole_is_not_read_at_all() {
        let main = IndexName::main();
        let written = String::from_utf8(encode(&main, &marks())).expect("UTF-8");
        let read = |text: &str| decode(&main, text.as_bytes());
        assert!(matches!(read(""), Err(MarksFileError::Damaged(_))));
        for end in [1, written.len() / 2, written.len() - 3] {
            assert!(
                matches!(read(&written[..end]), Err(MarksFileError::Damaged(_))),
                "{end}"
            );
        }
        let newer = written.replace("\"format\": 1", "\"format\": 2");
        assert!(matches!(read(&newer), Err(MarksFileError::Newer(2))));
        let other = written.replace("\"index\": \"main\"", "\"index\": \"team\"");
        assert!(matches!(read(&other), Err(MarksFileError::OtherIndex(_))));
        let unknown = written.replace("yanked-release", "hidden-release");
        assert!(matches!(read(&unknown), Err(MarksFileError::Damaged(_))));
        let spelled = written.replace("\"zope\"", "\"Zope\"");
        assert!(matches!(read(&spelled), Err(MarksFileError::Damaged(_))));
    }
}
