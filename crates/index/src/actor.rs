//! Who asks: the credentials that came with a request, and the actor that they prove.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// A text that must never be shown: a password or a token. Prints as `[redacted]`.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a secret text. The memory is wiped when the value is dropped.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Hands out the text, for checking it only. Never log or compare it with `==`.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A user name and a password, as a client sent them. Nothing is proven yet.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user name, as sent.
    pub user: String,
    /// The password, as sent.
    pub password: Secret,
}

/// The name of a user who proved to be that user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(Arc<str>);

impl UserName {
    /// Wraps the name of a user whose credentials were checked.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The public part of a token: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(Arc<str>);

impl TokenId {
    /// Wraps an id.
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Actor {
    /// Returns the account whose rights count.
    pub fn account(&self) -> Option<&UserName> {
        match self {
            Self::User(name) | Self::Token { owner: name, .. } => Some(name),
            Self::Anonymous | Self::Administrator | Self::System => None,
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Nobody in particular: no credentials came.
    Anonymous,
    /// A user with a password.
    User(UserName),
    /// A token that an account made, or that was made for a robot.
    Token {
        /// The public part of the token, by which it is listed and revoked.
        id: TokenId,
        /// The account whose rights it has at most.
        owner: UserName,
    },
    /// Whoever may open the state folder: this machine's administrator of the index.
    Administrator,
    /// The program itself, when it adopts what was found in a directory.
    System,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::User(name) => write!(f, "user:{name}"),
            Self::Token { id, owner } => write!(f, "token:{id}:{owner}"),
            Self::Administrator => f.write_str("administrator"),
            Self::System => f.write_str("system"),
        }
    }
}

/// Which actor's deeds are wanted: an actor as it is shown, or a user with all of the user's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorFilter(String);

impl ActorFilter {
    /// Wraps what was asked for: `user:ada` or `ada` for the user and the tokens of it,
    /// `token:1f…:ada` for one token, `anonymous`, `administrator` or `system`.
    pub fn new(asked: &str) -> Self {
        let is_user =
            !asked.contains(':') && !["anonymous", "administrator", "system"].contains(&asked);
        Self(if is_user {
            format!("user:{asked}")
        } else {
            asked.to_owned()
        })
    }

    /// Returns the actor as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name of the user whose tokens count too.
    pub fn user(&self) -> Option<&str> {
        self.0.strip_prefix("user:")
    }

    /// Returns whether an actor, as it is shown, is wanted.
    pub fn lets_through(&self, shown: &str) -> bool {
        let owner = || shown.strip_prefix("token:")?.split_once(':');
        shown == self.0
            || self
                .user()
                .is_some_and(|user| owner().is_some_and(|(_, owner)| owner == user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_asked_for_with_all_tokens_and_a_token_alone() {
        let told = |asked: &str| {
            let filter = ActorFilter::new(asked);
            [
                "user:ada",
                "token:1f:ada",
                "token:1f:publisher:ada",
                "user:adam",
                "system",
            ]
            .map(|shown| filter.lets_through(shown))
        };
        assert_eq!(told("ada"), [true, true, false, false, false]);
        assert_eq!(told("user:ada"), told("ada"));
        assert_eq!(told("token:1f:ada"), [false, true, false, false, false]);
        assert_eq!(
            told("user:publisher:ada"),
            [false, false, true, false, false]
        );
        assert_eq!(told("system"), [false, false, false, false, true]);
    }

    #[test]
    fn a_secret_is_never_printed() {
        let credentials = Credentials {
            user: "ada".into(),
            password: Secret::new("lovelace".into()),
        };
        let shown = format!("{credentials:?} {}", credentials.password);
        assert!(!shown.contains("lovelace"), "{shown}");
        assert!(shown.contains("[redacted]"), "{shown}");
    }
}
