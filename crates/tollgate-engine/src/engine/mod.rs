//! The engine: one method per use case, over the ports.

mod read;
mod record;
mod setting;
mod tenancy;

pub use read::EventView;
pub use record::{Receipt, Status};
pub use tenancy::{KeyDraft, OrganizationDraft};

use crate::clock::Clock;
use crate::defaults;
use crate::error::EngineError;
use crate::settings::Settings;
use crate::store::{SettingChange, Store, StoreState};
use arc_swap::ArcSwap;
use std::sync::Arc;
use tollgate_core::event::{Acceptance, Attribution};
use tollgate_core::id::IdentityKey;
use tollgate_core::text::Label;

/// Policy of an engine.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Which event times are accepted.
    pub acceptance: Acceptance,
    /// Whether an empty store is given the default categories and prices.
    pub defaults: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            acceptance: Acceptance::default(),
            defaults: true,
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
    settings: ArcSwap<Settings>,
    /// Held for writing while settings change, for reading while events are recorded with them.
    changing: tokio::sync::RwLock<()>,
}

impl Engine {
    /// Opens the engine on a store; gives an empty store the default categories and prices.
    pub async fn open(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self, EngineError> {
        let mut stored = store.settings().await?;
        if stored.is_empty() && options.defaults {
            store.save_settings(defaults::changes(clock.now())).await?;
            stored = store.settings().await?;
        }
        Ok(Self {
            identity: store.identity_key(),
            settings: ArcSwap::from_pointee(Settings::load(&stored)?),
            acceptance: options.acceptance,
            changing: tokio::sync::RwLock::new(()),
            store,
            clock,
        })
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

    /// Finishes what is queued and closes the store.
    pub async fn close(&self) -> Result<(), EngineError> {
        Ok(self.store.close().await?)
    }

    /// Saves changes and makes the new snapshot; the caller holds `changing` for writing and is not cancelled half way.
    ///
    /// The snapshot is made from the one before and not read back: readers may be busy for long, and recording waits here.
    async fn save(&self, changes: Vec<SettingChange>) -> Result<Arc<Settings>, EngineError> {
        let current = self.settings();
        // Read before it is saved: what cannot be read must never be committed, or the next start would fail on it.
        current.after(&changes, &[])?;
        let versions = self.store.save_settings(changes.clone()).await?;
        let settings = Arc::new(current.after(&changes, &versions)?);
        self.settings.store(settings.clone());
        Ok(settings)
    }
}

/// Whether `access` may see what belongs to `organization`.
fn sees(access: &Access, organization: &Label) -> bool {
    access.organization.as_ref().is_none_or(|own| own == organization)
}
