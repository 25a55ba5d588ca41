//! Readmes: what an uploader wrote, as sound HTML.
//!
//! A text goes through three rooms. `markdown` or `restructured` turns it into HTML; `tidy` makes
//! that small and well-formed: pictures become links, headings fit below those of the page, nesting and
//! size have bounds; `sanitise` has the last word, with a list of what may be there. What cannot be
//! read, or is too much, is shown as the `plain` text that it is.

use crate::Markup;

mod elements;
mod markdown;
mod plain;
mod restructured;
mod sanitise;
mod tidy;

/// Bounds on what a readme may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest text that is read as Markdown or reStructuredText, in bytes. Longer ones are shown as
    /// plain text, and what is beyond is cut.
    pub text_bytes: usize,
    /// Longest HTML that is made, in bytes. What would become longer is shown as plain text.
    pub html_bytes: usize,
    /// How deep elements stand in one another. What is deeper loses its markup.
    pub nesting: usize,
    /// How much code gets colours, in bytes.
    pub coloured_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text_bytes: 1 << 20,
            html_bytes: 8 << 20,
            nesting: 60,
            coloured_bytes: 64 << 10,
        }
    }
}

/// What the type of a readme says about how to read it.
///
/// Standard: PyPA specifications, "Core metadata", `Description-Content-Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Markdown(Variant),
    Restructured,
    Plain,
    /// Nothing is said: reStructuredText if it can be read well, or else plain text.
    Unsaid,
}

/// The two Markdowns of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    /// With tables, strikethrough, task lists, footnotes, alerts and bare addresses as links.
    GitHub,
    CommonMark,
}

impl Kind {
    fn of(content_type: Option<&str>) -> Self {
        let Some(text) = content_type.map(str::trim).filter(|text| !text.is_empty()) else {
            return Self::Unsaid;
        };
        let mut parts = text.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        match media_type.as_str() {
            "text/markdown" | "text/x-markdown" => {
                let is_plainer = parts.any(|part| {
                    part.split_once('=').is_some_and(|(name, value)| {
                        name.trim().eq_ignore_ascii_case("variant")
                            && value
                                .trim()
                                .trim_matches('"')
                                .eq_ignore_ascii_case("commonmark")
                    })
                });
                Self::Markdown(if is_plainer {
                    Variant::CommonMark
                } else {
                    Variant::GitHub
                })
            }
            "text/x-rst" | "text/prs.fallenstein.rst" => Self::Restructured,
            _ => Self::Plain,
        }
    }
}

/// Turns a readme into HTML, by its `Description-Content-Type`.
pub fn render(text: &str, content_type: Option<&str>, limits: Limits) -> Markup {
    let text = text.trim_start_matches('\u{feff}');
    let kept = &text[..text.floor_char_boundary(limits.text_bytes)];
    if kept.len() < text.len() {
        return plain::markup(kept, Some(text.len() - kept.len()));
    }
    let text = kept.replace("\r\n", "\n").replace('\r', "\n");
    let html = match Kind::of(content_type) {
        Kind::Markdown(variant) => markdown::html(&text, variant, limits),
        Kind::Restructured => restructured::read(&text, limits).map(|read| read.html),
        Kind::Unsaid => restructured::read(&text, limits)
            .filter(restructured::Read::is_sound)
            .map(|read| read.html),
        Kind::Plain => None,
    };
    html.and_then(|html| tidy::tidied(&html, limits))
        .map_or_else(
            || plain::markup(&text, None),
            |html| Markup::sound(sanitise::sanitised(&html)),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_read_with_their_parameters() {
        let github = Kind::Markdown(Variant::GitHub);
        for (content_type, kind) in [
            (None, Kind::Unsaid),
            (Some(" "), Kind::Unsaid),
            (Some("text/markdown"), github),
            (Some("Text/Markdown; charset=UTF-8; variant=GFM"), github),
            (
                Some("text/markdown;variant = \"CommonMark\""),
                Kind::Markdown(Variant::CommonMark),
            ),
            (Some("text/x-rst; charset=UTF-8"), Kind::Restructured),
            (Some("text/plain"), Kind::Plain),
            (Some("text/html"), Kind::Plain),
            (Some(";;="), Kind::Plain),
        ] {
            assert_eq!(Kind::of(content_type), kind, "{content_type:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_plain_and_cut_with_a_note() {
        let limits = Limits {
            text_bytes: 9,
            ..Limits::default()
        };
        let html = render("# 123456é89 <b>", Some("text/markdown"), limits);
        assert_eq!(
            html.as_str(),
            "<pre class=\"plain\"># 123456</pre>\n<p class=\"cut\">8 B more are left out here.</p>"
        );
    }

    #[test]
    fn what_would_become_too_much_is_plain() {
        let limits = Limits {
            html_bytes: 100,
            ..Limits::default()
        };
        for content_type in ["text/markdown", "text/x-rst"] {
            let html = render(&"* a\n".repeat(30), Some(content_type), limits);
            assert!(
                html.as_str().starts_with("<pre class=\"plain\">* a\n"),
                "{html:?}"
            );
        }
    }

    #[test]
    fn without_a_type_what_is_no_restructured_text_is_plain() {
        let of = |text| render(text, None, Limits::default());
        assert!(
            of("Demo\n====\n\nA *word*.")
                .as_str()
                .contains("<em>word</em>")
        );
        assert!(
            of("# Demo\n\nA *word*.")
                .as_str()
                .starts_with("<pre class=\"plain\">")
        );
        assert!(
            of("Demo\n\n```\nx\n```\n")
                .as_str()
                .starts_with("<pre class=\"plain\">")
        );
    }
}
