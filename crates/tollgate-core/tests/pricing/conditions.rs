//! Which alternative applies, and when a schedule multiplies.

use crate::ground::{Ground, price};
use expect_test::{Expect, expect};

/// Plays a script at one price with these components.
#[track_caller]
fn check(components: &str, script: &str, want: Expect) {
    let price = price(1, &format!(r#"{{"components": {components}}}"#));
    want.assert_eq(&Ground::new([price]).play(script));
}

#[test]
fn the_first_alternative_whose_condition_holds_is_taken() {
    check(
        r#"{"tokens": [
                {"model": "per_unit", "amount": "1"},
                {"model": "per_unit", "amount": "3", "when": {"total_tokens": {"above": 100}}},
                {"model": "per_unit", "amount": "2", "when": {"tokens": {"at_least": 50, "below": "60.5"}}}],
            "cached": {"model": "per_unit", "amount": "0.5", "when": {"total_tokens": {"at_most": 10}}},
            "searches": {"model": "per_unit", "amount": "7", "when": {"requests": {"above": "1"}}}}"#,
        "a tokens=49
         b tokens=50
         c tokens=60.5
         d tokens=100
         e tokens=100.000000001
         parts_count_in_the_total tokens=99 cached=2
         part_has_its_own tokens=8 cached=2
         part_falls_to_its_parent tokens=8 cached=3
         searches_need_requests tokens=1 searches=1
         searches_have_requests tokens=1 searches=1 requests=2",
        expect![[r#"
            a tokens=49: 49 (tokens 49 → 49)
            b tokens=50: 100 (tokens 50 → 100)
            c tokens=60.5: 60.5 (tokens 60.5 → 60.5)
            d tokens=100: 100 (tokens 100 → 100)
            e tokens=100.000000001: 300.000000003 (tokens 100.000000001 → 300.000000003)
            parts_count_in_the_total tokens=99 cached=2: 303 (cached 2 → 6, tokens 99 → 297)
            part_has_its_own tokens=8 cached=2: 9 (cached 2 → 1, tokens 8 → 8)
            part_falls_to_its_parent tokens=8 cached=3: 11 (cached 3 → 3, tokens 8 → 8)
            searches_need_requests tokens=1 searches=1: unpriced, no component for searches
            searches_have_requests tokens=1 searches=1 requests=2: 8 (searches 1 → 7, tokens 1 → 1)
        "#]],
    );
}

#[test]
fn schedule_windows_follow_the_local_clock() {
    check(
        r#"{"tokens": {"model": "per_unit", "amount": "1", "multipliers": [
                {"factor": "0.5", "days": ["sat", "sun"], "timezone": "America/Los_Angeles"},
                {"factor": "1.25", "days": ["fri"], "from": "22:00", "to": "06:00", "timezone": "Europe/Berlin"}]}}"#,
        "friday_evening_in_berlin tokens=1 at=2026-01-16T21:30:00Z
         friday_night_in_berlin tokens=1 at=2026-01-17T04:59:59Z
         after_the_night tokens=1 at=2026-01-17T05:00:00Z
         saturday_in_los_angeles tokens=1 at=2026-01-17T08:00:00Z
         sunday_ends_late_there tokens=1 at=2026-01-19T07:59:59Z
         sunday_has_ended tokens=1 at=2026-01-19T08:00:00Z
         plain tokens=1 at=2026-01-14T12:00:00Z",
        expect![[r#"
            friday_evening_in_berlin tokens=1 at=2026-01-16T21:30:00Z: 1.25 (tokens 1 → 1.25)
            friday_night_in_berlin tokens=1 at=2026-01-17T04:59:59Z: 1.25 (tokens 1 → 1.25)
            after_the_night tokens=1 at=2026-01-17T05:00:00Z: 1 (tokens 1 → 1)
            saturday_in_los_angeles tokens=1 at=2026-01-17T08:00:00Z: 0.5 (tokens 1 → 0.5)
            sunday_ends_late_there tokens=1 at=2026-01-19T07:59:59Z: 0.5 (tokens 1 → 0.5)
            sunday_has_ended tokens=1 at=2026-01-19T08:00:00Z: 1 (tokens 1 → 1)
            plain tokens=1 at=2026-01-14T12:00:00Z: 1 (tokens 1 → 1)
        "#]],
    );
}

#[test]
fn schedule_windows_hold_through_changes_of_clocks() {
    check(
        r#"{"tokens": {"model": "per_unit", "amount": "1", "multipliers": [
                {"factor": "3", "from": "02:00", "to": "03:00", "timezone": "Europe/Berlin"},
                {"factor": "5", "from": "03:00", "to": "03:00", "timezone": "Europe/Berlin", "days": ["sun"]}]}}"#,
        "before_the_hour_that_is_left_out tokens=1 at=2026-03-29T00:59:59.999999Z
         after_the_hour_that_is_left_out tokens=1 at=2026-03-29T01:00:00Z
         first_time_in_the_hour_that_comes_twice tokens=1 at=2026-10-25T00:30:00Z
         second_time_in_the_hour_that_comes_twice tokens=1 at=2026-10-25T01:30:00Z
         after_the_hour_that_comes_twice tokens=1 at=2026-10-25T02:00:00Z
         monday_before_three_is_still_sundays_window tokens=1 at=2026-10-26T00:59:59Z
         monday_in_the_first_window tokens=1 at=2026-10-26T01:59:59Z
         monday_after tokens=1 at=2026-10-26T02:00:00Z",
        expect![[r#"
            before_the_hour_that_is_left_out tokens=1 at=2026-03-29T00:59:59.999999Z: 1 (tokens 1 → 1)
            after_the_hour_that_is_left_out tokens=1 at=2026-03-29T01:00:00Z: 5 (tokens 1 → 5)
            first_time_in_the_hour_that_comes_twice tokens=1 at=2026-10-25T00:30:00Z: 3 (tokens 1 → 3)
            second_time_in_the_hour_that_comes_twice tokens=1 at=2026-10-25T01:30:00Z: 3 (tokens 1 → 3)
            after_the_hour_that_comes_twice tokens=1 at=2026-10-25T02:00:00Z: 5 (tokens 1 → 5)
            monday_before_three_is_still_sundays_window tokens=1 at=2026-10-26T00:59:59Z: 5 (tokens 1 → 5)
            monday_in_the_first_window tokens=1 at=2026-10-26T01:59:59Z: 3 (tokens 1 → 3)
            monday_after tokens=1 at=2026-10-26T02:00:00Z: 1 (tokens 1 → 1)
        "#]],
    );
}

#[test]
fn a_factor_is_inside_the_one_rounding() {
    check(
        r#"{"tokens": {"model": "per_unit", "amount": "0.000000000001", "multipliers": [{"factor": "1.5"}]},
            "searches": {"model": "graduated", "period": "event", "multipliers": [{"factor": "0.3333"}],
                "tiers": [{"up_to": "1", "unit_amount": "0.000000000003"}, {"up_to": null, "unit_amount": "0.000000000001"}]}}"#,
        "a tokens=1
         b tokens=1.666666666
         c searches=1
         d searches=3.5",
        expect![[r#"
            a tokens=1: 0.000000000002 (tokens 1 → 0.000000000002)
            b tokens=1.666666666: 0.000000000002 (tokens 1.666666666 → 0.000000000002)
            c searches=1: 0.000000000001 (searches 1 → 0.000000000001)
            d searches=3.5: 0.000000000002 (searches 3.5 → 0.000000000002)
        "#]],
    );
}
