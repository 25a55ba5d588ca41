//! What a `User-Agent` says of what downloads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wheelhouse_index::downloads::{Client, Fetcher, Platform};

fuzz_target!(|agent: &[u8]| {
    let fetcher = Fetcher::of_agent(agent);
    assert_eq!(Client::from_name(fetcher.client.name()), fetcher.client);
    if let Some(python) = fetcher.python {
        assert_eq!(python.to_string().parse(), Ok(python));
    }
    if let Some(platform) = fetcher.platform {
        assert_eq!(Platform::from_name(platform.name()), Some(platform));
    }
});
