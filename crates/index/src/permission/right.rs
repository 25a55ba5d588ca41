//! What an actor may want to do.

use std::fmt;
use std::str::FromStr;

/// Something that an actor may want to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// See which projects and files there are: pages, JSON, search.
    List,
    /// Read files.
    Download,
    /// Put new files into a project that is there, and replace old ones.
    Upload,
    /// Put in the first file of a project.
    Create,
    /// Yank, unyank, and set a project's status.
    Yank,
    /// Take files away, and bring them back.
    Delete,
    /// Say who may do what.
    Admin,
}

/// What needs a sign-in, in pypiserver's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lock {
    /// Uploads and removals.
    Update,
    /// Reading files.
    Download,
    /// Pages, JSON and search.
    List,
}

impl Right {
    /// All rights.
    pub const ALL: &[Self] = &[
        Self::List,
        Self::Download,
        Self::Upload,
        Self::Create,
        Self::Yank,
        Self::Delete,
        Self::Admin,
    ];

    /// Returns the word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Download => "download",
            Self::Upload => "upload",
            Self::Create => "create",
            Self::Yank => "yank",
            Self::Delete => "delete",
            Self::Admin => "admin",
        }
    }

    /// Returns the right of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|right| right.name() == name)
    }

    /// Returns what pypiserver's users call the lock before it. Nothing opens the right to
    /// administer.
    pub(super) const fn lock(self) -> Option<Lock> {
        match self {
            Self::List => Some(Lock::List),
            Self::Download => Some(Lock::Download),
            Self::Upload | Self::Create | Self::Yank | Self::Delete => Some(Lock::Update),
            Self::Admin => None,
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of rights. Written as words with `+` between them, such as `upload+create`; `update` is
/// pypiserver's word for upload, create, yank and delete, and `all` is everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rights(u8);

impl Rights {
    /// Returns all rights but one.
    pub(super) fn all_but(left_out: Right) -> Self {
        Right::ALL
            .iter()
            .copied()
            .filter(|&right| right != left_out)
            .collect()
    }

    /// Returns whether a right is in the set.
    pub const fn contains(self, right: Right) -> bool {
        self.0 & (1 << right as u8) != 0
    }

    /// Returns whether the set has no right in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the rights in the set.
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL
            .iter()
            .copied()
            .filter(move |&right| self.contains(right))
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self(
            rights
                .into_iter()
                .fold(0, |set, right| set | 1 << right as u8),
        )
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Right::ALL.iter().copied().collect() {
            return f.write_str("all");
        }
        let names: Vec<&str> = self.iter().map(Right::name).collect();
        f.write_str(&names.join("+"))
    }
}

/// A word is no right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no right; write list, download, upload, create, yank, delete, admin, update or all, with + between them"
)]
pub struct RightsError(String);

impl FromStr for Rights {
    type Err = RightsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut rights = Self::default();
        for word in text.split('+') {
            rights.0 |= match word {
                "all" => Right::ALL.iter().copied().collect::<Self>().0,
                "update" => {
                    [Right::Upload, Right::Create, Right::Yank, Right::Delete]
                        .into_iter()
                        .collect::<Self>()
                        .0
                }
                word => {
                    let right = Right::from_name(word);
                    let right = right.ok_or_else(|| RightsError(word.to_owned()))?;
                    1 << right as u8
                }
            };
        }
        Ok(rights)
    }
}
