//! The embedded store does what the model does, whatever is asked of it and wherever it is closed and opened again.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

mod on_disk;

use on_disk::OnDisk;
use tollgate_store::Options;

tollgate_testkit::proofs!(OnDisk::new(Options::default()), 60);

/// Every commit is checkpointed, and nothing is kept in memory that could be read back.
mod with_small_bounds {
    use super::on_disk::{OnDisk, small};

    tollgate_testkit::proofs!(OnDisk::new(small()), 40);
}
