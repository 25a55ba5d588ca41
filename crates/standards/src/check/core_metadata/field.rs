//! The fields of core metadata, and the versions that brought them.

use std::fmt;

/// A version of core metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MetadataVersion {
    V1_0,
    V1_1,
    V1_2,
    V2_1,
    V2_2,
    V2_3,
    V2_4,
    V2_5,
    V2_6,
}

impl MetadataVersion {
    pub(super) const ALL: [Self; 9] = [
        Self::V1_0,
        Self::V1_1,
        Self::V1_2,
        Self::V2_1,
        Self::V2_2,
        Self::V2_3,
        Self::V2_4,
        Self::V2_5,
        Self::V2_6,
    ];

    pub(super) fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
            Self::V2_1 => "2.1",
            Self::V2_2 => "2.2",
            Self::V2_3 => "2.3",
            Self::V2_4 => "2.4",
            Self::V2_5 => "2.5",
            Self::V2_6 => "2.6",
        }
    }
}

impl fmt::Display for MetadataVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A field of core metadata.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// As the standard spells it.
    pub(super) name: &'static str,
    pub(super) since: MetadataVersion,
    /// Whether it may be given more than once.
    pub(super) is_repeated: bool,
}

impl Field {
    /// Finds a field by its name, in any case.
    pub(super) fn of(name: &str) -> Option<Self> {
        let found = FIELDS
            .iter()
            .find(|(known, ..)| known.eq_ignore_ascii_case(name));
        found.map(|&(name, since, is_repeated)| Self {
            name,
            since,
            is_repeated,
        })
    }
}

const ONCE: bool = false;
const OFTEN: bool = true;

const FIELDS: &[(&str, MetadataVersion, bool)] = &[
    ("Metadata-Version", MetadataVersion::V1_0, ONCE),
    ("Name", MetadataVersion::V1_0, ONCE),
    ("Version", MetadataVersion::V1_0, ONCE),
    ("Platform", MetadataVersion::V1_0, OFTEN),
    ("Summary", MetadataVersion::V1_0, ONCE),
    ("Description", MetadataVersion::V1_0, ONCE),
    ("Keywords", MetadataVersion::V1_0, ONCE),
    ("Home-page", MetadataVersion::V1_0, ONCE),
    ("Author", MetadataVersion::V1_0, ONCE),
    ("Author-email", MetadataVersion::V1_0, ONCE),
    ("License", MetadataVersion::V1_0, ONCE),
    ("Supported-Platform", MetadataVersion::V1_1, OFTEN),
    ("Download-URL", MetadataVersion::V1_1, ONCE),
    ("Classifier", MetadataVersion::V1_1, OFTEN),
    ("Requires", MetadataVersion::V1_1, OFTEN),
    ("Provides", MetadataVersion::V1_1, OFTEN),
    ("Obsoletes", MetadataVersion::V1_1, OFTEN),
    ("Maintainer", MetadataVersion::V1_2, ONCE),
    ("Maintainer-email", MetadataVersion::V1_2, ONCE),
    ("Requires-Dist", MetadataVersion::V1_2, OFTEN),
    ("Requires-Python", MetadataVersion::V1_2, ONCE),
    ("Requires-External", MetadataVersion::V1_2, OFTEN),
    ("Project-URL", MetadataVersion::V1_2, OFTEN),
    ("Provides-Dist", MetadataVersion::V1_2, OFTEN),
    ("Obsoletes-Dist", MetadataVersion::V1_2, OFTEN),
    ("Description-Content-Type", MetadataVersion::V2_1, ONCE),
    ("Provides-Extra", MetadataVersion::V2_1, OFTEN),
    ("Dynamic", MetadataVersion::V2_2, OFTEN),
    ("License-Expression", MetadataVersion::V2_4, ONCE),
    ("License-File", MetadataVersion::V2_4, OFTEN),
    ("Import-Name", MetadataVersion::V2_5, OFTEN),
    ("Import-Namespace", MetadataVersion::V2_5, OFTEN),
];
