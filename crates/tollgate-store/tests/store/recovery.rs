//! What a store knows after a crash is what it knew before, wherever the last checkpoint was (I7).

use crate::{OnDisk, copy, no_checkpoints};
use async_trait::async_trait;
use std::sync::{Arc, Mutex};
use tollgate_core::id::{EventId, IdentityKey, PriceId};
use tollgate_core::query::{Answer, UsageQuery};
use tollgate_core::time::Timestamp;
use tollgate_engine::clock::Clock;
use tollgate_engine::settings::Settings;
use tollgate_engine::store::{
    EventPage, HoldStore, Journal, Outcome, SaveError, Setting, SettingChange, Store, StoreError, StoreState,
    StoredEvent, Submission, Verification,
};
use tollgate_store::{Embedded, Options};
use tollgate_testkit::conformance::in_runtime;
use tollgate_testkit::fixture::{CHAT, DISK, Sent, price, usage};
use tollgate_testkit::site::{Opener, Site, recorded};

/// Opens stores whose end is always a crash.
pub(crate) struct Crashing(OnDisk);

impl Crashing {
    pub(crate) fn new(checkpoint_commits: u64) -> Self {
        Self(OnDisk::new(Options {
            checkpoint_commits,
            ..Options::default()
        }))
    }
}

#[async_trait]
impl Opener for Crashing {
    async fn open(&self, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
        let store = Embedded::open(self.0.path(), clock, self.0.options.clone()).unwrap();
        Arc::new(Crash {
            identity: store.identity_key(),
            store: Mutex::new(Some(store)),
        })
    }
}

/// A store that is dropped instead of closed.
#[derive(Debug)]
struct Crash {
    identity: IdentityKey,
    store: Mutex<Option<Arc<Embedded>>>,
}

impl Crash {
    fn store(&self) -> Result<Arc<Embedded>, StoreError> {
        let store = self.store.lock().unwrap().clone();
        store.ok_or_else(|| StoreError::Stopped("it has crashed".to_owned()))
    }
}

tollgate_testkit::hand_on_holds!(Crash, |own| own.store()?);

#[async_trait]
impl Store for Crash {
    fn identity_key(&self) -> IdentityKey {
        self.identity.clone()
    }

    async fn record(
        &self,
        submissions: Arc<Vec<Submission>>,
        settings: Arc<Settings>,
    ) -> Result<Vec<Outcome>, StoreError> {
        self.store()?.record(submissions, settings).await
    }

    async fn event(&self, event: EventId) -> Result<Option<StoredEvent>, StoreError> {
        self.store()?.event(event).await
    }

    async fn events(&self, page: EventPage) -> Result<Vec<StoredEvent>, StoreError> {
        self.store()?.events(page).await
    }

    async fn usage(&self, query: Arc<UsageQuery>, settings: Arc<Settings>) -> Result<Answer, StoreError> {
        self.store()?.usage(query, settings).await
    }

    async fn settings(&self) -> Result<Vec<Setting>, StoreError> {
        self.store()?.settings().await
    }

    async fn save_settings(&self, changes: Vec<SettingChange>) -> Result<Vec<u64>, SaveError> {
        self.store()?.save_settings(changes).await
    }

    async fn price_used_until(&self, price: PriceId) -> Result<Option<Timestamp>, StoreError> {
        self.store()?.price_used_until(price).await
    }

    async fn verify(&self) -> Result<Verification, StoreError> {
        self.store()?.verify().await
    }

    fn holds(&self) -> &dyn HoldStore {
        self
    }

    fn journal(&self) -> &dyn Journal {
        self
    }

    fn state(&self) -> StoreState {
        self.store().map(|store| store.state()).unwrap_or_default()
    }

    async fn close(&self) -> Result<(), StoreError> {
        drop(self.store.lock().unwrap().take());
        Ok(())
    }
}

fn chat(id: u8) -> Sent {
    usage("acme")
        .category(CHAT)
        .id(id)
        .measure("input", id)
        .model("m")
        .user("u")
}

/// A reading of a gauge, `days` into January.
fn level(id: u8, days: u8) -> Sent {
    let at = format!("2026-01-{days:02}T00:00:00Z");
    usage("acme")
        .category(DISK)
        .id(id)
        .at(&at)
        .measure("bytes", 10 * u32::from(id))
}

/// Records in steps; at each of them a crashed copy is opened and must know what the original knows.
async fn crash_at_every_step(checkpoint_after: Option<u8>) {
    let original = OnDisk::new(no_checkpoints());
    let site = Site::open(&original).await;
    let tiers = [(Some("3"), "1"), (None, "2")];
    let site = site
        .price(1, &price(CHAT).graduated("input", &tiers, "month"))
        .await;
    let site = site.price(2, &price(DISK).per_unit("bytes", "0.001")).await;
    for step in 0..7 {
        site.record(&[chat(step), level(100 + step, 9 - step)]).await;
        if step == 5 {
            site.void(&chat(2)).await;
        }
        if checkpoint_after == Some(step) {
            // What `verify` does first is a checkpoint.
            site.verify().await;
        }
        let copied = OnDisk::new(no_checkpoints());
        copy(original.path(), copied.path());
        let store = copied.open(site.clock.clone()).await;
        assert_eq!(recorded(store.as_ref()).await, site.recorded().await);
        let verification = store.verify().await.unwrap();
        assert!(
            verification.is_clean(),
            "{step} {checkpoint_after:?} {:#?}",
            verification.differences
        );
        store.close().await.unwrap();
        assert_eq!(
            go_on(&site, &copied).await,
            go_on(&site, &copy_of(&original)).await,
            "{step} {checkpoint_after:?}"
        );
    }
}

fn copy_of(original: &OnDisk) -> OnDisk {
    let copied = OnDisk::new(no_checkpoints());
    copy(original.path(), copied.path());
    copied
}

/// What more usage comes to: the running total and the levels go on from where they were.
async fn go_on(site: &Site, files: &OnDisk) -> Vec<Outcome> {
    let store = files.open(site.clock.clone()).await;
    let next = [chat(50), level(99, 11)].map(|sent| site.submission(&sent));
    store
        .record(Arc::new(next.into()), site.settings.clone())
        .await
        .unwrap()
}

#[test]
fn a_crash_at_any_commit_loses_nothing_wherever_the_checkpoint_was() {
    in_runtime(async {
        for checkpoint_after in [None, Some(1), Some(4), Some(6)] {
            crash_at_every_step(checkpoint_after).await;
        }
    });
}
