//! Limits from JSON, uses from words, and what limits say to them.

use serde_json::{Value, json};
use tollgate_core::decision::{Decision, Standing, decide};
use tollgate_core::dimension::Dimensions;
use tollgate_core::event::Event;
use tollgate_core::id::{BudgetId, EventId, PayloadHash, QuotaId};
use tollgate_core::limit::{Amount, Balance, BudgetParts, Limit, LimitBook, Priority, QuotaParts};
use tollgate_core::money::Currency;
use tollgate_core::quantity::Quantity;
use tollgate_core::scope::Scope;
use tollgate_core::text::{Key, Label};

/// A number of a limit's own unit, in its smallest parts: nano-units of a measure, pico-units of money.
pub(crate) fn amount(limit: &Limit, text: &str) -> Amount {
    let decimal = tollgate_core::decimal::Decimal::parse(text).unwrap();
    Amount(decimal.scaled_to(limit.counted.scale()).unwrap())
}

fn merged(mut object: Value, more: Value) -> Value {
    object
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    object
}

/// A quota of `acme` on its requests of all time, with these fields besides or instead.
pub(crate) fn quota(n: u128, fields: Value) -> Limit {
    let whole = json!({"name": format!("q{n}"), "organization": "acme", "measure": "requests", "limit": 10_000, "window": "total"});
    let parts: QuotaParts = serde_json::from_str(&merged(whole, fields).to_string()).unwrap();
    parts
        .judge(QuotaId::from_bits(n))
        .unwrap_or_else(|flaws| panic!("{flaws:#?}"))
}

/// A budget of `acme` in dollars of all time, with these fields besides or instead.
pub(crate) fn budget(n: u128, fields: Value) -> Limit {
    let whole = json!({"name": format!("b{n}"), "organization": "acme", "limit": "10000", "period": "total"});
    let parts: BudgetParts = serde_json::from_str(&merged(whole, fields).to_string()).unwrap();
    parts
        .judge(BudgetId::from_bits(n), Currency::USD)
        .unwrap_or_else(|flaws| panic!("{flaws:#?}"))
}

/// A use from `key=value` words: `org`, `team`, `project`, `user`, `cat`, `at`, and dimensions.
pub(crate) fn usage(words: &str) -> Event {
    let label = |text: &str| Label::parse(text).unwrap();
    let mut dimensions = Vec::new();
    let mut event = Event {
        event: EventId::from_bits(1),
        payload: PayloadHash(0),
        id: label("1"),
        source: label("test"),
        category: "ai.completion".parse().unwrap(),
        scope: Scope {
            organization: label("acme"),
            team: None,
            project: None,
            user: None,
        },
        at: "2026-01-15T12:00:00Z".parse().unwrap(),
        requests: Quantity::ONE,
        measures: Default::default(),
        dimensions: Dimensions::default(),
        metadata: None,
        asserted: None,
        corrects: None,
    };
    for word in words.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap();
        match key {
            "org" => event.scope.organization = label(value),
            "team" => event.scope.team = Some(label(value)),
            "project" => event.scope.project = Some(label(value)),
            "user" => event.scope.user = Some(label(value)),
            "cat" => event.category = value.parse().unwrap(),
            "at" => event.at = value.parse().unwrap(),
            _ => dimensions.push((Key::parse(key).unwrap(), label(value))),
        }
    }
    event.dimensions = Dimensions::from_pairs(dimensions).unwrap();
    event
}

pub(crate) fn book(limits: impl IntoIterator<Item = Limit>) -> LimitBook {
    let mut book = LimitBook::default();
    limits.into_iter().for_each(|limit| book.insert(limit));
    book
}

/// A limit as it stands: what is settled and held, and what a use would add; `?` is not known.
pub(crate) struct Stand(pub(crate) Limit, pub(crate) &'static str, pub(crate) &'static str);

/// What the limits say to a use by a user of `acme`.
pub(crate) fn decided(stands: &[Stand], priority: Priority) -> Decision {
    let event = usage("user=u1 team=t project=p model=m");
    let standings: Vec<Standing> = stands
        .iter()
        .map(|Stand(limit, balance, add)| {
            let concerned = book([limit.clone()]).concerned(&event, event.at);
            let balance = balance.split_once('+').map(|(settled, held)| Balance {
                settled: amount(limit, settled),
                held: amount(limit, held),
            });
            Standing {
                concerned: concerned.into_iter().next().unwrap(),
                balance,
                amount: (*add != "?").then(|| amount(limit, add)),
            }
        })
        .collect();
    decide(&standings, priority)
}
