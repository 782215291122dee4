//! How far a long command is, where a person looks.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on stderr; nothing where nobody looks.
#[derive(Debug)]
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Bar {
        let target =
            if stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{msg:9} {wide_bar} {percent:>3}% {eta}") {
            bar.set_style(style);
        }
        Bar(bar)
    }

    /// What is being done, how much of it is done, and how much there is.
    pub(super) fn show(&mut self, what: &'static str, done: u64, all: u64) {
        if self.0.message() != what {
            self.0.reset();
            self.0.set_message(what);
        }
        self.0.set_length(all);
        self.0.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
