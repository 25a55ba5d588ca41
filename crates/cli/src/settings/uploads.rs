//! What is taken in.

use std::path::PathBuf;

use wheelhouse_index::permission::Pattern;
use wheelhouse_standards::check::{CheckPolicy, Policy, Strictness};

use super::source::Source;
use crate::options::defs;

/// What is taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadSettings {
    /// Whether an upload may replace a file of the same name.
    pub overwrite: bool,
    /// What is refused of an upload.
    pub checks: CheckPolicy,
    /// How large the files of a project may be together, in bytes.
    pub max_project_bytes: Option<u64>,
    /// Names that no new project may have.
    pub denied_names: Vec<Pattern>,
    /// What becomes of attestations.
    pub attestations: AttestationSettings,
    /// What becomes of `submit`, `verify` and `doc_upload`.
    pub legacy_actions: LegacyActions,
    /// The longest upload that is taken, in bytes.
    pub max_upload_bytes: u64,
}

/// What becomes of attestations that come with uploads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttestationSettings {
    /// The upload is refused.
    Refuse,
    /// They are dropped.
    Ignore,
    /// They are verified with the trust root of Sigstore's public installation.
    Sigstore,
    /// They are verified with the trust root of this file.
    TrustRoot(PathBuf),
}

/// What becomes of the form actions that have no meaning any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegacyActions {
    /// They are answered as pypiserver does, and do nothing.
    Accept,
    /// They are answered with 410.
    Gone,
}

impl UploadSettings {
    pub(super) fn of(source: Source<'_>) -> Self {
        let values = source.values;
        let strictness = match values.text(&defs::UPLOAD_STRICTNESS) {
            Some("strict") => Strictness::Strict,
            Some("standard") => Strictness::Standard,
            _ => Strictness::Lenient,
        };
        let words = values.list(&defs::REFUSE_UPLOADS_WITH);
        let refused = words
            .iter()
            .filter_map(|word| Policy::from_name(word))
            .collect();
        let max_project_mib: u64 = source.number(&defs::MAX_PROJECT_MIB).unwrap_or(0);
        Self {
            overwrite: values.truth(&defs::OVERWRITE),
            checks: CheckPolicy {
                strictness,
                refused,
            },
            max_project_bytes: (max_project_mib > 0).then_some(max_project_mib << 20),
            denied_names: values
                .list(&defs::DENY_NAMES)
                .iter()
                .filter_map(|name| name.trim().parse().ok())
                .collect(),
            attestations: match values.text(&defs::ATTESTATIONS) {
                None | Some("refuse") => AttestationSettings::Refuse,
                Some("ignore") => AttestationSettings::Ignore,
                Some("sigstore") => AttestationSettings::Sigstore,
                Some(path) => AttestationSettings::TrustRoot(path.into()),
            },
            legacy_actions: match values.text(&defs::LEGACY_ACTIONS) {
                Some("gone") => LegacyActions::Gone,
                _ => LegacyActions::Accept,
            },
            max_upload_bytes: source.number::<u64>(&defs::MAX_UPLOAD_MIB).unwrap_or(4096) << 20,
        }
    }
}
