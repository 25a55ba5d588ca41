//! The page of a project, with one of its releases in front.

use serde::Serialize;

use crate::{Markup, Page};

/// The page of a project, with one of its releases in front.
#[derive(Debug, Clone, Serialize)]
pub struct ProjectPage {
    /// The project, in normal form.
    pub project: String,
    /// How its publisher spells it.
    pub name: String,
    /// The version that is shown.
    pub version: String,
    /// The version in the address of the page, if it names one.
    pub asked_version: Option<String>,
    /// The version that stands for the project.
    pub latest: String,
    /// The summary.
    pub summary: Option<String>,
    /// What a visitor must know before using it, the gravest first.
    pub notices: Vec<Notice>,
    /// The line that installs it.
    pub install: String,
    /// The readme.
    pub readme: Option<Markup>,
    /// All releases, the newest first.
    pub releases: Vec<Release>,
    /// The files of the release that is shown.
    pub files: Vec<ReleaseFile>,
    /// What the release needs.
    pub dependencies: Vec<Dependency>,
    /// Who needs the project, of what is on this index, in normal form.
    pub dependents: Vec<String>,
    /// Whether there are more that need it.
    pub has_more_dependents: bool,
    /// Addresses outside that its publisher gives.
    pub links: Vec<Link>,
    /// Facts in words: licence, Python, author and the like.
    pub facts: Vec<Fact>,
    /// The classifiers, in groups by their first part.
    pub classifiers: Vec<ClassifierGroup>,
    /// The keywords.
    pub keywords: Vec<String>,
    /// Who has a part in the project, for those who may know.
    pub roles: Vec<(String, String)>,
    /// Downloads over time, as a picture, and in numbers.
    pub downloads: Option<Downloads>,
    /// Whether the visitor may yank and delete.
    pub may_manage: bool,
    /// Whether something has not been read yet and is missing.
    pub is_partial: bool,
}

/// What a visitor must know before using a project or a release.
#[derive(Debug, Clone, Serialize)]
pub struct Notice {
    /// `danger`, `warning` or `note`.
    pub level: &'static str,
    /// What it is, in a few words.
    pub title: String,
    /// What was said about it.
    pub text: Option<String>,
}

/// One release, in the history.
#[derive(Debug, Clone, Serialize)]
pub struct Release {
    /// The version.
    pub version: String,
    /// When its newest file was uploaded, in seconds since 1970.
    pub at: i64,
    /// How many files it has.
    pub files: usize,
    /// Whether all of them are yanked.
    pub is_yanked: bool,
    /// Whether it comes before a final one.
    pub is_prerelease: bool,
    /// The version before it, to compare it with.
    pub before: Option<String>,
}

/// One file of the release that is shown.
#[derive(Debug, Clone, Serialize)]
pub struct ReleaseFile {
    /// Its name.
    pub name: String,
    /// Where to get it.
    pub url: String,
    /// Its size, in bytes.
    pub size: u64,
    /// When it was uploaded, in seconds since 1970.
    pub at: i64,
    /// Who uploaded it, for those who may know.
    pub uploader: Option<String>,
    /// What it is, and where it can be installed.
    pub words: String,
    /// Its digests: the name of the algorithm, and hexadecimal digits.
    pub digests: Vec<(&'static str, String)>,
    /// Whether installers pass it over, and why.
    pub yanked: Option<String>,
    /// Who built it from what, as its attestations say, in a sentence.
    pub provenance: Option<String>,
    /// Where to get the attestations.
    pub provenance_url: Option<String>,
    /// Where to get the signature.
    pub signature_url: Option<String>,
    /// Where to look inside it.
    pub inside_url: Option<String>,
}

/// Something that the release needs.
#[derive(Debug, Clone, Serialize)]
pub struct Dependency {
    /// The project, in normal form.
    pub project: String,
    /// The whole requirement, as it is written.
    pub text: String,
    /// Whether that project is on this index.
    pub is_here: bool,
    /// The extra that needs it, if not everybody does.
    pub extra: Option<String>,
}

/// An address outside.
#[derive(Debug, Clone, Serialize)]
pub struct Link {
    /// What it is called.
    pub label: String,
    /// The address: `http`, `https` or `mailto`, and nothing else.
    pub url: String,
}

impl Link {
    /// Makes a link, if the address is one that a browser may be sent to.
    pub fn of(label: &str, url: &str) -> Option<Self> {
        let scheme = url.split_once(':')?.0;
        let is_known = ["http", "https", "mailto"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(scheme));
        let is_whole = !url.chars().any(|c| c.is_control() || c.is_whitespace());
        (is_known && is_whole).then(|| Self {
            label: if label.is_empty() { url } else { label }.to_owned(),
            url: url.to_owned(),
        })
    }
}

/// A fact in words.
#[derive(Debug, Clone, Serialize)]
pub struct Fact {
    /// What it is about.
    pub label: String,
    /// The fact.
    pub text: String,
    /// An address, if there is one to go to.
    pub url: Option<String>,
}

/// Classifiers with the same first part.
#[derive(Debug, Clone, Serialize)]
pub struct ClassifierGroup {
    /// The first part.
    pub title: String,
    /// What follows it, and the whole classifier.
    pub members: Vec<(String, String)>,
}

impl ClassifierGroup {
    /// Puts classifiers into groups, in their order.
    pub fn all(classifiers: &[String]) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for classifier in classifiers {
            let (title, rest) = match classifier.split_once(" :: ") {
                Some((title, rest)) => (title, rest),
                None => ("Other", classifier.as_str()),
            };
            let member = (rest.to_owned(), classifier.clone());
            match groups.iter_mut().find(|group| group.title == title) {
                Some(group) => group.members.push(member),
                None => groups.push(Self {
                    title: title.to_owned(),
                    members: vec![member],
                }),
            }
        }
        groups
    }
}

/// How often a project was downloaded.
#[derive(Debug, Clone, Serialize)]
pub struct Downloads {
    /// In the last 30 days.
    pub month: u64,
    /// In the last 7 days.
    pub week: u64,
    /// A picture of the days.
    pub chart: Markup,
}

impl Page for ProjectPage {
    const TEMPLATE: &'static str = "project.html";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_run_nothing_are_links() {
        for (url, is_link) in [
            ("https://example.org/a", true),
            ("HTTP://example.org", true),
            ("mailto:a@example.org", true),
            ("javascript:alert(1)", false),
            ("java\nscript:alert(1)", false),
            ("data:text/html,x", false),
            ("//example.org", false),
            ("https://example.org/a b", false),
            ("", false),
        ] {
            assert_eq!(Link::of("x", url).is_some(), is_link, "{url:?}");
        }
    }

    #[test]
    fn classifiers_stand_in_groups() {
        let groups = ClassifierGroup::all(&[
            "Framework :: Django".into(),
            "Topic :: A :: B".into(),
            "Framework :: Flask".into(),
            "odd".into(),
        ]);
        let titles: Vec<_> = groups.iter().map(|group| group.title.as_str()).collect();
        assert_eq!(titles, ["Framework", "Topic", "Other"]);
        assert_eq!(groups[0].members.len(), 2);
        assert_eq!(groups[1].members[0].0, "A :: B");
    }
}
