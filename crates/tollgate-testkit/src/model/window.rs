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
    let shows = |at: Timestamp| {
        let local = local(zone, at);
        i64::from(local.hour()) * 3600 + i64::from(local.minute()) * 60 + i64::from(local.second())
    };
    let second = instant.micros().div_euclid(1_000_000);
    let at = |second: i64| Timestamp::from_micros(second * 1_000_000);
    let offset = |second: i64| local(zone, at(second)).offset();
    let into = shows(instant) % step_seconds;
    let (mut early, mut late) = (second - into, second);
    if offset(early) == offset(second) {
        return at(early);
    }
    // The clock was turned in between: halve the stretch until the first second after the turn is found.
    while late - early > 1 {
        let middle = early + (late - early) / 2;
        if offset(middle) == offset(second) {
            late = middle
        } else {
            early = middle
        }
    }
    at(late)
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
                    let core = period.window(&zone, instant).start;
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
