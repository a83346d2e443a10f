//! Tells a story of limits to an engine and to the naive words, and compares.

mod compare;
mod hold;
mod limit;
mod usage;

use super::naive::{Naive, Said, ago};
use super::story::{Asked, Step, Story};
use crate::fixture::{CHAT, Sent, price};
use crate::model::number::Exact;
use crate::site::{Opener, Site};
use std::collections::BTreeSet;
use std::sync::Arc;
use tollgate_core::catalog::Catalog;
use tollgate_core::event::Draft;
use tollgate_core::id::{EventId, IdentityKey};
use tollgate_core::limit::{LimitId, Priority};
use tollgate_core::time::Timestamp;
use tollgate_engine::clock::{Clock, SimulatedClock};
use tollgate_engine::counters::MemoryCounters;
use tollgate_engine::store::Store;
use tollgate_engine::{Access, Engine, HoldDraft, Options};

/// Who tells a story.
pub(super) struct Teller<'a> {
    opener: &'a dyn Opener,
    clock: Arc<SimulatedClock>,
    /// Empty only while the store is closed: a data folder has one owner.
    open: Option<Open>,
    catalog: Catalog,
    identity: IdentityKey,
    access: Access,
    naive: Naive,
    /// The limits' ids, by their numbers in the naive words.
    ids: Vec<LimitId>,
    /// Thresholds that were passed and are to be told of by the next tending.
    due: BTreeSet<(super::naive::Cell, Exact)>,
    denials: usize,
    /// Every use that was ever spoken of.
    spoken: Vec<Sent>,
}

struct Open {
    store: Arc<dyn Store>,
    counters: Arc<MemoryCounters>,
    engine: Engine,
}

/// Tells a story to an engine on a store and to the naive words; panics where they differ.
pub async fn tell(opener: &dyn Opener, story: &Story) {
    let mut teller = Teller::new(opener).await;
    for fields in &story.limits {
        teller.step(&Step::Limit(fields.clone())).await;
    }
    let mut is_twice = false;
    for step in &story.steps {
        if let Step::Twice = step {
            is_twice = true;
            continue;
        }
        teller.step(step).await;
        if std::mem::take(&mut is_twice) && is_repeatable(step) {
            let before = teller.balances().await;
            teller.step(step).await;
            assert_eq!(teller.balances().await, before, "I4: {step:?} once more");
        }
    }
    teller.conclude().await;
}

/// Whether a step told again is the same step: a place without an id is another hold each time, and what a void refers to
/// is counted anew.
fn is_repeatable(step: &Step) -> bool {
    match step {
        Step::Place(asked) => asked.is_named,
        Step::Settle(..) | Step::SettleUnknown(_) | Step::Release(_) | Step::Extend(..) => true,
        Step::Record(_) | Step::Tend | Step::Again(..) => true,
        _ => false,
    }
}

impl<'a> Teller<'a> {
    async fn new(opener: &'a dyn Opener) -> Self {
        let site = Site::open(opener).await.organization("acme", "USD").await;
        let site = site.organization("beta", "USD").await;
        let draft = price(CHAT).per_unit("input", "1").per_unit("output", "2");
        let site = site.price(1, &draft).await;
        let Site {
            store,
            clock,
            settings,
        } = site;
        let identity = store.identity_key();
        let open = Some(Open::on(store, &clock).await);
        Self {
            opener,
            clock,
            open,
            catalog: settings.catalog.clone(),
            identity,
            access: Access::default(),
            naive: Naive::default(),
            ids: Vec::new(),
            due: BTreeSet::new(),
            denials: 0,
            spoken: Vec::new(),
        }
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Limit(fields) => self.limit(fields).await,
            Step::Edit(which, ceiling, mode) => self.edit(*which, ceiling, mode).await,
            Step::Delete(which) => self.delete(*which).await,
            Step::Check(asked) => self.check(asked).await,
            Step::Place(asked) => self.place(asked).await,
            Step::Again(which, is_same) => self.place_again(*which, *is_same).await,
            Step::Settle(which, actual) => self.settle(*which, actual).await,
            Step::SettleUnknown(actual) => self.settle_unknown(actual).await,
            Step::Release(which) => self.release(*which).await,
            Step::Extend(which, ttl_seconds) => self.extend(*which, *ttl_seconds).await,
            Step::Record(batch) => self.record(batch).await,
            Step::Void(which) => self.void(*which).await,
            Step::Tend => self.tend().await,
            Step::Pass(seconds) => self.clock.set(self.now().plus_seconds(*seconds)),
            Step::Reopen => self.reopen().await,
            Step::Twice => {}
        }
        self.compare_balances(step).await;
    }

    async fn tend(&mut self) {
        self.engine().tend().await.unwrap();
        let now = self.now();
        self.naive.expire(now);
        self.compare_crossings().await;
    }

    async fn reopen(&mut self) {
        let Open { store, engine, .. } = self.open.take().unwrap();
        let store = match self.opener.keeps() {
            true => {
                engine.close().await.unwrap();
                drop((engine, store));
                self.opener.open(self.clock.clone()).await
            }
            // A record in memory outlives its engine, as one on a disk does.
            false => store,
        };
        self.open = Some(Open::on(store, &self.clock).await);
        let now = self.now();
        self.naive.expire(now);
        // What was noted in memory is gone.
        self.due.clear();
    }

    fn engine(&self) -> &Engine {
        &self.open.as_ref().unwrap().engine
    }

    fn store(&self) -> &dyn Store {
        self.open.as_ref().unwrap().store.as_ref()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What is said of a use now.
    fn said(&self, sent: &Sent, ago_seconds: Option<i64>) -> Said {
        let at = ago(self.now(), ago_seconds.unwrap_or(0));
        Said {
            sent: sent.clone().at(&at.to_string()),
            at,
            is_timed: ago_seconds.is_some(),
        }
    }

    fn event_id(&self, sent: &Sent) -> EventId {
        sent.event(&self.catalog, &self.identity).event
    }
}

impl Open {
    async fn on(store: Arc<dyn Store>, clock: &Arc<SimulatedClock>) -> Self {
        let options = Options {
            defaults: false,
            ..Options::default()
        };
        let counters = Arc::new(MemoryCounters::new());
        let engine = Engine::open_with(store.clone(), counters.clone(), clock.clone(), options)
            .await
            .unwrap();
        Self {
            store,
            counters,
            engine,
        }
    }
}

/// The draft of something said: a time that was filled in was not sent.
fn draft(said: &Said) -> Draft<'_> {
    let draft = said.sent.draft();
    let timestamp = draft.timestamp.clone().filter(|_| said.is_timed);
    Draft { timestamp, ..draft }
}

/// The draft of something asked for.
fn hold_draft<'s>(said: &'s Said, asked: &Asked) -> HoldDraft<'s> {
    let usage = draft(said);
    let id = usage.id.clone().filter(|_| asked.is_named);
    HoldDraft {
        usage: Draft { id, ..usage },
        priority: priority(asked.priority),
        ttl_seconds: Some(asked.ttl_seconds),
    }
}

fn priority(name: &str) -> Priority {
    [Priority::Deferrable, Priority::Normal, Priority::Critical]
        .into_iter()
        .find(|priority| priority.as_str() == name)
        .unwrap()
}
