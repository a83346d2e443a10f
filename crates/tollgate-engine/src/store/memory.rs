//! The complete in-memory store: for tests, demos and as the plain statement of what a store does.
//!
//! It keeps raw events only and answers every query by reading all of them; rollups would only be a second chance
//! to be wrong. The embedded store is held against it.

mod hold;

use super::{Crossing, HoldStore, Journal, Violation};
use super::{
    EventPage, Expected, Outcome, SaveError, Setting, SettingChange, SettingKind, Store, StoreError,
    StoreState, StoredEvent, Submission, Verification,
};
use crate::clock::Clock;
use crate::ledger::{Admission, Ledger};
use crate::settings::Settings;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tollgate_core::hold::Hold;
use tollgate_core::id::{EventId, HoldId, IdentityKey, PriceId};
use tollgate_core::query::{Answer, UsageQuery};
use tollgate_core::time::Timestamp;

/// A store that forgets everything when it goes.
#[derive(Debug)]
pub struct MemoryStore {
    identity: IdentityKey,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ledger: Ledger,
    events: Vec<Arc<StoredEvent>>,
    settings: BTreeMap<(SettingKind, String), (u64, String)>,
    holds: BTreeMap<HoldId, Hold>,
    violations: Vec<Violation>,
    outbox: Vec<Crossing>,
    commits: u64,
    closed: bool,
}

impl MemoryStore {
    /// An empty store whose identities are hashed under `identity`.
    pub fn new(identity: IdentityKey, clock: Arc<dyn Clock>) -> Self {
        Self {
            identity,
            clock,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held is a bug that the panicking request has reported; the state is only ever
        // changed by pushes that happen together, so going on is safe.
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn open_state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state();
        if state.closed {
            Err(StoreError::Stopped("it was closed".to_owned()))
        } else {
            Ok(state)
        }
    }
}

impl State {
    fn admit(&mut self, submission: &Submission, settings: &Settings, received_at: Timestamp) -> Outcome {
        match self.ledger.admit(submission, settings) {
            Admission::Fresh { arrival, charge } => {
                let event = submission.event.clone();
                self.events.push(Arc::new(StoredEvent {
                    event,
                    charge: charge.clone(),
                    received_at,
                    arrival,
                }));
                Outcome::Recorded { charge, arrival }
            }
            Admission::Duplicate { arrival } => {
                let place = usize::try_from(arrival).unwrap_or(usize::MAX);
                Outcome::Duplicate(self.events.get(place).map(|stored| stored.charge.clone()))
            }
            Admission::Conflict => Outcome::Conflict,
        }
    }

    fn check(&self, change: &SettingChange) -> Result<(), SaveError> {
        let there = self
            .settings
            .get(&(change.kind, change.id.clone()))
            .map(|(version, _)| *version);
        let met = match change.expected {
            Expected::Absent => there.is_none(),
            Expected::Version(version) => there == Some(version),
            Expected::Any => true,
        };
        if met {
            Ok(())
        } else {
            Err(SaveError::Stale {
                kind: change.kind,
                id: change.id.clone(),
            })
        }
    }

    fn apply(&mut self, change: SettingChange) -> u64 {
        let key = (change.kind, change.id);
        let version = self.settings.get(&key).map_or(1, |(version, _)| version + 1);
        match change.body {
            Some(body) => drop(self.settings.insert(key, (version, body))),
            None => drop(self.settings.remove(&key)),
        }
        version
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn identity_key(&self) -> IdentityKey {
        self.identity.clone()
    }

    async fn record(
        &self,
        submissions: Arc<Vec<Submission>>,
        settings: Arc<Settings>,
    ) -> Result<Vec<Outcome>, StoreError> {
        let received_at = self.clock.now();
        let mut state = self.open_state()?;
        let outcomes = submissions
            .iter()
            .map(|submission| state.admit(submission, &settings, received_at))
            .collect();
        state.commits += 1;
        Ok(outcomes)
    }

    async fn event(&self, event: EventId) -> Result<Option<StoredEvent>, StoreError> {
        let state = self.state();
        let place = state
            .ledger
            .arrival(event)
            .and_then(|arrival| usize::try_from(arrival).ok());
        Ok(place
            .and_then(|place| state.events.get(place))
            .map(|stored| stored.as_ref().clone()))
    }

    async fn events(&self, page: EventPage) -> Result<Vec<StoredEvent>, StoreError> {
        let events = self.state().events.clone();
        let wanted = events
            .iter()
            .rev()
            .filter(|stored| page.admits(stored))
            .take(page.limit);
        Ok(wanted.map(|stored| stored.as_ref().clone()).collect())
    }

    async fn usage(&self, query: Arc<UsageQuery>, settings: Arc<Settings>) -> Result<Answer, StoreError> {
        Ok(self.holds().settled(query, settings).await?.answer)
    }

    async fn settings(&self) -> Result<Vec<Setting>, StoreError> {
        let state = self.state();
        let settings = state
            .settings
            .iter()
            .map(|((kind, id), (version, body))| Setting {
                kind: *kind,
                id: id.clone(),
                version: *version,
                body: body.clone(),
            });
        Ok(settings.collect())
    }

    async fn save_settings(&self, changes: Vec<SettingChange>) -> Result<Vec<u64>, SaveError> {
        let mut state = self.open_state()?;
        changes.iter().try_for_each(|change| state.check(change))?;
        Ok(changes.into_iter().map(|change| state.apply(change)).collect())
    }

    async fn price_used_until(&self, price: PriceId) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.state().ledger.price_used_until(price))
    }

    async fn verify(&self) -> Result<Verification, StoreError> {
        let events = self.state().events.clone();
        let mut verification = Verification {
            events: events.len() as u64,
            ..Verification::default()
        };
        let mut seen = std::collections::HashSet::new();
        for (place, stored) in events.iter().enumerate() {
            if stored.arrival != place as u64 {
                verification.differ(format!(
                    "event {} stands at {place}, not {}",
                    stored.event.event, stored.arrival
                ));
            }
            if !seen.insert(stored.event.event) {
                verification.differ(format!("event {} is stored twice", stored.event.event));
            }
        }
        Ok(verification)
    }

    fn holds(&self) -> &dyn HoldStore {
        self
    }

    fn journal(&self) -> &dyn Journal {
        self
    }

    fn state(&self) -> StoreState {
        let state = self.state();
        StoreState {
            stopped: state.closed.then(|| "it was closed".to_owned()),
            events: state.events.len() as u64,
            commits: state.commits,
            ..StoreState::default()
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.state().closed = true;
        Ok(())
    }
}
