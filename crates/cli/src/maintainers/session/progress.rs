//! Bars on a terminal, and nothing elsewhere.

use std::collections::HashMap;
use std::io::IsTerminal;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use wheelhouse_release::distribution::Distribution;
use wheelhouse_release::publishing::Watcher;

use crate::program::to_stderr;

/// A bar for each file.
pub(super) struct Progress {
    all: MultiProgress,
    bars: HashMap<String, ProgressBar>,
}

impl Progress {
    pub(super) fn new(files: &[Distribution]) -> Self {
        let is_seen = std::io::stderr().is_terminal();
        let target = if is_seen {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let all = MultiProgress::with_draw_target(target);
        let style =
            ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bars = files.iter().map(|file| {
            let bar = all.add(ProgressBar::new(file.size_bytes).with_style(style.clone()));
            bar.set_message(file.file_name().to_owned());
            (file.file_name().to_owned(), bar)
        });
        let bars = bars.collect();
        Self { all, bars }
    }

    /// Takes the bars away.
    pub(super) fn end(&self) {
        for bar in self.bars.values() {
            bar.finish_and_clear();
        }
        let _ = self.all.clear();
    }
}

impl Watcher for Progress {
    fn sent(&self, file: &Distribution, bytes: u64) {
        if let Some(bar) = self.bars.get(file.file_name()) {
            bar.inc(bytes);
        }
    }

    fn again(&self, file: &Distribution, reason: &str) {
        if let Some(bar) = self.bars.get(file.file_name()) {
            bar.reset();
        }
        let line = format!("{}: sent again, because: {reason}", file.file_name());
        if self.all.is_hidden() {
            to_stderr(&format!("{line}\n"));
        } else {
            let _ = self.all.println(line);
        }
    }
}
