//! Sdists: gzip, the archive, its layout and metadata.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wheelhouse_fuzz::gzipped;
use wheelhouse_standards::check::check_file;

fuzz_target!(|data: &[u8]| {
    let name = "demo-1.0.tar.gz";
    // Half of the time the compression is right, so that what is in it is reached.
    let bytes = match data.split_first() {
        Some((first, rest)) if first % 2 == 0 => gzipped(rest),
        Some((_, rest)) => rest.to_vec(),
        None => Vec::new(),
    };
    let findings = check_file(&bytes.as_slice(), name).expect("bytes in memory can be read");
    for finding in findings {
        assert!(finding.message.len() < 10_000, "a finding is a sentence");
    }
});
