//! What is inside of wheels and sdists: lists, each member's bytes, and their text.

#![no_main]

use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use wheelhouse_fuzz::gzipped;
use wheelhouse_standards::archive::{Limits, list, walk};
use wheelhouse_standards::inside::text::{Decoded, decode};
use wheelhouse_standards::inside::{entry_points, fields, record};

const READ_BYTES: u64 = 64 << 10;

fuzz_target!(|data: &[u8]| {
    let limits = Limits {
        members: 1_000,
        inflated_bytes: 4 << 20,
        ..Limits::LOOKING
    };
    // A third of the time the compression is right, so that what is in it is reached.
    let (name, bytes) = match data.split_first() {
        Some((first, rest)) if first % 3 == 0 => ("demo-1.0.tar.gz", gzipped(rest)),
        Some((first, rest)) if first % 3 == 1 => ("demo-1.0.tar", rest.to_vec()),
        _ => ("demo-1.0-py3-none-any.whl", data.to_vec()),
    };
    let listing = list(&bytes, name, &limits).expect("bytes in memory can be read");
    assert!(listing.members.len() <= 1_000);
    let mut read_bytes = 0;
    let _ = walk(&bytes, name, &limits, &mut |member, bytes| {
        let (start, is_whole) = bytes.start(READ_BYTES)?;
        assert!(start.len() as u64 <= READ_BYTES);
        assert!(!is_whole || start.len() as u64 == member.size_bytes);
        read_bytes += start.len() as u64;
        if let Decoded::Text { text, .. } = decode(&start, !is_whole) {
            let _ = fields::read(&text);
            let _ = entry_points::read(&text);
            let rows = record::check(&text, "demo-1.0.dist-info", &listing.members);
            assert!(rows.len() <= text.lines().count() + listing.members.len());
        }
        Ok(ControlFlow::Continue(()))
    });
    assert!(read_bytes <= limits.inflated_bytes, "{read_bytes}");
});
