//! I17: what one organization does changes no answer of another.

use super::{apart, priced};
use crate::conformance::in_runtime;
use crate::fixture::{CHAT, PriceDraft, Sent};
use crate::model::charge::Cost;
use crate::model::query::Answered;
use crate::site::{Opener, cost_of};
use crate::story::Body;
use crate::strategy::{ask, broad_price, price_draft, sent};
use proptest::prelude::*;
use serde_json::json;
use tollgate_core::event::Event;

/// What two organizations do, and what one of them asks.
#[derive(Clone, Debug)]
pub struct Pair {
    prices: Vec<PriceDraft>,
    batches: Vec<Vec<Sent>>,
    /// Which batches are taken back.
    voided: Vec<bool>,
    questions: Vec<Body>,
}

/// Two organizations that record, take back, and use the same ids.
pub fn pair() -> impl Strategy<Value = Pair> {
    let batches = proptest::collection::vec(proptest::collection::vec(sent(), 1..6), 1..8);
    let prices = (broad_price(CHAT), proptest::collection::vec(price_draft(), 0..4));
    let questions = proptest::collection::vec(ask().prop_map(Body), 1..4);
    let voided = proptest::collection::vec(any::<bool>(), 8);
    (prices, batches, voided, questions).prop_map(|((chat, more), batches, voided, questions)| Pair {
        prices: [chat].into_iter().chain(more).collect(),
        batches: batches_apart(batches),
        voided,
        questions,
    })
}

fn batches_apart(mut batches: Vec<Vec<Sent>>) -> Vec<Vec<Sent>> {
    apart(batches.iter_mut().flatten());
    batches
}

/// An organization gets the same receipts, events and answers whether or not there is another.
pub fn organizations_are_apart<O: Opener>(opener: impl Fn() -> O, pair: &Pair) {
    let of_acme = |sent: &&Sent| sent.organization == "acme";
    let batches = pair
        .batches
        .iter()
        .map(|batch| batch.iter().filter(of_acme).cloned().collect());
    let alone = Pair {
        batches: batches.collect(),
        ..pair.clone()
    };
    let [together, alone] = [pair, &alone].map(|pair| in_runtime(what_acme_sees(&opener(), pair)));
    assert_eq!(together.ends, alone.ends);
    assert_eq!(together.events, alone.events);
    for ((together, alone), question) in together.answers.iter().zip(&alone.answers).zip(&pair.questions) {
        assert_eq!(together, alone, "{question:?}");
    }
}

/// What becomes of everything that `acme` sends, its events, and its answers.
#[derive(Debug)]
struct Seen {
    ends: Vec<Option<Cost>>,
    events: Vec<(String, Cost)>,
    answers: Vec<Answered>,
}

async fn what_acme_sees(opener: &dyn Opener, pair: &Pair) -> Seen {
    let site = priced(opener, &pair.prices).await;
    let mut ends = Vec::new();
    for (batch, voided) in pair.batches.iter().zip(&pair.voided) {
        let outcomes = site.record(batch).await;
        for (sent, outcome) in batch.iter().zip(&outcomes) {
            let void = if *voided {
                cost_of(&site.void(sent).await)
            } else {
                None
            };
            if sent.organization == "acme" {
                ends.extend([cost_of(outcome), void]);
            }
        }
    }
    let events = site.recorded().await;
    let mine = events
        .iter()
        .filter(|stored| stored.event.scope.organization.as_str() == "acme");
    // The id of a void is made from that of its event, which every store makes with a key of its own.
    let id = |event: &Event| {
        event
            .corrects
            .map_or_else(|| event.id.to_string(), |_| "void".to_owned())
    };
    let events = mine
        .map(|stored| (id(&stored.event), Cost::from(&stored.charge)))
        .collect();
    let mut answers = Vec::new();
    for question in &pair.questions {
        let mut question = question.0.clone();
        let own = json!({"field": "organization", "op": "eq", "value": "acme"});
        question["filters"].as_array_mut().unwrap().push(own);
        answers.push(site.ask(&question).await);
    }
    Seen {
        ends,
        events,
        answers,
    }
}
