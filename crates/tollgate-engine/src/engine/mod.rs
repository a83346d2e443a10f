//! The engine: one method per use case, over the ports.

mod balance;
mod hold;
mod limit;
mod lock;
mod preview;
mod read;
mod record;
mod request;
mod setting;
mod settle;
mod steady;
mod task;
mod tenancy;
mod tend;
mod verify;
mod watch;
mod windows;

pub use hold::HoldAnswer;
pub use limit::LimitDraft;
pub use preview::Preview;
pub use read::EventView;
pub use record::{Receipt, Status};
pub use request::{HoldDraft, Suggestion};
pub use settle::Settlement;
pub use tenancy::{KeyDraft, OrganizationDraft};

use crate::clock::Clock;
use crate::counters::{Counters, MemoryCounters};
use crate::defaults;
use crate::error::EngineError;
use crate::settings::Settings;
use crate::store::{SettingChange, Store, StoreState};
use arc_swap::ArcSwap;
use balance::Balances;
use lock::Locks;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use steady::Steady;
use task::to_its_end;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};
use tollgate_core::event::{Acceptance, Attribution};
use tollgate_core::id::{HoldId, IdentityKey};
use tollgate_core::money::Money;
use tollgate_core::text::Label;
use tollgate_core::time::Timestamp;
use watch::Watches;
use windows::Windows;

/// Locks among which repetitions of holds are shared out: more than callers that place at once.
const PLACING_LOCKS: usize = 1_024;

/// Policy of an engine.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Which event times are accepted.
    pub acceptance: Acceptance,
    /// Whether an empty store is given the default categories and prices.
    pub defaults: bool,
    /// What each user may spend in a month where nobody has said otherwise, in USD; `None` for as much as they like.
    pub default_user_budget: Option<Money>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            acceptance: Acceptance::default(),
            defaults: true,
            default_user_budget: None,
        }
    }
}

/// Who asks: the key's organization and pins. An instance key has none and sees everything.
pub type Access = Attribution;

/// The use cases of Tollgate.
#[derive(Debug)]
pub struct Engine {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    identity: IdentityKey,
    acceptance: Acceptance,
    settings: Arc<ArcSwap<Settings>>,
    /// Held for writing while settings change, for reading while events are recorded with them.
    changing: Arc<RwLock<()>>,
    watches: Arc<Watches>,
    balances: Balances,
    placing: Locks,
    /// Holds whose claims ended with their time and that are not yet known to have ended durably.
    expired: Mutex<BTreeSet<HoldId>>,
    steady: Steady,
    windows: Windows,
}

/// The right to change settings: whoever has it is alone, and nothing is recorded meanwhile.
type Changing = OwnedRwLockWriteGuard<()>;

impl Engine {
    /// Opens the engine on a store; gives an empty store the default categories and prices.
    pub async fn open(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self, EngineError> {
        let counters = Arc::new(MemoryCounters::new());
        Self::open_with(store, counters, clock, options).await
    }

    /// Opens the engine on a store and counters that others may share.
    pub async fn open_with(
        store: Arc<dyn Store>,
        counters: Arc<dyn Counters>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self, EngineError> {
        let mut stored = store.settings().await?;
        if stored.is_empty() && options.defaults {
            store.save_settings(defaults::changes(clock.now())).await?;
            stored = store.settings().await?;
        }
        let settings = Settings::load(&stored)?.with_default_user_budget(options.default_user_budget);
        let engine = Self {
            balances: Balances::new(store.clone(), counters, options.acceptance),
            placing: Locks::new(PLACING_LOCKS),
            expired: Mutex::default(),
            steady: Steady::default(),
            windows: Windows::default(),
            identity: store.identity_key(),
            settings: Arc::new(ArcSwap::from_pointee(settings)),
            acceptance: options.acceptance,
            changing: Arc::default(),
            watches: Arc::default(),
            store,
            clock,
        };
        engine.restore_holds().await?;
        Ok(engine)
    }

    /// The current instant, which never goes back and does not jump.
    fn now(&self) -> Timestamp {
        self.steady.now(self.clock.as_ref())
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// The clock that the engine goes by.
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// How the store is.
    pub fn state(&self) -> StoreState {
        self.store.state()
    }

    /// Finishes what is queued, changes of settings included, and closes the store.
    pub async fn close(&self) -> Result<(), EngineError> {
        let _changing = self.changing().await;
        Ok(self.store.close().await?)
    }

    /// Waits for the right to change settings.
    async fn changing(&self) -> Changing {
        self.changing.clone().write_owned().await
    }

    /// Saves changes and makes the new snapshot. What was begun is finished, also when the caller goes: what is saved must
    /// come into force before anybody else changes or records anything.
    ///
    /// The snapshot is made from the one before and not read back: readers may be busy for long, and recording waits here.
    async fn save(
        &self,
        changing: Changing,
        changes: Vec<SettingChange>,
    ) -> Result<Arc<Settings>, EngineError> {
        let (store, settings) = (self.store.clone(), self.settings.clone());
        let save = async move {
            let _changing = changing;
            let current = settings.load_full();
            // Read before it is saved: what cannot be read must never be committed, or the next start would fail on it.
            current.after(&changes, &[])?;
            let versions = store.save_settings(changes.clone()).await?;
            let saved = Arc::new(current.after(&changes, &versions)?);
            settings.store(saved.clone());
            Ok(saved)
        };
        to_its_end(save).await?
    }
}

/// Whether `access` may see what belongs to `organization`.
fn sees(access: &Access, organization: &Label) -> bool {
    access.organization.as_ref().is_none_or(|own| own == organization)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SimulatedClock;
    use crate::store::{Expected, MemoryStore, SettingKind};

    #[tokio::test]
    async fn what_cannot_be_read_is_not_saved() {
        let clock = Arc::new(SimulatedClock::at("2026-01-15T12:00:00Z".parse().unwrap()));
        let store = Arc::new(MemoryStore::new(IdentityKey::from_bytes([1; 16]), clock.clone()));
        let empty = Options {
            defaults: false,
            ..Options::default()
        };
        let engine = Engine::open(store.clone(), clock, empty).await.unwrap();
        let of_no_category = r#"{"price": {"category": "not.there", "match": {}, "currency": "USD",
            "effective_from": "2020-01-01T00:00:00Z", "components": {}}, "created_at": "2026-01-15T12:00:00Z"}"#;
        let change = SettingChange {
            kind: SettingKind::Price,
            id: tollgate_core::id::PriceId::from_bits(1).to_string(),
            expected: Expected::Absent,
            body: Some(of_no_category.to_owned()),
        };
        let saved = engine.save(engine.changing().await, vec![change]).await;
        assert!(matches!(saved, Err(EngineError::Unreadable(_))), "{saved:?}");
        assert_eq!(store.settings().await.unwrap(), []);
    }
}
