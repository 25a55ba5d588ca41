//! Bytes as text, whatever wrote them.

/// How much of a file is looked at to tell text from other things, in bytes.
const LOOKED_AT_BYTES: usize = 64 << 10;

/// Bytes as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// It is text.
    Text {
        /// The text, with no mark of the byte order.
        text: String,
        /// What it was written in.
        encoding: Encoding,
    },
    /// It is not text.
    Binary,
}

/// What a text was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8, of which ASCII is a part.
    Utf8,
    /// UTF-16, with a mark of its byte order.
    Utf16,
    /// None that is known: each byte is shown as a letter of Latin-1.
    Latin1,
}

impl Encoding {
    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 => "UTF-16",
            Self::Latin1 => "Latin-1",
        }
    }
}

/// Reads bytes as text, if they are text. `is_cut` says that more follow, so that the last
/// character may be cut off.
pub fn decode(bytes: &[u8], is_cut: bool) -> Decoded {
    let text = |text, encoding| Decoded::Text { text, encoding };
    match bytes {
        [0xff, 0xfe, 0, 0, ..] => return Decoded::Binary,
        [0xff, 0xfe, rest @ ..] => {
            return utf16(rest, u16::from_le_bytes)
                .map_or(Decoded::Binary, |found| text(found, Encoding::Utf16));
        }
        [0xfe, 0xff, rest @ ..] => {
            return utf16(rest, u16::from_be_bytes)
                .map_or(Decoded::Binary, |found| text(found, Encoding::Utf16));
        }
        _ => {}
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if !is_text(&bytes[..bytes.len().min(LOOKED_AT_BYTES)]) {
        return Decoded::Binary;
    }
    let whole = match std::str::from_utf8(bytes) {
        Ok(whole) => Some(whole),
        // Only the character at the cut is missing a part.
        Err(error) if is_cut && error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    match whole {
        Some(whole) => text(whole.to_owned(), Encoding::Utf8),
        None => text(
            bytes.iter().copied().map(char::from).collect(),
            Encoding::Latin1,
        ),
    }
}

/// Returns whether bytes can be text: no NUL, and few of the characters that control a terminal.
fn is_text(bytes: &[u8]) -> bool {
    let controls = bytes
        .iter()
        .filter(|&&byte| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b))
        .count();
    memchr::memchr(0, bytes).is_none() && controls <= bytes.len() / 50
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    // A last byte without a second one was cut off.
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    (!text.contains('\0')).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(bytes: &[u8], is_cut: bool) -> Option<(String, Encoding)> {
        match decode(bytes, is_cut) {
            Decoded::Text { text, encoding } => Some((text, encoding)),
            Decoded::Binary => None,
        }
    }

    #[test]
    fn every_encoding_becomes_text_and_other_things_do_not() {
        let text = |text: &str, encoding| Some((text.to_owned(), encoding));
        for (bytes, is_cut, expected) in [
            (&b"x = 1\n"[..], false, text("x = 1\n", Encoding::Utf8)),
            (b"", false, text("", Encoding::Utf8)),
            ("é".as_bytes(), false, text("é", Encoding::Utf8)),
            (b"\xef\xbb\xbfx", false, text("x", Encoding::Utf8)),
            (b"ol\xe9\n", false, text("olé\n", Encoding::Latin1)),
            (b"ol\xc3", true, text("ol", Encoding::Utf8)),
            (b"ol\xc3", false, text("olÃ", Encoding::Latin1)),
            (b"\xff\xfea\0\xe9\0", false, text("aé", Encoding::Utf16)),
            (
                b"\xfe\xff\0a\xd8\0",
                false,
                text("a\u{fffd}", Encoding::Utf16),
            ),
            (b"\xff\xfea\0b", true, text("a", Encoding::Utf16)),
            (b"\xff\xfe\0\0a\0\0\0", false, None),
            (b"\x7fELF\x02\x01\x01\0", false, None),
            (b"\x01\x02\x03abc", false, None),
            (b"\xff\xfe\x41\0\0\0", false, None),
        ] {
            assert_eq!(known(bytes, is_cut), expected, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn text_in_utf_8_stays_what_it_is(text in "[ -~\\né€😀]{0,100}", cut in any::<bool>()) {
            prop_assert_eq!(known(text.as_bytes(), cut), Some((text, Encoding::Utf8)));
        }

        #[test]
        fn any_bytes_are_text_or_not(bytes in prop::collection::vec(any::<u8>(), 0..500), cut in any::<bool>()) {
            let _ = decode(&bytes, cut);
        }
    }
}
