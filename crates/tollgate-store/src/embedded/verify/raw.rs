//! Batch by batch: what must be true of raw events, and of what their commits changed in the ledger.

use crate::batch::{Batch, Folded, Head, Span};
use crate::embedded::events;
use crate::embedded::failure::Failure;
use crate::embedded::queue::Question;
use crate::embedded::readers::Snapshot;
use crate::embedded::sequencer::Shared;
use crate::embedded::tables;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio::sync::oneshot;
use tollgate_core::charge::Charge;
use tollgate_core::event::Event;
use tollgate_core::id::{EventId, IdentityKey};
use tollgate_core::money::Money;
use tollgate_core::price::{RatingKey, Running};
use tollgate_core::text::CategoryName;
use tollgate_engine::ledger::Ledger;
use tollgate_engine::settings::Settings;
use tollgate_engine::store::{StoredEvent, Submission, Verification};

/// Verifies every batch of the snapshot, and the running totals as of its checkpoint.
pub(super) fn verify(
    snapshot: &Snapshot<'_>,
    shared: &Shared,
    (settings, identity): (&Settings, IdentityKey),
    found: &mut Verification,
) -> Result<(), Failure> {
    let mut pass = Pass {
        snapshot,
        shared,
        settings,
        identity,
        ledger: Ledger::default(),
        seen: Vec::new(),
        unknown: BTreeSet::new(),
        found,
    };
    if snapshot.through == 0 {
        pass.totals()?;
    }
    for span in snapshot.view.directory.iter() {
        pass.batch(span)?;
        if span.number == snapshot.through {
            pass.totals()?;
        }
    }
    pass.identities();
    Ok(())
}

struct Pass<'p> {
    snapshot: &'p Snapshot<'p>,
    shared: &'p Shared,
    settings: &'p Settings,
    identity: IdentityKey,
    ledger: Ledger,
    seen: Vec<EventId>,
    /// Categories that were not there when some of their events were rated.
    unknown: BTreeSet<CategoryName>,
    found: &'p mut Verification,
}

impl Pass<'_> {
    fn batch(&mut self, span: &Span) -> Result<(), Failure> {
        let sections = tables::sections(&self.snapshot.database, span.number)?;
        let head = Head::open(&sections.head, span.number)?;
        let batch = Batch::open(&head, &sections.usage, &sections.detail)?;
        self.span(span, &head, &batch);
        let originals = self.originals(&batch)?;
        let events = batch.events();
        for row in 0..batch.len() {
            let (event, charge) = events.event(row)?;
            self.event(&event, &charge);
            if charge.cost.map(Money::pico) != batch.usage.cost.value(row) {
                let detail = format!(
                    "event {} costs {:?} in its usage and another amount in its charge",
                    event.event,
                    batch.usage.cost.value(row)
                );
                self.found.differ(detail);
            }
            let voids = event
                .corrects
                .and_then(|original| originals.get(&original))
                .cloned();
            self.rate(Submission { event, voids }, &charge, &head.folded);
        }
        let (again, kept) = (self.ledger.take_changes(), &head.changes);
        if self.unknown.is_empty() && again != *kept {
            self.found.differ(format!(
                "commit {} notes other changes of totals and levels than its events make",
                span.number
            ));
        }
        Ok(())
    }

    fn span(&mut self, span: &Span, head: &Head, batch: &Batch) {
        let at = &batch.usage.at;
        let is_right = head.span == *span
            && span.first_arrival == self.seen.len() as u64
            && span.events as usize == batch.len()
            && at.iter().min() == Some(&span.at_min)
            && at.iter().max() == Some(&span.at_max);
        if !is_right {
            self.found
                .differ(format!("commit {} does not stand where it says", span.number));
        }
    }

    fn event(&mut self, event: &Event, charge: &Charge) {
        self.found.events += 1;
        self.seen.push(event.event);
        let (organization, source) = (event.scope.organization.as_str(), event.source.as_str());
        if self.identity.event_id(organization, source, event.id.as_str()) != event.event {
            self.found
                .differ(format!("event {} has the identity of another", event.event));
        }
        let sum = charge
            .lines
            .iter()
            .try_fold(Money::ZERO, |sum, line| sum.checked_add(line.amount));
        if !charge.lines.is_empty() && charge.cost != sum {
            self.found.differ(format!(
                "event {} does not cost the sum of its lines",
                event.event
            ));
        }
    }

    fn rate(&mut self, submission: Submission, charge: &Charge, folded: &[Folded]) {
        let category = &submission.event.category;
        let version = folded
            .iter()
            .find(|folded| folded.category == *category.as_smol())
            .map(|folded| folded.version);
        // What a category that was gone would have said about an event is not known, nor then what totals and levels later
        // events found.
        if self.unknown.contains(category) || version.is_none_or(|version| version == 0) {
            self.unknown.insert(category.clone());
            return;
        }
        let again = self.ledger.rate_again(&submission, charge, self.settings);
        if again != *charge {
            let cost = |charge: &Charge| charge.cost.map_or("unknown".to_owned(), |cost| cost.to_string());
            let event = submission.event.event;
            self.found.differ(format!(
                "event {event} is charged {}, rated again {}",
                cost(charge),
                cost(&again)
            ));
        }
    }

    /// What the voids of a batch take back, as it was recorded.
    fn originals(&self, batch: &Batch) -> Result<HashMap<EventId, Arc<StoredEvent>>, Failure> {
        let events: Vec<EventId> = batch.usage.corrects.iter().map(|(_, event)| *event).collect();
        if events.is_empty() {
            return Ok(HashMap::new());
        }
        let (reply, answer) = oneshot::channel();
        let stopped = || Failure::File(std::io::Error::other("the store was closed meanwhile"));
        let asked = self.shared.queue.ask(Question::Arrivals(events.clone(), reply));
        let arrivals = asked
            .ok()
            .and_then(|_| answer.blocking_recv().ok())
            .and_then(Result::ok)
            .ok_or_else(stopped)?;
        let mut originals = HashMap::new();
        for (event, arrival) in events.into_iter().zip(arrivals) {
            if let Some(arrival) = arrival {
                let stored = events::event(&self.snapshot.database, self.shared, arrival)?;
                originals.insert(event, Arc::new(stored));
            }
        }
        Ok(originals)
    }

    /// Compares the running totals, at the batch through which they are kept.
    fn totals(&mut self) -> Result<(), Failure> {
        let kept: HashMap<RatingKey, Running> =
            tables::totals(&self.snapshot.database)?.into_iter().collect();
        let again: HashMap<&RatingKey, &Running> = self.ledger.totals().collect();
        let keys: BTreeSet<&RatingKey> = kept.keys().chain(again.keys().copied()).collect();
        let mut differences = Vec::new();
        for key in keys {
            let category = self
                .settings
                .book
                .price(key.price)
                .map(tollgate_core::price::Price::category);
            if category.is_some_and(|category| self.unknown.contains(category)) {
                continue;
            }
            let (kept, again) = (
                kept.get(key).copied().unwrap_or_default(),
                again.get(key).copied().copied().unwrap_or_default(),
            );
            if kept != again {
                differences.push(format!(
                    "the running total of {} at price {} is {}, computed again {}",
                    key.organization, key.price, kept.quantity, again.quantity
                ));
            }
        }
        differences
            .into_iter()
            .for_each(|difference| self.found.differ(difference));
        Ok(())
    }

    /// No identity may stand twice.
    fn identities(&mut self) {
        self.seen.sort_unstable();
        for pair in self.seen.windows(2) {
            if let [one, other] = pair
                && one == other
            {
                self.found.differ(format!("event {one} is recorded twice"));
            }
        }
    }
}
