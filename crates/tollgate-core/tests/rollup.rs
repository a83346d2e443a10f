//! Rollups against a naive fold, whatever the order and however the usage is cut into parts.
#![allow(clippy::unwrap_used, reason = "a test that cannot make its input fails")]

use proptest::prelude::*;
use std::collections::BTreeMap;
use tollgate_core::category::{Category, CategoryParts};
use tollgate_core::charge::{Charge, Unpriced};
use tollgate_core::dimension::Dimensions;
use tollgate_core::event::Event;
use tollgate_core::frame::{ABSENT, Frame, FrameBuilder};
use tollgate_core::id::{EventId, PayloadHash};
use tollgate_core::money::Money;
use tollgate_core::quantity::Quantity;
use tollgate_core::rollup::{Cells, DAY_MICROS, Grain, RollupSet, bucket_start, day_of};
use tollgate_core::scope::Scope;
use tollgate_core::text::{CategoryName, Key, Label};
use tollgate_core::time::Timestamp;

const CATEGORY: &str = r#"{"name": "ai.completion", "unit": "tokens", "dimensions": ["model", "action"],
    "measures": {"input": {}, "output": {}, "level": {"kind": "gauge"}}}"#;

fn grains() -> [Grain; 2] {
    let parts: CategoryParts = serde_json::from_str(CATEGORY).unwrap();
    Grain::of(&Category::try_from(parts).unwrap())
}

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

#[derive(Clone, Debug)]
struct Usage {
    at: i64,
    who: (u8, Option<u8>, Option<u8>),
    dimensions: Vec<(&'static str, u8)>,
    measures: Vec<(&'static str, i32)>,
    cost: Option<i32>,
    void: bool,
}

fn usage() -> impl Strategy<Value = Usage> {
    let some = || prop::option::of(0..3_u8);
    let dimensions = prop::collection::btree_map(
        prop::sample::select(vec!["model", "action", "other"]),
        0..3_u8,
        0..3,
    );
    let measures = prop::collection::btree_map(
        prop::sample::select(vec!["input", "output", "level"]),
        any::<i32>(),
        0..3,
    );
    let day = DAY_MICROS;
    (
        -day..2 * day,
        (0..2_u8, some(), some()),
        dimensions,
        measures,
        prop::option::of(any::<i32>()),
        any::<bool>(),
    )
        .prop_map(|(at, who, dimensions, measures, cost, void)| Usage {
            at,
            who,
            dimensions: dimensions.into_iter().collect(),
            measures: measures.into_iter().collect(),
            cost,
            void,
        })
}

fn frame(usages: &[Usage]) -> Frame {
    let mut builder = FrameBuilder::default();
    for (index, usage) in usages.iter().enumerate() {
        let id = EventId::from_bits(index as u128);
        let event = Event {
            event: id,
            payload: PayloadHash(0),
            id: label("x"),
            source: label("api"),
            category: CategoryName::parse("ai.completion").unwrap(),
            scope: Scope {
                organization: label(&format!("o{}", usage.who.0)),
                team: usage.who.1.map(|team| label(&format!("t{team}"))),
                project: None,
                user: usage.who.2.map(|user| label(&format!("u{user}"))),
            },
            at: Timestamp::from_micros(usage.at),
            requests: Quantity::ONE,
            measures: usage
                .measures
                .iter()
                .map(|(name, n)| (key(name), Quantity::from_nano((*n).into())))
                .collect(),
            dimensions: Dimensions::from_pairs(
                usage
                    .dimensions
                    .iter()
                    .map(|(name, value)| (key(name), label(&format!("v{value}")))),
            )
            .unwrap(),
            metadata: None,
            asserted: None,
            corrects: usage.void.then_some(id),
        };
        let charge = match usage.cost {
            Some(cost) => Charge::asserted(Money::from_pico(cost.into()).unwrap()),
            None => Charge::unpriced(Unpriced::NoPrice),
        };
        builder.push(&event, &charge);
    }
    builder.finish()
}

/// Sums by bucket and texts: events, requests, cost, priced, then each measure.
type Sums = BTreeMap<(i64, Vec<String>), BTreeMap<String, (i128, i64)>>;

fn sums(frame: &Frame, grain: &Grain) -> Sums {
    let mut sums = Sums::new();
    let text = |column: &[u32], row: usize| match column.get(row) {
        Some(&code) if code != ABSENT => frame.texts[code as usize].to_string(),
        _ => String::new(),
    };
    for row in 0..frame.rows() {
        let mut who = vec![
            text(&frame.organization, row),
            text(&frame.team, row),
            text(&frame.project, row),
        ];
        if grain.set == RollupSet::Scope {
            who.push(text(&frame.user, row));
        }
        for dimension in &grain.dimensions {
            let column = frame.dimensions.iter().find(|(name, _)| name == dimension);
            who.push(column.map_or(String::new(), |(_, column)| text(column, row)));
        }
        let cell = sums.entry((bucket_start(frame.at[row]), who)).or_default();
        let mut add = |name: &str, sum: i128, count: i64| {
            let entry = cell.entry(name.to_owned()).or_default();
            *entry = (entry.0 + sum, entry.1 + count);
        };
        add("events", frame.requests[row], frame.events[row]);
        add("cost", frame.cost[row], frame.priced[row]);
        for measure in frame
            .measures
            .iter()
            .filter(|measure| !grain.left_out.contains(&measure.name))
        {
            // A measure that nobody carried and one that was never a column are the same thing.
            if measure.sum[row] != 0 || measure.carriers[row] != 0 {
                add(measure.name.as_str(), measure.sum[row], measure.carriers[row]);
            }
        }
    }
    for cell in sums.values_mut() {
        cell.retain(|name, sum| ["events", "cost"].contains(&name.as_str()) || *sum != (0, 0));
    }
    sums
}

proptest! {
    #[test]
    fn folding_in_any_parts_gives_the_naive_sums(usages in prop::collection::vec(usage(), 0..60), cut in any::<prop::sample::Index>()) {
        for grain in grains() {
            let mut cells = Cells::new(grain.clone());
            let cut = cut.index(usages.len() + 1);
            let mut later = Cells::new(grain.clone());
            cells.add(&frame(&usages[cut..]));
            later.add(&frame(&usages[..cut]));
            cells.add(later.frame());
            let want = sums(&frame(&usages), &grain);
            prop_assert_eq!(sums(cells.frame(), &grain), want.clone());
            prop_assert_eq!(cells.len(), want.len());

            let mut days = Sums::new();
            for (day, part) in cells.by_day() {
                prop_assert!(part.at.iter().all(|at| day_of(*at) == day));
                days.extend(sums(&part, &grain));
            }
            prop_assert_eq!(days, want);
        }
    }

    #[test]
    fn taking_the_same_usage_back_leaves_nothing(usages in prop::collection::vec(usage(), 1..40)) {
        for grain in grains() {
            let mut cells = Cells::new(grain.clone());
            cells.add(&frame(&usages));
            cells.take_back(&frame(&usages));
            let left = cells.frame();
            prop_assert!(left.events.iter().chain(&left.priced).all(|count| *count == 0));
            prop_assert!(left.requests.iter().chain(&left.cost).all(|sum| *sum == 0));
            prop_assert!(left.measures.iter().all(|column| column.sum.iter().all(|sum| *sum == 0)));
            prop_assert!(!left.measures.iter().any(|column| column.name.as_str() == "level"));
        }
    }
}

#[test]
fn a_bucket_begins_at_each_quarter_of_an_hour_also_before_1970() {
    let minute = 60_000_000;
    for (at, start) in [
        (0, 0),
        (15 * minute - 1, 0),
        (15 * minute, 15 * minute),
        (-1, -15 * minute),
        (-15 * minute, -15 * minute),
    ] {
        assert_eq!(bucket_start(at), start, "{at}");
    }
    assert_eq!((day_of(-1), day_of(0), day_of(DAY_MICROS)), (-1, 0, 1));
}
