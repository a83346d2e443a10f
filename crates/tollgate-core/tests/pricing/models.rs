//! Every model at its edges.

use crate::ground::{Ground, price};
use expect_test::{Expect, expect};

/// Plays a script at one price with these components.
#[track_caller]
fn check(components: &str, script: &str, want: Expect) {
    let price = price(1, &format!(r#"{{"components": {components}}}"#));
    want.assert_eq(&Ground::new([price]).play(script));
}

#[test]
fn rates_cost_each_event_by_itself_and_round_once_half_even() {
    check(
        r#"{"tokens": {"model": "per_unit", "amount": "0.000000000001"}, "searches": {"model": "per_thousand", "amount": "10"}}"#,
        "nothing
         zero tokens=0
         one tokens=1
         half tokens=0.5
         three_halves tokens=1.5
         five_halves tokens=2.5
         both tokens=3 searches=1
         most tokens=1000000000000000000",
        expect![[r#"
            nothing: 0
            zero tokens=0: 0
            one tokens=1: 0.000000000001 (tokens 1 → 0.000000000001)
            half tokens=0.5: 0 (tokens 0.5 → 0)
            three_halves tokens=1.5: 0.000000000002 (tokens 1.5 → 0.000000000002)
            five_halves tokens=2.5: 0.000000000002 (tokens 2.5 → 0.000000000002)
            both tokens=3 searches=1: 0.010000000003 (searches 1 → 0.01, tokens 3 → 0.000000000003)
            most tokens=1000000000000000000: 1000000 (tokens 1000000000000000000 → 1000000)
        "#]],
    );
    check(
        r#"{"tokens": {"model": "per_million", "amount": "2.50"}, "searches": {"model": "per_unit", "amount": "1", "per": "3"}}"#,
        "tokens tokens=812
         third searches=1
         thirds searches=2
         whole searches=3",
        expect![[r#"
            tokens tokens=812: 0.00203 (tokens 812 → 0.00203)
            third searches=1: 0.333333333333 (searches 1 → 0.333333333333)
            thirds searches=2: 0.666666666667 (searches 2 → 0.666666666667)
            whole searches=3: 1 (searches 3 → 1)
        "#]],
    );
}

#[test]
fn time_is_converted_from_the_unit_the_measure_declares() {
    check(
        r#"{"ms": {"model": "per_minute", "amount": "6"}, "seconds": {"model": "per_minute", "amount": "6"},
            "minutes": {"model": "per_minute", "amount": "6"}, "hours": {"model": "per_minute", "amount": "6"}}"#,
        "a ms=1
         b ms=60000
         c seconds=90
         d minutes=1.5
         e hours=2",
        expect![[r#"
            a ms=1: 0.0001 (ms 1 → 0.0001)
            b ms=60000: 6 (ms 60000 → 6)
            c seconds=90: 9 (seconds 90 → 9)
            d minutes=1.5: 9 (minutes 1.5 → 9)
            e hours=2: 720 (hours 2 → 720)
        "#]],
    );
    check(
        r#"{"ms": {"model": "per_second", "amount": "1"}, "seconds": {"model": "per_second", "amount": "1"},
            "minutes": {"model": "per_second", "amount": "1"}, "hours": {"model": "per_second", "amount": "1"}}"#,
        "a ms=1
         b seconds=1
         c minutes=1
         d hours=1",
        expect![[r#"
            a ms=1: 0.001 (ms 1 → 0.001)
            b seconds=1: 1 (seconds 1 → 1)
            c minutes=1: 60 (minutes 1 → 60)
            d hours=1: 3600 (hours 1 → 3600)
        "#]],
    );
}

#[test]
fn requests_and_events_are_charged_where_the_measure_is_used() {
    check(
        r#"{"tokens": {"model": "per_request", "amount": "0.01"}, "searches": {"model": "flat", "amount": "0.5"}}"#,
        "none
         tokens tokens=7
         many tokens=7 requests=20
         zero tokens=0 searches=0
         searches searches=9 requests=20
         part_only cached=5
         both_once tokens=1 cached=5 written=2",
        expect![[r#"
            none: 0
            tokens tokens=7: 0.01 (tokens 7 → 0.01)
            many tokens=7 requests=20: 0.2 (tokens 7 → 0.2)
            zero tokens=0 searches=0: 0
            searches searches=9 requests=20: 0.5 (searches 9 → 0.5)
            part_only cached=5: 0.01 (cached 5 → 0.01)
            both_once tokens=1 cached=5 written=2: 0.01 (cached 5 → 0.01)
        "#]],
    );
}

const GRADUATED: &str = r#"{"tokens": {"model": "graduated", "tiers": [
    {"up_to": "10", "unit_amount": "10", "flat_amount": "2"},
    {"up_to": "20", "unit_amount": "5", "flat_amount": "3"},
    {"up_to": null, "unit_amount": "1", "flat_amount": "0.5"}]}}"#;

#[test]
fn graduated_tiers_include_their_upper_bound() {
    for (quantity, want) in [
        ("0", "0"),
        ("0.000000001", "2.00000001"),
        ("1", "12"),
        ("10", "102"),
        ("10.000000001", "105.000000005"),
        ("20", "155"),
        ("20.5", "156"),
        ("1000", "1135.5"),
    ] {
        let mut ground = Ground::new([price(1, &format!(r#"{{"components": {GRADUATED}}}"#))]);
        let charge = ground.record(crate::ground::event("a", &[&format!("tokens={quantity}")]));
        assert_eq!(charge.cost.unwrap().to_string(), want, "{quantity}");
    }
}

#[test]
fn graduated_events_cost_what_the_total_gains() {
    check(
        GRADUATED,
        "a tokens=9
         b tokens=2
         c tokens=9
         d tokens=100
         next_month tokens=9 at=2026-02-01T00:00:00Z
         last_instant tokens=1 at=2026-01-31T23:59:59.999999Z
         other_organization tokens=9 org=globex",
        expect![[r#"
            a tokens=9: 92 (tokens 9 → 92)
            b tokens=2: 18 (tokens 2 → 18)
            c tokens=9: 45 (tokens 9 → 45)
            d tokens=100: 100.5 (tokens 100 → 100.5)
            next_month tokens=9 at=2026-02-01T00:00:00Z: 92 (tokens 9 → 92)
            last_instant tokens=1 at=2026-01-31T23:59:59.999999Z: 1 (tokens 1 → 1)
            other_organization tokens=9 org=globex: 92 (tokens 9 → 92)
        "#]],
    );
}

#[test]
fn volume_may_step_down() {
    check(
        r#"{"tokens": {"model": "volume", "tiers": [
            {"up_to": "100", "unit_amount": "2", "flat_amount": "10"},
            {"up_to": "200", "unit_amount": "1"},
            {"up_to": null, "unit_amount": "0.5", "flat_amount": "50"}]}}"#,
        "a tokens=1
         b tokens=99
         c tokens=0.5
         d tokens=99.5
         e tokens=1",
        expect![[r#"
            a tokens=1: 12 (tokens 1 → 12)
            b tokens=99: 198 (tokens 99 → 198)
            c tokens=0.5: -109.5 (tokens 0.5 → -109.5)
            d tokens=99.5: 99.5 (tokens 99.5 → 99.5)
            e tokens=1: -49.5 (tokens 1 → -49.5)
        "#]],
    );
}

#[test]
fn packages_are_counted_over_the_total() {
    let package =
        |more: &str| format!(r#"{{"tokens": {{"model": "package", "amount": "15", "size": "10"{more}}}}}"#);
    let script = "a tokens=0
         b tokens=17
         c tokens=3
         d tokens=0.000000001
         e tokens=100";
    check(
        &package(""),
        script,
        expect![[r#"
        a tokens=0: 0
        b tokens=17: 30 (tokens 17 → 30)
        c tokens=3: 0 (tokens 3 → 0)
        d tokens=0.000000001: 15 (tokens 0.000000001 → 15)
        e tokens=100: 150 (tokens 100 → 150)
    "#]],
    );
    check(
        &package(r#", "round": "down""#),
        script,
        expect![[r#"
        a tokens=0: 0
        b tokens=17: 15 (tokens 17 → 15)
        c tokens=3: 15 (tokens 3 → 15)
        d tokens=0.000000001: 0 (tokens 0.000000001 → 0)
        e tokens=100: 150 (tokens 100 → 150)
    "#]],
    );
    check(
        &package(r#", "free_units": "18""#),
        script,
        expect![[r#"
        a tokens=0: 0
        b tokens=17: 0 (tokens 17 → 0)
        c tokens=3: 15 (tokens 3 → 15)
        d tokens=0.000000001: 0 (tokens 0.000000001 → 0)
        e tokens=100: 150 (tokens 100 → 150)
    "#]],
    );
}

#[test]
fn a_stated_use_of_zero_costs_the_first_flat_amount_only_where_the_price_says_so() {
    let tiers = |zero: &str| {
        format!(
            r#"{{"tokens": {{"model": "graduated", "zero_usage": "{zero}", "tiers": [
                {{"up_to": "5", "flat_amount": "100"}}, {{"up_to": null, "unit_amount": "1"}}]}}}}"#
        )
    };
    let script = "unstated
         stated tokens=0
         again tokens=0
         used tokens=5
         beyond tokens=2";
    check(
        &tiers("free"),
        script,
        expect![[r#"
        unstated: 0
        stated tokens=0: 0
        again tokens=0: 0
        used tokens=5: 100 (tokens 5 → 100)
        beyond tokens=2: 2 (tokens 2 → 2)
    "#]],
    );
    check(
        &tiers("flat"),
        script,
        expect![[r#"
        unstated: 0
        stated tokens=0: 100 (tokens 0 → 100)
        again tokens=0: 0 (tokens 0 → 0)
        used tokens=5: 0 (tokens 5 → 0)
        beyond tokens=2: 2 (tokens 2 → 2)
    "#]],
    );
}

#[test]
fn tiers_may_be_for_many_units_and_end_with_the_event_or_never() {
    let tiers = |period: &str| {
        format!(
            r#"{{"tokens": {{"model": "graduated", "per": "1000000", "period": "{period}", "tiers": [
                {{"up_to": "1000000", "unit_amount": "3"}}, {{"up_to": null, "unit_amount": "1"}}]}}}}"#
        )
    };
    let script = "a tokens=900000
         b tokens=900000 at=2026-03-01T00:00:00Z
         parts tokens=500000 cached=500000 written=100000";
    check(
        &tiers("event"),
        script,
        expect![[r#"
        a tokens=900000: 2.7 (tokens 900000 → 2.7)
        b tokens=900000 at=2026-03-01T00:00:00Z: 2.7 (tokens 900000 → 2.7)
        parts tokens=500000 cached=500000 written=100000: 3.1 (cached 500000 → 1.5, tokens 500000 → 1.5, written 100000 → 0.1)
    "#]],
    );
    check(
        &tiers("total"),
        script,
        expect![[r#"
        a tokens=900000: 2.7 (tokens 900000 → 2.7)
        b tokens=900000 at=2026-03-01T00:00:00Z: 1.1 (tokens 900000 → 1.1)
        parts tokens=500000 cached=500000 written=100000: 1.1 (cached 500000 → 0.5, tokens 500000 → 0.5, written 100000 → 0.1)
    "#]],
    );
    check(
        &tiers("month"),
        script,
        expect![[r#"
        a tokens=900000: 2.7 (tokens 900000 → 2.7)
        b tokens=900000 at=2026-03-01T00:00:00Z: 2.7 (tokens 900000 → 2.7)
        parts tokens=500000 cached=500000 written=100000: 1.3 (cached 500000 → 0.7, tokens 500000 → 0.5, written 100000 → 0.1)
    "#]],
    );
}

#[test]
fn parts_cost_what_their_parent_costs_and_move_its_total() {
    check(
        r#"{"tokens": {"model": "graduated", "tiers": [{"up_to": "10", "unit_amount": "5"}, {"up_to": null, "unit_amount": "1"}]},
            "written": {"model": "per_unit", "amount": "100"}}"#,
        "a tokens=4 cached=4 written=1
         b cached=4
         c tokens=1
         not_billable drafts=5
         other_parent ms=1",
        expect![[r#"
            a tokens=4 cached=4 written=1: 140 (cached 4 → 20, tokens 4 → 20, written 1 → 100)
            b cached=4: 12 (cached 4 → 12)
            c tokens=1: 1 (tokens 1 → 1)
            not_billable drafts=5: 0
            other_parent ms=1: unpriced, no component for ms
        "#]],
    );
    // A part in another unit of time is not what its parent's price was made for.
    check(
        r#"{"ms": {"model": "per_second", "amount": "1"}}"#,
        "a ms=500
         b ms=500 ms_idle=1",
        expect![[r#"
            a ms=500: 0.5 (ms 500 → 0.5)
            b ms=500 ms_idle=1: unpriced, no component for ms_idle
        "#]],
    );
}

#[test]
fn what_is_billable_and_has_no_component_leaves_the_event_unpriced_and_the_totals_alone() {
    check(
        r#"{"tokens": {"model": "package", "amount": "1", "size": "10"}}"#,
        "a tokens=5
         b tokens=5 searches=1
         c tokens=5
         zero_is_no_use tokens=5 searches=0
         notes_are_not_billable tokens=1 notes=9
         stated_by_the_caller tokens=1 cost=12.5",
        expect![[r#"
            a tokens=5: 1 (tokens 5 → 1)
            b tokens=5 searches=1: unpriced, no component for searches
            c tokens=5: 0 (tokens 5 → 0)
            zero_is_no_use tokens=5 searches=0: 1 (tokens 5 → 1)
            notes_are_not_billable tokens=1 notes=9: 0 (tokens 1 → 0)
            stated_by_the_caller tokens=1 cost=12.5: 12.5 asserted
        "#]],
    );
    check(
        r#"{"notes": {"model": "per_unit", "amount": "2"}}"#,
        "priced_by_name notes=9",
        expect![[r#"
            priced_by_name notes=9: 18 (notes 9 → 18)
        "#]],
    );
}

#[test]
fn a_cost_that_does_not_fit_is_unpriced_and_never_wraps() {
    check(
        r#"{"tokens": {"model": "per_unit", "amount": "999999999999999999"},
            "searches": {"model": "graduated", "tiers": [{"up_to": null, "unit_amount": "0.001"}]}}"#,
        "too_large tokens=1000000000000000000
         as_large_as_it_gets searches=999999999999999999
         at_the_bound searches=1000000000000000000",
        expect![[r#"
            too_large tokens=1000000000000000000: unpriced, cost_too_large
            as_large_as_it_gets searches=999999999999999999: 999999999999999.999 (searches 999999999999999999 → 999999999999999.999)
            at_the_bound searches=1000000000000000000: 1000000000000000 (searches 1000000000000000000 → 1000000000000000)
        "#]],
    );
}
