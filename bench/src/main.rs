//! Benches of Tollgate: each figure beside an anchor, measured in turns, in one run.
//!
//! The load generator is this process, on one thread; the product is the `tollgate` binary as it ships, and the HTTP
//! anchors are this program again, each in a process of its own. All share the machine. `docs/performance.md` says what
//! the figures mean. Deliberately not here: tests that fail when a machine is slow.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench prints its table; stderr says how far it is"
)]

mod anchor;
mod child;
mod load;
mod machine;
mod measure;
mod profile;
mod traffic;
mod work;

use anchor::Kind;
use clap::{Parser, Subcommand};
use measure::{Effort, Report, Row};
use profile::Profile;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measure the figures, each beside its anchor
#[derive(Debug, Parser)]
struct CommandLine {
    /// The figures to measure: P1 (with P18), P2, P4, P7, P8, P13; all of them if none is named
    ids: Vec<String>,
    /// Rounds that count, after a warm-up
    #[arg(long, default_value = "5")]
    rounds: NonZeroUsize,
    /// Seconds of each side of a round
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Take the sizes of the quality page: 10 M events under P13
    #[arg(long)]
    full: bool,
    /// Watch this figure's work with `perf` first
    #[arg(long, value_name = "ID")]
    profile: Option<String>,
    #[command(subcommand)]
    role: Option<Role>,
}

/// What else this program is.
#[derive(Debug, Subcommand)]
enum Role {
    /// Serve as an anchor (the bench starts this itself)
    #[command(hide = true)]
    Anchor { kind: Kind },
}

/// What each work is given.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) effort: Effort,
    pub(crate) profile: Option<Profile>,
    output: PathBuf,
}

impl Bench {
    /// A folder for one work's files, on the disk that the repository is on: a folder in memory would make every commit free.
    pub(crate) fn folder(&self, id: &str) -> anyhow::Result<TempDir> {
        std::fs::create_dir_all(&self.output)?;
        Ok(tempfile::Builder::new()
            .prefix(&format!("{id}-"))
            .tempdir_in(&self.output)?)
    }
}

/// A work by the ids of the figures it gives.
type Work = (&'static [&'static str], fn(&Bench) -> anyhow::Result<Vec<Row>>);

const WORKS: [Work; 6] = [
    (&["P1", "P18"], work::ingest),
    (&["P2"], work::single),
    (&["P4"], work::record),
    (&["P7"], work::hold),
    (&["P8"], work::decide),
    (&["P13"], work::dashboard),
];

fn main() -> anyhow::Result<()> {
    let line = CommandLine::parse();
    if let Some(Role::Anchor { kind }) = line.role {
        return anchor::serve(kind);
    }
    let known = |id: &String| WORKS.iter().any(|(ids, _)| ids.contains(&id.as_str()));
    if let Some(unknown) = line.ids.iter().chain(&line.profile).find(|id| !known(id)) {
        anyhow::bail!(
            "no figure {unknown}; there are P1, P2, P4, P7, P8, P13, P18, and bench/fresh-clone.sh for P20"
        );
    }
    let output = output()?;
    let mut report = Report {
        machine: machine::description(&output)?,
        rows: Vec::new(),
    };
    let wanted = |id: &str| {
        let named = line.ids.is_empty() && line.profile.is_none();
        named || line.ids.iter().chain(&line.profile).any(|named| named == id)
    };
    for (ids, work) in WORKS.iter().filter(|(ids, _)| ids.iter().any(|id| wanted(id))) {
        eprintln!("{}", ids.join(", "));
        let profiled = line.profile.as_ref().filter(|id| ids.contains(&id.as_str()));
        let profile = profiled.map(|id| Profile {
            id: id.clone(),
            folder: output.clone(),
        });
        let effort = Effort {
            rounds: line.rounds.get(),
            seconds: line.seconds,
            full: line.full,
        };
        report.rows.extend(work(&Bench {
            effort,
            profile,
            output: output.clone(),
        })?);
    }
    println!("{}", report.table());
    report.write(&output)?;
    println!("written to {}", output.display());
    Ok(())
}

/// `bench/` in the folder that cargo builds into: this program is two levels below it.
fn output() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program
        .parent()
        .and_then(Path::parent)
        .unwrap_or(Path::new("target"));
    Ok(target.join("bench"))
}
