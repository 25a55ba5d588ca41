//! Wheels: the archive, its layout, RECORD and metadata.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wheelhouse_standards::check::check_file;

fuzz_target!(|data: &[u8]| {
    let name = "demo-1.0-py3-none-any.whl";
    let findings = check_file(&data, name).expect("bytes in memory can be read");
    for finding in findings {
        assert!(!finding.message.is_empty());
        assert!(finding.message.len() < 10_000, "a finding is a sentence");
    }
});
