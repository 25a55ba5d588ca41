//! Readmes of all kinds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wheelhouse_ui::readme::{Limits, render};

fuzz_target!(|data: &[u8]| {
    // The first byte says of what kind it is.
    let Some((kind, text)) = data.split_first() else {
        return;
    };
    let content_type = match kind % 4 {
        0 => Some("text/markdown"),
        1 => Some("text/markdown; variant=CommonMark"),
        2 => Some("text/x-rst"),
        _ => None,
    };
    let html = render(
        &String::from_utf8_lossy(text),
        content_type,
        Limits::default(),
    );
    // What no readme may hold, however it is written. In text, the sign is always escaped.
    for wrong in [
        "<script", "<img", "<svg", "<style", "<iframe", "<form", "<link", "<base", "<meta", "<h1",
        "<h2",
    ] {
        assert!(
            !html.as_str().contains(wrong),
            "{wrong} in {}",
            html.as_str()
        );
    }
});
