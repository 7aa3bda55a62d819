//! Shows how far the import is: a bar on a terminal, a line every few seconds elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::report::per_second;

/// How often a line is written where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(5);

enum Shown {
    Bar(ProgressBar),
    Lines(Mutex<Instant>),
    Nothing,
}

/// Shows progress on standard error.
pub struct Display {
    shown: Shown,
    started: Instant,
    size: u64,
    /// Bytes and rows that an earlier run had done.
    before: (u64, u64),
}

impl Display {
    /// Starts; `before` are the bytes and rows that are done already.
    pub fn start(size: u64, before: (u64, u64), quiet: bool) -> Self {
        let started = Instant::now();
        let shown = if quiet {
            Shown::Nothing
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(size).with_position(before.0);
            let template = "{bar:30} {percent:>3} %  {msg}  {elapsed}, {eta} to go";
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.reset_eta();
            bar.enable_steady_tick(Duration::from_millis(250));
            Shown::Bar(bar)
        } else {
            Shown::Lines(Mutex::new(started))
        };
        Self { shown, started, size, before }
    }

    /// So many bytes and rows are done.
    pub fn update(&self, bytes: u64, rows: u64) {
        let elapsed = self.started.elapsed();
        let rate = per_second(rows.saturating_sub(self.before.1), elapsed);
        match &self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => {
                bar.set_position(bytes);
                bar.set_message(format!("{rows} rows, {rate} rows/s"));
            }
            Shown::Lines(last) => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                if last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    let pace = per_second(bytes.saturating_sub(self.before.0), elapsed);
                    let left = self.size.saturating_sub(bytes) / pace.max(1);
                    let share = bytes.saturating_mul(100) / self.size.max(1);
                    say(&format!("{share} %, {rows} rows, {rate} rows/s, about {left} s to go"));
                }
            }
        }
    }

    /// Says something without disturbing the bar.
    pub fn note(&self, text: &str) {
        match &self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.suspend(|| say(text)),
            Shown::Lines(_) => say(text),
        }
    }

    /// Ends.
    pub fn finish(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

fn say(text: &str) {
    // A terminal that is gone is no reason to stop.
    drop(writeln!(std::io::stderr(), "{text}"));
}
