//! HTML that was made here and is sound.

use minijinja::Value;
use serde::Serialize;

/// HTML that goes into a page as it is. Only this crate makes it: from text that it escaped, or from
/// a readme that it sanitised.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Markup(Value);

impl Markup {
    /// Takes HTML of which the caller knows that nothing in it came through unescaped.
    pub(crate) fn sound(html: String) -> Self {
        Self(Value::from_safe_string(html))
    }

    /// Returns the HTML.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }
}
