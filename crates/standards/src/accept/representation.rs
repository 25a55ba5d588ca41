//! Which form of a simple page a client gets.

use super::quality::{self, Quality};

/// A form of a page of the simple repository API.
///
/// Standard: PyPA specifications, "Simple repository API", content types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Representation {
    /// JSON.
    Json,
    /// HTML under the name that the standard gave it.
    HtmlV1,
    /// The same HTML under the name that everything understands.
    Html,
}

impl Representation {
    /// All forms.
    pub const ALL: [Self; 3] = [Self::Json, Self::HtmlV1, Self::Html];

    /// Returns the value of the header `Content-Type`.
    ///
    /// JSON has no parameter, since some clients compare the whole value; HTML names its
    /// character set, since some clients would otherwise guess another one.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/vnd.pypi.simple.v1+json",
            Self::HtmlV1 => "application/vnd.pypi.simple.v1+html; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        }
    }

    /// Reads the full name of a type, in which `latest` stands for `v1`.
    fn named(name: &[u8]) -> Option<Self> {
        const NAMES: [(&[u8], Representation); 5] = [
            (b"application/vnd.pypi.simple.v1+json", Representation::Json),
            (
                b"application/vnd.pypi.simple.latest+json",
                Representation::Json,
            ),
            (
                b"application/vnd.pypi.simple.v1+html",
                Representation::HtmlV1,
            ),
            (
                b"application/vnd.pypi.simple.latest+html",
                Representation::HtmlV1,
            ),
            (b"text/html", Representation::Html),
        ];
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|&(_, representation)| representation)
    }
}

/// The client wants none of the forms that there are. The message is the answer's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no acceptable type; this page can be had as application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html or text/html"
)]
pub struct NotAcceptable;

/// Chooses the form of a page from the values of `Accept`, none of which means `*/*`, and the
/// query parameter `format`, which overrides them.
///
/// `format` may still hold a blank where somebody typed a plus sign.
///
/// # Errors
/// [`NotAcceptable`] if nothing that is offered is accepted, or `format` is not one full type.
///
/// Standard: PyPA specifications, "Simple repository API", and RFC 9110, "Accept".
pub fn negotiate<'a>(
    accept: impl IntoIterator<Item = &'a [u8]>,
    format: Option<&str>,
) -> Result<Representation, NotAcceptable> {
    if let Some(format) = format {
        let name = format.replace(' ', "+");
        return Representation::named(name.as_bytes()).ok_or(NotAcceptable);
    }
    let mut wanted = Wanted::default();
    for value in accept {
        quality::for_each(value, |range, quality| wanted.add(range, quality));
    }
    wanted.choose().ok_or(NotAcceptable)
}

/// The qualities that `Accept` gives to what is offered, by how they were given.
#[derive(Default)]
struct Wanted {
    is_anything_said: bool,
    json: Option<Quality>,
    html_v1: Option<Quality>,
    html: Option<Quality>,
    any_application: Option<Quality>,
    any_text: Option<Quality>,
    anything: Option<Quality>,
}

impl Wanted {
    fn add(&mut self, range: &[u8], quality: Quality) {
        self.is_anything_said = true;
        let place = match Representation::named(range) {
            Some(Representation::Json) => &mut self.json,
            Some(Representation::HtmlV1) => &mut self.html_v1,
            Some(Representation::Html) => &mut self.html,
            None if range == b"*/*" || range == b"*" => &mut self.anything,
            None if range.eq_ignore_ascii_case(b"application/*") => &mut self.any_application,
            None if range.eq_ignore_ascii_case(b"text/*") => &mut self.any_text,
            None => return,
        };
        // Said twice, the better one counts.
        *place = (*place).max(Some(quality));
    }

    fn choose(&self) -> Option<Representation> {
        if !self.is_anything_said {
            return Some(Representation::Html);
        }
        let qualities = self.qualities();
        let quality_of = |wanted: Representation| {
            qualities
                .iter()
                .find(|(representation, _)| *representation == wanted)
                .and_then(|&(_, quality)| quality)
        };
        let best = qualities
            .iter()
            .filter_map(|&(_, quality)| quality)
            .max()
            .filter(|&quality| quality > Quality::ZERO)?;

        // What was named comes before what only a wildcard matched, JSON before HTML.
        let named = [
            (Representation::Json, self.json),
            (Representation::HtmlV1, self.html_v1),
            (Representation::Html, self.html),
        ];
        if let Some((named, _)) = named.iter().find(|(_, quality)| *quality == Some(best)) {
            return Some(*named);
        }
        // Whoever names nothing may be a browser or a regular expression: they read `text/html`,
        // also when they said only `application/*`.
        if quality_of(Representation::Html).is_none_or(|quality| quality == best) {
            return Some(Representation::Html);
        }
        [Representation::HtmlV1, Representation::Json]
            .into_iter()
            .find(|&representation| quality_of(representation) == Some(best))
    }

    /// The quality of each form: that of the most specific range that matches it.
    fn qualities(&self) -> [(Representation, Option<Quality>); 3] {
        let application = self.any_application.or(self.anything);
        let text = self.any_text.or(self.anything);
        [
            (Representation::Json, self.json.or(application)),
            (Representation::HtmlV1, self.html_v1.or(application)),
            (Representation::Html, self.html.or(text)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JSON: Result<Representation, NotAcceptable> = Ok(Representation::Json);
    const HTML_V1: Result<Representation, NotAcceptable> = Ok(Representation::HtmlV1);
    const HTML: Result<Representation, NotAcceptable> = Ok(Representation::Html);

    fn accepted(accept: &str) -> Result<Representation, NotAcceptable> {
        negotiate([accept.as_bytes()], None)
    }

    #[test]
    fn simple_10_to_16_accept_decides_the_form() {
        let pip = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01";
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (accept, expected) in [
            (pip, JSON),
            (browser, HTML),
            ("application/vnd.pypi.simple.v1+json, */*;q=0.1", JSON),
            ("application/vnd.pypi.simple.latest+json", JSON),
            ("APPLICATION/vnd.PyPI.simple.v1+JSON", JSON),
            ("application/vnd.pypi.simple.latest+html", HTML_V1),
            ("*/*", HTML),
            ("*", HTML),
            ("text/*", HTML),
            ("application/*", HTML),
            ("application/*, text/*;q=0.1", HTML_V1),
            ("", HTML),
            (" , ", HTML),
            ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", HTML),
            ("text/html, application/vnd.pypi.simple.v1+json", JSON),
            ("text/html, application/vnd.pypi.simple.v1+html", HTML_V1),
            (
                "application/vnd.pypi.simple.v1+html;q=0.4, text/html;q=0.5",
                HTML,
            ),
            ("application/vnd.pypi.simple.v1+html, */*", HTML_V1),
            ("application/vnd.pypi.simple.v1+json;q=0.5, text/html", HTML),
            ("application/vnd.pypi.simple.v1+json;q=0, */*", HTML),
            ("text/html;q=0, */*", HTML_V1),
            (
                "text/html;q=0, application/vnd.pypi.simple.v1+html;q=0, */*",
                JSON,
            ),
            (
                "text/html;level=1;q=0.3, application/vnd.pypi.simple.v1+json;q=0.2",
                HTML,
            ),
            (
                "text/html;q=0.1, text/html;q=0.9, application/vnd.pypi.simple.v1+json;q=0.5",
                HTML,
            ),
            ("application/json", Err(NotAcceptable)),
            ("image/png", Err(NotAcceptable)),
            ("*/*;q=0", Err(NotAcceptable)),
            ("application/vnd.pypi.simple.v2+json", Err(NotAcceptable)),
        ] {
            assert_eq!(accepted(accept), expected, "from {accept:?}");
        }
    }

    #[test]
    fn simple_12_what_is_said_twice_has_its_better_quality() {
        let json = "application/vnd.pypi.simple.v1+json;q=0.5";
        for (first, second) in [("0.1", "0.9"), ("0.9", "0.1")] {
            let accept = format!("text/html;q={first}, text/html;q={second}, {json}");
            assert_eq!(accepted(&accept), HTML, "from {accept:?}");
        }
    }

    #[test]
    fn simple_12_a_missing_accept_is_anything() {
        assert_eq!(negotiate([], None), HTML);
    }

    #[test]
    fn simple_12_several_headers_are_one_list() {
        let values: [&[u8]; 2] = [
            b"text/html;q=0.1",
            b"application/vnd.pypi.simple.v1+json;q=0.2",
        ];
        assert_eq!(negotiate(values, None), JSON);
    }

    #[test]
    fn simple_17_format_overrides_accept() {
        for (format, expected) in [
            ("application/vnd.pypi.simple.v1+json", JSON),
            ("application/vnd.pypi.simple.v1 json", JSON),
            ("application/vnd.pypi.simple.latest html", HTML_V1),
            ("text/html", HTML),
            ("text/*", Err(NotAcceptable)),
            ("text/html;q=1", Err(NotAcceptable)),
            ("json", Err(NotAcceptable)),
            ("", Err(NotAcceptable)),
        ] {
            let values: [&[u8]; 1] = [b"image/png"];
            assert_eq!(negotiate(values, Some(format)), expected, "{format:?}");
        }
    }

    #[test]
    fn simple_19_to_20_only_html_has_a_character_set() {
        for representation in Representation::ALL {
            let content_type = representation.content_type();
            let is_json = representation == Representation::Json;
            assert_eq!(content_type.contains("charset=utf-8"), !is_json);
            let name = content_type.split(';').next().expect("never empty");
            assert!(NotAcceptable.to_string().contains(name));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(value in any::<Vec<u8>>(), format in any::<Option<String>>()) {
            let _ = negotiate([&*value], format.as_deref());
        }

        #[test]
        fn what_is_chosen_was_not_excluded(
            json in 0..=2_u8,
            html_v1 in 0..=2_u8,
            html in 0..=2_u8,
            anything in 0..=2_u8,
        ) {
            let accept = format!(
                "application/vnd.pypi.simple.v1+json;q=0.{json}, \
                 application/vnd.pypi.simple.v1+html;q=0.{html_v1}, \
                 text/html;q=0.{html}, */*;q=0.{anything}"
            );
            let best = json.max(html_v1).max(html);
            let chosen = match accepted(&accept) {
                Ok(Representation::Json) => json,
                Ok(Representation::HtmlV1) => html_v1,
                Ok(Representation::Html) => html,
                Err(NotAcceptable) => 0,
            };
            prop_assert_eq!(chosen, best);
        }
    }
}
