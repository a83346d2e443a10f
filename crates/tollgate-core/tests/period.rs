//! Windows tile the time line (I12), in every zone there is, through every turn of a clock.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot read its own table may stop"
)]

use proptest::prelude::*;
use std::fmt::Write as _;
use tollgate_core::period::{Period, WINDOWS_MAX, Window};
use tollgate_core::time::Timestamp;
use tollgate_core::zone::Zone;

const YEAR_2000: i64 = 946_684_800_000_000;
const YEAR_2100: i64 = 4_102_444_800_000_000;

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn moved(at: Timestamp, micros: i64) -> Timestamp {
    Timestamp::from_micros(at.micros() + micros)
}

/// The window of an instant holds it, is the window of both its ends, and its neighbours touch it.
#[track_caller]
fn check_tiling(zone: &Zone, at: Timestamp) {
    for period in Period::ALL {
        let window = period.window(zone, at);
        let shown = format!("{zone} {period} {at}: {window:?}");
        assert!(window.start < window.end && window.start <= at, "{shown}");
        if period == Period::Total {
            assert_eq!(window, Window::total());
            continue;
        }
        assert!(window.contains(at), "{shown}");
        assert_eq!(period.window(zone, window.start), window, "{shown}");
        assert_eq!(period.window(zone, moved(window.end, -1)), window, "{shown}");
        assert_eq!(period.window(zone, window.end).start, window.end, "{shown}");
        assert_eq!(
            period.window(zone, moved(window.start, -1)).end,
            window.start,
            "{shown}"
        );
    }
    // A longer period begins where a shorter one does.
    for (longer, shorter) in [
        (Period::Year, Period::Month),
        (Period::Month, Period::Day),
        (Period::Week, Period::Day),
        (Period::Day, Period::Hour),
        (Period::Hour, Period::Minute),
    ] {
        let start = longer.window(zone, at).start;
        assert_eq!(
            shorter.window(zone, start).start,
            start,
            "{zone} {at}: a {longer} begins inside a {shorter}"
        );
    }
}

#[test]
fn windows_tile_around_every_turn_of_every_clock() {
    let mut turns = 0;
    for name in Zone::names() {
        let zone = Zone::parse(&name).unwrap();
        let from = Timestamp::from_micros(YEAR_2000).to_jiff().unwrap();
        let until = instant("2032-01-01T00:00:00Z").to_jiff().unwrap();
        for turn in zone.rules().following(from) {
            if turn.timestamp() > until {
                break;
            }
            turns += 1;
            let at = Timestamp::from(turn.timestamp());
            for micros in [-3_600_000_001, -1, 0, 60_000_000, 3_600_000_000] {
                check_tiling(&zone, moved(at, micros));
            }
        }
    }
    assert!(turns > 10_000, "{turns}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn windows_tile_at_any_instant_in_any_zone(micros in YEAR_2000..YEAR_2100) {
        for name in Zone::names() {
            check_tiling(&Zone::parse(&name).unwrap(), Timestamp::from_micros(micros));
        }
    }
}

#[test]
fn beyond_the_calendar_lies_one_window_on_either_side() {
    for name in ["UTC", "Pacific/Apia", "America/St_Johns"] {
        let zone = Zone::parse(name).unwrap();
        for period in Period::ALL {
            let first = period.window(&zone, Timestamp::from_micros(i64::MIN));
            let last = period.window(&zone, Timestamp::from_micros(i64::MAX));
            assert_eq!(first.start.micros(), i64::MIN);
            assert_eq!(last.end.micros(), i64::MAX);
            if period != Period::Total {
                assert_eq!(period.window(&zone, first.end).start, first.end);
                assert_eq!(period.window(&zone, moved(last.start, -1)).end, last.start);
            }
        }
    }
}

/// Lists the windows that touch a stretch: start, length and local start.
#[track_caller]
fn check(zone: &str, period: Period, stretch: (&str, &str), want: &str) {
    let zone = Zone::parse(zone).unwrap();
    let boundaries = period
        .boundaries(&zone, instant(stretch.0), instant(stretch.1))
        .unwrap();
    let mut got = String::new();
    for pair in boundaries.windows(2) {
        let minutes = (pair[1].micros() - pair[0].micros()) / 60_000_000;
        let local = zone.rules().to_datetime(pair[0].to_jiff().unwrap());
        writeln!(got, "{local} {}h{:02}", minutes / 60, minutes % 60).unwrap();
    }
    let want: String = want
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(got, want, "{zone} {period}");
}

#[test]
fn a_day_has_23_or_25_hours_where_the_clock_is_turned() {
    check(
        "America/Los_Angeles",
        Period::Day,
        ("2026-03-07T08:00:00Z", "2026-03-10T07:00:00Z"),
        "2026-03-07T00:00:00 24h00
         2026-03-08T00:00:00 23h00
         2026-03-09T00:00:00 24h00",
    );
    check(
        "America/Los_Angeles",
        Period::Day,
        ("2026-10-31T07:00:00Z", "2026-11-03T08:00:00Z"),
        "2026-10-31T00:00:00 24h00
         2026-11-01T00:00:00 25h00
         2026-11-02T00:00:00 24h00",
    );
    check(
        "America/Los_Angeles",
        Period::Hour,
        ("2026-11-01T07:00:00Z", "2026-11-01T11:00:00Z"),
        "2026-11-01T00:00:00 1h00
         2026-11-01T01:00:00 1h00
         2026-11-01T01:00:00 1h00
         2026-11-01T02:00:00 1h00",
    );
}

#[test]
fn kathmandu_hours_begin_at_a_quarter_past() {
    check(
        "Asia/Kathmandu",
        Period::Hour,
        ("2026-01-01T18:20:00Z", "2026-01-01T19:16:00Z"),
        "2026-01-02T00:00:00 1h00
         2026-01-02T01:00:00 1h00",
    );
    let window = Period::Hour.window(
        &Zone::parse("Asia/Kathmandu").unwrap(),
        instant("2026-01-01T18:20:00Z"),
    );
    assert_eq!(window.start, instant("2026-01-01T18:15:00Z"));
}

#[test]
fn lord_howe_turns_its_clock_by_half_an_hour() {
    check(
        "Australia/Lord_Howe",
        Period::Hour,
        ("2026-04-04T14:00:00Z", "2026-04-04T16:30:00Z"),
        "2026-04-05T01:00:00 1h00
         2026-04-05T01:30:00 0h30
         2026-04-05T02:00:00 1h00",
    );
    check(
        "Australia/Lord_Howe",
        Period::Hour,
        ("2026-10-03T14:30:00Z", "2026-10-03T17:00:00Z"),
        "2026-10-04T01:00:00 1h00
         2026-10-04T02:30:00 0h30
         2026-10-04T03:00:00 1h00",
    );
    check(
        "Australia/Lord_Howe",
        Period::Day,
        ("2026-04-03T13:00:00Z", "2026-04-06T13:30:00Z"),
        "2026-04-04T00:00:00 24h00
         2026-04-05T00:00:00 24h30
         2026-04-06T00:00:00 24h00",
    );
}

#[test]
fn a_date_that_does_not_exist_has_no_window() {
    check(
        "Pacific/Apia",
        Period::Day,
        ("2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z"),
        "2011-12-29T00:00:00 24h00
         2011-12-31T00:00:00 24h00",
    );
    check(
        "Pacific/Apia",
        Period::Week,
        ("2011-12-26T10:00:00Z", "2012-01-01T10:00:00Z"),
        "2011-12-26T00:00:00 144h00",
    );
}

#[test]
fn a_clock_turned_back_across_midnight_does_not_reopen_the_day() {
    // At 00:01 on the 7th the clock in St John's went back to 23:01 on the 6th.
    check(
        "America/St_Johns",
        Period::Day,
        ("2010-11-06T02:30:00Z", "2010-11-08T03:30:00Z"),
        "2010-11-06T00:00:00 24h00
         2010-11-07T00:00:00 25h00",
    );
    check(
        "America/St_Johns",
        Period::Hour,
        ("2010-11-07T01:30:00Z", "2010-11-07T04:30:00Z"),
        "2010-11-06T23:00:00 1h00
         2010-11-07T00:00:00 0h01
         2010-11-06T23:01:00 0h59
         2010-11-07T00:00:00 1h00",
    );
}

#[test]
fn a_midnight_that_comes_twice_or_never_begins_its_day_once() {
    check(
        "America/Havana",
        Period::Day,
        ("2025-11-01T04:00:00Z", "2025-11-03T05:00:00Z"),
        "2025-11-01T00:00:00 24h00
         2025-11-02T00:00:00 25h00",
    );
    check(
        "America/Sao_Paulo",
        Period::Day,
        ("2018-11-03T03:00:00Z", "2018-11-05T02:00:00Z"),
        "2018-11-03T00:00:00 24h00
         2018-11-04T01:00:00 23h00",
    );
}

#[test]
fn leap_days_and_year_ends_are_days_like_others() {
    check(
        "Europe/Berlin",
        Period::Day,
        ("2028-02-27T23:00:00Z", "2028-03-01T23:00:00Z"),
        "2028-02-28T00:00:00 24h00
         2028-02-29T00:00:00 24h00
         2028-03-01T00:00:00 24h00",
    );
    check(
        "UTC",
        Period::Month,
        ("2027-12-31T23:59:59.999999Z", "2028-02-01T00:00:00.000001Z"),
        "2027-12-01T00:00:00 744h00
         2028-01-01T00:00:00 744h00
         2028-02-01T00:00:00 696h00",
    );
    check(
        "UTC",
        Period::Year,
        ("2027-12-31T23:59:59.999999Z", "2028-01-01T00:00:00.000001Z"),
        "2027-01-01T00:00:00 8760h00
         2028-01-01T00:00:00 8784h00",
    );
    check(
        "UTC",
        Period::Week,
        ("2026-12-31T00:00:00Z", "2027-01-05T00:00:00Z"),
        "2026-12-28T00:00:00 168h00
         2027-01-04T00:00:00 168h00",
    );
}

#[test]
fn boundaries_are_bounded_and_an_empty_stretch_has_none() {
    let from = instant("2026-01-01T00:00:00Z");
    let minutes = |n: i64| moved(from, n * 60_000_000);
    let count = |to| Period::Minute.boundaries(&Zone::UTC, from, to).map(|b| b.len());
    assert_eq!(count(from), Ok(0));
    assert_eq!(count(moved(from, -1)), Ok(0));
    assert_eq!(count(moved(from, 1)), Ok(2));
    let most = i64::try_from(WINDOWS_MAX).unwrap();
    assert_eq!(count(minutes(most)), Ok(WINDOWS_MAX + 1));
    assert!(count(minutes(most + 1)).is_err());
}
