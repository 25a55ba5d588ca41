//! Formats of Python's `%` operator over named values, compiled once and filled in many times.

use std::fmt;

use super::visible::python_text;

/// A compiled format, such as `%(levelname)-8s %(message)s`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

/// A value that a format shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A number with a fraction.
    Real(f64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Template {
    /// Compiles a format. `is_known` tells which names it may hold; the empty name is that of a
    /// `%s` without a name, which shows everything.
    ///
    /// # Errors
    ///
    /// The first thing in the format that means nothing, and what to write in its place.
    pub(super) fn compile(
        format: &str,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = format;
        while let Some(start) = rest.find('%') {
            text.push_str(&rest[..start]);
            rest = &rest[start + 1..];
            if let Some(after) = rest.strip_prefix('%') {
                text.push('%');
                rest = after;
                continue;
            }
            let (field, after) = Field::parse(rest)?;
            if !is_known(&field.name) {
                return Err(TemplateError::UnknownName(field.name));
            }
            parts.push(Part::Text(std::mem::take(&mut text)));
            parts.push(Part::Field(field));
            rest = after;
        }
        text.push_str(rest);
        parts.push(Part::Text(text));
        Ok(Self { parts })
    }

    /// Fills the format in. A name without a value shows as `-`.
    pub(super) fn render(&self, value: &dyn Fn(&str) -> Option<Value>) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Field(field) => match value(&field.name) {
                    Some(value) => field.push(&mut out, &value),
                    None => field.push_padded(&mut out, "-", false),
                },
            }
        }
        out
    }
}

/// A format cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A name is not one of the known ones.
    #[error("{}", unknown(.0))]
    UnknownName(String),
    /// A `%` begins nothing that is known.
    #[error("`%{0}` is not a field; write `%(NAME)s`, or `%%` for a per cent sign")]
    BadField(String),
    /// A `%(` has no end.
    #[error("`%({0}` has no closing bracket; write `%(NAME)s`")]
    NoBracket(String),
    /// A width or precision is beyond anything sensible.
    #[error(
        "a width or precision in a format may not be above {}",
        Field::MAX_WIDTH
    )]
    TooWide,
}

fn unknown(name: &str) -> String {
    if name.is_empty() {
        "a field needs a name here; write `%(NAME)s`, or `%%` for a per cent sign".to_owned()
    } else {
        format!("`%({name})s` is not known here")
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Field(Field),
}

/// One `%(name)…` of a format.
#[derive(Debug, Clone, PartialEq, Default)]
struct Field {
    name: String,
    /// What stands of `-`, `0`, `+`, blank and `#`.
    flags: String,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

impl Field {
    const MAX_WIDTH: usize = 1000;

    /// Reads a field after its `%`, and returns it with what follows.
    fn parse(text: &str) -> Result<(Self, &str), TemplateError> {
        let excerpt = |text: &str| text.chars().take(30).collect::<String>();
        let mut field = Self::default();
        let mut rest = text;
        if let Some(inner) = rest.strip_prefix('(') {
            let (name, after) = inner
                .split_once(')')
                .ok_or_else(|| TemplateError::NoBracket(excerpt(inner)))?;
            name.clone_into(&mut field.name);
            rest = after;
        }
        let after = rest.trim_start_matches(['-', '0', '+', ' ', '#']);
        rest[..rest.len() - after.len()].clone_into(&mut field.flags);
        rest = after;
        (field.width, rest) = number(rest)?;
        if let Some(after) = rest.strip_prefix('.') {
            let (precision, after) = number(after)?;
            field.precision = Some(precision);
            rest = after;
        }
        // Python takes C's length marks and passes them over.
        rest = rest.strip_prefix(['h', 'l', 'L']).unwrap_or(rest);
        match rest.chars().next() {
            Some(c) if "diouxXeEfFgGcrsa".contains(c) => field.conversion = c,
            _ => return Err(TemplateError::BadField(excerpt(text))),
        }
        Ok((field, &rest[1..]))
    }

    fn push(&self, out: &mut String, value: &Value) {
        match (self.conversion, value) {
            ('d' | 'i' | 'u' | 'o' | 'x' | 'X' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G', value) => {
                match self.digits(value) {
                    Some(digits) => self.push_padded(out, &digits, true),
                    // Python would fail here, and the line would be lost.
                    None => self.push_padded(out, &value.to_string(), false),
                }
            }
            ('r' | 'a', Value::Text(text)) => {
                self.push_padded(out, self.cut(&python_text(text)), false);
            }
            (_, value) => self.push_padded(out, self.cut(&value.to_string()), false),
        }
    }

    /// Shortens text to the precision.
    fn cut<'a>(&self, text: &'a str) -> &'a str {
        let end = self
            .precision
            .and_then(|chars| text.char_indices().nth(chars));
        end.map_or(text, |(end, _)| &text[..end])
    }

    /// Writes a number as the conversion wants it, or returns `None` if it is none.
    fn digits(&self, value: &Value) -> Option<String> {
        let is_real = matches!(self.conversion, 'e' | 'E' | 'f' | 'F' | 'g' | 'G');
        let (negative, mut digits) = if is_real {
            let real = match value {
                Value::Real(real) => *real,
                Value::Whole(whole) => as_real(*whole),
                Value::Text(text) => text.trim().parse().ok()?,
            };
            (real.is_sign_negative(), self.real_digits(real.abs()))
        } else {
            let whole = match value {
                Value::Whole(whole) => *whole,
                Value::Real(real) => whole_part(*real)?,
                Value::Text(text) => text.trim().parse().ok()?,
            };
            let size = whole.unsigned_abs();
            let digits = match (self.conversion, self.flags.contains('#')) {
                ('x', false) => format!("{size:x}"),
                ('x', true) => format!("{size:#x}"),
                ('X', false) => format!("{size:X}"),
                ('X', true) => format!("0X{size:X}"),
                ('o', false) => format!("{size:o}"),
                ('o', true) => format!("{size:#o}"),
                _ => format!("{size:0least$}", least = self.precision.unwrap_or(1)),
            };
            (whole < 0, digits)
        };
        let sign = match (negative, self.flags.contains('+'), self.flags.contains(' ')) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            (false, false, false) => "",
        };
        digits.insert_str(0, sign);
        Some(digits)
    }

    fn real_digits(&self, real: f64) -> String {
        let places = self.precision.unwrap_or(6);
        let digits = match self.conversion {
            'f' | 'F' => format!("{real:.places$}"),
            'e' | 'E' => python_exponent(&format!("{real:.places$e}")),
            // The shortest form that keeps the value; Python's `%g` cuts at six digits.
            _ => format!("{real}"),
        };
        if self.conversion.is_ascii_uppercase() {
            digits.to_ascii_uppercase()
        } else {
            digits
        }
    }

    fn push_padded(&self, out: &mut String, text: &str, is_number: bool) {
        let missing = self.width.saturating_sub(text.chars().count());
        if missing == 0 {
            out.push_str(text);
        } else if self.flags.contains('-') {
            out.push_str(text);
            out.extend(std::iter::repeat_n(' ', missing));
        } else if self.flags.contains('0') && is_number {
            let digits = text.trim_start_matches(['+', '-', ' ']);
            out.push_str(&text[..text.len() - digits.len()]);
            out.extend(std::iter::repeat_n('0', missing));
            out.push_str(digits);
        } else {
            out.extend(std::iter::repeat_n(' ', missing));
            out.push_str(text);
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Real(real) => write!(f, "{real:?}"),
        }
    }
}

/// Reads a width or precision, which may be missing and is 0 then.
fn number(text: &str) -> Result<(usize, &str), TemplateError> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    if digits.is_empty() {
        return Ok((0, rest));
    }
    match digits.parse() {
        Ok(number) if number <= Field::MAX_WIDTH => Ok((number, rest)),
        _ => Err(TemplateError::TooWide),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a log line may round a number above 2^53"
)]
fn as_real(whole: i64) -> f64 {
    whole as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked first, and the fraction is not wanted"
)]
fn whole_part(real: f64) -> Option<i64> {
    (real.abs() < 9e18).then_some(real as i64)
}

/// Rust writes `1e2` where Python writes `1e+02`.
fn python_exponent(digits: &str) -> String {
    match digits.split_once('e') {
        Some((mantissa, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{mantissa}e{sign}{exponent:0>2}")
        }
        None => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(format: &str) -> String {
        let template = Template::compile(format, |_| true).expect(format);
        template.render(&|name| match name {
            "text" => Some("it's".into()),
            "level" => Some("INFO".into()),
            "whole" => Some(Value::Whole(-42)),
            "real" => Some(Value::Real(1234.5678)),
            "" => Some("{everything}".into()),
            _ => None,
        })
    }

    #[test]
    fn formats_mean_what_they_mean_in_python() {
        for (format, expected) in [
            ("", ""),
            ("100 %% plain", "100 % plain"),
            ("%(level)s|%(text)s", "INFO|it's"),
            ("[%(level)-8s]", "[INFO    ]"),
            ("[%(level)8s]", "[    INFO]"),
            ("[%(level).2s]", "[IN]"),
            ("[%(level)-6.3s]", "[INF   ]"),
            (
                "%(whole)d %(whole)5d|%(whole)05d|%(whole)-5d|",
                "-42   -42|-0042|-42  |",
            ),
            (
                "%(whole)x %(whole)X %(whole)#o %(whole)f",
                "-2a -2A -0o52 -42.000000",
            ),
            (
                "%(real)f %(real).1f %(real)010.2f %(real)d",
                "1234.567800 1234.6 0001234.57 1234",
            ),
            ("%(real)e %(real)+.2E", "1.234568e+03 +1.23E+03"),
            ("%(real)s %(whole)s", "1234.5678 -42"),
            ("%(text)r", "\"it's\""),
            ("%(level)ld", "INFO"),
            ("[%(missing)s] [%(missing)3d]", "[-] [  -]"),
            ("all: %s", "all: {everything}"),
            ("é %(level)s ü", "é INFO ü"),
        ] {
            assert_eq!(render(format), expected, "from {format:?}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for (format, part) in [
            ("%", "`%` is not a field"),
            ("50% of", "needs a name"),
            ("50% a", "needs a name"),
            ("50%, or", "`%, or` is not a field"),
            ("%(name)", "is not a field"),
            ("%(name)y", "is not a field"),
            ("%(name)é", "is not a field"),
            ("%(name", "no closing bracket"),
            ("%(known)*d", "is not a field"),
            ("%(known)9999999999999999999999s", "may not be above"),
            ("%(other)s", "`%(other)s` is not known"),
            ("%s", "needs a name"),
        ] {
            let error = Template::compile(format, |name| name == "known" || name == "name")
                .expect_err(format)
                .to_string();
            assert!(error.contains(part), "{error:?} from {format:?}");
        }
    }
}
