//! A ground to play on: a category, a price book, running totals, timelines, and a script of events and voids.

use smallvec::SmallVec;
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;
use tollgate_core::category::{Category, CategoryParts, MeasureKind};
use tollgate_core::charge::{Charge, CostSource, LineKind, Unpriced};
use tollgate_core::dimension::Dimensions;
use tollgate_core::event::Event;
use tollgate_core::id::{EventId, PayloadHash, PriceId};
use tollgate_core::money::Currency;
use tollgate_core::price::{
    GaugeTimeline, Price, PriceBook, PriceParts, RatingKey, Running, Usage, Voided, rate, reverse,
};
use tollgate_core::quantity::Quantity;
use tollgate_core::scope::Scope;
use tollgate_core::text::{Key, Label};

/// A category with parts, a unit of time of every size, and a gauge.
pub(crate) const CATEGORY: &str = r#"{
    "name": "test.use", "unit": "things",
    "measures": {
        "tokens": {"unit": "token"},
        "cached": {"unit": "token", "parent": "tokens"},
        "written": {"unit": "token", "parent": "tokens"},
        "searches": {"unit": "search"},
        "notes": {"unit": "note", "billable": false},
        "drafts": {"unit": "token", "parent": "tokens", "billable": false},
        "ms": {"unit": "millisecond"},
        "ms_idle": {"unit": "second", "parent": "ms"},
        "seconds": {"unit": "seconds"},
        "minutes": {"unit": "minute"},
        "hours": {"unit": "hours"},
        "bytes": {"unit": "byte", "kind": "gauge"},
        "people": {"kind": "unique", "of": "user"}
    }
}"#;

pub(crate) fn category() -> &'static Category {
    static READ: OnceLock<Category> = OnceLock::new();
    READ.get_or_init(|| {
        let parts: CategoryParts = serde_json::from_str(CATEGORY).unwrap();
        parts.try_into().unwrap()
    })
}

/// A price as JSON, with what a test does not care about filled in.
pub(crate) fn parts(json: &str) -> PriceParts {
    let mut price: serde_json::Map<_, _> = serde_json::from_str(json).unwrap();
    for (field, value) in [
        ("category", "test.use"),
        ("currency", "USD"),
        ("effective_from", "2020-01-01T00:00:00Z"),
    ] {
        price.entry(field).or_insert(value.into());
    }
    serde_json::from_value(price.into()).unwrap()
}

pub(crate) fn price(number: u128, json: &str) -> Price {
    Price::new(PriceId::from_bits(number), parts(json), category()).unwrap()
}

/// An event from `key=value` words: measures, `at`, `org`, `user`, and dimensions.
pub(crate) fn event(name: &str, words: &[&str]) -> Event {
    let label = |text: &str| Label::parse(text).unwrap();
    let mut measures = SmallVec::new();
    let mut dimensions = Vec::new();
    let mut event = Event {
        event: EventId::from_bits(name.bytes().fold(0, |id, byte| id << 8 | u128::from(byte))),
        payload: PayloadHash(0),
        id: label(name),
        source: label("test"),
        category: category().name().clone(),
        scope: Scope {
            organization: label("acme"),
            team: None,
            project: None,
            user: None,
        },
        at: "2026-01-15T12:00:00Z".parse().unwrap(),
        requests: Quantity::ONE,
        measures: SmallVec::new(),
        dimensions: Dimensions::default(),
        metadata: None,
        asserted: None,
        corrects: None,
    };
    for word in words {
        let (key, value) = word.split_once('=').unwrap();
        match key {
            "at" => event.at = value.parse().unwrap(),
            "org" => event.scope.organization = label(value),
            "user" => event.scope.user = Some(label(value)),
            "cost" => event.asserted = Some(value.parse().unwrap()),
            "requests" => event.requests = value.parse().unwrap(),
            _ if category().measure(key).is_some() => {
                measures.push((Key::parse(key).unwrap(), value.parse().unwrap()));
            }
            _ => dimensions.push((Key::parse(key).unwrap(), label(value))),
        }
    }
    measures.sort();
    event.measures = measures;
    event.dimensions = Dimensions::from_pairs(dimensions).unwrap();
    event
}

/// What an engine keeps for rating.
pub(crate) struct Ground {
    pub(crate) book: PriceBook,
    pub(crate) state: HashMap<RatingKey, Running>,
    timelines: HashMap<String, GaugeTimeline>,
    charged: BTreeMap<String, (Event, Charge)>,
}

impl Ground {
    pub(crate) fn new(prices: impl IntoIterator<Item = Price>) -> Self {
        let mut book = PriceBook::default();
        for price in prices {
            book.check(&price).unwrap();
            book.insert(price);
        }
        Self {
            book,
            state: HashMap::new(),
            timelines: HashMap::new(),
            charged: BTreeMap::new(),
        }
    }

    pub(crate) fn record(&mut self, event: Event) -> Charge {
        let gained = self.gauges(&event, GaugeTimeline::insert);
        let usage = Usage {
            event: &event,
            gained: &gained,
        };
        let charge = match (self.book.price_for(&event, Currency::USD), event.asserted) {
            (Some(price), _) => rate(price, category(), usage, &mut self.state),
            (None, Some(cost)) => Charge::asserted(cost),
            (None, None) => Charge::unpriced(Unpriced::NoPrice),
        };
        self.charged.insert(event.id.to_string(), (event, charge.clone()));
        charge
    }

    pub(crate) fn void(&mut self, name: &str) -> Charge {
        let (event, charge) = self.charged.remove(name).unwrap();
        let gained = self.gauges(&event, |line, at, event, _| line.remove(at, event));
        let usage = Usage {
            event: &event,
            gained: &gained,
        };
        let voided = Voided {
            usage,
            charge: &charge,
        };
        reverse(&self.book, category(), voided, &mut self.state)
    }

    fn gauges(
        &mut self,
        event: &Event,
        change: fn(&mut GaugeTimeline, tollgate_core::time::Timestamp, EventId, Quantity) -> Option<Quantity>,
    ) -> Vec<(Key, Quantity)> {
        let mut gained = Vec::new();
        for (key, level) in &event.measures {
            if category().measure(key.as_str()).unwrap().kind == MeasureKind::Gauge {
                let series = format!("{:?} {:?} {key}", event.scope, event.dimensions);
                let line = self.timelines.entry(series).or_default();
                gained.push((key.clone(), change(line, event.at, event.event, *level).unwrap()));
            }
        }
        gained
    }

    /// Plays a script of `name key=value…`, `void name` and `total`, and writes what each line costs.
    pub(crate) fn play(&mut self, script: &str) -> String {
        let mut out = String::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let answer = match words.as_slice() {
                ["void", name] => show(&self.void(name)),
                ["close", number, until] => {
                    let id = PriceId::from_bits(number.parse().unwrap());
                    let closed = self.book.close(id, until.parse().unwrap());
                    closed.map_or_else(|flaw| flaw.detail, |()| "closed".to_owned())
                }
                [name, rest @ ..] => show(&self.record(event(name, rest))),
                [] => continue,
            };
            out.push_str(&format!("{line}: {answer}\n"));
        }
        out
    }
}

/// A charge in a line.
pub(crate) fn show(charge: &Charge) -> String {
    let cost = match (&charge.source, charge.cost) {
        (CostSource::Unpriced(reason), _) => match reason {
            Unpriced::NoComponent(measure) => format!("unpriced, no component for {measure}"),
            other => format!("unpriced, {}", other.as_str()),
        },
        (CostSource::Asserted, cost) => format!("{} asserted", cost.unwrap()),
        (CostSource::Priced(_), cost) => cost.unwrap().to_string(),
    };
    let lines: Vec<String> = charge
        .lines
        .iter()
        .map(|line| {
            let kind = match line.kind {
                LineKind::Usage => "",
                LineKind::Reversal => "reversed ",
                LineKind::Adjustment => "adjusted ",
            };
            format!("{kind}{} {} → {}", line.measure, line.quantity, line.amount)
        })
        .collect();
    match lines.is_empty() {
        true => cost,
        false => format!("{cost} ({})", lines.join(", ")),
    }
}
