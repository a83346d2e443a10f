//! The ledger: claim identity → rate → count, in memory and in one total order.
//!
//! Every store that keeps this state in memory uses it, live and in recovery alike. It decides; it does not keep:
//! what it admits is durable only once its store has committed it.
//!
//! Invariants: an identity is admitted once (I9); a refused submission changes nothing; the state depends on what was
//! admitted and not on how it was batched (I7); an event's charge is what rating it again in the same state gives (I11).

mod identity;
mod series;

pub use identity::{Claim, Identities};
pub use series::Series;

use crate::settings::Settings;
use crate::store::{StoredEvent, Submission};
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tollgate_core::category::{Category, MeasureKind};
use tollgate_core::charge::{Charge, CostSource, Unpriced};
use tollgate_core::event::Event;
use tollgate_core::id::{EventId, PayloadHash, PriceId};
use tollgate_core::price::{
    GaugeTimeline, Price, RatingKey, RatingState, Running, Usage, Voided, rate, reverse,
};
use tollgate_core::quantity::Quantity;
use tollgate_core::text::Key;
use tollgate_core::time::Timestamp;

/// What became of a submission in the ledger.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every admission is the large one, and it is moved once"
)]
#[derive(Clone, Debug, PartialEq)]
pub enum Admission {
    /// New: it has this place in the order of arrival and cost this.
    Fresh {
        /// Its place.
        arrival: u64,
        /// Its cost.
        charge: Charge,
    },
    /// The same statement was admitted before, at this place.
    Duplicate {
        /// The first one's place.
        arrival: u64,
    },
    /// Another statement was admitted under this identity.
    Conflict,
}

/// A reading that was put into or taken out of a gauge's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whose level.
    pub series: Series,
    /// When.
    pub at: Timestamp,
    /// By which event.
    pub event: EventId,
    /// The level; `None` when the reading was taken out.
    pub level: Option<Quantity>,
}

/// What changed in the ledger since it was last asked, apart from identities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Running totals, as they are now.
    pub totals: Vec<(RatingKey, Running)>,
    /// Gauge readings, in the order they happened.
    pub readings: Vec<Reading>,
    /// The latest instant of what a price has priced, of those for which that has moved.
    pub prices: Vec<(PriceId, Timestamp)>,
}

/// Identities, running totals and gauges.
#[derive(Debug, Default)]
pub struct Ledger {
    identities: Identities,
    rating: Rating,
    arrivals: u64,
}

#[derive(Debug, Default)]
struct Rating {
    totals: HashMap<RatingKey, Running>,
    changed: BTreeSet<RatingKey>,
    timelines: HashMap<Series, GaugeTimeline>,
    readings: Vec<Reading>,
    used_until: BTreeMap<PriceId, Timestamp>,
    used_further: BTreeSet<PriceId>,
}

impl Ledger {
    /// Admits a submission, or says why not. Its event's category may have gone since it was validated; it is then
    /// recorded unpriced.
    pub fn admit(&mut self, submission: &Submission, settings: &Settings) -> Admission {
        let event = &submission.event;
        match self.identities.claim(event.event, event.payload, self.arrivals) {
            Claim::Duplicate(arrival) => Admission::Duplicate { arrival },
            Claim::Conflict(_) => Admission::Conflict,
            Claim::Fresh => {
                let arrival = self.arrivals;
                self.arrivals += 1;
                let charge = self.rating.charge(submission, settings);
                Admission::Fresh { arrival, charge }
            }
        }
    }

    /// Rates a recorded event again, at the price it was recorded at, and gives the charge that this comes to.
    ///
    /// For a store that verifies itself, on a ledger of its own: identities are left alone. The charge differs from the recorded
    /// one only if something is damaged, also if the event's category has changed since: its measures stay, and what its
    /// events carry decides what they cost. What a recorded charge does not tell (at which price a component was missing)
    /// and what may have changed (whether `requests` must be priced) is taken from it.
    pub fn rate_again(&mut self, submission: &Submission, recorded: &Charge, settings: &Settings) -> Charge {
        self.rating.charge_again(submission, recorded, settings)
    }

    /// Takes an identity without rating: what a checkpoint covers. `false` when it was taken already.
    pub fn restore_identity(&mut self, event: EventId, payload: PayloadHash) -> bool {
        let fresh = self.identities.claim(event, payload, self.arrivals) == Claim::Fresh;
        self.arrivals += u64::from(fresh);
        fresh
    }

    /// Makes room for this many more identities.
    pub fn reserve(&mut self, identities: usize) {
        self.identities.reserve(identities);
    }

    /// Puts back what a checkpoint kept.
    pub fn restore(&mut self, kept: Changes) {
        self.rating.totals.extend(kept.totals);
        for reading in kept.readings {
            let timeline = self.rating.timelines.entry(reading.series).or_default();
            match reading.level {
                Some(level) => timeline.insert(reading.at, reading.event, level),
                None => timeline.remove(reading.at, reading.event),
            };
        }
        for (price, at) in kept.prices {
            self.rating.use_price(price, at);
        }
        // Only what happens from now on is a change.
        self.rating.used_further.clear();
    }

    /// Everything that changed since this was last called.
    pub fn take_changes(&mut self) -> Changes {
        let changed = std::mem::take(&mut self.rating.changed);
        let readings = std::mem::take(&mut self.rating.readings);
        let totals = changed.into_iter().map(|key| {
            let running = self.rating.totals.get(&key).copied().unwrap_or_default();
            (key, running)
        });
        let used_further = std::mem::take(&mut self.rating.used_further);
        let used = |price| Some((price, self.price_used_until(price)?));
        Changes {
            totals: totals.collect(),
            readings,
            prices: used_further.into_iter().filter_map(used).collect(),
        }
    }

    /// Every running total, to compare with a recomputation.
    pub fn totals(&self) -> impl Iterator<Item = (&RatingKey, &Running)> {
        self.rating.totals.iter()
    }

    /// The integral of every gauge's timeline, to compare with a recomputation.
    pub fn integrals(&self) -> impl Iterator<Item = (&Series, Option<Quantity>)> {
        self.rating
            .timelines
            .iter()
            .map(|(series, timeline)| (series, timeline.integral()))
    }

    /// The place of an event in the order of arrival.
    pub fn arrival(&self, event: EventId) -> Option<u64> {
        self.identities.arrival(event)
    }

    /// How many events were admitted.
    pub fn arrivals(&self) -> u64 {
        self.arrivals
    }

    /// The latest instant of what a price has priced, also of what was taken back since; `None` when it has priced nothing.
    pub fn price_used_until(&self, price: PriceId) -> Option<Timestamp> {
        self.rating.used_until.get(&price).copied()
    }
}

type Gained = SmallVec<[(Key, Quantity); 1]>;

impl Rating {
    fn charge(&mut self, submission: &Submission, settings: &Settings) -> Charge {
        let event = &submission.event;
        let Some(category) = settings.catalog.category(event.category.as_str()) else {
            return match event.asserted {
                Some(cost) => Charge::asserted(cost),
                None => Charge::unpriced(Unpriced::NoPrice),
            };
        };
        match &submission.voids {
            Some(original) => self.reverse(original, category, settings),
            None => self.rate(event, category, settings),
        }
    }

    fn charge_again(&mut self, submission: &Submission, recorded: &Charge, settings: &Settings) -> Charge {
        let event = &submission.event;
        match (
            settings.catalog.category(event.category.as_str()),
            &submission.voids,
        ) {
            (Some(category), None) => match &recorded.source {
                CostSource::Priced(id) => self.rate_priced(event, category, settings.book.price(*id)),
                CostSource::Asserted | CostSource::Unpriced(Unpriced::NoPrice) => {
                    self.rate_at(event, category, None)
                }
                CostSource::Unpriced(Unpriced::NoComponent(_) | Unpriced::TooLarge) => {
                    self.read(event, category);
                    recorded.clone()
                }
            },
            (Some(_), Some(_)) | (None, _) => self.charge(submission, settings),
        }
    }

    fn rate(&mut self, event: &Event, category: &Category, settings: &Settings) -> Charge {
        let currency = settings.currency(event.scope.organization.as_str());
        let price = || settings.book.price_for(event, currency);
        self.rate_at(event, category, event.asserted.is_none().then(price).flatten())
    }

    fn rate_at(&mut self, event: &Event, category: &Category, price: Option<&Price>) -> Charge {
        let gained = self.read(event, category);
        self.charge_at(event, category, price, &gained)
    }

    /// Rates an event that is known to have been priced, whether `requests` must be priced today or not.
    fn rate_priced(&mut self, event: &Event, category: &Category, price: Option<&Price>) -> Charge {
        let gained = self.read(event, category);
        let charge = self.charge_at(event, category, price, &gained);
        match &charge.source {
            // An unpriced event has moved nothing, so it can be rated once more.
            CostSource::Unpriced(Unpriced::NoComponent(measure)) if *measure == Key::requests() => {
                self.charge_at(event, &category.with_requests_free(), price, &gained)
            }
            _ => charge,
        }
    }

    fn charge_at(
        &mut self,
        event: &Event,
        category: &Category,
        price: Option<&Price>,
        gained: &Gained,
    ) -> Charge {
        if let Some(cost) = event.asserted {
            return Charge::asserted(cost);
        }
        let Some(price) = price else {
            return Charge::unpriced(Unpriced::NoPrice);
        };
        let charge = rate(price, category, Usage { event, gained }, self);
        if matches!(charge.source, CostSource::Priced(_)) {
            self.use_price(price.id(), event.at);
        }
        charge
    }

    /// Takes note that a price has priced something at this instant.
    fn use_price(&mut self, price: PriceId, at: Timestamp) {
        let known = self.used_until.get(&price);
        if known.is_none_or(|until| *until < at) {
            self.used_until.insert(price, at);
            self.used_further.insert(price);
        }
    }

    fn reverse(&mut self, original: &StoredEvent, category: &Category, settings: &Settings) -> Charge {
        let event = &original.event;
        let gained = self.unread(event, category);
        let usage = Usage {
            event,
            gained: &gained,
        };
        reverse(
            &settings.book,
            category,
            Voided {
                usage,
                charge: &original.charge,
            },
            self,
        )
    }

    /// Puts the levels that an event sets into their timelines and says what each gained.
    fn read(&mut self, event: &Event, category: &Category) -> Gained {
        let mut gained = Gained::new();
        for (measure, level) in gauges(event, category) {
            let series = Series::of(event, measure);
            let timeline = self.timelines.entry(series.clone()).or_default();
            if let Some(change) = timeline.insert(event.at, event.event, level) {
                gained.push((measure.clone(), change));
                let (at, event) = (event.at, event.event);
                self.readings.push(Reading {
                    series,
                    at,
                    event,
                    level: Some(level),
                });
            }
        }
        gained
    }

    /// Takes the levels that an event set out of their timelines again.
    fn unread(&mut self, event: &Event, category: &Category) -> Gained {
        let mut gained = Gained::new();
        for (measure, _) in gauges(event, category) {
            let series = Series::of(event, measure);
            let timeline = self.timelines.entry(series.clone()).or_default();
            if let Some(change) = timeline.remove(event.at, event.event) {
                gained.push((measure.clone(), change));
                let (at, event) = (event.at, event.event);
                self.readings.push(Reading {
                    series,
                    at,
                    event,
                    level: None,
                });
            }
        }
        gained
    }
}

fn gauges<'e>(event: &'e Event, category: &'e Category) -> impl Iterator<Item = (&'e Key, Quantity)> {
    let is_gauge = |name: &Key| {
        category
            .measure(name.as_str())
            .is_some_and(|m| m.kind == MeasureKind::Gauge)
    };
    event
        .measures
        .iter()
        .filter(move |(name, _)| is_gauge(name))
        .map(|(name, level)| (name, *level))
}

impl RatingState for Rating {
    fn running(&self, key: &RatingKey) -> Running {
        self.totals.running(key)
    }

    fn put(&mut self, key: RatingKey, running: Running) {
        self.changed.insert(key.clone());
        self.totals.insert(key, running);
    }
}
