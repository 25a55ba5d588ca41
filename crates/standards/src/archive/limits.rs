//! How much of an archive is read.

/// How much of an archive is read before it is refused.
///
/// Every field is a greatest allowed value. The defaults leave room for the largest files that
/// are in real use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of a metadata file, in bytes.
    pub metadata_bytes: u64,
    /// Number of members.
    pub members: u64,
    /// Length of a member's path, in bytes.
    pub name_bytes: u64,
    /// Size of a zip archive's central directory, in bytes.
    pub directory_bytes: u64,
    /// Size of what one extended header of a tar archive says, in bytes.
    pub extended_header_bytes: u64,
    /// Size of a whole tar archive without its compression, in bytes.
    pub inflated_bytes: u64,
    /// How many times larger than its compressed form that may be...
    pub inflation_ratio: u64,
    /// ... once it has this size, in bytes: small archives may be mostly zeros.
    pub inflation_free_bytes: u64,
}

impl Limits {
    /// The limits that are used unless others are given.
    pub const DEFAULT: Self = Self {
        metadata_bytes: 8 << 20,
        members: 200_000,
        name_bytes: 4 << 10,
        directory_bytes: 64 << 20,
        extended_header_bytes: 1 << 20,
        inflated_bytes: 2 << 30,
        inflation_ratio: 200,
        inflation_free_bytes: 64 << 20,
    };

    /// The limits for somebody who looks inside: they wait for the answer.
    pub const LOOKING: Self = Self {
        members: 20_000,
        inflated_bytes: 512 << 20,
        ..Self::DEFAULT
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
