//! A server to test: bound to a free port, on an engine with the default categories and a clock that stands.

use super::client::{Call, Reply};
use crate::options::Options;
use crate::router::Front;
use crate::secret::{Secrets, make_secret};
use crate::{Bound, Server};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tollgate_core::id::IdentityKey;
use tollgate_core::time::Timestamp;
use tollgate_engine::clock::{Clock, SimulatedClock};
use tollgate_engine::settings::Role;
use tollgate_engine::store::{MemoryStore, Store};
use tollgate_engine::{Access, Engine, KeyDraft};

/// Where the clock stands.
pub(crate) const NOW: &str = "2026-03-01T12:00:00Z";

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) address: SocketAddr,
    /// The secret of an administrator of the instance.
    pub(crate) admin: String,
    pub(crate) engine: Arc<Engine>,
    pub(crate) clock: Arc<SimulatedClock>,
    pub(crate) secrets: Secrets,
    pub(crate) options: Options,
    stop: Option<oneshot::Sender<()>>,
    tasks: JoinSet<()>,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self::over(options, |store| store).await
    }

    /// A server whose store stands behind something that a test puts before it.
    pub(crate) async fn over<S: Store>(
        options: Options,
        before: impl FnOnce(Arc<MemoryStore>) -> Arc<S>,
    ) -> Self {
        let options = Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            ..options
        };
        let clock = Arc::new(SimulatedClock::at(Timestamp::parse(NOW).unwrap()));
        let store = Arc::new(MemoryStore::new(IdentityKey::from_bytes([7; 16]), clock.clone()));
        let store = before(store);
        let engine = Engine::open(store, clock.clone(), Default::default()).await;
        let engine = Arc::new(engine.unwrap());
        let secrets = Secrets::new(&[3; 32]);
        let bound: Bound = Server::bind(options, engine.clone(), secrets.clone()).unwrap();
        let address = bound.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let mut tasks = JoinSet::new();
        tasks.spawn(bound.serve(async { _ = stopped.await }));
        let mut ground = Self {
            address,
            admin: String::new(),
            engine,
            clock,
            secrets,
            options,
            stop: Some(stop),
            tasks,
        };
        ground.admin = ground.key(Role::Admin, None).await;
        ground
    }

    /// Makes a key without asking the server, as the first start does.
    pub(crate) async fn key(&self, role: Role, organization: Option<&str>) -> String {
        let secret = make_secret().unwrap();
        let draft = KeyDraft {
            name: "made by a test".to_owned(),
            role,
            organization: organization.map(str::to_owned),
            team: None,
            project: None,
            user: None,
            secret_hash: self.secrets.hash(&secret),
        };
        self.engine.create_key(draft, &Access::default()).await.unwrap();
        secret
    }

    /// The front of such a server, for tests that bring their own stream.
    pub(crate) fn front(&self) -> Front {
        Front::new(self.engine.clone(), self.secrets.clone(), self.options)
    }

    /// Sends a request with the administrator's key.
    pub(crate) async fn send(&self, call: Call) -> Reply {
        call.key(&self.admin).send(self.address).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Call::new("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Call::new("POST", path).json(body)).await
    }

    /// Moves the clock on.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.set(self.clock.now().plus_seconds(seconds));
    }

    /// Stops the server and waits until it has drained.
    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        while self.tasks.join_next().await.is_some() {}
    }
}

/// An event of the model whose price is known to tests.
pub(crate) fn completion(id: &str) -> Value {
    json!({
        "id": id, "source": "test", "category": "ai.completion", "organization": "acme", "user": "u1",
        "timestamp": "2026-03-01T11:00:00Z",
        "measures": {"input_tokens": 1000, "output_tokens": 200},
        "dimensions": {"provider": "test", "model": "m"}
    })
}

/// A price for [`completion`]: 2.50 and 10.00 per million.
pub(crate) fn price() -> Value {
    json!({
        "category": "ai.completion", "match": {"provider": "test", "model": "m"}, "currency": "USD",
        "effective_from": "2026-01-01T00:00:00Z",
        "components": {"input_tokens": {"model": "per_million", "amount": "2.50"},
                       "output_tokens": {"model": "per_million", "amount": "10.00"}}
    })
}
