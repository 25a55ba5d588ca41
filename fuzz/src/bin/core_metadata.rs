//! Core metadata of distributions.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wheelhouse_standards::metadata::CoreMetadata;

fuzz_target!(|data: &[u8]| {
    if let Ok(metadata) = CoreMetadata::parse(data) {
        let _ = metadata.requires_python();
    }
});
