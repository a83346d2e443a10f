//! Voids: exact reversals, and what they leave wrong where the total matters.

use crate::ground::{Ground, price};
use expect_test::{Expect, expect};

#[track_caller]
fn check(json: &str, script: &str, want: Expect) {
    want.assert_eq(&Ground::new([price(1, json)]).play(script));
}

#[test]
fn a_rate_comes_back_exactly() {
    check(
        r#"{"components": {"tokens": {"model": "per_million", "amount": "2.50"}, "searches": {"model": "flat", "amount": "1"}}}"#,
        "a tokens=812 cached=3 searches=2
         void a",
        expect![[r#"
            a tokens=812 cached=3 searches=2: 1.0020375 (cached 3 → 0.0000075, searches 2 → 1, tokens 812 → 0.00203)
            void a: -1.0020375 (reversed cached -3 → -0.0000075, reversed searches -2 → -1, reversed tokens -812 → -0.00203)
        "#]],
    );
}

#[test]
fn a_void_leaves_the_sum_at_what_remains() {
    check(
        r#"{"components": {"tokens": {"model": "graduated", "zero_usage": "flat", "tiers": [
            {"up_to": "10", "unit_amount": "10", "flat_amount": "2"}, {"up_to": null, "unit_amount": "1"}]}}}"#,
        "a tokens=8 cached=2
         b tokens=5 written=5
         void a
         void b
         c tokens=0
         d tokens=0
         void c
         void d",
        expect![[r#"
            a tokens=8 cached=2: 102 (cached 2 → 22, tokens 8 → 80)
            b tokens=5 written=5: 10 (tokens 5 → 5, written 5 → 5)
            void a: -10 (reversed cached -2 → -22, reversed tokens -8 → -80, adjusted cached 0 → 20, adjusted tokens 0 → 72)
            void b: -102 (reversed tokens -5 → -5, reversed written -5 → -5, adjusted tokens 0 → -45, adjusted written 0 → -47)
            c tokens=0: 2 (tokens 0 → 2)
            d tokens=0: 0 (tokens 0 → 0)
            void c: 0 (reversed tokens 0 → -2, adjusted tokens 0 → 2)
            void d: -2 (reversed tokens 0 → 0, adjusted tokens 0 → -2)
        "#]],
    );
}

#[test]
fn a_void_follows_the_price_of_its_event_after_that_has_ended() {
    let tiers = |amount: &str| format!(r#"{{"model": "package", "amount": "{amount}", "size": "10"}}"#);
    let first = price(1, &format!(r#"{{"components": {{"tokens": {}}}}}"#, tiers("1")));
    let second = price(
        2,
        &format!(
            r#"{{"effective_from": "2026-01-20T00:00:00Z", "components": {{"tokens": {}}}}}"#,
            tiers("100")
        ),
    );
    let got = Ground::new([first, second]).play(
        "a tokens=5
         b tokens=5
         c tokens=5 at=2026-01-21T00:00:00Z
         close 1 2026-01-14T00:00:00Z
         d tokens=1
         void a
         void b",
    );
    expect![[r#"
        a tokens=5: 1 (tokens 5 → 1)
        b tokens=5: 0 (tokens 5 → 0)
        c tokens=5 at=2026-01-21T00:00:00Z: 100 (tokens 5 → 100)
        close 1 2026-01-14T00:00:00Z: closed
        d tokens=1: unpriced, no_price
        void a: 0 (reversed tokens -5 → -1, adjusted tokens 0 → 1)
        void b: -1 (reversed tokens -5 → 0, adjusted tokens 0 → -1)
    "#]]
    .assert_eq(&got);
}

#[test]
fn a_void_of_what_has_no_price_or_a_stated_cost_is_the_like() {
    check(
        r#"{"match": {"model": "m"}, "components": {"tokens": {"model": "flat", "amount": "1"}}}"#,
        "a tokens=1
         b searches=1 model=m
         c tokens=1 cost=7
         d tokens=1 cost=7 model=m
         void a
         void b
         void c
         void d",
        expect![[r#"
            a tokens=1: unpriced, no_price
            b searches=1 model=m: unpriced, no component for searches
            c tokens=1 cost=7: 7 asserted
            d tokens=1 cost=7 model=m: 7 asserted
            void a: unpriced, no_price
            void b: unpriced, no component for searches
            void c: -7 asserted
            void d: -7 asserted
        "#]],
    );
}
