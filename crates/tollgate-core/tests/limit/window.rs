//! In which cell an instant is counted: windows of a limit's own zone, through turned clocks and the ends of months.

use crate::ground::{book, budget, quota, usage};
use serde_json::json;
use tollgate_core::limit::{BudgetParts, Cell, Limit, QuotaParts};
use tollgate_core::period::Period;
use tollgate_core::time::Timestamp;
use tollgate_core::zone::Zone;

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn cell(limit: &Limit, at: Timestamp) -> (Cell, Timestamp) {
    let event = usage("at=2020-01-01T00:00:00Z");
    // The instant that is asked for counts, whatever the time of the use.
    let concerned = book([limit.clone()]).concerned(&event, at).remove(0);
    assert_eq!(concerned.cell.start, concerned.window.start);
    (concerned.cell, concerned.window.end)
}

/// An instant, a window of a zone, and where the window begins and ends.
fn check(zone: &str, window: &str, at: &str, [start, end]: [&str; 2]) {
    let quota = quota(1, json!({"window": window, "timezone": zone}));
    let budget = budget(1, json!({"period": window, "timezone": zone}));
    for limit in [quota, budget] {
        let (found, until) = cell(&limit, instant(at));
        assert_eq!(
            (found.start, until),
            (instant(start), instant(end)),
            "{zone} {window} {at}"
        );
        let micro = |at: Timestamp, by: i64| Timestamp::from_micros(at.micros() + by);
        assert_eq!(cell(&limit, found.start).0, found);
        assert_eq!(cell(&limit, micro(until, -1)).0, found);
        assert_ne!(cell(&limit, until).0, found);
        assert_ne!(cell(&limit, micro(found.start, -1)).0, found);
    }
}

#[test]
fn an_instant_is_counted_in_the_day_of_the_limits_own_calendar() {
    let day = |zone, at, ends| check(zone, "day", at, ends);
    day(
        "UTC",
        "2026-03-29T00:30:00Z",
        ["2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"],
    );
    // Berlin: 23 hours in March, 25 in October.
    day(
        "Europe/Berlin",
        "2026-03-29T12:00:00Z",
        ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"],
    );
    day(
        "Europe/Berlin",
        "2026-10-25T12:00:00Z",
        ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"],
    );
    // Lord Howe turns its clock by half an hour.
    day(
        "Australia/Lord_Howe",
        "2026-04-05T00:00:00Z",
        ["2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z"],
    );
    // Santiago begins this day at one o'clock.
    day(
        "America/Santiago",
        "2026-09-06T12:00:00Z",
        ["2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"],
    );
    // Samoa left a day out.
    day(
        "Pacific/Apia",
        "2011-12-30T11:00:00Z",
        ["2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"],
    );
}

#[test]
fn an_instant_is_counted_in_the_hour_of_the_limits_own_clock() {
    // The hour that comes twice is two windows, and the hour after the one that is left out follows at once.
    let hour = |at, ends| check("Europe/Berlin", "hour", at, ends);
    hour(
        "2026-10-25T00:30:00Z",
        ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"],
    );
    hour(
        "2026-10-25T01:30:00Z",
        ["2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"],
    );
    hour(
        "2026-03-29T01:00:00Z",
        ["2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"],
    );
    check(
        "Asia/Kathmandu",
        "hour",
        "2026-01-15T12:00:00Z",
        ["2026-01-15T11:15:00Z", "2026-01-15T12:15:00Z"],
    );
    check(
        "UTC",
        "minute",
        "2026-12-31T23:59:59.999999Z",
        ["2026-12-31T23:59:00Z", "2027-01-01T00:00:00Z"],
    );
}

#[test]
fn an_instant_is_counted_in_the_month_and_year_of_the_limits_own_calendar() {
    let month = |zone, at, ends| check(zone, "month", at, ends);
    month(
        "UTC",
        "2024-02-29T23:59:59Z",
        ["2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"],
    );
    month(
        "UTC",
        "2026-02-28T23:59:59Z",
        ["2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"],
    );
    month(
        "UTC",
        "2100-02-28T23:59:59Z",
        ["2100-02-01T00:00:00Z", "2100-03-01T00:00:00Z"],
    );
    month(
        "America/Los_Angeles",
        "2026-03-01T07:59:59Z",
        ["2026-02-01T08:00:00Z", "2026-03-01T08:00:00Z"],
    );
    month(
        "Asia/Tokyo",
        "2026-03-31T15:00:00Z",
        ["2026-03-31T15:00:00Z", "2026-04-30T15:00:00Z"],
    );
    month(
        "Europe/Berlin",
        "2026-03-31T22:00:00Z",
        ["2026-03-31T22:00:00Z", "2026-04-30T22:00:00Z"],
    );
    check(
        "UTC",
        "week",
        "2026-01-01T00:00:00Z",
        ["2025-12-29T00:00:00Z", "2026-01-05T00:00:00Z"],
    );
    check(
        "Europe/Berlin",
        "year",
        "2026-12-31T23:00:00Z",
        ["2026-12-31T23:00:00Z", "2027-12-31T23:00:00Z"],
    );
}

#[test]
fn all_of_time_is_one_cell() {
    let limit = quota(1, json!({"window": "total"}));
    let first = cell(&limit, instant("1970-01-01T00:00:00Z"));
    assert_eq!(first, cell(&limit, instant("2999-12-31T23:59:59Z")));
}

#[test]
fn cells_of_a_limit_follow_each_other_without_a_gap_in_every_zone() {
    for name in Zone::names() {
        for period in [Period::Week, Period::Month, Period::Year] {
            let limit = quota(1, json!({"window": period, "timezone": name}));
            let mut at = instant("2026-01-01T00:00:00Z");
            let until = instant("2027-01-01T00:00:00Z");
            while at < until {
                let (found, end) = cell(&limit, at);
                assert!(found.start <= at && at < end, "{name} {period} {at}");
                assert_eq!(cell(&limit, end).0.start, end, "{name} {period} {at}");
                at = end;
            }
        }
    }
}

#[test]
fn a_limit_is_written_back_as_it_was_judged() {
    for (n, zone) in (1..).zip(["UTC", "Europe/Berlin"]) {
        let fields = json!({
            "timezone": zone, "scope": {"kind": "team", "id": "*"}, "selector": "ai.*", "match": {"model": "m"},
            "limit": "12.5", "mode": "ladder", "thresholds": ["12.34", 100], "on_unavailable": "deny",
            "rungs": [{"at": 50, "action": "notify"}, {"at": "99.99", "action": "block", "up_to": "normal"}],
        });
        let quota = quota(n, fields.clone());
        let json = serde_json::to_string(&QuotaParts::of(&quota)).unwrap();
        let parts: QuotaParts = serde_json::from_str(&json).unwrap();
        assert_eq!(
            parts.judge(tollgate_core::id::QuotaId::from_bits(n)).unwrap(),
            quota
        );
        let budget = budget(n, fields);
        let json = serde_json::to_string(&BudgetParts::of(&budget)).unwrap();
        let parts: BudgetParts = serde_json::from_str(&json).unwrap();
        let again = parts.judge(
            tollgate_core::id::BudgetId::from_bits(n),
            tollgate_core::money::Currency::USD,
        );
        assert_eq!(again.unwrap(), budget);
    }
}
