//! Says how long a readme and a file take to become HTML:
//! `cargo run --release -p wheelhouse-ui --example readme_cost -- README.md module.py`.

#![expect(clippy::print_stdout, reason = "it is for people who measure")]

use std::time::Instant;

use wheelhouse_ui::code::{Language, numbered};
use wheelhouse_ui::readme::{Limits, render};

fn main() -> std::io::Result<()> {
    let before = resident();
    let first = Instant::now();
    numbered("x = 1\n", Language::of_file_name("a.py"));
    println!(
        "grammars are there after {:.1?}, and take {} kB",
        first.elapsed(),
        resident() - before
    );
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path)?;
        let content_type = match path.rsplit('.').next() {
            Some("md") => Some("text/markdown"),
            Some("rst") => Some("text/x-rst"),
            _ => None,
        };
        for _ in 0..5 {
            let start = Instant::now();
            let html = match content_type {
                Some(_) => render(&text, content_type, Limits::default()),
                None => numbered(&text, Language::of_file_name(&path)),
            };
            println!(
                "{path}: {} bytes became {} in {:.1?}",
                text.len(),
                html.as_str().len(),
                start.elapsed()
            );
        }
    }
    println!("{} kB are resident", resident());
    Ok(())
}

/// Returns how much memory the program has, in kilobytes, or 0 where nobody says.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
