//! The embedded store keeps what the `Store` port promises.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

use async_trait::async_trait;
use std::sync::Arc;
use tempfile::TempDir;
use tollgate_engine::clock::Clock;
use tollgate_engine::store::Store;
use tollgate_store::{Embedded, Options};
use tollgate_testkit::site::Opener;

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
}

#[async_trait]
impl Opener for OnDisk {
    async fn open(&self, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
        Embedded::open(self.directory.path(), clock, self.options.clone()).unwrap()
    }
}

mod as_it_comes {
    use super::{OnDisk, Options};
    tollgate_testkit::conformance!(OnDisk::new(Options::default()));
}

/// Every commit is checkpointed, and nothing is kept in memory that could be read back.
mod with_small_bounds {
    use super::{OnDisk, Options};

    fn small() -> Options {
        Options {
            checkpoint_commits: 1,
            readers: 1,
            rollup_cache_bytes: 0,
            charge_cache_bytes: 0,
            ..Options::default()
        }
    }

    tollgate_testkit::conformance!(OnDisk::new(small()));
}
