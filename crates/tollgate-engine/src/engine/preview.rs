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
/// Most events that a preview reads: some seconds of work, and some 30 MB.
const EVENTS_MAX: usize = 100_000;
/// Events read in one step: some 4 MB, and few enough steps that a batch of the store is not opened over and over.
const PAGE_EVENTS: usize = 4_096;
/// Events decided before other tasks have their turn: about a millisecond.
const DECIDED_AT_ONCE: usize = 512;

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
        let to = self.now();
        let from = to.plus_seconds(-LOOKS_BACK_SECONDS);
        let (uses, is_truncated) = self.recorded_uses(&record.limit, (from, to), &settings).await?;
        let preview = Preview {
            from,
            to,
            requests: u64::try_from(uses.len()).unwrap_or(u64::MAX),
            denied: denied(uses).await,
            is_truncated,
        };
        Ok((record, preview))
    }

    /// The uses of a stretch of time that a limit concerns, in the order of time; and whether there were too many.
    async fn recorded_uses(
        &self,
        limit: &Arc<Limit>,
        (from, to): (Timestamp, Timestamp),
        settings: &Settings,
    ) -> Result<(Vec<Use>, bool), EngineError> {
        let mut page = EventPage {
            filters: filters(limit),
            from: Some(from),
            to: Some(to),
            before: None,
            limit: PAGE_EVENTS,
        };
        let (mut uses, mut voided, mut read) = (Vec::new(), HashSet::new(), 0);
        loop {
            // One more than is looked at, to know whether there is more.
            page.limit = PAGE_EVENTS.min(EVENTS_MAX + 1 - read);
            let events = self.store.events(page.clone()).await?;
            read += events.len();
            let is_last = events.len() < page.limit;
            page.before = events.last().map(|event| event.arrival);
            let looked_at = events.len() - read.saturating_sub(EVENTS_MAX);
            for event in events.iter().take(looked_at) {
                uses.extend(recorded_use(limit, event, &mut voided, settings));
            }
            if is_last || read > EVENTS_MAX {
                break;
            }
        }
        uses.sort_unstable_by_key(|one| (one.at, one.arrival));
        Ok((uses, read > EVENTS_MAX))
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
