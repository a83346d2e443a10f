//! The embedded store as its users see it: one binary, because each would link SQLite again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed expectation must stop the test where it fails"
)]

mod conformance;
mod damage;
mod kill;
mod kill_holds;
mod opening;
mod planning;
mod proof;
mod reading;
mod recovery;
mod verifying;

use async_trait::async_trait;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tollgate_engine::clock::Clock;
use tollgate_engine::store::Store;
use tollgate_store::{Embedded, Options};
use tollgate_testkit::site::Opener;

/// A directory of a test's own, and how stores are opened in it.
struct OnDisk {
    directory: TempDir,
    options: Options,
}

impl OnDisk {
    fn new(options: Options) -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            options,
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}

#[async_trait]
impl Opener for OnDisk {
    async fn open(&self, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
        Embedded::open(self.path(), clock, self.options.clone()).unwrap()
    }
}

/// Every commit is checkpointed, and nothing is kept in memory that could be read back.
fn small_bounds() -> Options {
    Options {
        checkpoint_commits: 1,
        readers: 1,
        rollup_cache_bytes: 0,
        charge_cache_bytes: 0,
        ..Options::default()
    }
}

/// Nothing is checkpointed before the store is closed.
fn no_checkpoints() -> Options {
    Options {
        checkpoint_commits: u64::MAX,
        ..Options::default()
    }
}

/// Copies the files of a data directory, as a crash at this moment would leave them.
fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        // The index of the log is shared memory of running processes; a machine that starts has none.
        if !file.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}
