//! Why an archive cannot be read.

use std::io;

/// An archive cannot be read, or does not hold what was looked for.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The bytes could not be had. This says nothing about the archive.
    #[error("cannot read the archive: {0}")]
    Source(#[source] io::Error),
    /// The archive ends too early, or its parts contradict each other or their check sums.
    #[error("damaged archive: {what} (at byte {position})")]
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// Where, in the archive as it is stored; for what is inside a compressed tar archive, in
        /// the tar archive.
        position: u64,
    },
    /// The archive uses what installers do not read either.
    #[error("member `{name}` has {what}")]
    Unsupported {
        /// Which member.
        name: String,
        /// What is not supported.
        what: String,
    },
    /// A member is made so that two readers may see two different things.
    #[error("member `{name}` {what}")]
    Ambiguous {
        /// Which member.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// Files of this kind are not looked into.
    #[error("files of this kind are not looked into")]
    OtherKind,
    /// A limit was reached.
    #[error("{what}: more than {limit}")]
    TooMuch {
        /// Of what there is too much, with its unit.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
    },
    /// The metadata file is not there.
    #[error("archive holds no `{0}`")]
    NoMetadata(&'static str),
    /// There is more than one metadata file, and nothing says which one counts.
    #[error("archive holds both `{first}` and `{second}`")]
    SeveralMetadata {
        /// The first one.
        first: String,
        /// Another one, or the same name again.
        second: String,
    },
}

impl ArchiveError {
    pub(super) const fn damaged(what: &'static str, position: u64) -> Self {
        Self::Damaged { what, position }
    }
}
