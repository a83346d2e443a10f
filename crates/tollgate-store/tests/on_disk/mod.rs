//! Embedded stores in folders of their own, for the suites of the testkit.

use async_trait::async_trait;
use std::sync::Arc;
use tempfile::TempDir;
use tollgate_engine::clock::Clock;
use tollgate_engine::store::Store;
use tollgate_store::{Embedded, Options};
use tollgate_testkit::site::Opener;

/// Opens the store in a folder that goes with it.
#[derive(Debug)]
pub(crate) struct OnDisk {
    directory: TempDir,
    options: Options,
}

impl OnDisk {
    /// A new folder.
    pub(crate) fn new(options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory, options }
    }
}

#[async_trait]
impl Opener for OnDisk {
    async fn open(&self, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
        Embedded::open(self.directory.path(), clock, self.options.clone()).unwrap()
    }
}

/// Every commit is checkpointed, and nothing is kept in memory that could be read back.
pub(crate) fn small() -> Options {
    Options {
        checkpoint_commits: 1,
        readers: 1,
        rollup_cache_bytes: 0,
        charge_cache_bytes: 0,
        ..Options::default()
    }
}
