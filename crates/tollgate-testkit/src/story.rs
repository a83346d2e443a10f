//! Stories: random sequences of steps, told to an engine on the store under test and to the model, and compared at
//! every step.
//!
//! What holds at the end of every story: nothing acknowledged is missing or there twice (I9), every charge is what the
//! model comes to (I11), sums over rollups are sums over events (I8), and none of it depends on where the store was
//! closed and opened again (I7).

use crate::fixture::{CHAT, DISK, PriceDraft, Sent, at};
use crate::model::charge::Cost;
use crate::model::query::Answered;
use crate::model::rule::Rule;
use crate::model::{End, Model};
use crate::site::{Opener, Site, recorded};
use crate::strategy::{ask, broad_price, dense_sent, instants, maybe, price_draft, sent};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use tollgate_core::id::PriceId;
use tollgate_core::price::PriceParts;
use tollgate_core::query::QueryParts;
use tollgate_engine::clock::{Clock, SimulatedClock};
use tollgate_engine::store::{Expected, Store};
use tollgate_engine::{Access, Engine, EngineError, Options, Receipt, Status};

/// One step of a story. What it refers to is found when it is told, so that a shorter story still makes sense.
#[derive(Clone, Debug)]
pub enum Step {
    /// New usage, some of it perhaps under ids that were used.
    Record(Vec<Sent>),
    /// Something sent before, again, together with something new.
    Resend(Vec<Index>, Box<Sent>),
    /// An event taken back.
    Void(Index),
    /// A price more.
    Price(PriceDraft),
    /// A price given an end, another end, or none.
    Close(Index, Option<&'static str>),
    /// Other dimensions declared on the category that most usage is of: what rollups keep changes, no answer does.
    Declare(Vec<&'static str>),
    /// A question: the body of `POST /v1/query`.
    Ask(Body),
    /// The store closed and opened again.
    Reopen,
}

/// JSON that a failing test shows on one line.
#[derive(Clone)]
pub struct Body(pub Value);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A sequence of steps.
#[derive(Clone, Debug)]
pub struct Story {
    /// Whether the second organization pays in another currency than the first.
    pub other_currency: bool,
    /// The steps.
    pub steps: Vec<Step>,
}

/// A random story: some prices to begin with, and whatever comes then.
pub fn story() -> impl Strategy<Value = Story> {
    let broad = (maybe(0.8, broad_price(CHAT)), maybe(0.7, broad_price(DISK)));
    let prices = (broad, proptest::collection::vec(price_draft(), 0..4))
        .prop_map(|((chat, disk), more)| chat.into_iter().chain(disk).chain(more));
    let other_currency = proptest::bool::weighted(0.2);
    (prices, other_currency, proptest::collection::vec(step(), 1..24)).prop_map(
        |(prices, other_currency, steps)| Story {
            other_currency,
            steps: prices.map(Step::Price).chain(steps).collect(),
        },
    )
}

/// A random story of little else than usage in one month under running totals, and of taking it back.
pub fn dense_story() -> impl Strategy<Value = Story> {
    let step = prop_oneof![
        5 => proptest::collection::vec(dense_sent(), 1..4).prop_map(Step::Record),
        3 => any::<Index>().prop_map(Step::Void),
    ];
    (
        broad_price(CHAT),
        broad_price(DISK),
        proptest::collection::vec(step, 1..24),
    )
        .prop_map(|(chat, disk, steps)| Story {
            other_currency: false,
            steps: [Step::Price(chat), Step::Price(disk)]
                .into_iter()
                .chain(steps)
                .collect(),
        })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => proptest::collection::vec(sent(), 1..6).prop_map(Step::Record),
        2 => (proptest::collection::vec(any::<Index>(), 1..4), sent()).prop_map(|(which, new)| Step::Resend(which, Box::new(new))),
        3 => any::<Index>().prop_map(Step::Void),
        3 => price_draft().prop_map(Step::Price),
        2 => (any::<Index>(), maybe(0.7, instants())).prop_map(|(which, until)| Step::Close(which, until)),
        1 => proptest::sample::subsequence(&["model", "region", "session_id"][..], 0..=3).prop_map(Step::Declare),
        4 => ask().prop_map(|question| Step::Ask(Body(question))),
        1 => Just(Step::Reopen),
    ]
}

/// Tells a story to a store and to the model; panics where they differ.
pub async fn tell(opener: &dyn Opener, story: &Story) {
    let mut teller = Teller::new(opener, story.other_currency).await;
    for step in &story.steps {
        teller.step(step).await;
    }
    teller.conclude().await;
}

/// Who tells a story.
struct Teller<'a> {
    opener: &'a dyn Opener,
    clock: Arc<SimulatedClock>,
    /// Empty only while the store is closed: a data folder has one owner.
    open: Option<(Arc<dyn Store>, Engine)>,
    model: Model,
    access: Access,
}

impl<'a> Teller<'a> {
    async fn new(opener: &'a dyn Opener, other_currency: bool) -> Self {
        let beta = if other_currency { "EUR" } else { "USD" };
        let site = Site::open(opener)
            .await
            .organization("acme", "USD")
            .await
            .organization("beta", beta)
            .await;
        // Beyond every instant that usage has, and before the end of some questions.
        site.clock.set(at("2027-01-01T00:00:00Z"));
        let mut model = Model::new(site.settings.catalog.clone(), site.store.identity_key());
        model.set_currency("beta", beta);
        let Site { store, clock, .. } = site;
        let engine = engine(&store, &clock).await;
        Self {
            opener,
            clock,
            open: Some((store, engine)),
            model,
            access: Access::default(),
        }
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Record(batch) => self.record(batch).await,
            Step::Resend(which, new) => {
                let mut batch: Vec<Sent> = Vec::new();
                let sent: Vec<&Sent> = self.model.entries().iter().map(|entry| &entry.sent).collect();
                if !sent.is_empty() {
                    batch.extend(which.iter().map(|index| (*index.get(&sent)).clone()));
                }
                batch.extend([new.as_ref().clone(), new.as_ref().clone()]);
                self.record(&batch).await;
            }
            Step::Void(index) if !self.model.entries().is_empty() => self.void(*index).await,
            Step::Price(draft) => self.price(draft).await,
            Step::Close(index, until) if !self.model.rules().is_empty() => self.close(*index, *until).await,
            Step::Declare(dimensions) => self.declare(dimensions).await,
            Step::Ask(question) => self.ask(&question.0).await,
            Step::Reopen if self.opener.keeps() => self.reopen().await,
            Step::Void(_) | Step::Close(..) | Step::Reopen => {}
        }
    }

    async fn record(&mut self, batch: &[Sent]) {
        let drafts = batch.iter().map(Sent::draft).collect();
        let receipts = self.engine().record(drafts, &self.access).await.unwrap();
        assert_eq!(receipts.len(), batch.len());
        for (sent, receipt) in batch.iter().zip(&receipts) {
            assert_eq!(end(receipt), self.model.record(sent), "{sent:#?}");
            assert_eq!(receipt.event, Some(self.model.event_id(sent)));
        }
    }

    async fn void(&mut self, index: Index) {
        let event = index.get(self.model.entries()).event;
        let answer = self.engine().void(event, None, &self.access).await;
        match (self.model.void(event), answer) {
            (Some(want), Ok(receipt)) => assert_eq!(end(&receipt), want, "void of {event}"),
            (None, Err(EngineError::Invalid(_))) => {}
            (want, answer) => panic!("void of {event} is {answer:?} and should be {want:?}"),
        }
    }

    async fn price(&mut self, draft: &PriceDraft) {
        let ties = self.model.ties(&Rule::new(PriceId::from_bits(0), draft));
        match self
            .engine()
            .create_price(parts(draft.json()), &self.access)
            .await
        {
            Ok((record, 1)) if !ties => self.model.price(record.price.id(), draft),
            Err(EngineError::Invalid(flaws))
                if ties && flaws.iter().all(|flaw| flaw.code.as_str() == "price_tie") => {}
            answer => panic!(
                "a price that {} is {answer:#?}: {draft:#?}",
                if ties { "ties" } else { "does not tie" }
            ),
        }
    }

    async fn close(&mut self, index: Index, until: Option<&str>) {
        let rule = index.get(self.model.rules()).clone();
        let closed = rule.clone().ending(until);
        let is_wrong = until.is_some_and(|until| at(until) <= rule.from) || self.model.ties(&closed);
        let used = self.model.used_until(rule.id);
        let is_late = until.is_some_and(|until| used.is_some_and(|used| at(until) <= used));
        match self
            .engine()
            .update_price(rule.id, parts(closed.json()), Expected::Any, &self.access)
            .await
        {
            Ok(_) if !is_wrong && !is_late => self.model.close(rule.id, until),
            Err(EngineError::Invalid(_)) if is_wrong => {}
            Err(EngineError::InUse(_)) if is_late => {}
            answer => panic!("closing {rule:#?} at {until:?} is {answer:#?}"),
        }
    }

    async fn declare(&self, dimensions: &[&str]) {
        let settings = self.engine().settings();
        let mut parts = settings.catalog.category(CHAT).unwrap().parts().clone();
        parts.dimensions = dimensions.iter().map(ToString::to_string).collect();
        self.engine().save_category(parts, Expected::Any).await.unwrap();
    }

    async fn ask(&self, question: &Value) {
        let parts: QueryParts = serde_json::from_value(question.clone()).unwrap();
        let (_, answer) = self
            .engine()
            .query(&parts, &self.access)
            .await
            .unwrap_or_else(|error| panic!("{question:#}: {error:?}"));
        assert_eq!(
            Answered::from(&answer),
            self.model.answer(question, self.clock.now()),
            "{question:#}"
        );
    }

    async fn reopen(&mut self) {
        self.engine().close().await.unwrap();
        self.open = None;
        let store = self.opener.open(self.clock.clone()).await;
        let engine = engine(&store, &self.clock).await;
        self.open = Some((store, engine));
    }

    fn engine(&self) -> &Engine {
        &self.open.as_ref().unwrap().1
    }

    async fn conclude(&self) {
        let all = json!([
            "cost", "requests", "input", "output", "cached", "seconds", "reads"
        ]);
        for (group, bucket) in [
            ("organization", "month"),
            ("category", "none"),
            ("model", "day"),
            ("session_id", "none"),
        ] {
            self.ask(&json!({
                "measures": all, "group_by": [group], "bucket": bucket, "limit": 10_000,
                "from": "2024-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z",
            }))
            .await;
        }
        for aggregate in ["sum", "avg", "max"] {
            self.ask(&json!({
                "measures": ["bytes", "reads"], "aggregate": aggregate, "group_by": ["user"], "bucket": "day", "limit": 10_000,
                "from": "2026-01-10T12:00:00Z", "to": "2026-02-03T00:00:00Z",
                "filters": [{"field": "category", "op": "eq", "value": DISK}],
            }))
            .await;
        }
        let store = &self.open.as_ref().unwrap().0;
        let stored = recorded(store.as_ref()).await;
        assert_eq!(stored.len(), self.model.entries().len());
        for (place, (stored, entry)) in stored.iter().zip(self.model.entries()).enumerate() {
            assert_eq!(stored.arrival, u64::try_from(place).unwrap());
            assert_eq!(
                (stored.event.event, stored.event.corrects),
                (entry.event, entry.corrects)
            );
            assert_eq!(Cost::from(&stored.charge), entry.rated.cost, "{:#?}", entry.sent);
        }
        let verification = store.verify().await.unwrap();
        assert!(verification.is_clean(), "{:#?}", verification.differences);
    }
}

async fn engine(store: &Arc<dyn Store>, clock: &Arc<SimulatedClock>) -> Engine {
    let options = Options {
        defaults: false,
        ..Options::default()
    };
    Engine::open(store.clone(), clock.clone(), options).await.unwrap()
}

fn parts(json: &Value) -> PriceParts {
    serde_json::from_str(&json.to_string()).unwrap()
}

fn end(receipt: &Receipt) -> End {
    match &receipt.status {
        Status::Recorded { charge, .. } => End::Recorded(charge.into()),
        Status::Duplicate {
            charge: Some(charge), ..
        } => End::Duplicate(charge.into()),
        Status::Conflict => End::Conflict,
        other => panic!("{:?} came to {other:#?}", receipt.id),
    }
}
