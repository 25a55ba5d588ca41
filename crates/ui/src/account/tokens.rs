//! API tokens: listed, made, revoked.

use serde::Serialize;

use crate::Page;
use crate::home::InstallLine;

/// Somebody's tokens, with a form for another.
#[derive(Debug, Clone, Serialize)]
pub struct TokensPage {
    /// The tokens, the last one first.
    pub tokens: Vec<TokenLine>,
    /// The token that was made just now. Nobody can show it again.
    pub made: Option<MadeToken>,
    /// What is in the form.
    pub form: TokenForm,
    /// The URL of the index, as commands want it.
    pub server: String,
}

/// What is known of a token. Moments are in seconds since 1970.
#[derive(Debug, Clone, Serialize)]
pub struct TokenLine {
    /// By which it is revoked.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// The rights that it is limited to.
    pub rights: Option<String>,
    /// The projects that it is limited to.
    pub projects: Option<String>,
    /// When it was made.
    pub made_at: i64,
    /// When it was last used.
    pub last_used: Option<i64>,
    /// From when on it is worth nothing.
    pub expires_at: Option<i64>,
    /// Whether that is so already.
    pub is_expired: bool,
}

/// A token that was made just now.
#[derive(Clone, Serialize)]
pub struct MadeToken {
    /// What its owner calls it.
    pub name: String,
    /// The token.
    pub token: String,
    /// How to use it with several programs.
    pub lines: Vec<InstallLine>,
}

impl std::fmt::Debug for MadeToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MadeToken")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl MadeToken {
    /// Makes the lines for an index at `url`, which does not end in a slash.
    pub fn new(name: &str, token: &str, url: &str) -> Self {
        let line = |program: &str, text: String, note: Option<&str>| InstallLine {
            program: program.to_owned(),
            text,
            note: note.map(str::to_owned),
        };
        let with_token = match url.split_once("://") {
            Some((scheme, rest)) => format!("{scheme}://__token__:{token}@{rest}"),
            None => url.to_owned(),
        };
        let lines = vec![
            line(
                "twine",
                format!("twine upload --repository-url {url}/ -u __token__ -p {token} dist/*"),
                None,
            ),
            line(
                "uv",
                format!("uv publish --publish-url {url}/ --token {token} dist/*"),
                None,
            ),
            line(
                "pip",
                format!("pip install --index-url {with_token}/simple/ PROJECT"),
                None,
            ),
            line(
                ".pypirc",
                format!(
                    "[distutils]\nindex-servers = wheelhouse\n\n[wheelhouse]\nrepository = {url}/\nusername = __token__\npassword = {token}\n"
                ),
                Some("a file in your home folder, for `twine upload -r wheelhouse`"),
            ),
        ];
        Self {
            name: name.to_owned(),
            token: token.to_owned(),
            lines,
        }
    }
}

/// What is in the form for a token.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TokenForm {
    /// The name.
    pub name: String,
    /// The rights, with whether each is chosen.
    pub rights: Vec<(&'static str, bool)>,
    /// The projects, with commas between them.
    pub projects: String,
    /// The days.
    pub days: String,
    /// What was wrong with what was given before.
    pub error: Option<String>,
}

impl Page for TokensPage {
    const TEMPLATE: &'static str = "tokens.html";
}
