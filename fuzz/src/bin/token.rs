//! API tokens, and narrowing them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wheelhouse_auth::token::{Caveat, Token, TokenKey};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // With the prefix before it, most of what is tried is looked into.
    for text in [text.to_owned(), format!("wheelhouse_{text}")] {
        let Ok(token) = Token::parse(&text) else {
            continue;
        };
        let again = Token::parse(token.text().reveal()).expect("what is written can be read");
        assert_eq!(again.id(), token.id());
        assert!(
            token.verified(&TokenKey::new([7; 32]), &[0; 32]).is_none(),
            "nobody guesses a proof"
        );
        if let Ok(narrowed) = token.narrowed(&Caveat::default()) {
            Token::parse(narrowed.text().reveal()).expect("what is written can be read");
        }
    }
});
