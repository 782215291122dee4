//! How far the replay is, where a person looks; elsewhere a line for every month.

use std::io::{IsTerminal, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
    done: Arc<AtomicU64>,
    began: Instant,
    watched: bool,
}

impl Progress {
    /// A bar over so many events, as far as they are known.
    pub fn over(events: u64) -> Progress {
        let watched = stderr().is_terminal();
        let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(events), target);
        if let Ok(style) =
            ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}")
        {
            bar.set_style(style);
        }
        Progress { bar, done: Arc::default(), began: Instant::now(), watched }
    }

    /// A month begins.
    pub fn month(&self, name: &str) {
        self.bar.set_message(name.to_owned());
        if !self.watched {
            eprintln!("{name}  {:>9} events  {:>6.0}/s", self.done.load(Ordering::Relaxed), self.rate());
        }
    }

    /// So many more are done.
    pub fn add(&self, events: u64) {
        self.done.fetch_add(events, Ordering::Relaxed);
        self.bar.inc(events);
    }

    /// Events answered so far.
    pub fn events(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Events a second since the beginning.
    pub fn rate(&self) -> f64 {
        self.events() as f64 / self.began.elapsed().as_secs_f64().max(0.001)
    }

    /// Nothing more is shown.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}
