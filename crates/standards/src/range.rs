//! Parts of a file: the header `Range`, and what it means for a file of some length.

use std::fmt;

/// Most ranges that one request may ask for. A request for more gets the whole file.
pub const MAX_RANGES: usize = 16;

/// What a request's `Range` means for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestedRanges {
    /// Nothing: the whole file is the answer. So it is for what is not understood, and for more
    /// than a file's worth of ranges.
    Whole,
    /// These parts, in the order in which they were asked for; at least one.
    Parts(Vec<ByteRange>),
    /// None of the parts is in the file.
    Unsatisfiable,
}

/// Some bytes of a file, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    first: u64,
    last: u64,
}

impl ByteRange {
    /// Returns the position of the first byte.
    pub const fn first(self) -> u64 {
        self.first
    }

    /// Returns the position of the last byte, which belongs to the range.
    pub const fn last(self) -> u64 {
        self.last
    }

    /// Returns how many bytes there are.
    pub const fn size_bytes(self) -> u64 {
        self.last - self.first + 1
    }

    /// Returns the value of `Content-Range` for this part of a file of `file_bytes` bytes.
    pub fn content_range(self, file_bytes: u64) -> String {
        format!("bytes {self}/{file_bytes}")
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// Returns the value of `Content-Range` of an answer that no part of a file satisfies.
pub fn unsatisfied_content_range(file_bytes: u64) -> String {
    format!("bytes */{file_bytes}")
}

/// Reads the value of a `Range` header for a file of `file_bytes` bytes.
///
/// Standard: RFC 9110, "Range Requests".
pub fn parse(value: &[u8], file_bytes: u64) -> RequestedRanges {
    read(value, file_bytes).unwrap_or(RequestedRanges::Whole)
}

/// Returns `None` for what is to be ignored.
fn read(value: &[u8], file_bytes: u64) -> Option<RequestedRanges> {
    let equals = value.iter().position(|&byte| byte == b'=')?;
    if !value[..equals].trim_ascii().eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    let mut parts = Vec::new();
    let mut asked = 0;
    let mut asked_bytes: u64 = 0;
    for spec in value[equals + 1..].split(|&byte| byte == b',') {
        let spec = spec.trim_ascii();
        if spec.is_empty() {
            continue;
        }
        asked += 1;
        if asked > MAX_RANGES {
            return None;
        }
        if let Some(range) = read_one(spec, file_bytes)? {
            asked_bytes = asked_bytes.checked_add(range.size_bytes())?;
            parts.push(range);
        }
    }
    if asked == 0 || asked_bytes > file_bytes {
        return None;
    }
    Some(if parts.is_empty() {
        RequestedRanges::Unsatisfiable
    } else {
        RequestedRanges::Parts(parts)
    })
}

/// Reads `a-b`, `a-` or `-n`. Outer `None`: not a range. Inner `None`: not in the file.
#[expect(
    clippy::option_option,
    reason = "the two mean different things, and only for one line of the caller"
)]
fn read_one(spec: &[u8], file_bytes: u64) -> Option<Option<ByteRange>> {
    let dash = spec.iter().position(|&byte| byte == b'-')?;
    let (first, last) = (spec[..dash].trim_ascii(), spec[dash + 1..].trim_ascii());
    if first.is_empty() {
        let wanted = number(last)?.min(file_bytes);
        return Some((wanted > 0).then(|| ByteRange {
            first: file_bytes - wanted,
            last: file_bytes - 1,
        }));
    }
    let first = number(first)?;
    let last = if last.is_empty() {
        u64::MAX
    } else {
        number(last)?
    };
    if last < first {
        return None;
    }
    Some((first < file_bytes).then(|| ByteRange {
        first,
        last: last.min(file_bytes - 1),
    }))
}

/// Reads decimal digits. A number beyond all files is as good as the greatest.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0_u64, |number, digit| {
        number
            .saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(value: &str, file_bytes: u64) -> String {
        match parse(value.as_bytes(), file_bytes) {
            RequestedRanges::Whole => "whole".to_owned(),
            RequestedRanges::Unsatisfiable => "none".to_owned(),
            RequestedRanges::Parts(parts) => parts
                .iter()
                .map(ByteRange::to_string)
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    #[test]
    fn dl_5_ranges_are_read() {
        for (value, expected) in [
            ("bytes=0-0", "0-0"),
            ("bytes=0-9", "0-9"),
            ("bytes=3-", "3-9"),
            ("bytes=3-99", "3-9"),
            ("bytes=-4", "6-9"),
            ("bytes=-99", "0-9"),
            ("bytes=10-", "none"),
            ("bytes=10-20", "none"),
            ("bytes=-0", "none"),
            ("bytes=99999999999999999999-", "none"),
            ("bytes=0-99999999999999999999", "0-9"),
            ("BYTES = 1 - 2", "1-2"),
            ("bytes=0-1,4-5,-1", "0-1 4-5 9-9"),
            ("bytes=0-1,,20-", "0-1"),
            ("bytes=0-,0-", "whole"),
            ("bytes=", "whole"),
            ("bytes=,", "whole"),
            ("bytes=-", "whole"),
            ("bytes=2-1", "whole"),
            ("bytes=a-b", "whole"),
            ("bytes=0-1,x", "whole"),
            ("bytes=+1-2", "whole"),
            ("bytes=1--2", "whole"),
            ("bytes 0-1", "whole"),
            ("items=0-1", "whole"),
            ("", "whole"),
        ] {
            assert_eq!(shown(value, 10), expected, "from {value:?}");
        }
    }

    #[test]
    fn an_empty_file_has_no_part() {
        for value in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            assert_eq!(shown(value, 0), "none", "from {value:?}");
        }
    }

    #[test]
    fn too_many_ranges_get_the_whole_file() {
        let many = |count: usize| {
            let ranges: Vec<String> = (0..count).map(|n| format!("{n}-{n}")).collect();
            format!("bytes={}", ranges.join(","))
        };
        assert_ne!(shown(&many(MAX_RANGES), 1000), "whole");
        assert_eq!(shown(&many(MAX_RANGES + 1), 1000), "whole");
    }

    #[test]
    fn dl_5_content_range_has_the_exact_numbers() {
        let RequestedRanges::Parts(parts) = parse(b"bytes=2-4", 10) else {
            panic!("three bytes are in the file");
        };
        assert_eq!(parts[0].content_range(10), "bytes 2-4/10");
        assert_eq!(parts[0].size_bytes(), 3);
        assert_eq!(unsatisfied_content_range(10), "bytes */10");
    }

    fn check(value: &[u8], file_bytes: u64) {
        if let RequestedRanges::Parts(parts) = parse(value, file_bytes) {
            assert!(!parts.is_empty() && parts.len() <= MAX_RANGES);
            let mut total = 0_u64;
            for part in parts {
                assert!(part.first() <= part.last() && part.last() < file_bytes);
                total += part.size_bytes();
            }
            assert!(total <= file_bytes);
        }
    }

    proptest! {
        #[test]
        fn parts_of_any_bytes_are_in_the_file(value in any::<Vec<u8>>(), file_bytes: u64) {
            check(&value, file_bytes);
        }

        #[test]
        fn parts_of_any_ranges_are_in_the_file(
            value in "bytes=[0-9, -]{0,40}",
            file_bytes in 0..100_u64,
        ) {
            check(value.as_bytes(), file_bytes);
        }
    }
}
