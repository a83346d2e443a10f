//! The in-memory store keeps what the `Store` port promises.

use async_trait::async_trait;
use std::sync::Arc;
use tollgate_engine::clock::Clock;
use tollgate_engine::store::{MemoryStore, Store};
use tollgate_testkit::fixture::identity;
use tollgate_testkit::site::Opener;

struct InMemory;

#[async_trait]
impl Opener for InMemory {
    async fn open(&self, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
        Arc::new(MemoryStore::new(identity(), clock))
    }

    fn keeps(&self) -> bool {
        false
    }
}

tollgate_testkit::conformance!(InMemory);
tollgate_testkit::proofs!(InMemory, 150);
tollgate_testkit::limit_proofs!(InMemory, 60);
