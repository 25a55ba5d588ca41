//! Badges: two words in a small picture, for readmes elsewhere.

use crate::escape::escaped;

/// What colour the right half has. White text can be read on all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadgeColour {
    /// For facts, such as versions.
    Blue,
    /// For what is well.
    Green,
    /// For what one should know.
    Brown,
    /// For what is wrong.
    Red,
    /// For what is not known.
    Grey,
}

impl BadgeColour {
    fn as_str(self) -> &'static str {
        match self {
            Self::Blue => "#1f5f99",
            Self::Green => "#24613f",
            Self::Brown => "#7a5200",
            Self::Red => "#9c1f1f",
            Self::Grey => "#5b5f66",
        }
    }
}

/// Colour of the left half.
const LEFT: &str = "#3f4449";

/// Most characters of a half.
const MAX_CHARACTERS: usize = 60;

/// Space at each side of a text, in tenths of a pixel.
const PAD: u32 = 60;

/// Returns a picture in SVG that stands alone: 20 pixels high, and as wide as its words.
pub fn badge(label: &str, value: &str, colour: BadgeColour) -> String {
    let (label, value) = (fitting(label), fitting(value));
    let (label_width, value_width) = (width(&label), width(&value));
    let (left, right) = (label_width + 2 * PAD, value_width + 2 * PAD);
    let whole = left + right;
    let (label, value) = (escaped(&label), escaped(&value));
    let half = |middle: u32, width: u32, text: &str| {
        format!(
            "<text x=\"{}\" y=\"14\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\">{text}</text>",
            tenths(middle),
            tenths(width)
        )
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"20\" viewBox=\"0 0 {w} 20\" role=\"img\" \
         aria-label=\"{label}: {value}\"><title>{label}: {value}</title>\
         <clipPath id=\"r\"><rect width=\"{w}\" height=\"20\" rx=\"3\"/></clipPath><g clip-path=\"url(#r)\">\
         <rect width=\"{w}\" height=\"20\" fill=\"{LEFT}\"/>\
         <rect x=\"{x}\" width=\"{r}\" height=\"20\" fill=\"{colour}\"/></g>\
         <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">{}{}</g></svg>\n",
        half(left / 2, label_width, &label),
        half(left + right / 2, value_width, &value),
        w = tenths(whole),
        x = tenths(left),
        r = tenths(right),
        colour = colour.as_str(),
    )
}

/// Returns a text that is short enough, without what XML cannot hold.
fn fitting(text: &str) -> String {
    let is_xml = |c: &char| !matches!(c, '\u{fffe}' | '\u{ffff}');
    let mut fitting: String = text
        .trim()
        .chars()
        .filter(is_xml)
        .take(MAX_CHARACTERS + 1)
        .collect();
    if fitting.chars().count() > MAX_CHARACTERS {
        fitting = fitting.chars().take(MAX_CHARACTERS - 1).collect();
        fitting.push('…');
    }
    fitting
}

/// Returns how wide a text is at 11 pixels, about, in tenths of a pixel. The picture says how wide the
/// text shall be, so that it fits whichever font there is.
fn width(text: &str) -> u32 {
    text.chars().map(width_of).sum::<u32>().max(1)
}

fn width_of(c: char) -> u32 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' | '!' | '.' | ',' | ':' | ';' | 'I' => 38,
        ' ' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '-' | '"' => 46,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 106,
        'A'..='Z' | '+' | '<' | '>' | '=' | '~' | '#' => 80,
        '\0'..='\u{2ff}' => 69,
        _ => 110,
    }
}

/// Returns tenths as a decimal number.
fn tenths(tenths: u32) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_is_as_wide_as_its_words() {
        assert_eq!(
            badge("index", "1.0", BadgeColour::Blue),
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"73.0\" height=\"20\" viewBox=\"0 0 73.0 20\" role=\"img\" \
             aria-label=\"index: 1.0\"><title>index: 1.0</title>\
             <clipPath id=\"r\"><rect width=\"73.0\" height=\"20\" rx=\"3\"/></clipPath><g clip-path=\"url(#r)\">\
             <rect width=\"73.0\" height=\"20\" fill=\"#3f4449\"/>\
             <rect x=\"43.4\" width=\"29.6\" height=\"20\" fill=\"#1f5f99\"/></g>\
             <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\
             <text x=\"21.7\" y=\"14\" textLength=\"31.4\" lengthAdjust=\"spacingAndGlyphs\">index</text>\
             <text x=\"58.2\" y=\"14\" textLength=\"17.6\" lengthAdjust=\"spacingAndGlyphs\">1.0</text></g></svg>\n"
        );
    }

    #[test]
    fn long_and_empty_words_have_a_place() {
        let svg = badge("", &"é".repeat(1_000), BadgeColour::Grey);
        assert!(
            svg.contains(&format!("{}…</text>", "é".repeat(59))),
            "{svg}"
        );
        assert!(svg.contains("textLength=\"0.1\""), "{svg}");
    }
}
