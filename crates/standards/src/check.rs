//! Whether a file is what an index may take: one checker for uploads, for releases before they are
//! uploaded, and for mirrors.
//!
//! Everything that is found is told, each finding with its [`Gravity`]; a [`CheckPolicy`] says
//! which of them are reasons to refuse. A file that is in a directory already is never judged.

mod classifier;
mod consistency;
mod core_metadata;
mod entry_points;
mod file_name;
mod form;
mod project_name;
mod record;
mod sdist;
mod wheel;

pub use consistency::compare;
pub use form::{FormFields, check_form};
pub use project_name::check_new_project;
pub(crate) use record::first_field;

use crate::archive::{ArchiveError, ReadAt};
use crate::filename::DistributionFilename;

/// One thing that is wrong with a file, or odd about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad that is.
    pub gravity: Gravity,
    /// What is wrong and what was expected, as a sentence without a full stop.
    pub message: String,
}

impl Finding {
    /// Makes a finding that breaks a standard.
    pub fn broken(message: impl Into<String>) -> Self {
        Self::new(Gravity::Broken, message)
    }

    /// Makes a finding that is a matter of policy.
    pub fn of(policy: Policy, message: impl Into<String>) -> Self {
        Self::new(Gravity::Policy(policy), message)
    }

    /// Makes a finding that is never a reason to refuse.
    pub fn advice(message: impl Into<String>) -> Self {
        Self::new(Gravity::Advice, message)
    }

    fn new(gravity: Gravity, message: impl Into<String>) -> Self {
        Self {
            gravity,
            message: message.into(),
        }
    }
}

/// How bad a [`Finding`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gravity {
    /// A standard forbids it, or it is a way to deceive.
    Broken,
    /// Some indexes take it, others do not.
    Policy(Policy),
    /// It is only said.
    Advice,
}

/// What some indexes take and others do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    /// A version with a local part, such as `1.0+cu126`.
    LocalVersion,
    /// A dependency with an address.
    DirectReference,
    /// A wheel's `RECORD` does not list what is in the wheel.
    RecordMismatch,
    /// A classifier that is not in the common list, or no longer.
    UnknownClassifier,
    /// A platform tag that the public index does not take, such as `linux_x86_64`.
    PlatformTag,
    /// Metadata that the public index does not take, though no standard forbids it.
    LooseMetadata,
    /// A file for a release that is older than two weeks.
    OldRelease,
    /// A file without attestations in a project whose last release had them.
    LostProvenance,
    /// A new project with the name of a module of Python's standard library.
    StandardLibraryName,
    /// A new project whose name is easily taken for that of another one.
    ConfusableName,
}

impl Policy {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::LocalVersion,
        Self::DirectReference,
        Self::RecordMismatch,
        Self::UnknownClassifier,
        Self::PlatformTag,
        Self::LooseMetadata,
        Self::OldRelease,
        Self::LostProvenance,
        Self::StandardLibraryName,
        Self::ConfusableName,
    ];

    /// Returns the name that settings use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LocalVersion => "local-version",
            Self::DirectReference => "direct-reference",
            Self::RecordMismatch => "record-mismatch",
            Self::UnknownClassifier => "unknown-classifier",
            Self::PlatformTag => "platform-tag",
            Self::LooseMetadata => "loose-metadata",
            Self::OldRelease => "old-release",
            Self::LostProvenance => "lost-provenance",
            Self::StandardLibraryName => "standard-library-name",
            Self::ConfusableName => "confusable-name",
        }
    }

    /// Returns whether an uploader is told of this where it is no reason to refuse. What is usual
    /// in a private index is not.
    pub const fn is_told(self) -> bool {
        !matches!(
            self,
            Self::LocalVersion
                | Self::PlatformTag
                | Self::OldRelease
                | Self::StandardLibraryName
                | Self::ConfusableName
        )
    }

    /// Returns the policy of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|policy| policy.name() == name)
    }
}

/// How much of an upload is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strictness {
    /// What pypiserver took is taken. Findings are told.
    Lenient,
    /// What a standard forbids is refused.
    Standard,
    /// So is what the public index does not take.
    Strict,
}

/// Which findings are reasons to refuse a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckPolicy {
    /// How much is judged.
    pub strictness: Strictness,
    /// What is refused besides, at any strictness.
    pub refused: Vec<Policy>,
}

impl CheckPolicy {
    /// The policy that takes what pypiserver took.
    pub const LENIENT: Self = Self {
        strictness: Strictness::Lenient,
        refused: Vec::new(),
    };

    /// Returns what is refused of these findings, and what is only told.
    pub fn judge(&self, findings: Vec<Finding>) -> Judgement {
        let (refused, mut told): (Vec<_>, Vec<_>) = findings
            .into_iter()
            .partition(|finding| self.refuses(finding));
        told.retain(|finding| match finding.gravity {
            Gravity::Policy(policy) => policy.is_told(),
            Gravity::Broken | Gravity::Advice => true,
        });
        Judgement { refused, told }
    }

    /// Returns whether findings of a policy are reasons to refuse.
    pub fn refuses_policy(&self, policy: Policy) -> bool {
        self.refuses(&Finding::of(policy, String::new()))
    }

    /// Returns whether a finding is a reason to refuse.
    fn refuses(&self, finding: &Finding) -> bool {
        match finding.gravity {
            Gravity::Advice => false,
            Gravity::Broken => self.strictness != Strictness::Lenient,
            Gravity::Policy(policy) => {
                // The public index only writes a mail about a wrong `RECORD`, and takes a file
                // without attestations at any time.
                let is_of_public_index =
                    !matches!(policy, Policy::RecordMismatch | Policy::LostProvenance);
                self.refused.contains(&policy)
                    || (is_of_public_index && self.strictness == Strictness::Strict)
            }
        }
    }
}

/// What a [`CheckPolicy`] makes of findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// The reasons to refuse. If there are none, the file is taken.
    pub refused: Vec<Finding>,
    /// What the uploader is told all the same.
    pub told: Vec<Finding>,
}

/// Checks a wheel or an sdist: its archive, then its name, then its metadata. Reads nothing else
/// than what it needs, within the limits of [`archive`](crate::archive).
///
/// # Errors
/// [`ArchiveError::Source`] if the bytes cannot be had: nothing is known then. All else that is
/// wrong is a finding.
///
/// Standard: PyPA specifications, "Binary distribution format" and "Source distribution format".
pub fn check_file(source: &dyn ReadAt, file_name: &str) -> Result<Vec<Finding>, ArchiveError> {
    let name: DistributionFilename = match file_name.parse() {
        Ok(name) => name,
        Err(error) => return Ok(vec![Finding::broken(format!("Bad filename: {error}"))]),
    };
    let mut findings = Vec::new();
    let checked = match &name {
        DistributionFilename::Wheel(name) => wheel::check(source, name, &mut findings),
        DistributionFilename::Sdist(name) => sdist::check(source, name, &mut findings),
    };
    let opened = match checked {
        Ok(opened) => opened,
        Err(error @ ArchiveError::Source(_)) => return Err(error),
        Err(error) => {
            findings.push(Finding::broken(error.to_string()));
            None
        }
    };
    file_name::check(&name, &mut findings);
    if let Some(opened) = opened {
        core_metadata::check(&opened, &name, &mut findings);
    }
    Ok(findings)
}

/// What the archive's check hands to the metadata's.
struct Opened {
    /// The bytes of `METADATA` or `PKG-INFO`.
    metadata: Vec<u8>,
    /// Where the metadata file is, for messages.
    path: String,
    /// Paths of licence files below the folder where they have to be.
    license_files: LicenseFiles,
}

/// The files that `License-File` may name.
struct LicenseFiles {
    /// The folder that the names are relative to, with a slash at its end.
    folder: String,
    /// The hashes of all paths of files in the archive.
    paths: SeenPaths,
}

/// Paths that were seen, in 64 bits each. Hostile archives have many long ones.
#[derive(Debug, Default)]
struct SeenPaths {
    state: std::collections::hash_map::RandomState,
    hashes: std::collections::HashSet<u64>,
}

impl SeenPaths {
    /// Notes a path, and returns whether it is new.
    fn insert(&mut self, path: &[u8]) -> bool {
        use std::hash::BuildHasher as _;
        self.hashes.insert(self.state.hash_one(path))
    }

    fn contains(&self, path: &[u8]) -> bool {
        use std::hash::BuildHasher as _;
        self.hashes.contains(&self.state.hash_one(path))
    }
}

/// Returns what is wrong with a member's path, whatever kind of archive it is in.
fn wrong_path(path: &str) -> Option<&'static str> {
    if path.chars().any(|c| c.is_ascii_control()) {
        return Some("has a control character in its path");
    }
    if path.contains('\\') {
        return Some("has a backslash in its path");
    }
    if path.starts_with('/') {
        return Some("has an absolute path");
    }
    if path.split('/').any(|part| part == "..") {
        return Some("has `..` in its path");
    }
    None
}

/// The beginning of a text that an archive holds, fit for one line of a message.
fn shown(text: &str) -> String {
    const MAX_CHARS: usize = 100;
    let mut shown: String = text
        .chars()
        .take(MAX_CHARS)
        .flat_map(|c| {
            // Letters of any script stay as they are.
            let escaped = c.is_control() || c == '`' || c == '\u{feff}';
            let plain = (!escaped).then_some(c);
            plain
                .into_iter()
                .chain(c.escape_default().filter(move |_| escaped))
        })
        .collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
