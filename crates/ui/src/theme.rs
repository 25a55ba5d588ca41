//! A company's own look.

/// A company's own look: what a theme folder holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Theme {
    /// What the index is called, in place of `Wheelhouse`.
    pub site_name: Option<String>,
    /// Rules that come after those of our style sheet: colours are variables there.
    pub style: Option<String>,
    /// The picture at the top of each page.
    pub logo: Option<Logo>,
    /// Templates in place of ours, by their names.
    pub templates: Vec<(String, String)>,
}

/// A picture at the top of each page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// The media type, such as `image/svg+xml`.
    pub media_type: &'static str,
    /// The picture.
    pub bytes: Vec<u8>,
}

/// A theme cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// No page has a template of this name.
    #[error(
        "the theme has a template `{0}`, which no page uses; pages use {known}",
        known = crate::pages::template_names()
    )]
    UnknownTemplate(String),
    /// The template has a fault.
    #[error("the theme's template `{0}` cannot be used: {1}")]
    Template(String, String),
}
