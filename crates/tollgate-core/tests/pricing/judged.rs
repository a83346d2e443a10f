//! Prices as written: what is kept, and what is refused and why.

use crate::ground::{CATEGORY, category};
use expect_test::{Expect, expect};
use tollgate_core::id::PriceId;
use tollgate_core::price::{Price, PriceParts};

#[track_caller]
fn check(json: &str, want: Expect) {
    let parts: PriceParts = serde_json::from_str(json).unwrap();
    let flaws = match Price::new(PriceId::from_bits(1), parts, category()) {
        Ok(_) => "accepted".to_owned(),
        Err(flaws) => flaws
            .iter()
            .map(|flaw| format!("{} {}: {}\n", flaw.pointer, flaw.code.as_str(), flaw.detail))
            .collect(),
    };
    want.assert_eq(&flaws);
}

/// Judges one component of `tokens`.
#[track_caller]
fn check_component(measure: &str, component: &str, want: Expect) {
    let json = format!(
        r#"{{"category": "test.use", "currency": "USD", "effective_from": "2026-01-01T00:00:00Z",
             "components": {{"{measure}": {component}}}}}"#
    );
    check(&json, want);
}

#[test]
fn a_price_is_given_back_as_it_was_written() {
    let written = r#"{
        "category": "test.use", "match": {"model": "m"}, "currency": "USD",
        "effective_from": "2026-01-01T00:00:00+01:00", "organization": null, "timezone": "Europe/Berlin",
        "components": {
            "cached": [
                {"model": "per_million", "amount": "2.50", "when": {"total_tokens": {"above": "200000"}}},
                {"model": "per_unit", "amount": "1e-6", "per": "10.0", "multipliers": [
                    {"factor": "0.50", "days": ["sat"], "from": "08:00", "to": "20:00"}]}],
            "searches": {"model": "graduated", "tiers": [
                {"up_to": "10", "unit_amount": "1.00", "flat_amount": "0"}, {"up_to": null, "unit_amount": "0.10"}],
                "zero_usage": "flat", "period": "total"},
            "tokens": {"model": "package", "amount": "5", "size": "1000", "free_units": "10", "round": "down"}
        }
    }"#;
    let parts: PriceParts = serde_json::from_str(written).unwrap();
    let price = Price::new(PriceId::from_bits(1), parts, category()).unwrap();
    let value: serde_json::Value = serde_json::from_str(written).unwrap();
    assert_eq!(serde_json::to_value(&price).unwrap(), value);
}

#[test]
fn bare_numbers_are_kept_exactly() {
    let json = r#"{"category": "test.use", "currency": "USD", "effective_from": "2026-01-01T00:00:00Z",
        "components": {"tokens": [{"model": "per_unit", "amount": 0.100000000000000001}]}}"#;
    let parts: PriceParts = serde_json::from_str(json).unwrap();
    let amount = parts.components["tokens"].as_slice()[0].amount.clone().unwrap();
    assert_eq!(amount.as_str(), "0.100000000000000001");
    Price::new(PriceId::from_bits(1), parts, category()).unwrap();
}

#[test]
fn unknown_fields_and_wrong_types_are_refused() {
    for (json, want) in [
        (r#"{"colour": 1}"#, "unknown field `colour`"),
        (
            r#"{"components": {"a": {"model": "per_unit", "price": 1}}}"#,
            "unknown field `price`",
        ),
        (
            r#"{"components": {"a": {"model": "per_dozen"}}}"#,
            "unknown variant `per_dozen`",
        ),
        (
            r#"{"components": {"a": 1}}"#,
            "a component or an array of alternative components",
        ),
        (
            r#"{"components": {"a": {"model": "flat", "amount": true}}}"#,
            "expected a decimal number",
        ),
        (
            r#"{"components": {"a": {"model": "flat", "when": {"b": {"over": 1}}}}}"#,
            "unknown field `over`",
        ),
    ] {
        let error = serde_json::from_str::<PriceParts>(json).unwrap_err().to_string();
        assert!(error.contains(want), "{json}: {error}");
    }
}

#[test]
fn every_flaw_is_named_at_once() {
    check(
        r#"{"category": "other", "match": {"user": "u", "1": "x", "ok": ""}, "currency": "usd",
            "effective_from": "soon", "effective_until": "2026-01-01", "organization": "*", "timezone": "Mars/Olympus",
            "components": {}}"#,
        expect![[r#"
            /category unknown_category: is not the category it is judged against, test.use
            /timezone unknown_zone: no time zone "Mars/Olympus"; write an IANA name such as Europe/Berlin or UTC
            /match/1 invalid_text: has a character that is not allowed; use ASCII letters, digits, '_', '.' and '-', beginning with a letter
            /match/ok invalid_text: is empty
            /match/user reserved_name: is the name of an event field; match names dimensions
            /currency invalid_text: is not a currency code; write three capital letters such as USD
            /effective_from invalid_time: is not an RFC 3339 time with a zone, such as 2026-01-30T16:45:23Z
            /effective_until invalid_time: is not an RFC 3339 time with a zone, such as 2026-01-30T16:45:23Z
            /organization reserved_name: the name * is reserved, it stands for each one in limits; use another name
            /components missing_field: name at least one measure and what it costs
        "#]],
    );
    check(
        r#"{"category": "test.use", "currency": "USD", "effective_from": "2026-01-01T00:00:00Z",
            "effective_until": "2026-01-01T00:00:00Z",
            "components": {
                "people": {"model": "flat", "amount": 1},
                "none": {"model": "flat", "amount": 1},
                "tokens": [],
                "cached": [{"model": "flat", "amount": 1}, {"model": "flat", "amount": "-1"}, {"model": "package"}]}}"#,
        expect![[r#"
            /effective_until out_of_range: must be after effective_from
            /components/cached invalid_combination: only one alternative may be without when; the others could never apply
            /components/cached/1/amount out_of_range: must not be negative
            /components/cached/2/amount missing_field: package needs it
            /components/cached/2/size missing_field: package needs it
            /components/none unknown_measure: test.use has no such measure; it has bytes, cached, drafts, hours, minutes, ms, ms_idle, notes, people, requests, searches, seconds, tokens, written
            /components/people not_allowed: a unique measure cannot be priced yet; price a counter of the same category
            /components/tokens too_many: list 1 to 16 components
        "#]],
    );
}

#[test]
fn a_component_has_the_fields_of_its_model() {
    check_component(
        "tokens",
        r#"{"model": "per_unit"}"#,
        expect![[r#"
        /components/tokens/amount missing_field: per_unit needs it
    "#]],
    );
    check_component(
        "tokens",
        r#"{"model": "per_million", "amount": 1, "per": 2, "size": 3, "tiers": [], "period": "month"}"#,
        expect![[r#"
            /components/tokens/per invalid_combination: does not belong to per_million, which takes amount
            /components/tokens/size invalid_combination: does not belong to per_million, which takes amount
            /components/tokens/tiers invalid_combination: does not belong to per_million, which takes amount
            /components/tokens/period invalid_combination: does not belong to per_million, which takes amount
        "#]],
    );
    check_component(
        "tokens",
        r#"{"model": "per_minute", "amount": 1}"#,
        expect![[r#"
            /components/tokens/model invalid_combination: tokens is counted in token, which is no unit of time (millisecond, second, minute, hour)
        "#]],
    );
    check_component(
        "tokens",
        r#"{"model": "package", "amount": 1, "size": 0}"#,
        expect![[r#"
            /components/tokens/size out_of_range: must be above zero
        "#]],
    );
    check_component(
        "bytes",
        r#"{"model": "flat", "amount": 1, "when": {"requests": {"above": 1}}}"#,
        expect![[r#"
            /components/bytes/model invalid_combination: a gauge is used by level × seconds; write per_unit with per, such as 2592000 for a month
            /components/bytes/when invalid_combination: does not go with a gauge, which is charged for the time before a reading
        "#]],
    );
    check_component(
        "bytes",
        r#"{"model": "volume", "period": "event", "tiers": [{"unit_amount": 1}], "multipliers": [{"factor": 1}], "zero_usage": "flat"}"#,
        expect![[r#"
            /components/bytes/multipliers invalid_combination: does not go with a gauge, which is charged for the time before a reading
            /components/bytes/zero_usage invalid_combination: does not go with a gauge, which is charged for the time before a reading
            /components/bytes/period invalid_combination: what one reading of a gauge adds depends on when others arrive; set month or total
        "#]],
    );
}

#[test]
fn tiers_cover_every_total_once() {
    let check = |tiers: &str, want: Expect| {
        check_component(
            "tokens",
            &format!(r#"{{"model": "graduated", "tiers": {tiers}}}"#),
            want,
        );
    };
    check(
        "[]",
        expect![[r#"
        /components/tokens/tiers too_many: list 1 to 100 tiers
    "#]],
    );
    check(
        r#"[{"up_to": 5, "unit_amount": 1}]"#,
        expect![[r#"
        /components/tokens/tiers/0/up_to invalid_combination: is null in the last tier and only there, so that every total has a price
    "#]],
    );
    check(
        r#"[{"unit_amount": 1}, {"unit_amount": 1}]"#,
        expect![[r#"
        /components/tokens/tiers/0/up_to invalid_combination: is null in the last tier and only there, so that every total has a price
    "#]],
    );
    check(
        r#"[{"up_to": 0, "unit_amount": 1}, {"up_to": 7, "unit_amount": 1}, {"up_to": 7, "unit_amount": 1}, {}]"#,
        expect![[r#"
            /components/tokens/tiers/0/up_to out_of_range: must be above zero and above the tier before
            /components/tokens/tiers/2/up_to out_of_range: must be above zero and above the tier before
            /components/tokens/tiers/3/unit_amount missing_field: give unit_amount, flat_amount or both
        "#]],
    );
    check(
        r#"[{"up_to": "1e30", "unit_amount": 1}, {"unit_amount": "1e-19"}]"#,
        expect![[r#"
            /components/tokens/tiers/0/up_to invalid_number: is beyond the largest amount allowed, 10^18
            /components/tokens/tiers/1/unit_amount invalid_number: has more than 18 decimal places
        "#]],
    );
}

#[test]
fn numbers_are_bounded() {
    for (amount, good) in [
        ("0", true),
        ("-0", true),
        ("0.000000000000000001", true),
        ("999999999999999999.999999999999999999", true),
        ("1000000000000000000", false),
        ("1e-19", false),
        ("1e400", false),
        ("-1", false),
        ("٣", false),
        ("", false),
    ] {
        let json = format!(
            r#"{{"category": "test.use", "currency": "USD", "effective_from": "2026-01-01T00:00:00Z",
                 "components": {{"tokens": {{"model": "per_unit", "amount": "{amount}", "per": "1e18"}},
                                 "searches": {{"model": "graduated", "per": "1e18", "tiers": [{{"up_to": "1e18", "unit_amount": "{amount}"}}, {{"flat_amount": "{amount}"}}]}}}}}}"#
        );
        let parts: PriceParts = serde_json::from_str(&json).unwrap();
        let judged = Price::new(PriceId::from_bits(1), parts, category());
        assert_eq!(judged.is_ok(), good, "{amount}: {judged:?}");
    }
    check_component(
        "tokens",
        r#"{"model": "per_unit", "amount": 1, "per": 0}"#,
        expect![[r#"
            /components/tokens/per out_of_range: must be above zero, at most 10^18, with at most 18 digits, 9 of them decimal places
        "#]],
    );
    check_component(
        "tokens",
        r#"{"model": "per_unit", "amount": 1, "per": "0.0000000001"}"#,
        expect![[r#"
            /components/tokens/per out_of_range: must be above zero, at most 10^18, with at most 18 digits, 9 of them decimal places
        "#]],
    );
    check_component(
        "tokens",
        r#"{"model": "per_unit", "amount": 1, "per": "1234567890.123456789"}"#,
        expect![[r#"
            /components/tokens/per out_of_range: must be above zero, at most 10^18, with at most 18 digits, 9 of them decimal places
        "#]],
    );
}

#[test]
fn conditions_and_windows_say_what_they_need() {
    check_component(
        "tokens",
        r#"{"model": "flat", "amount": 1, "when": {"colour": {"above": 1}, "total_tokens": {}, "tokens": {"above": -1}}}"#,
        expect![[r#"
            /components/tokens/when/colour unknown_measure: names a measure, or total_ and a measure for it with its parts
            /components/tokens/when/tokens/above out_of_range: must not be negative
            /components/tokens/when/total_tokens missing_field: give above, at_least, below or at_most
        "#]],
    );
    check_component(
        "tokens",
        r#"{"model": "flat", "amount": 1, "multipliers": [
            {"factor": "1001"}, {"factor": "1.00001"}, {"factor": "-1"},
            {"factor": "1", "from": "8:00", "to": "24:01", "days": [], "timezone": "Berlin"}]}"#,
        expect![[r#"
            /components/tokens/multipliers/0/factor out_of_range: must be at most 1000, with at most 4 decimal places
            /components/tokens/multipliers/1/factor out_of_range: must be at most 1000, with at most 4 decimal places
            /components/tokens/multipliers/2/factor out_of_range: must not be negative
            /components/tokens/multipliers/3/days missing_field: name days, mon to sun, or leave it out for every day
            /components/tokens/multipliers/3/from invalid_time: is not a time of day such as 08:30
            /components/tokens/multipliers/3/to invalid_time: is not a time of day such as 08:30
            /components/tokens/multipliers/3/timezone unknown_zone: no time zone "Berlin"; did you mean Europe/Berlin?
        "#]],
    );
    check_component(
        "tokens",
        r#"{"model": "volume", "tiers": [{"unit_amount": 1}], "multipliers": [{"factor": "2"}]}"#,
        expect![[r#"
            /components/tokens/multipliers invalid_combination: a total over many events has no one time; leave them out or set period to event
        "#]],
    );
}

#[test]
fn the_category_of_these_tests_is_a_category() {
    assert!(CATEGORY.contains("test.use"));
    assert!(category().measure("bytes").is_some());
}
