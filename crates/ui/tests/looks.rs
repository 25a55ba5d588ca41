//! Colours of code can be read: each has enough contrast on everything that code stands on.

use std::collections::HashMap;

use wheelhouse_ui::Pages;
use wheelhouse_ui::theme::Theme;

#[test]
fn colours_of_code_have_contrast_in_light_and_in_dark() {
    let pages = Pages::new(Theme::default()).expect("our templates");
    let style = pages.assets().get("style.css").expect("a style sheet");
    let style = std::str::from_utf8(&style.bytes).expect("text");
    let (light, dark) = variables(style);
    for (colours, name) in [(&light, "light"), (&dark, "dark")] {
        let inks: Vec<_> = colours
            .keys()
            .filter(|key| key.starts_with("--code-"))
            .collect();
        assert_eq!(inks.len(), 8, "{name}");
        for ink in inks {
            for page in ["--page", "--raised", "--plus", "--minus"] {
                let contrast = contrast(colours[ink], colours[page]);
                assert!(contrast >= 4.5, "{ink} on {page} in {name}: {contrast:.2}");
            }
        }
    }
}

/// Returns the colours that variables have in light, and in dark.
fn variables(style: &str) -> (HashMap<String, [f64; 3]>, HashMap<String, [f64; 3]>) {
    let (mut light, mut dark) = (HashMap::new(), HashMap::new());
    let mut is_dark = false;
    for line in style.lines() {
        if line.starts_with("@media") {
            is_dark = line.contains("prefers-color-scheme: dark");
        } else if !line.starts_with(' ') {
            is_dark &= !line.starts_with('}');
        }
        let Some((name, value)) = line
            .trim()
            .strip_suffix(';')
            .and_then(|line| line.split_once(": #"))
        else {
            continue;
        };
        if name.starts_with("--") {
            let colours = if is_dark { &mut dark } else { &mut light };
            colours.insert(name.to_owned(), colour(value));
        }
    }
    (light, dark)
}

/// Reads `fff` or `ffffff`.
fn colour(digits: &str) -> [f64; 3] {
    let width = digits.len() / 3;
    [0, 1, 2].map(|part| {
        let digits = &digits[part * width..(part + 1) * width].repeat(3 - width);
        f64::from(u8::from_str_radix(digits, 16).expect("a colour")) / 255.0
    })
}

/// Standard: Web Content Accessibility Guidelines 2.2, "contrast ratio".
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let [r, g, b] = colour.map(|part| {
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}
