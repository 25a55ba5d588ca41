//! What a check finds, and how it is told.

use wheelhouse_index::ports::FlawKind;
use wheelhouse_index::verify::FaultKind;

/// Something that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub kind: Kind,
    /// What it is about: a path, a digest, a project; or nothing for the whole index.
    pub about: String,
    /// What is wrong, as a sentence.
    pub sentence: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was to be changed; it could be mended.
    Mendable,
    /// It is right again, by this.
    Mended(String),
    /// Nothing here can mend it, for this reason or by this.
    Left(String),
    /// Nothing has to be done.
    Notice,
}

/// What kind of thing a finding is. The names are for scripts: they are never changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The database of the catalog is damaged.
    CatalogDamaged,
    /// Something is counted that is not so.
    CountWrong,
    /// Serials could go down.
    SerialMark,
    /// The marks beside the files are others than those of the catalog.
    MarksDiffer,
    /// A file is gone from its folder.
    FileGone,
    /// Another file is at a path than the one that was recorded.
    FileChanged,
    /// A file is in a folder and not listed.
    FileNotListed,
    /// A file cannot be read.
    FileUnreadable,
    /// The content of a file is gone, or has another size.
    ContentDamaged,
    /// The bytes of a file are not those that were recorded.
    ContentAltered,
    /// A digest was recorded wrong.
    DigestWrong,
    /// Core metadata can be read that could not be.
    MetadataReadable,
    /// The core metadata that was recorded is not the file's.
    MetadataDiffers,
    /// Whether there is a provenance was recorded wrong.
    ProvenanceDiffers,
    /// A listed file has no sealed record.
    RecordMissing,
    /// A sealed record is no such thing, or was changed.
    RecordUnreadable,
    /// A sealed record is about a file that is not listed.
    RecordNotListed,
    /// Of two sealed records of one path, the older one.
    RecordOlder,
    /// Nothing needs a content.
    ContentNotNeeded,
    /// Some files were not read yet.
    NotRead,
    /// Something could not be looked at.
    NotSeen,
}

impl Kind {
    /// All kinds.
    pub const ALL: &[Self] = &[
        Self::CatalogDamaged,
        Self::CountWrong,
        Self::SerialMark,
        Self::MarksDiffer,
        Self::FileGone,
        Self::FileChanged,
        Self::FileNotListed,
        Self::FileUnreadable,
        Self::ContentDamaged,
        Self::ContentAltered,
        Self::DigestWrong,
        Self::MetadataReadable,
        Self::MetadataDiffers,
        Self::ProvenanceDiffers,
        Self::RecordMissing,
        Self::RecordUnreadable,
        Self::RecordNotListed,
        Self::RecordOlder,
        Self::ContentNotNeeded,
        Self::NotRead,
        Self::NotSeen,
    ];

    /// Returns the name for scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CatalogDamaged => "catalog-damaged",
            Self::CountWrong => "count-wrong",
            Self::SerialMark => "serial-mark-behind",
            Self::MarksDiffer => "marks-differ",
            Self::FileGone => "file-gone",
            Self::FileChanged => "file-changed",
            Self::FileNotListed => "file-not-listed",
            Self::FileUnreadable => "file-unreadable",
            Self::ContentDamaged => "content-damaged",
            Self::ContentAltered => "content-altered",
            Self::DigestWrong => "digest-wrong",
            Self::MetadataReadable => "metadata-readable",
            Self::MetadataDiffers => "metadata-differs",
            Self::ProvenanceDiffers => "provenance-differs",
            Self::RecordMissing => "record-missing",
            Self::RecordUnreadable => "record-unreadable",
            Self::RecordNotListed => "record-not-listed",
            Self::RecordOlder => "record-older",
            Self::ContentNotNeeded => "content-not-needed",
            Self::NotRead => "not-read",
            Self::NotSeen => "not-seen",
        }
    }
}

impl From<FlawKind> for Kind {
    fn from(kind: FlawKind) -> Self {
        match kind {
            FlawKind::Damage => Self::CatalogDamaged,
            FlawKind::Count => Self::CountWrong,
            FlawKind::SerialMark => Self::SerialMark,
        }
    }
}

impl From<FaultKind> for Kind {
    fn from(kind: FaultKind) -> Self {
        match kind {
            FaultKind::Gone => Self::FileGone,
            FaultKind::Damaged => Self::ContentDamaged,
            FaultKind::Changed => Self::FileChanged,
            FaultKind::Altered => Self::ContentAltered,
            FaultKind::Digest => Self::DigestWrong,
            FaultKind::Readable => Self::MetadataReadable,
            FaultKind::Metadata => Self::MetadataDiffers,
            FaultKind::Provenance => Self::ProvenanceDiffers,
        }
    }
}

/// What is told while a check goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Something was found.
    Found(Finding),
    /// How far it is.
    Progress {
        /// What is being done, as a part of a sentence.
        step: &'static str,
        /// How much of it is done.
        done: u64,
        /// How much there is.
        total: u64,
    },
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Files that were looked at.
    pub files: u64,
    /// Bytes that were read of them, to the end.
    pub bytes: u64,
    /// Findings that are as they were found.
    pub left: u64,
    /// Findings that were mended.
    pub mended: u64,
    /// Things to know about which nothing is wrong.
    pub notices: u64,
}

/// Tells findings as they come, and adds them up.
pub(crate) struct Report<'t> {
    tell: &'t mut (dyn FnMut(Told) + Send),
    pub(crate) summary: Summary,
}

impl<'t> Report<'t> {
    pub(crate) fn new(tell: &'t mut (dyn FnMut(Told) + Send)) -> Self {
        Self {
            tell,
            summary: Summary::default(),
        }
    }

    pub(crate) fn found(&mut self, finding: Finding) {
        match finding.outcome {
            Outcome::Mendable | Outcome::Left(_) => self.summary.left += 1,
            Outcome::Mended(_) => self.summary.mended += 1,
            Outcome::Notice => self.summary.notices += 1,
        }
        (self.tell)(Told::Found(finding));
    }

    pub(crate) fn progress(&mut self, step: &'static str, done: u64, total: u64) {
        (self.tell)(Told::Progress { step, done, total });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let names: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
    }
}
