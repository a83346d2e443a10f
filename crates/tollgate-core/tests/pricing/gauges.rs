//! Gauges: levels held over time.

use crate::ground::{Ground, price};
use crate::random::Dice;
use expect_test::{Expect, expect};
use tollgate_core::id::EventId;
use tollgate_core::price::GaugeTimeline;
use tollgate_core::quantity::Quantity;
use tollgate_core::time::Timestamp;

const PER_GB_MONTH: &str =
    r#"{"components": {"bytes": {"model": "per_unit", "amount": "0.10", "per": "2592000000000000"}}}"#;

#[track_caller]
fn check(json: &str, script: &str, want: Expect) {
    want.assert_eq(&Ground::new([price(1, json)]).play(script));
}

#[test]
fn a_reading_is_charged_for_the_level_before_it() {
    check(
        PER_GB_MONTH,
        "a bytes=1000000000 at=2026-01-01T00:00:00Z
         b bytes=3000000000 at=2026-01-31T00:00:00Z
         c bytes=0 at=2026-02-15T00:00:00Z
         d bytes=5000000000 at=2026-03-01T00:00:00Z",
        expect![[r#"
            a bytes=1000000000 at=2026-01-01T00:00:00Z: 0
            b bytes=3000000000 at=2026-01-31T00:00:00Z: 0.1 (bytes 2592000000000000 → 0.1)
            c bytes=0 at=2026-02-15T00:00:00Z: 0.15 (bytes 3888000000000000 → 0.15)
            d bytes=5000000000 at=2026-03-01T00:00:00Z: 0
        "#]],
    );
}

#[test]
fn a_late_reading_corrects_what_was_charged() {
    check(
        PER_GB_MONTH,
        "a bytes=1000000000 at=2026-01-01T00:00:00Z
         c bytes=0 at=2026-01-31T00:00:00Z
         late_drop bytes=0 at=2026-01-16T00:00:00Z
         late_start bytes=1000000000 at=2025-12-02T00:00:00Z
         void late_drop
         void a
         void c",
        expect![[r#"
            a bytes=1000000000 at=2026-01-01T00:00:00Z: 0
            c bytes=0 at=2026-01-31T00:00:00Z: 0.1 (bytes 2592000000000000 → 0.1)
            late_drop bytes=0 at=2026-01-16T00:00:00Z: -0.05 (bytes -1296000000000000 → -0.05)
            late_start bytes=1000000000 at=2025-12-02T00:00:00Z: 0.1 (bytes 2592000000000000 → 0.1)
            void late_drop: 0.05 (reversed bytes 1296000000000000 → 0.05)
            void a: 0
            void c: -0.2 (reversed bytes -2592000000000000 → -0.1, adjusted bytes -2592000000000000 → -0.1)
        "#]],
    );
}

#[test]
fn series_are_kept_apart_and_the_greater_id_wins_at_one_instant() {
    check(
        PER_GB_MONTH,
        "a bytes=1000000000 at=2026-01-01T00:00:00Z
         other_user bytes=2000000000 at=2026-01-01T00:00:00Z user=u1
         other_class bytes=2000000000 at=2026-01-01T00:00:00Z class=cold
         b bytes=9000000000 at=2026-01-01T00:00:00Z
         end bytes=0 at=2026-01-31T00:00:00Z",
        expect![[r#"
            a bytes=1000000000 at=2026-01-01T00:00:00Z: 0
            other_user bytes=2000000000 at=2026-01-01T00:00:00Z user=u1: 0
            other_class bytes=2000000000 at=2026-01-01T00:00:00Z class=cold: 0
            b bytes=9000000000 at=2026-01-01T00:00:00Z: 0
            end bytes=0 at=2026-01-31T00:00:00Z: 0.9 (bytes 23328000000000000 → 0.9)
        "#]],
    );
}

#[test]
fn tiers_of_a_gauge_give_back_what_a_late_reading_takes_away() {
    check(
        r#"{"period": "total", "components": {"bytes": {"model": "graduated", "per": "100", "tiers": [
            {"up_to": "1000", "unit_amount": "1"}, {"up_to": null, "unit_amount": "0.1"}]}}}"#,
        "a bytes=100 at=2026-01-01T00:00:00Z
         b bytes=100 at=2026-01-01T00:00:08Z
         c bytes=100 at=2026-01-01T00:00:20Z
         late bytes=0 at=2026-01-01T00:00:10Z
         void late
         void c
         void b
         void a",
        expect![[r#"
            a bytes=100 at=2026-01-01T00:00:00Z: 0
            b bytes=100 at=2026-01-01T00:00:08Z: 8 (bytes 800 → 8)
            c bytes=100 at=2026-01-01T00:00:20Z: 3 (bytes 1200 → 3)
            late bytes=0 at=2026-01-01T00:00:10Z: -1 (bytes -1000 → -1)
            void late: 1 (reversed bytes 1000 → 1)
            void c: -3 (reversed bytes -1200 → -3)
            void b: -8 (reversed bytes -800 → -8)
            void a: 0
        "#]],
    );
}

#[test]
fn a_timeline_adds_up_whatever_the_order_of_its_readings() {
    let mut dice = Dice::new(3);
    for _ in 0..500 {
        // Close together, to the microsecond, some at one instant: most gains are no whole number of nano-units.
        let count = 1 + dice.below(12);
        let readings: Vec<(Timestamp, EventId, Quantity)> = (1..=count)
            .map(|number| {
                let at = Timestamp::from_micros(dice.below(5) as i64 * 333_333 + dice.below(3) as i64);
                let level = Quantity::from_nano(dice.below(4) as i128 * 333_333_333);
                (at, EventId::from_bits(number as u128), level)
            })
            .collect();
        let mut sorted = readings.clone();
        sorted.sort();
        let exact: i128 = sorted
            .windows(2)
            .map(|pair| pair[0].2.nano() * i128::from(pair[1].0.micros() - pair[0].0.micros()))
            .sum();
        let mut order = readings.clone();
        dice.shuffle(&mut order);
        let mut line = GaugeTimeline::default();
        let mut sum = Quantity::ZERO;
        for (at, event, level) in &order {
            sum = sum
                .checked_add(line.insert(*at, *event, *level).unwrap())
                .unwrap();
            assert_eq!(line.insert(*at, *event, *level), None, "a reading is in once");
        }
        assert_eq!(line.integral(), Some(sum));
        let off = sum.nano() * 1_000_000 - exact;
        assert!(
            off.abs() <= 500_000,
            "{sum} is not the nearest to {exact} nano-units × microseconds"
        );
        dice.shuffle(&mut order);
        for (at, event, _) in &order {
            sum = sum.checked_add(line.remove(*at, *event).unwrap()).unwrap();
            assert_eq!(line.remove(*at, *event), None, "a reading is taken out once");
        }
        assert_eq!((sum, line.is_empty()), (Quantity::ZERO, true));
    }
}
