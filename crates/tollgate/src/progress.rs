//! Progress of long work: on a terminal only, and always on stderr.

use crate::output::say;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// How often the spinner turns while nothing else happens.
const TICK: Duration = Duration::from_millis(120);

/// A bar or a spinner; nothing where stderr is no terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Progress through so many bytes, or through something of unknown size.
    pub(crate) fn of_bytes(total: Option<u64>) -> Self {
        let Some(total) = total else {
            return Self::of_unknown("reading");
        };
        let bar = ProgressBar::new(total);
        bar.set_style(style(
            "{bar:30} {percent:>3} %  {msg}  {bytes_per_sec}  {eta} left",
        ));
        Self { bar }
    }

    /// Progress of something that has no measure.
    pub(crate) fn of_unknown(doing: &str) -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(style("{spinner} {msg}  {elapsed}"));
        bar.set_message(doing.to_owned());
        bar.enable_steady_tick(TICK);
        Self { bar }
    }

    /// Shows how far it has come.
    pub(crate) fn reached(&self, position: u64, message: &str) {
        self.bar.set_message(message.to_owned());
        if self.bar.length().is_some() {
            self.bar.set_position(position);
        }
    }

    /// Waits, and says what for.
    pub(crate) fn wait(&self, cause: &str, pause: Duration) {
        let line = format!("{cause}; trying again in {pause:.1?}");
        if self.bar.is_hidden() {
            say(&line);
        } else {
            self.bar.set_message(line);
        }
        std::thread::sleep(pause);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is a constant that a test renders")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_progress_can_be_drawn() {
        for progress in [
            Progress::of_bytes(Some(10)),
            Progress::of_bytes(None),
            Progress::of_unknown("x"),
        ] {
            progress.reached(5, "5 rows");
            progress.finish();
        }
    }
}
