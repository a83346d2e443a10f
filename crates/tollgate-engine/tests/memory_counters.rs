//! The counters of one process keep what the `Counters` port promises.

use std::sync::Arc;
use tollgate_engine::counters::{Counters, MemoryCounters};

tollgate_testkit::counters_conformance!(async { Arc::new(MemoryCounters::new()) as Arc<dyn Counters> });
