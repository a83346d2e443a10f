//! Where the time goes: `perf` on one work, beside the figures.

use anyhow::Context as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long a profile watches.
const SECONDS: u64 = 10;
/// Samples a second: enough for a table by function, few enough to change little.
const FREQUENCY: &str = "997";
/// Lines of the table that are shown.
const LINES: usize = 45;

/// A profile that somebody asked for.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// The figure's id.
    pub(crate) id: String,
    /// Where to leave it.
    pub(crate) folder: PathBuf,
}

impl Profile {
    /// How long the work has to last.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(SECONDS)
    }

    /// Watches a process while `work` runs, and leaves a table of its functions.
    pub(crate) fn of(&self, pid: u32, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let samples = self.folder.join(format!("{}.perf", self.id));
        let mut recorder = Command::new("perf")
            .args(["record", "-q", "-F", FREQUENCY, "-p", &pid.to_string(), "-o"])
            .arg(&samples)
            .stderr(Stdio::null())
            .spawn()
            .context("`perf` is not there (Debian: linux-perf); without it, see docs/performance.md")?;
        let worked = work();
        // `perf` writes its file when it is interrupted, not when it is killed.
        Command::new("kill")
            .args(["-INT", &recorder.id().to_string()])
            .status()?;
        recorder.wait()?;
        worked?;
        for (sort, name) in [
            ("comm", "threads"),
            ("symbol", "functions"),
            ("dso,symbol", "places"),
        ] {
            let report = Command::new("perf")
                .args([
                    "report",
                    "--stdio",
                    "--no-children",
                    "--percent-limit",
                    "0.2",
                    "--sort",
                    sort,
                    "-i",
                ])
                .arg(&samples)
                .stderr(Stdio::null())
                .output()?;
            let text = String::from_utf8_lossy(&report.stdout);
            let lines: Vec<&str> = text
                .lines()
                .map(|line| line.trim_end_matches([' ', '-']))
                .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
                .collect();
            let path = self.folder.join(format!("{}.{name}.txt", self.id));
            std::fs::write(&path, lines.join("\n") + "\n")?;
            if name != "places" {
                eprintln!(
                    "{}\n(all of it: {})",
                    lines[..lines.len().min(LINES)].join("\n"),
                    path.display()
                );
            }
        }
        Ok(())
    }
}
