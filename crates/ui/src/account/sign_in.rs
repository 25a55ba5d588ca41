//! The page on which people sign in.

use serde::Serialize;

use crate::Page;

/// The page on which people sign in.
#[derive(Debug, Clone, Serialize)]
pub struct SignInPage {
    /// What the form must send back.
    pub form_token: String,
    /// Where to go then: a path below the index's own address.
    pub to: String,
    /// The name that was given before.
    pub user: String,
    /// What was wrong with what was given before.
    pub error: Option<String>,
    /// Whether there is a form for a name and a password.
    pub has_passwords: bool,
    /// Where people sign in elsewhere, if they can.
    pub elsewhere: Option<String>,
}

impl Page for SignInPage {
    const TEMPLATE: &'static str = "sign_in.html";
}
