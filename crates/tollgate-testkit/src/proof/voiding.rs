//! Taking everything back: nothing is left of it, whatever became of prices and categories meanwhile.

use super::{apart, reading};
use crate::conformance::in_runtime;
use crate::fixture::{CHAT, DISK, PriceDraft, Sent, at};
use crate::model::charge::Cost;
use crate::model::number::{Exact, MONEY_PLACES, exact, text, whole};
use crate::site::{Opener, Site, change, recorded, stored};
use crate::strategy::{broad_price, instants, price_draft, sent};
use num_traits::{Pow, Signed, Zero};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_core::category::{CategoryParts, MeasureParts};
use tollgate_core::charge::Charge;
use tollgate_core::id::EventId;
use tollgate_core::price::PriceParts;
use tollgate_core::query::QueryParts;
use tollgate_engine::clock::SimulatedClock;
use tollgate_engine::store::{Expected, Store};
use tollgate_engine::{Access, Engine, Options, Status};

/// What happens before everything is taken back.
#[derive(Clone, Debug)]
pub struct Life {
    prices: Vec<PriceDraft>,
    steps: Vec<Step>,
    /// Whether what came last is taken back first.
    backwards: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Record(Vec<Sent>),
    Void(Index),
    Price(PriceDraft),
    Close(Index, Option<&'static str>),
    Gain(Gain),
    Reopen,
}

/// What a category gains.
#[derive(Clone, Copy, Debug)]
enum Gain {
    /// A part of the input, which usage has from then on.
    Part,
    Dimension(&'static str),
    /// The need of a price for `requests`.
    Requests,
}

/// A random life. The time between two readings of a gauge is charged with the one that makes it known, at that one's price:
/// so a gauge has one price here from beginning to end, and no reading is without it.
pub fn life() -> impl Strategy<Value = Life> {
    let counters = || {
        price_draft().prop_filter("a second price of a gauge", |draft| {
            draft.json()["category"] != DISK
        })
    };
    let first = (
        broad_price(CHAT),
        broad_price(DISK),
        proptest::collection::vec(counters(), 0..3),
    );
    let gain = prop_oneof![
        2 => Just(Gain::Part),
        2 => proptest::sample::select(&["session_id", "tool"][..]).prop_map(Gain::Dimension),
        1 => Just(Gain::Requests),
    ];
    let step = prop_oneof![
        8 => proptest::collection::vec(sent().prop_map(reading), 1..5).prop_map(Step::Record),
        3 => any::<Index>().prop_map(Step::Void),
        2 => counters().prop_map(Step::Price),
        2 => (any::<Index>(), proptest::option::of(instants())).prop_map(|(which, until)| Step::Close(which, until)),
        2 => gain.prop_map(Step::Gain),
        1 => Just(Step::Reopen),
    ];
    (first, proptest::collection::vec(step, 1..16), any::<bool>()).prop_map(
        |((chat, disk, more), steps, backwards)| {
            let mut steps = steps;
            let batches = steps.iter_mut().filter_map(|step| match step {
                Step::Record(batch) => Some(batch),
                _ => None,
            });
            let mut uses: Vec<&mut Sent> = batches.flatten().collect();
            for (id, sent) in uses.iter_mut().enumerate() {
                sent.id = id.to_string();
            }
            apart(uses);
            Life {
                prices: [disk, chat].into_iter().chain(more).collect(),
                steps,
                backwards,
            }
        },
    )
}

/// When everything is taken back, every amount is zero, and the same usage costs what it costs on an empty store.
pub fn nothing_is_left<O: Opener>(opener: impl Fn() -> O, life: &Life) {
    in_runtime(async {
        let first = opener();
        let mut living = Living::begin(&first).await;
        for draft in &life.prices {
            living.price(draft).await;
        }
        for step in &life.steps {
            living.step(step).await;
        }
        living.void_everything(life.backwards).await;
        living.check_zero().await;
        let settings = stored(living.store().as_ref()).await;
        // Also as they are read again.
        living.reopen().await;
        let again = living.again().await;
        let empty = opener();
        let fresh = Site::bare(&empty).await;
        let copied = settings
            .into_iter()
            .map(|setting| change(setting.kind, &setting.id, Expected::Absent, Some(setting.body)));
        fresh.store.save_settings(copied.collect()).await.unwrap();
        fresh.clock.set(living.now());
        let mut other = Living {
            sent: living.sent.clone(),
            ..Living::over(&empty, fresh.store, fresh.clock).await
        };
        assert_eq!(again, other.again().await);
    });
}

struct Living<'o> {
    opener: &'o dyn Opener,
    clock: Arc<SimulatedClock>,
    /// Empty only while the store is closed: a data folder has one owner.
    open: Option<(Arc<dyn Store>, Engine)>,
    sent: Vec<Sent>,
    events: Vec<EventId>,
}

impl<'o> Living<'o> {
    async fn begin(opener: &'o dyn Opener) -> Self {
        let site = Site::open(opener).await.organization("beta", "USD").await;
        site.clock.set(at("2027-01-01T00:00:00Z"));
        let Site { store, clock, .. } = site;
        Self::over(opener, store, clock).await
    }

    async fn over(opener: &'o dyn Opener, store: Arc<dyn Store>, clock: Arc<SimulatedClock>) -> Self {
        let engine = engine(&store, &clock).await;
        Self {
            opener,
            clock,
            open: Some((store, engine)),
            sent: Vec::new(),
            events: Vec::new(),
        }
    }

    fn engine(&self) -> &Engine {
        &self.open.as_ref().unwrap().1
    }

    fn store(&self) -> Arc<dyn Store> {
        self.open.as_ref().unwrap().0.clone()
    }

    fn now(&self) -> tollgate_core::time::Timestamp {
        tollgate_engine::clock::Clock::now(self.clock.as_ref())
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Record(batch) => self.record(batch.clone()).await,
            Step::Void(index) if !self.events.is_empty() => self.void(*index.get(&self.events)).await,
            Step::Price(draft) => self.price(draft).await,
            Step::Close(index, until) => self.close(*index, *until).await,
            Step::Gain(gain) => self.gain(*gain).await,
            Step::Reopen => self.reopen().await,
            Step::Void(_) => {}
        }
    }

    async fn record(&mut self, mut batch: Vec<Sent>) {
        let has_part = self.chat().measures.contains_key("part");
        for sent in batch.iter_mut().filter(|sent| has_part && sent.category == CHAT) {
            sent.measures.insert("part".to_owned(), "3".to_owned());
        }
        let drafts = batch.iter().map(Sent::draft).collect();
        let receipts = self.engine().record(drafts, &Access::default()).await.unwrap();
        self.events
            .extend(receipts.iter().map(|receipt| receipt.event.unwrap()));
        self.sent.extend(batch);
    }

    async fn void(&self, event: EventId) {
        let receipt = self.engine().void(event, None, &Access::default()).await.unwrap();
        assert!(
            matches!(receipt.status, Status::Recorded { .. } | Status::Duplicate { .. }),
            "{receipt:?}"
        );
    }

    /// Writes a price, unless it would tie.
    async fn price(&self, draft: &PriceDraft) {
        let parts: PriceParts = serde_json::from_value(draft.json().clone()).unwrap();
        _ = self.engine().create_price(parts, &Access::default()).await;
    }

    /// Gives a price of counters an end, another or none, unless it must not have it.
    async fn close(&self, index: Index, until: Option<&str>) {
        let settings = self.engine().settings();
        let prices = settings.prices.values().map(|record| &record.price);
        let prices: Vec<_> = prices.filter(|price| price.parts().category != DISK).collect();
        if prices.is_empty() {
            return;
        }
        let price = index.get(&prices);
        let parts = PriceParts {
            effective_until: until.map(str::to_owned),
            ..price.parts().clone()
        };
        _ = self
            .engine()
            .update_price(price.id(), parts, Expected::Any, &Access::default())
            .await;
    }

    async fn gain(&self, gain: Gain) {
        let mut parts = self.chat();
        match gain {
            Gain::Part => {
                let part: MeasureParts =
                    serde_json::from_value(json!({"unit": "token", "parent": "input"})).unwrap();
                parts.measures.insert("part".to_owned(), part);
            }
            Gain::Dimension(name) if !parts.dimensions.iter().any(|known| known == name) => {
                parts.dimensions.push(name.to_owned());
            }
            Gain::Dimension(_) => {}
            Gain::Requests => parts.primary = Some("requests".to_owned()),
        }
        self.engine().save_category(parts, Expected::Any).await.unwrap();
    }

    fn chat(&self) -> CategoryParts {
        self.engine()
            .settings()
            .catalog
            .category(CHAT)
            .unwrap()
            .parts()
            .clone()
    }

    async fn reopen(&mut self) {
        if !self.opener.keeps() {
            return;
        }
        self.engine().close().await.unwrap();
        self.open = None;
        let store = self.opener.open(self.clock.clone()).await;
        let engine = engine(&store, &self.clock).await;
        self.open = Some((store, engine));
    }

    async fn void_everything(&self, backwards: bool) {
        let mut events = self.events.clone();
        if backwards {
            events.reverse();
        }
        for event in events {
            self.void(event).await;
        }
    }

    /// Every amount and every cost is zero, price by price; of a gauge's money the roundings may be left.
    async fn check_zero(&self) {
        let (mut sums, mut gauge, mut gauge_lines) = (BTreeMap::<_, Exact>::new(), whole(0), 0);
        for stored in recorded(self.store().as_ref()).await {
            let (organization, cost) = (
                stored.event.scope.organization.to_string(),
                Cost::from(&stored.charge),
            );
            let source = format!("{organization} {:?}", cost.known);
            for (measure, quantity, amount, _) in &cost.lines {
                *sums.entry((source.clone(), measure.clone())).or_default() += exact(quantity);
                if measure == "bytes" {
                    gauge += exact(amount);
                    gauge_lines += 1;
                }
            }
            let of_gauge = cost.lines.iter().filter(|(measure, ..)| measure == "bytes");
            let of_gauge: Exact = of_gauge.map(|(_, _, amount, _)| exact(amount)).sum();
            *sums.entry((source, "cost".to_owned())).or_default() +=
                cost.exact().unwrap_or_default() - of_gauge;
        }
        for (what, sum) in &sums {
            assert!(sum.is_zero(), "{what:?} is {}", text(sum));
        }
        // Half of the last place for each line.
        let bound = whole(gauge_lines) / (whole(2) * whole(10).pow(MONEY_PLACES));
        assert!(
            gauge.abs() <= bound,
            "{} of {gauge_lines} lines of the gauge",
            text(&gauge)
        );
        let answer = self.ask().await;
        // Null where no cost is known at all.
        let cost = answer.get("cost").filter(|cost| *cost != "null");
        assert_eq!(cost.map_or(whole(0), |cost| exact(cost)), gauge);
        let amounts = answer.iter().filter(|(measure, _)| *measure != "cost");
        for (measure, amount) in amounts {
            assert!(exact(amount).is_zero(), "{measure} is {amount}");
        }
        let verification = self.store().verify().await.unwrap();
        assert!(verification.is_clean(), "{:#?}", verification.differences);
    }

    async fn ask(&self) -> BTreeMap<String, String> {
        let question = json!({
            "measures": ["cost", "requests", "input", "output", "cached", "seconds", "reads"],
            "from": "2024-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z",
        });
        let parts: QueryParts = serde_json::from_value(question).unwrap();
        let (_, answer) = self.engine().query(&parts, &Access::default()).await.unwrap();
        crate::model::query::Answered::from(&answer).total
    }

    /// What the same usage costs under other ids.
    async fn again(&mut self) -> Vec<Charge> {
        let batch: Vec<Sent> = self
            .sent
            .iter()
            .map(|sent| sent.clone().id(format!("{} again", sent.id)))
            .collect();
        let drafts = batch.iter().map(Sent::draft).collect();
        let receipts = self.engine().record(drafts, &Access::default()).await.unwrap();
        receipts
            .into_iter()
            .map(|receipt| match receipt.status {
                Status::Recorded { charge, .. } => charge,
                other => panic!("{other:?}"),
            })
            .collect()
    }
}

async fn engine(store: &Arc<dyn Store>, clock: &Arc<SimulatedClock>) -> Engine {
    let options = Options {
        defaults: false,
        ..Options::default()
    };
    Engine::open(store.clone(), clock.clone(), options).await.unwrap()
}
