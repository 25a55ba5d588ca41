//! Forms of uploads.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wheelhouse_fuzz::read_form;

fuzz_target!(|data: &[u8]| {
    // The first bytes say where the pieces end that the body comes in.
    let Some((sizes, body)) = data.split_at_checked(4) else {
        return;
    };
    read_form(body, sizes);
});
