//! Whatever was recorded comes back, and nothing else ever does.

use super::{Batch, BatchWriter, Damage, Folded, Head, Sections, Span, Usage, Wanted};
use proptest::prelude::*;
use tollgate_core::charge::{Charge, ChargeLine, LineKind, Unpriced};
use tollgate_core::dimension::Dimensions;
use tollgate_core::event::Event;
use tollgate_core::frame::FrameBuilder;
use tollgate_core::id::{EventId, PayloadHash, PriceId};
use tollgate_core::money::Money;
use tollgate_core::price::{ComponentId, RatingKey, RatingWindow, Running};
use tollgate_core::quantity::Quantity;
use tollgate_core::scope::Scope;
use tollgate_core::text::{CategoryName, Key, Label};
use tollgate_core::time::Timestamp;
use tollgate_engine::ledger::{Changes, Reading, Series};

fn label() -> impl Strategy<Value = Label> {
    prop::sample::select(vec![
        "a",
        "b",
        "acme",
        "Zoë/数",
        "018f6a52-0000-7000-8000-00000000000a",
        "gpt-4o (2024-08-06)",
    ])
    .prop_map(|text| Label::parse(text).unwrap())
}

fn key() -> impl Strategy<Value = Key> {
    prop::sample::select(vec!["alpha", "beta", "gamma", "delta"]).prop_map(|text| Key::parse(text).unwrap())
}

/// Amounts of all sizes, most of them whole.
fn amount() -> impl Strategy<Value = i128> {
    let bound = 10_i128.pow(30);
    prop_oneof![
        (0..5_000_i128).prop_map(|units| units * 1_000_000_000),
        -bound..bound,
        Just(0)
    ]
}

fn charge() -> impl Strategy<Value = Charge> {
    let kind = prop::sample::select(vec![LineKind::Usage, LineKind::Reversal, LineKind::Adjustment]);
    let line = (key(), amount(), amount(), kind).prop_map(|(measure, quantity, pico, kind)| ChargeLine {
        measure,
        quantity: Quantity::from_nano(quantity),
        amount: Money::from_pico(pico).unwrap(),
        kind,
    });
    prop_oneof![
        4 => (0..3_u128, prop::collection::vec(line, 0..4)).prop_map(|(price, lines)| Charge::priced(PriceId::from_bits(price), lines.into())),
        1 => amount().prop_map(|pico| Charge::asserted(Money::from_pico(pico).unwrap())),
        1 => Just(Charge::unpriced(Unpriced::NoPrice)),
        1 => key().prop_map(|measure| Charge::unpriced(Unpriced::NoComponent(measure))),
        1 => Just(Charge::unpriced(Unpriced::TooLarge)),
    ]
}

prop_compose! {
    fn event()(
        bits in any::<u128>(), payload in any::<u64>(), id in label(), source in label(),
        category in prop::sample::select(vec!["ai.completion", "storage", "api"]),
        organization in label(), team in prop::option::of(label()), project in prop::option::of(label()), user in prop::option::of(label()),
        at in prop_oneof![any::<i64>(), 1_700_000_000_000_000..1_700_000_000_900_000_i64],
        requests in amount(),
        measures in prop::collection::btree_map(key(), amount(), 0..3),
        dimensions in prop::collection::btree_map(key(), label(), 0..4),
        (metadata, asserted, corrects) in (prop::option::of("[a-z]{0,40}"), prop::option::of(amount()), prop::option::of(any::<u128>())),
    ) -> Event {
        Event {
            event: EventId::from_bits(bits),
            payload: PayloadHash(payload),
            id,
            source,
            category: CategoryName::parse(category).unwrap(),
            scope: Scope { organization, team, project, user },
            at: Timestamp::from_micros(at),
            requests: Quantity::from_nano(requests),
            measures: measures.into_iter().map(|(key, nano)| (key, Quantity::from_nano(nano))).collect(),
            dimensions: Dimensions::from_pairs(dimensions).unwrap(),
            metadata: metadata.map(String::into_boxed_str),
            asserted: asserted.map(|pico| Money::from_pico(pico).unwrap()),
            corrects: corrects.map(EventId::from_bits),
        }
    }
}

fn recorded() -> impl Strategy<Value = Vec<(Event, Charge)>> {
    prop::collection::vec((event(), charge()), 1..40)
}

fn changes() -> Changes {
    let key = |window| RatingKey {
        organization: Label::parse("acme").unwrap(),
        price: PriceId::from_bits(7),
        component: ComponentId {
            measure: Key::parse("alpha").unwrap(),
            alternative: 2,
        },
        window,
    };
    let running = Running {
        quantity: Quantity::from_nano(-5),
        events: 3,
    };
    let reading = |level| Reading {
        series: Series::from_kept("alpha\u{1f}acme"),
        at: Timestamp::from_micros(-1),
        event: EventId::from_bits(9),
        level,
    };
    Changes {
        totals: vec![
            (key(RatingWindow::Total), running),
            (key(RatingWindow::Month(Timestamp::from_micros(5))), running),
        ],
        readings: vec![reading(None), reading(Some(Quantity::ONE))],
        prices: vec![(PriceId::from_bits(7), Timestamp::from_micros(-5))],
    }
}

fn sealed(recorded: &[(Event, Charge)]) -> (Batch, Head, Sections) {
    let mut writer = BatchWriter::with_capacity(recorded.len());
    recorded
        .iter()
        .for_each(|(event, charge)| writer.push(event, charge));
    let batch = writer.finish();
    let span = Span {
        number: 3,
        first_arrival: 70,
        events: recorded.len() as u32,
        received_at: 5,
        at_min: -1,
        at_max: 1,
    };
    let folded = vec![Folded {
        category: "storage".into(),
        grains: [1, 2],
        version: 4,
    }];
    let sections = Sections::seal(&batch, span, folded.clone(), &changes());
    let checksums = [
        super::seal::crc_of(&sections.usage),
        super::seal::crc_of(&sections.detail),
    ];
    let head = Head {
        span,
        folded,
        changes: changes(),
        identities: batch.identities.clone(),
        checksums,
    };
    (batch, head, sections)
}

fn opened(sections: &Sections) -> Result<(Head, Batch), Damage> {
    let head = Head::open(&sections.head, 3)?;
    let batch = Batch::open(&head, &sections.usage, &sections.detail)?;
    Ok((head, batch))
}

proptest! {
    #[test]
    fn what_was_recorded_comes_back(recorded in recorded()) {
        let (batch, head, sections) = sealed(&recorded);
        let (head_again, again) = opened(&sections).unwrap();
        prop_assert_eq!(head_again, head);
        prop_assert_eq!(&again, &batch);
        let events = again.events();
        for (row, (event, charge)) in recorded.iter().enumerate() {
            let (event_again, charge_again) = events.event(row).unwrap();
            prop_assert_eq!(&event_again, event);
            prop_assert_eq!(&charge_again, charge);
        }
    }

    #[test]
    fn frames_are_those_of_the_plain_builder(recorded in recorded()) {
        let (batch, ..) = sealed(&recorded);
        let mut builder = FrameBuilder::default();
        recorded.iter().for_each(|(event, charge)| builder.push(event, charge));
        let (plain, ids) = (builder.finish(), batch.identities.iter().map(|(event, _)| *event).collect());
        prop_assert_eq!(rows(&batch.usage.frame(ids)), rows(&plain));

        let all: Vec<Key> = batch.usage.dimensions.iter().map(|(key, _)| key.clone()).collect();
        let mut parts: Vec<String> = batch.usage.by_category(|_| all.clone()).iter().flat_map(rows).collect();
        let mut whole = rows(&plain);
        parts.sort();
        whole.sort();
        prop_assert_eq!(parts, whole);
    }

    #[test]
    fn a_flip_or_a_cut_is_an_error_and_never_another_value(recorded in recorded(), place in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let (.., sections) = sealed(&recorded);
        for section in 0..3 {
            let part = |sections: &mut Sections| std::mem::take(match section {
                0 => &mut sections.head,
                1 => &mut sections.usage,
                _ => &mut sections.detail,
            });
            let bytes = part(&mut sections.clone());
            let place = place.index(bytes.len());
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << bit;
            for broken in [flipped, bytes[..place].to_vec()] {
                let mut sections = sections.clone();
                match section {
                    0 => sections.head = broken,
                    1 => sections.usage = broken,
                    _ => sections.detail = broken,
                }
                prop_assert!(opened(&sections).is_err());
            }
        }
    }

    #[test]
    fn garbage_under_a_good_seal_is_an_error_or_nonsense_but_no_panic(recorded in recorded(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        // As if somebody had damaged a section and then sealed it again.
        let (_, head, sections) = sealed(&recorded);
        let broken = |sealed: &[u8]| {
            let mut plain = super::open(sealed).unwrap().0.into_owned();
            flips.iter().for_each(|(place, byte)| {
                let place = place.index(plain.len());
                plain[place] = *byte;
            });
            super::seal(&plain, false)
        };
        let _ = Head::open(&broken(&sections.head), 3);
        if let Ok((usage, _)) = Usage::open(&broken(&sections.usage), head.rows(), &Wanted::All) {
            usage.frame(Vec::new());
            usage.by_category(|_| usage.dimensions.iter().map(|(key, _)| key.clone()).collect());
            let batch = Batch { usage, ..Batch::open(&head, &sections.usage, &sections.detail).unwrap() };
            (0..batch.len()).for_each(|row| drop(batch.events().event(row)));
        }
        if let Ok((detail, _)) = super::Detail::open(&broken(&sections.detail), head.rows()) {
            let batch = Batch { detail, ..Batch::open(&head, &sections.usage, &sections.detail).unwrap() };
            (0..batch.len()).for_each(|row| drop(batch.events().event(row)));
        }
    }
}

/// The rows of a frame with their texts spelled out, whatever the dictionary.
fn rows(frame: &tollgate_core::frame::Frame) -> Vec<String> {
    let text = |column: &[u32], row: usize| frame.texts[column[row] as usize].clone();
    let row = |row: usize| {
        let who = [
            &frame.category,
            &frame.organization,
            &frame.team,
            &frame.project,
            &frame.user,
        ]
        .map(|column| text(column, row));
        let mut dimensions: Vec<_> = frame
            .dimensions
            .iter()
            .map(|(key, column)| (key.clone(), text(column, row)))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        dimensions.sort();
        let mut measures: Vec<_> = frame
            .measures
            .iter()
            .map(|column| (column.name.clone(), column.sum[row], column.carriers[row]))
            .filter(|(_, _, carriers)| *carriers != 0)
            .collect();
        measures.sort();
        let sums = (
            frame.events[row],
            frame.requests[row],
            frame.cost[row],
            frame.priced[row],
        );
        format!("{} {who:?} {dimensions:?} {measures:?} {sums:?}", frame.at[row])
    };
    (0..frame.rows()).map(row).collect()
}
