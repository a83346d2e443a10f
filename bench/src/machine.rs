//! The machine in general words: what a reader needs to judge a figure.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Instant;

/// Writes of the probe that says how long this disk takes to keep something.
const SYNCS: usize = 100;
const SYNC_BYTES: usize = 4096;

/// Processors, memory, and how long the disk takes to keep 4 KB.
pub(crate) fn description(folder: &Path) -> anyhow::Result<Vec<String>> {
    let processors = std::thread::available_parallelism()?;
    let mut lines = vec![format!(
        "{processors} processors, shared by load generator, product and anchor"
    )];
    if let Some(kibibytes) = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| memory(&text))
    {
        lines.push(format!("{:.0} GB of memory", kibibytes * 1024.0 / 1e9));
    }
    if let Ok(load) = std::fs::read_to_string("/proc/loadavg") {
        let minute = load.split(' ').next().unwrap_or_default();
        lines.push(format!(
            "load average of the minute before: {minute}; above 0.5 somebody else was working too"
        ));
    }
    let (median, worst) = sync(folder)?;
    lines.push(format!(
        "write and fdatasync of 4 KB: median {median:.2} ms, worst of {SYNCS} {worst:.2} ms"
    ));
    Ok(lines)
}

fn memory(text: &str) -> Option<f64> {
    text.lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?
        .trim_end_matches("kB")
        .trim()
        .parse()
        .ok()
}

fn sync(folder: &Path) -> anyhow::Result<(f64, f64)> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join("sync-probe");
    let mut file = File::create(&path)?;
    let mut milliseconds = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let started = Instant::now();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&[7; SYNC_BYTES])?;
        file.sync_data()?;
        milliseconds.push(started.elapsed().as_secs_f64() * 1e3);
    }
    std::fs::remove_file(path)?;
    let spread = crate::measure::Spread::of(&milliseconds);
    Ok((spread.median, spread.max))
}
