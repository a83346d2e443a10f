//! The suite fails on stores that are wrong: a test that cannot fail proves nothing.
#![allow(clippy::unwrap_used, reason = "a test")]

use async_trait::async_trait;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use tollgate_core::charge::{Charge, Unpriced};
use tollgate_core::id::{EventId, IdentityKey, PriceId};
use tollgate_core::query::{Answer, UsageQuery};
use tollgate_core::time::Timestamp;
use tollgate_engine::clock::Clock;
use tollgate_engine::settings::Settings;
use tollgate_engine::store::{
    EventPage, HoldStore, Journal, MemoryStore, Outcome, SaveError, Setting, SettingChange, Store,
    StoreError, StoreState, StoredEvent, Submission, Verification,
};
use tollgate_testkit::conformance::{answer, identity, lifecycle, listing, pricing, run, setting, void};
use tollgate_testkit::fixture;
use tollgate_testkit::site::{Opener, Site};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// A duplicate is answered as if it were new.
    AcknowledgesTwice,
    /// A conflict is answered as a duplicate.
    SeesNoConflict,
    /// A duplicate is answered without its first charge.
    ForgetsCharges,
    /// The last of a batch is acknowledged and not recorded.
    LosesTheLast,
    /// Events are listed in the order of arrival.
    ListsOldestFirst,
    /// Times of a page are not looked at.
    IgnoresTimes,
    /// Answers are as of the commit before.
    CountsLate,
    /// Settings are saved one by one.
    SavesByHalves,
    /// Closing does nothing.
    NeverStops,
    /// Every price has priced something.
    UsesEveryPrice,
    /// What a price priced last is not counted.
    UsesForShort,
}

/// What was recorded at once, and with what.
type Commit = (Arc<Vec<Submission>>, Arc<Settings>);

/// A store in memory with a fault.
#[derive(Debug)]
struct Faulty {
    inner: MemoryStore,
    fault: Fault,
    /// Everything recorded but what came last.
    behind: MemoryStore,
    last: Mutex<Option<Commit>>,
}

#[async_trait]
impl Opener for Fault {
    async fn open(&self, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
        let store = || MemoryStore::new(fixture::identity(), clock.clone());
        Arc::new(Faulty {
            inner: store(),
            behind: store(),
            fault: *self,
            last: Mutex::default(),
        })
    }
}

#[async_trait]
impl Store for Faulty {
    fn identity_key(&self) -> IdentityKey {
        self.inner.identity_key()
    }

    async fn record(
        &self,
        submissions: Arc<Vec<Submission>>,
        settings: Arc<Settings>,
    ) -> Result<Vec<Outcome>, StoreError> {
        let before = self
            .last
            .lock()
            .unwrap()
            .replace((submissions.clone(), settings.clone()));
        if let Some((submissions, settings)) = before {
            self.behind.record(submissions, settings).await?;
        }
        let mut recorded = submissions.as_ref().clone();
        let lost = recorded.pop_if(|_| self.fault == Fault::LosesTheLast);
        let mut outcomes = self.inner.record(Arc::new(recorded), settings).await?;
        outcomes.extend(lost.map(|_| Outcome::Recorded {
            charge: Charge::unpriced(Unpriced::NoPrice),
            arrival: 0,
        }));
        let told = |outcome: Outcome| match (self.fault, outcome) {
            (Fault::AcknowledgesTwice, Outcome::Duplicate(Some(charge))) => {
                Outcome::Recorded { charge, arrival: 0 }
            }
            (Fault::SeesNoConflict, Outcome::Conflict) | (Fault::ForgetsCharges, Outcome::Duplicate(_)) => {
                Outcome::Duplicate(None)
            }
            (_, outcome) => outcome,
        };
        Ok(outcomes.into_iter().map(told).collect())
    }

    async fn event(&self, event: EventId) -> Result<Option<StoredEvent>, StoreError> {
        self.inner.event(event).await
    }

    async fn events(&self, mut page: EventPage) -> Result<Vec<StoredEvent>, StoreError> {
        if self.fault == Fault::IgnoresTimes {
            (page.from, page.to) = (None, None);
        }
        let mut events = self.inner.events(page).await?;
        if self.fault == Fault::ListsOldestFirst {
            events.reverse();
        }
        Ok(events)
    }

    async fn usage(&self, query: Arc<UsageQuery>, settings: Arc<Settings>) -> Result<Answer, StoreError> {
        match self.fault {
            Fault::CountsLate => self.behind.usage(query, settings).await,
            _ => self.inner.usage(query, settings).await,
        }
    }

    async fn settings(&self) -> Result<Vec<Setting>, StoreError> {
        self.inner.settings().await
    }

    async fn save_settings(&self, changes: Vec<SettingChange>) -> Result<Vec<u64>, SaveError> {
        if self.fault != Fault::SavesByHalves {
            return self.inner.save_settings(changes).await;
        }
        let mut versions = Vec::new();
        for change in changes {
            versions.extend(self.inner.save_settings(vec![change]).await?);
        }
        Ok(versions)
    }

    async fn price_used_until(&self, price: PriceId) -> Result<Option<Timestamp>, StoreError> {
        let until = self.inner.price_used_until(price).await?;
        Ok(match self.fault {
            Fault::UsesEveryPrice => until.or(Some(fixture::at(fixture::NOON))),
            Fault::UsesForShort => until.map(|until| until.plus_seconds(-1)),
            _ => until,
        })
    }

    async fn verify(&self) -> Result<Verification, StoreError> {
        self.inner.verify().await
    }

    fn holds(&self) -> &dyn HoldStore {
        self.inner.holds()
    }

    fn journal(&self) -> &dyn Journal {
        self.inner.journal()
    }

    fn state(&self) -> StoreState {
        self.inner.state()
    }

    async fn close(&self) -> Result<(), StoreError> {
        if self.fault == Fault::NeverStops {
            return Ok(());
        }
        self.inner.close().await
    }
}

/// The case fails on a store with this fault, and on none without.
fn check<F: Future<Output = ()>>(fault: Fault, case: impl Fn(Site) -> F + Copy) {
    run(Fault::None, case);
    let went = catch_unwind(AssertUnwindSafe(|| run(fault, case)));
    assert!(went.is_err(), "nobody noticed a store that {fault:?}");
}

#[test]
fn a_store_that_is_wrong_about_identity_is_noticed() {
    check(
        Fault::AcknowledgesTwice,
        identity::a_resend_is_a_duplicate_with_the_first_charge,
    );
    check(
        Fault::AcknowledgesTwice,
        identity::concurrent_callers_record_each_event_once,
    );
    check(Fault::AcknowledgesTwice, void::a_void_happens_once);
    check(
        Fault::SeesNoConflict,
        identity::another_statement_under_the_same_id_is_a_conflict_and_changes_nothing,
    );
    check(
        Fault::ForgetsCharges,
        identity::a_resend_after_a_price_change_is_answered_with_the_first_charge,
    );
}

#[test]
fn a_store_that_loses_or_misplaces_events_is_noticed() {
    check(Fault::LosesTheLast, listing::what_was_acknowledged_can_be_read);
    check(
        Fault::LosesTheLast,
        identity::duplicates_and_conflicts_inside_one_batch_are_told_apart,
    );
    check(
        Fault::ListsOldestFirst,
        listing::events_are_listed_newest_first_and_page_by_page,
    );
    check(Fault::IgnoresTimes, listing::a_page_keeps_to_its_times);
    check(
        Fault::CountsLate,
        answer::usage_counts_as_soon_as_it_is_acknowledged,
    );
    check(Fault::CountsLate, answer::what_was_taken_back_does_not_count);
}

#[test]
fn a_store_that_is_wrong_about_settings_and_its_end_is_noticed() {
    check(Fault::SavesByHalves, setting::settings_are_saved_all_or_none);
    check(Fault::NeverStops, lifecycle::a_closed_store_has_stopped);
    for fault in [Fault::UsesEveryPrice, Fault::UsesForShort] {
        check(fault, pricing::a_price_is_used_until_the_last_that_it_has_priced);
    }
}
