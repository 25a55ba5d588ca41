//! Setting up the clients of an index: which file each of them reads, what is written there, and how
//! that is taken back. Texts in, texts out: nothing is read or written here.

pub mod clients;
pub mod edit;
pub mod explain;
mod ini;
mod netrc;
pub mod places;
mod toml;
mod variables;

use std::fmt;

use url::Url;
use zeroize::Zeroizing;

pub use clients::{FilePlan, Plan, plan};
pub use edit::{Applied, Done, Edit, EditError, Format, Original, Undone, apply, undo};
pub use explain::{Reason, explain};
pub use places::{Machine, System};
pub use variables::overriding;

/// A program that installs from an index or uploads to one, or a file that several of them read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Client {
    /// pip.
    Pip,
    /// uv.
    Uv,
    /// poetry.
    Poetry,
    /// pdm.
    Pdm,
    /// hatch.
    Hatch,
    /// twine.
    Twine,
    /// flit.
    Flit,
    /// pipenv.
    Pipenv,
    /// conda, which installs from such an index through pip alone.
    Conda,
    /// The file with passwords that pip, uv, pdm, pipenv and curl read.
    Netrc,
}

impl Client {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::Pip,
        Self::Uv,
        Self::Poetry,
        Self::Pdm,
        Self::Hatch,
        Self::Twine,
        Self::Flit,
        Self::Pipenv,
        Self::Conda,
        Self::Netrc,
    ];

    /// Returns the word for it, which is mostly its program's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pip => "pip",
            Self::Uv => "uv",
            Self::Poetry => "poetry",
            Self::Pdm => "pdm",
            Self::Hatch => "hatch",
            Self::Twine => "twine",
            Self::Flit => "flit",
            Self::Pipenv => "pipenv",
            Self::Conda => "conda",
            Self::Netrc => "netrc",
        }
    }

    /// Returns the client that a word names.
    pub fn from_name(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|client| client.as_str() == word)
    }

    /// Returns the programs that show that a machine has it.
    pub const fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Pip => &["pip", "pip3"],
            Self::Uv => &["uv"],
            Self::Poetry => &["poetry"],
            Self::Pdm => &["pdm"],
            Self::Hatch => &["hatch"],
            Self::Twine => &["twine"],
            Self::Flit => &["flit"],
            Self::Pipenv => &["pipenv"],
            Self::Conda => &["conda", "mamba", "micromamba"],
            Self::Netrc => &[],
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The index that clients are set to.
#[derive(Debug, Clone)]
pub struct Index {
    /// What clients call it.
    pub name: String,
    /// The simple pages, without user information.
    pub simple: Url,
    /// The address of uploads, without user information.
    pub upload: Url,
    /// Whether it is the only index, or one more.
    pub is_sole: bool,
    /// Whether the host is on this machine, where nobody can listen on the way.
    pub is_loopback: bool,
    /// As whom clients sign in, if they do.
    pub account: Option<Account>,
}

/// Who signs in, and where the password is kept.
#[derive(Debug, Clone)]
pub struct Account {
    /// The user.
    pub user: String,
    /// Where the password is kept.
    pub kept: Kept,
}

/// Where the password is kept.
#[derive(Clone)]
pub enum Kept {
    /// By the program `keyring`, which clients ask.
    Keyring,
    /// In netrc, and in the own file of each client that reads no netrc.
    Files(Zeroizing<String>),
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keyring => "Keyring",
            Self::Files(_) => "Files(…)",
        })
    }
}

impl Index {
    /// Returns the password if it is kept in files.
    fn password(&self) -> Option<&Zeroizing<String>> {
        match &self.account.as_ref()?.kept {
            Kept::Files(password) => Some(password),
            Kept::Keyring => None,
        }
    }

    /// Returns the user if the password is kept in the key ring.
    fn keyring_user(&self) -> Option<&str> {
        let account = self.account.as_ref()?;
        matches!(account.kept, Kept::Keyring).then_some(account.user.as_str())
    }

    /// Returns an address with the user in it where clients ask the key ring for that user.
    fn with_user(&self, url: &Url) -> String {
        let mut url = url.clone();
        if let Some(user) = self.keyring_user() {
            // Refused by addresses without a host alone.
            let _ = url.set_username(user);
        }
        url.into()
    }

    /// Returns the host as pip's `trusted-host` has it, if the server has no TLS and is elsewhere.
    fn trusted_host(&self) -> Option<String> {
        let host = self.simple.host_str()?;
        let is_open = self.simple.scheme() == "http" && !self.is_loopback;
        is_open.then(|| match self.simple.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        })
    }
}
