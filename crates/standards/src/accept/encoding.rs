//! How a page is compressed on its way.

use super::quality::{self, Quality};

/// A way of sending the same bytes.
///
/// Standard: RFC 9110, "Content Codings"; RFC 8878 for Zstandard; RFC 7932 for Brotli.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As they are.
    Identity,
    /// gzip.
    Gzip,
    /// Brotli.
    Brotli,
    /// Zstandard.
    Zstd,
}

impl Encoding {
    /// Returns the value of the header `Content-Encoding`, or `None` where there is none.
    pub const fn token(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
            Self::Zstd => Some("zstd"),
        }
    }

    fn named(name: &[u8]) -> Option<Self> {
        const NAMES: [(&[u8], Encoding); 5] = [
            (b"gzip", Encoding::Gzip),
            (b"br", Encoding::Brotli),
            (b"zstd", Encoding::Zstd),
            (b"identity", Encoding::Identity),
            (b"x-gzip", Encoding::Gzip),
        ];
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|&(_, encoding)| encoding)
    }

    /// Where the encoding's quality is kept in [`Qualities`].
    const fn place(self) -> usize {
        match self {
            Self::Identity => 0,
            Self::Gzip => 1,
            Self::Brotli => 2,
            Self::Zstd => 3,
        }
    }
}

type Qualities = [Option<Quality>; 4];

/// Chooses among the `available` encodings, the server's favourite first, from the values of
/// `Accept-Encoding`.
///
/// [`Encoding::Identity`] is always available and is what a client gets that names nothing:
/// without the header, and also for a bare `*`, which is sent by clients that cannot decode
/// anything. It is the answer, too, where nothing at all is acceptable.
///
/// Standard: RFC 9110, "Accept-Encoding".
pub fn negotiate_encoding<'a>(
    accept_encoding: impl IntoIterator<Item = &'a [u8]>,
    available: &[Encoding],
) -> Encoding {
    let mut named: Qualities = [None; 4];
    let mut others = None;
    for value in accept_encoding {
        quality::for_each(value, |name, quality| {
            let place = match Encoding::named(name) {
                Some(encoding) => &mut named[encoding.place()],
                None if name == b"*" => &mut others,
                None => return,
            };
            *place = (*place).max(Some(quality));
        });
    }

    // Unless the client says otherwise, identity is acceptable, and less wanted than what is
    // named.
    let mut chosen = Encoding::Identity;
    let mut best = (named[Encoding::Identity.place()].or(others), false);
    for &encoding in available {
        let own = named[encoding.place()];
        let quality = own.or(others).filter(|&quality| quality > Quality::ZERO);
        let candidate = (quality, own.is_some());
        if encoding != Encoding::Identity && quality.is_some() && candidate > best {
            chosen = encoding;
            best = candidate;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Encoding; 3] = [Encoding::Zstd, Encoding::Brotli, Encoding::Gzip];

    #[test]
    fn simple_57_the_best_named_encoding_is_used() {
        for (header, expected) in [
            ("gzip, deflate", Encoding::Gzip),
            ("gzip, deflate, zstd", Encoding::Zstd),
            ("gzip, deflate, br, zstd", Encoding::Zstd),
            ("gzip;q=1.0, br;q=0.5", Encoding::Gzip),
            ("GZIP", Encoding::Gzip),
            ("x-gzip", Encoding::Gzip),
            ("identity", Encoding::Identity),
            ("gzip, identity", Encoding::Gzip),
            ("identity, gzip;q=0.5", Encoding::Identity),
            ("gzip;q=0", Encoding::Identity),
            ("deflate", Encoding::Identity),
            ("", Encoding::Identity),
            ("*", Encoding::Identity),
            ("*;q=0", Encoding::Identity),
            ("gzip, *;q=0", Encoding::Gzip),
            ("identity;q=0, *", Encoding::Zstd),
            ("identity;q=0", Encoding::Identity),
            ("identity;q=0.1, *;q=0.5", Encoding::Zstd),
            ("gzip;q=0.1", Encoding::Gzip),
        ] {
            let chosen = negotiate_encoding([header.as_bytes()], &ALL);
            assert_eq!(chosen, expected, "from {header:?}");
        }
        assert_eq!(negotiate_encoding([], &ALL), Encoding::Identity);
    }

    #[test]
    fn only_what_is_available_is_used() {
        let header: &[u8] = b"gzip, br, zstd";
        for (available, expected) in [
            (&[Encoding::Gzip][..], Encoding::Gzip),
            (&[Encoding::Gzip, Encoding::Zstd], Encoding::Gzip),
            (&[Encoding::Identity], Encoding::Identity),
            (&[], Encoding::Identity),
        ] {
            assert_eq!(negotiate_encoding([header], available), expected);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_available_encoding(value in any::<Vec<u8>>()) {
            let chosen = negotiate_encoding([&*value], &[Encoding::Gzip]);
            prop_assert!(matches!(chosen, Encoding::Gzip | Encoding::Identity));
        }
    }
}
