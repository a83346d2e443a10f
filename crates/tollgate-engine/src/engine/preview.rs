//! What a limit would have done, before it is written: recorded events decided again, as if it had been there.
//!
//! Every event that it concerns is compared with what the events before it left, as a request of normal priority at the
//! event's own time, from an empty balance on; a denied one leaves nothing. Not here: how a use is judged
//! ([`tollgate_core::decision`]), the same for a preview as for a hold.

use super::{Access, Engine, LimitDraft};
use crate::error::EngineError;
use crate::settings::{LimitRecord, Settings};
use crate::store::{EventPage, Expected, StoredEvent};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use tollgate_core::decision::{Standing, decide};
use tollgate_core::id::EventId;
use tollgate_core::limit::{Amount, Balance, Cell, Concerned, Limit, LimitId, Priority};
use tollgate_core::query::{Field, Filter, Glob, Test};
use tollgate_core::time::Timestamp;

/// How far a preview looks back: a week has every day of the week once.
const LOOKS_BACK_SECONDS: i64 = 7 * 86_400;
/// How much a preview reads. All together some seconds of work and some 30 MB; a page some 4 MB, so that few steps are
/// needed and a batch of the store is not opened over and over.
const REACH: Reach = Reach {
    events_max: 100_000,
    page_events: 4_096,
};
/// Events decided before other tasks have their turn: about a millisecond.
const DECIDED_AT_ONCE: usize = 512;

/// How many events are read, and how many of them in one step.
#[derive(Clone, Copy, Debug)]
struct Reach {
    events_max: usize,
    page_events: usize,
}

/// What a limit would have done with recorded events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The first instant looked at.
    pub from: Timestamp,
    /// The first instant after.
    pub to: Timestamp,
    /// Recorded events that the limit concerns, corrected ones aside.
    pub requests: u64,
    /// Those that it would have denied, or in mode shadow said so.
    pub denied: u64,
    /// Whether there were more than are looked at, so that only the last to arrive are in it.
    pub is_truncated: bool,
}

/// A recorded use, as far as a limit is concerned.
#[derive(Debug)]
struct Use {
    at: Timestamp,
    arrival: u64,
    concerned: Concerned,
    amount: Option<Amount>,
}

impl Engine {
    /// Judges a limit like [`Engine::create_limit`], or like [`Engine::update_limit`] where it replaces one, and says what it
    /// would have done in the last seven days. Changes nothing.
    pub async fn preview_limit(
        &self,
        draft: LimitDraft,
        replaced: Option<(LimitId, Expected)>,
        access: &Access,
    ) -> Result<(LimitRecord, Preview), EngineError> {
        let settings = self.settings();
        let record = self.limit_record(draft, replaced, &settings, access)?;
        let preview = self.preview(&record.limit, &settings, REACH).await?;
        Ok((record, preview))
    }

    async fn preview(
        &self,
        limit: &Arc<Limit>,
        settings: &Settings,
        reach: Reach,
    ) -> Result<Preview, EngineError> {
        let to = self.now();
        let from = to.plus_seconds(-LOOKS_BACK_SECONDS);
        let page = EventPage {
            filters: filters(limit),
            from: Some(from),
            to: Some(to),
            ..EventPage::default()
        };
        let (uses, is_truncated) = self.recorded_uses(limit, page, settings, reach).await?;
        Ok(Preview {
            from,
            to,
            requests: u64::try_from(uses.len()).unwrap_or(u64::MAX),
            denied: denied(uses).await,
            is_truncated,
        })
    }

    /// The uses that a limit concerns of the events that belong on a page, in the order of time; and whether there were more
    /// events than are read.
    async fn recorded_uses(
        &self,
        limit: &Arc<Limit>,
        mut page: EventPage,
        settings: &Settings,
        reach: Reach,
    ) -> Result<(Vec<Use>, bool), EngineError> {
        let (mut uses, mut voided, mut read) = (Vec::new(), HashSet::new(), 0);
        loop {
            // One more than is looked at, to know whether there is more.
            page.limit = reach.page_events.min(reach.events_max + 1 - read);
            let events = self.store.events(page.clone()).await?;
            read += events.len();
            page.before = events.last().map(|event| event.arrival);
            let looked_at = events.len() - read.saturating_sub(reach.events_max);
            for event in events.iter().take(looked_at) {
                uses.extend(recorded_use(limit, event, &mut voided, settings));
            }
            if events.len() < page.limit || read > reach.events_max {
                break;
            }
        }
        uses.sort_unstable_by_key(|one| (one.at, one.arrival));
        Ok((uses, read > reach.events_max))
    }
}

/// What the store can tell of the uses that a limit concerns.
fn filters(limit: &Limit) -> Vec<Filter> {
    let mut filters = vec![Filter::is(
        Field::ORGANIZATION,
        limit.organization.as_smol().clone(),
    )];
    if let Some(instance) = &limit.subject.instance {
        filters.push(Filter::is(
            Field::Scope(limit.subject.kind),
            instance.as_smol().clone(),
        ));
    }
    if limit.selector.as_str() != "*" {
        filters.push(Filter {
            field: Field::Category,
            test: Test::Matches(Glob::new(limit.selector.as_str())),
        });
    }
    let matches = limit.matches.iter();
    filters.extend(
        matches.map(|(key, value)| Filter::is(Field::Dimension(key.clone()), value.as_smol().clone())),
    );
    filters
}

/// The use of an event; `None` for one that the limit does not concern, for a correction, and for what one of `voided`
/// corrects. Events come newest first, so a correction comes before what it corrects.
fn recorded_use(
    limit: &Arc<Limit>,
    stored: &StoredEvent,
    voided: &mut HashSet<EventId>,
    settings: &Settings,
) -> Option<Use> {
    let event = &stored.event;
    if let Some(corrected) = event.corrects {
        voided.insert(corrected);
        return None;
    }
    let instance = limit.concerns(event)?;
    if voided.remove(&event.event) {
        return None;
    }
    let window = limit.window.window(&limit.zone, event.at);
    let cell = Cell {
        limit: limit.id,
        instance: instance.clone(),
        start: window.start,
    };
    let currency = settings.currency(event.scope.organization.as_str());
    let cost = stored.charge.cost.map(|cost| (cost, currency));
    Some(Use {
        at: event.at,
        arrival: stored.arrival,
        concerned: Concerned {
            limit: limit.clone(),
            cell,
            window,
        },
        amount: limit.counted.amount(event, cost),
    })
}

/// How many uses a limit would have denied, one after another.
async fn denied(uses: Vec<Use>) -> u64 {
    let mut balances: BTreeMap<Cell, Balance> = BTreeMap::new();
    let mut denied = 0;
    for (place, one) in uses.into_iter().enumerate() {
        if place % DECIDED_AT_ONCE == DECIDED_AT_ONCE - 1 {
            tokio::task::yield_now().await;
        }
        let balance = balances.entry(one.concerned.cell.clone()).or_default();
        let standing = Standing {
            concerned: one.concerned,
            balance: Some(*balance),
            amount: one.amount,
        };
        let decision = decide(std::slice::from_ref(&standing), Priority::Normal);
        // A limit in mode shadow refuses nothing and says what it would have refused.
        if decision.limits.iter().any(|looked| looked.refusal.is_some()) {
            denied += 1;
        } else {
            balance.settled = balance.settled.plus(one.amount.unwrap_or_default());
        }
    }
    denied
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SimulatedClock;
    use crate::store::MemoryStore;
    use tollgate_core::event::Draft;
    use tollgate_core::id::IdentityKey;

    const QUOTA: &str =
        r#"{"name": "calls", "organization": "acme", "measure": "requests", "limit": 3, "window": "day"}"#;

    /// Eleven events of one day, arrived in the order of their ids and used in the reverse; the sixth to arrive is voided.
    async fn ground() -> (Engine, Arc<Limit>) {
        let clock = Arc::new(SimulatedClock::at("2026-01-15T12:00:00Z".parse().unwrap()));
        let store = Arc::new(MemoryStore::new(IdentityKey::from_bytes([1; 16]), clock.clone()));
        let engine = Engine::open(store, clock, Default::default()).await.unwrap();
        for number in 0..11 {
            let draft = Draft {
                id: Some(number.to_string().into()),
                organization: Some("acme".into()),
                category: Some("ai.completion".into()),
                timestamp: Some(format!("2026-01-15T10:{:02}:00Z", 20 - number).into()),
                ..Draft::default()
            };
            let receipts = engine.record(vec![draft], &Access::default()).await.unwrap();
            if number == 5 {
                let event = receipts[0].event.unwrap();
                engine.void(event, None, &Access::default()).await.unwrap();
            }
        }
        let parts = serde_json::from_str(QUOTA).unwrap();
        let draft = LimitDraft::Quota(parts);
        let (record, _) = engine
            .preview_limit(draft, None, &Access::default())
            .await
            .unwrap();
        (engine, record.limit)
    }

    #[tokio::test]
    async fn any_page_and_reach_looks_at_the_last_to_arrive_once() {
        let (engine, limit) = ground().await;
        let settings = engine.settings();
        // Twelve events with the void; of those read, the voided one and its void are left out.
        for (events_max, requests, denied, is_truncated) in [
            (100, 10, 7, false),
            (12, 10, 7, false),
            (11, 9, 6, true),
            (6, 5, 2, true),
            (2, 2, 0, true),
        ] {
            for page_events in [1, 2, 3, 5, 6, 7, 12, 13] {
                let reach = Reach {
                    events_max,
                    page_events,
                };
                let found = engine.preview(&limit, &settings, reach).await.unwrap();
                assert_eq!(
                    (found.requests, found.denied, found.is_truncated),
                    (requests, denied, is_truncated),
                    "{reach:?}"
                );
            }
        }
    }
}
