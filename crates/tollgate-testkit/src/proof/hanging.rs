//! Callers who hang up: what they were changing is saved and in force, or neither.

use crate::conformance::in_runtime;
use crate::fixture::{CHAT, PriceDraft, SEAT, category, price, price_id, usage};
use crate::gate::{Gate, Gated};
use crate::site::{Opener, Site, in_force, stored};
use std::pin::pin;
use std::sync::Arc;
use tokio::task::JoinSet;
use tollgate_core::price::PriceParts;
use tollgate_engine::clock::SimulatedClock;
use tollgate_engine::settings::Role;
use tollgate_engine::store::{Expected, Setting, Store};
use tollgate_engine::{Access, Engine, KeyDraft, Options};

/// What a caller was changing.
#[derive(Clone, Copy, Debug)]
enum Change {
    Category,
    NoCategory,
    NewPrice,
    Price,
    NoPrice,
    Key,
    /// Made by recording usage of it.
    Organization,
}

impl Change {
    const ALL: [Self; 7] = [
        Self::Category,
        Self::NoCategory,
        Self::NewPrice,
        Self::Price,
        Self::NoPrice,
        Self::Key,
        Self::Organization,
    ];

    async fn make(self, engine: Arc<Engine>) {
        let (access, any) = (Access::default(), Expected::Any);
        let made = match self {
            Self::Category => {
                let mut parts = category(CHAT).parts().clone();
                parts.dimensions = vec!["session_id".to_owned()];
                engine.save_category(parts, any).await.map(drop)
            }
            Self::NoCategory => engine.delete_category(SEAT, any).await,
            Self::NewPrice => {
                let own = price(CHAT).organization("acme").per_unit("input", "2");
                engine.create_price(parts(&own), &access).await.map(drop)
            }
            Self::Price => {
                let dearer = parts(&price(CHAT).per_unit("input", "3"));
                engine
                    .update_price(price_id(1), dearer, any, &access)
                    .await
                    .map(drop)
            }
            Self::NoPrice => engine.delete_price(price_id(1), any, &access).await,
            Self::Key => engine.create_key(key("new"), &access).await.map(drop),
            Self::Organization => {
                let sent = usage("of nobody yet").category(CHAT).measure("input", 1);
                engine.record(vec![sent.draft()], &access).await.map(drop)
            }
        };
        made.unwrap();
    }

    /// Whether the store is asked about a price before anything is saved.
    fn asks(self) -> bool {
        matches!(self, Self::Price | Self::NoPrice)
    }
}

fn parts(draft: &PriceDraft) -> PriceParts {
    serde_json::from_value(draft.json().clone()).unwrap()
}

fn key(name: &str) -> KeyDraft {
    KeyDraft {
        name: name.to_owned(),
        role: Role::Admin,
        organization: None,
        team: None,
        project: None,
        user: None,
        secret_hash: name.to_owned(),
    }
}

/// Wherever a caller hangs up: what was begun to be saved is saved and in force, what was not is neither, and the store
/// starts when it is opened again.
pub fn saved_and_in_force_or_neither<O: Opener>(opener: impl Fn() -> O) {
    in_runtime(async {
        for change in Change::ALL {
            for (gate, is_made) in [
                (Gate::PriceAsked, false),
                (Gate::Saving, true),
                (Gate::Saved, true),
            ] {
                if gate == Gate::PriceAsked && !change.asks() {
                    continue;
                }
                let opener = opener();
                let ground = Ground::open(&opener).await;
                ground.hang_up_at(gate, change).await;
                ground
                    .check(&opener, is_made, &format!("{change:?} at {gate:?}"))
                    .await;
            }
            let opener = opener();
            let ground = Ground::open(&opener).await;
            ground.hang_up_in_line(change).await;
            ground.check(&opener, false, &format!("{change:?} in line")).await;
        }
    });
}

/// An engine on a store with gates.
struct Ground {
    clock: Arc<SimulatedClock>,
    store: Arc<Gated>,
    engine: Arc<Engine>,
    before: Vec<Setting>,
}

impl Ground {
    async fn open(opener: &dyn Opener) -> Self {
        let site = Site::open(opener).await;
        let Site { store, clock, .. } = site.price(1, &price(CHAT).per_unit("input", "1")).await;
        let store = Gated::over(store);
        let engine = Arc::new(engine(store.clone(), clock.clone()).await);
        let before = stored(store.as_ref()).await;
        Self {
            clock,
            store,
            engine,
            before,
        }
    }

    /// A caller who is gone when the store stands at this gate.
    async fn hang_up_at(&self, gate: Gate, change: Change) {
        let mut stop = self.store.close_gate(gate);
        let mut callers = JoinSet::new();
        callers.spawn(change.make(self.engine.clone()));
        stop.reached().await;
        callers.shutdown().await;
    }

    /// A caller who is gone before it was its turn.
    async fn hang_up_in_line(&self, change: Change) {
        let mut stop = self.store.close_gate(Gate::Saving);
        let mut callers = JoinSet::new();
        let engine = self.engine.clone();
        callers.spawn(async move { engine.create_key(key("first"), &Access::default()).await });
        stop.reached().await;
        {
            let mut waiting = pin!(change.make(self.engine.clone()));
            let is_waiting =
                std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx).is_pending()));
            assert!(is_waiting.await, "{change:?} does not wait");
        }
        drop(stop);
        callers.join_next().await.unwrap().unwrap().unwrap();
    }

    async fn check(self, opener: &dyn Opener, is_made: bool, what: &str) {
        // Whoever comes next waits until what was begun is finished.
        self.engine
            .create_key(key("next"), &Access::default())
            .await
            .unwrap();
        let kept = stored(self.store.as_ref()).await;
        assert_eq!(in_force(&self.engine.settings()), kept, "{what}");
        let own = |settings: &[Setting]| {
            let is_own =
                |setting: &&Setting| !["first", "next"].iter().any(|name| setting.body.contains(name));
            settings.iter().filter(is_own).cloned().collect::<Vec<_>>()
        };
        assert_eq!(own(&self.before) != own(&kept), is_made, "{what}");
        let Self { clock, store, .. } = self;
        store.close().await.unwrap();
        drop((self.engine, store));
        if opener.keeps() {
            let opened = engine(opener.open(clock.clone()).await, clock).await;
            assert_eq!(in_force(&opened.settings()), kept, "{what}");
        }
    }
}

async fn engine(store: Arc<dyn Store>, clock: Arc<SimulatedClock>) -> Engine {
    let options = Options {
        defaults: false,
        ..Options::default()
    };
    Engine::open(store, clock, options).await.unwrap()
}
