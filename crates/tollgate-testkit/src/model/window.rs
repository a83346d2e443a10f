//! Windows of the calendar, found by asking for the local time again and again.

use jiff::civil::Date;
use jiff::{ToSpan, Zoned};
use tollgate_core::period::Period;
use tollgate_core::time::Timestamp;
use tollgate_core::zone::Zone;

/// Where the window that an instant lies in begins.
pub fn start_of(period: Period, zone: &Zone, instant: Timestamp) -> Timestamp {
    match period {
        Period::Total => Timestamp::from_micros(i64::MIN),
        Period::Minute => start_of_clock(zone, instant, 60),
        Period::Hour => start_of_clock(zone, instant, 3600),
        _ => first_instant(zone, first_date(period, date_of(zone, instant))),
    }
}

/// Where the window that an instant lies in ends.
pub fn end_of(period: Period, zone: &Zone, instant: Timestamp) -> Timestamp {
    let step = match period {
        Period::Total => return Timestamp::from_micros(i64::MAX),
        Period::Minute => return end_of_clock(zone, instant, 60),
        Period::Hour => return end_of_clock(zone, instant, 3600),
        Period::Day => 1.day(),
        Period::Week => 1.week(),
        Period::Month => 1.month(),
        Period::Year => 1.year(),
    };
    first_instant(
        zone,
        first_date(period, date_of(zone, instant))
            .checked_add(step)
            .unwrap(),
    )
}

fn local(zone: &Zone, instant: Timestamp) -> Zoned {
    instant.to_jiff().unwrap().to_zoned(zone.rules().clone())
}

fn first_instant(zone: &Zone, date: Date) -> Timestamp {
    let start = date
        .to_zoned(zone.rules().clone())
        .unwrap()
        .start_of_day()
        .unwrap();
    start.timestamp().into()
}

/// The last date that has begun: after a clock was turned back across midnight, not the one that the clock shows.
fn date_of(zone: &Zone, instant: Timestamp) -> Date {
    let shown = local(zone, instant).date();
    let after = shown.tomorrow().unwrap();
    if first_instant(zone, after) <= instant {
        after
    } else {
        shown
    }
}

fn first_date(period: Period, date: Date) -> Date {
    match period {
        Period::Week => {
            let mut date = date;
            while date.weekday() != jiff::civil::Weekday::Monday {
                date = date.checked_sub(1.day()).unwrap();
            }
            date
        }
        Period::Month => Date::new(date.year(), date.month(), 1).unwrap(),
        Period::Year => Date::new(date.year(), 1, 1).unwrap(),
        _ => date,
    }
}

/// The full hour or minute that the local clock last showed, or the turn of the clock since.
fn start_of_clock(zone: &Zone, instant: Timestamp, step_seconds: i64) -> Timestamp {
    let second = instant.micros().div_euclid(1_000_000);
    let full = second - shown_seconds(zone, instant) % step_seconds;
    turn_between(zone, (full, second)).map_or(at_second(full), |turn| turn.1)
}

/// The next full hour or minute of the local clock, or the turn of the clock before it.
fn end_of_clock(zone: &Zone, instant: Timestamp, step_seconds: i64) -> Timestamp {
    let second = instant.micros().div_euclid(1_000_000);
    let full = second - shown_seconds(zone, instant) % step_seconds + step_seconds;
    turn_between(zone, (second, full - 1)).map_or(at_second(full), |turn| turn.1)
}

/// The seconds of the day that the local clock shows.
fn shown_seconds(zone: &Zone, instant: Timestamp) -> i64 {
    let local = local(zone, instant);
    i64::from(local.hour()) * 3600 + i64::from(local.minute()) * 60 + i64::from(local.second())
}

fn at_second(second: i64) -> Timestamp {
    Timestamp::from_micros(second * 1_000_000)
}

/// The last second before the clock was turned and the first after, if it was turned in this stretch.
fn turn_between(zone: &Zone, (mut early, mut late): (i64, i64)) -> Option<(Timestamp, Timestamp)> {
    let offset = |second: i64| local(zone, at_second(second)).offset();
    let (before, after) = (offset(early), offset(late));
    if before == after {
        return None;
    }
    while late - early > 1 {
        let middle = early + (late - early) / 2;
        if offset(middle) == after {
            late = middle;
        } else {
            early = middle;
        }
    }
    Some((at_second(early), at_second(late)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::at;

    #[test]
    fn the_model_and_the_core_cut_time_at_the_same_instants() {
        let zones = [
            "UTC",
            "America/Los_Angeles",
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
            "America/St_Johns",
            "Pacific/Apia",
        ];
        for name in zones {
            let zone = Zone::parse(name).unwrap();
            // Prime steps meet every hour of the day and both turns of each year.
            for n in 0..6000_i64 {
                let instant = at("2005-12-30T00:00:00Z").plus_seconds(n * 50_021);
                for period in Period::ALL {
                    let window = period.window(&zone, instant);
                    assert_eq!(
                        end_of(period, &zone, instant),
                        window.end,
                        "end of {period} of {instant} in {name}"
                    );
                    let core = window.start;
                    assert_eq!(
                        start_of(period, &zone, instant),
                        core,
                        "{period} of {instant} in {name}"
                    );
                }
            }
        }
    }
}
