//! Lists of things with a `q`, as in `Accept` and `Accept-Encoding`.

/// How much a client wants something, in thousandths: 0 is "not at all".
///
/// Standard: RFC 9110, "Quality Values".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Quality(u16);

impl Quality {
    /// Unwanted.
    pub(super) const ZERO: Self = Self(0);
    /// What no `q` means.
    pub(super) const ONE: Self = Self(1000);

    /// Reads what follows `q=`, as `0.5`, `.5` or `1`. Anything else means as much as no `q`.
    fn read(text: &[u8]) -> Self {
        let (whole, fraction) = match text.iter().position(|&byte| byte == b'.') {
            Some(point) => (&text[..point], &text[point + 1..]),
            None => (text, &[][..]),
        };
        let is_number = !(whole.is_empty() && fraction.is_empty())
            && whole.iter().chain(fraction).all(u8::is_ascii_digit);
        if !is_number || whole.iter().any(|&digit| digit != b'0') {
            return Self::ONE;
        }
        let mut thousandths = 0;
        for place in 0..3 {
            let digit = fraction.get(place).map_or(0, |digit| digit - b'0');
            thousandths = thousandths * 10 + u16::from(digit);
        }
        if thousandths == 0 && fraction.iter().any(|&digit| digit != b'0') {
            // Less than the standard can say, and yet not "not at all".
            thousandths = 1;
        }
        Self(thousandths)
    }
}

/// Calls `each` with every element of a header value: its name and its quality.
///
/// Parameters other than `q` are passed over.
pub(super) fn for_each(value: &[u8], mut each: impl FnMut(&[u8], Quality)) {
    let mut rest = value;
    loop {
        let (element, after) = cut(rest, b',');
        let (name, mut parameters) = cut(element, b';');
        let name = name.trim_ascii();
        if !name.is_empty() {
            let mut quality = Quality::ONE;
            while let Some(others) = parameters {
                let (parameter, after) = cut(others, b';');
                if let [b'q' | b'Q', equals @ ..] = parameter.trim_ascii()
                    && let [b'=', text @ ..] = equals.trim_ascii_start()
                {
                    quality = Quality::read(text.trim_ascii());
                }
                parameters = after;
            }
            each(name, quality);
        }
        match after {
            Some(after) => rest = after,
            None => return,
        }
    }
}

/// Splits at the first separator that is outside double quotes. A quote without a partner is an
/// ordinary character.
fn cut(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    let mut position = 0;
    while let Some(&byte) = text.get(position) {
        if byte == separator {
            return (&text[..position], Some(&text[position + 1..]));
        }
        if byte == b'"' {
            // After a quote without a partner there is none, so this looks ahead only once for
            // each pair.
            let partner = memchr::memchr(b'"', &text[position + 1..]);
            position += partner.map_or(0, |distance| distance + 1);
        }
        position += 1;
    }
    (text, None)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn elements(value: &[u8]) -> Vec<(String, u16)> {
        let mut found = Vec::new();
        for_each(value, |name, quality| {
            found.push((String::from_utf8_lossy(name).into_owned(), quality.0));
        });
        found
    }

    #[test]
    fn simple_13_odd_lists_are_read() {
        for (value, expected) in [
            ("", vec![]),
            (" , ,", vec![]),
            ("a", vec![("a", 1000)]),
            ("a;q=0.5,b;Q=.2", vec![("a", 500), ("b", 200)]),
            (" a ; q = 0.1 , *", vec![("a", 100), ("*", 1000)]),
            ("a;level=1;q=0.25;x", vec![("a", 250)]),
            ("a;x=\"b,c;q=0\";q=0.3,d", vec![("a", 300), ("d", 1000)]),
            ("a;x=\"b,c;q=0", vec![("a", 1000), ("c", 0)]),
            (";q=0.5", vec![]),
        ] {
            let expected: Vec<(String, u16)> = expected
                .into_iter()
                .map(|(name, quality)| (name.to_owned(), quality))
                .collect();
            assert_eq!(elements(value.as_bytes()), expected, "from {value:?}");
        }
    }

    #[test]
    fn simple_12_quality_is_in_thousandths() {
        for (text, thousandths) in [
            ("0", 0),
            ("0.0", 0),
            ("0.000", 0),
            ("0.", 0),
            ("1", 1000),
            ("1.000", 1000),
            ("0.123", 123),
            ("0.9999", 999),
            ("0.0001", 1),
            (".5", 500),
            ("2", 1000),
            ("", 1000),
            (".", 1000),
            ("-1", 1000),
            ("x", 1000),
            ("0.5x", 1000),
        ] {
            assert_eq!(Quality::read(text.as_bytes()).0, thousandths, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(value in any::<Vec<u8>>()) {
            for_each(&value, |name, quality| {
                assert!(!name.is_empty());
                assert!(quality <= Quality::ONE);
            });
        }

        #[test]
        fn any_text_of_the_grammar_s_characters_is_read(value in "[a*/;,=q.01\" ]{0,60}") {
            for_each(value.as_bytes(), |_, quality| assert!(quality <= Quality::ONE));
        }
    }
}
