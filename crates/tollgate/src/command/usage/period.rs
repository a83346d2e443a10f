//! From when to when: `--from`, `--to` and `--last` in a time zone.

use crate::failure::Failure;
use clap::Args;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{RoundMode, Span, Timestamp, ToSpan, Unit, Zoned, ZonedRound};
use std::str::FromStr;

/// What is asked for when nothing is said.
const DEFAULT_LAST: Last = Last {
    count: 30,
    unit: Unit::Day,
};

/// Flags that name a period.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "When")]
pub(crate) struct Period {
    /// Start: RFC 3339, or a date, which is its midnight in the time zone
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// End, itself not included [default: now]
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// The last so many minutes, hours, days, weeks, months or years: 90m, 24h, 7d, 4w, 12mo, 1y [default: 30d]
    #[arg(long, value_name = "LENGTH", conflicts_with_all = ["from", "to"])]
    last: Option<Last>,
    /// Time zone of days and of dates without one, such as Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
}

/// So many of a unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Last {
    count: i64,
    unit: Unit,
}

impl FromStr for Last {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let unit = match &text[digits..] {
            "m" => Unit::Minute,
            "h" => Unit::Hour,
            "d" => Unit::Day,
            "w" => Unit::Week,
            "mo" => Unit::Month,
            "y" => Unit::Year,
            _ => return Err(explain(text)),
        };
        // Four digits of any unit reach back further than anybody measures.
        match text[..digits].parse() {
            Ok(count @ 1..=9999) => Ok(Self { count, unit }),
            _ => Err(explain(text)),
        }
    }
}

fn explain(text: &str) -> String {
    format!("`{text}` is no length of time; write 90m, 24h, 7d, 4w, 12mo or 1y")
}

impl Period {
    /// The time zone that was named.
    pub(crate) fn zone(&self) -> Result<TimeZone, Failure> {
        let Some(name) = &self.timezone else {
            return Ok(TimeZone::UTC);
        };
        TimeZone::get(name).map_err(|_| {
            Failure::usage(format!("--timezone {name}: no such time zone"))
                .with_hint("use an IANA name such as America/New_York")
        })
    }

    /// Start and end.
    pub(crate) fn bounds(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), Failure> {
        let zone = self.zone()?;
        match (&self.from, &self.to) {
            (None, None) => self.last.unwrap_or(DEFAULT_LAST).bounds(&now.to_zoned(zone)),
            (None, Some(_)) => Err(Failure::usage("--to needs --from")),
            (Some(from), to) => {
                let from = instant("--from", from, &zone)?;
                let to = to.as_ref().map_or(Ok(now), |to| instant("--to", to, &zone))?;
                if from >= to {
                    return Err(Failure::usage(format!("--from {from} is not before --to {to}")));
                }
                Ok((from, to))
            }
        }
    }
}

impl Last {
    /// Whole units: the one that `now` is in, and the ones before it.
    fn bounds(self, now: &Zoned) -> Result<(Timestamp, Timestamp), Failure> {
        self.whole(now)
            .map_err(|error| Failure::usage(format!("--last is out of range: {error}")))
    }

    fn whole(self, now: &Zoned) -> Result<(Timestamp, Timestamp), jiff::Error> {
        let start = match self.unit {
            Unit::Minute | Unit::Hour => {
                now.round(ZonedRound::new().smallest(self.unit).mode(RoundMode::Trunc))?
            }
            _ => now.start_of_day()?,
        };
        let end = match self.unit {
            Unit::Minute => start.checked_add(1.minute())?,
            Unit::Hour => start.checked_add(1.hour())?,
            _ => start.checked_add(1.day())?.start_of_day()?,
        };
        let span = Span::new();
        let back = match self.unit {
            Unit::Minute => span.try_minutes(self.count)?,
            Unit::Hour => span.try_hours(self.count)?,
            Unit::Day => span.try_days(self.count)?,
            Unit::Week => span.try_weeks(self.count)?,
            Unit::Month => span.try_months(self.count)?,
            _ => span.try_years(self.count)?,
        };
        Ok((end.checked_sub(back)?.timestamp(), end.timestamp()))
    }
}

fn instant(flag: &str, text: &str, zone: &TimeZone) -> Result<Timestamp, Failure> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let midnight = text.parse::<Date>().and_then(|date| date.to_zoned(zone.clone()));
    midnight.map(|at| at.timestamp()).map_err(|_| {
        Failure::usage(format!("{flag} {text}: no time"))
            .with_hint("write 2026-01-30 or 2026-01-30T16:45:23Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(period: Period, want: Result<(&str, &str), &str>) {
        let now = "2026-03-30T10:20:30Z".parse().unwrap();
        match (period.bounds(now), want) {
            (Ok((from, to)), Ok(want)) => {
                assert_eq!((from.to_string().as_str(), to.to_string().as_str()), want)
            }
            (Err(failure), Err(want)) => assert!(failure.message.contains(want), "{failure}"),
            (got, want) => panic!("{got:?}, want {want:?}"),
        }
    }

    fn last(length: &str, zone: Option<&str>) -> Period {
        Period {
            last: Some(length.parse().unwrap()),
            timezone: zone.map(str::to_owned),
            ..Period::default()
        }
    }

    fn between(from: &str, to: Option<&str>, zone: &str) -> Period {
        Period {
            from: Some(from.into()),
            to: to.map(str::to_owned),
            timezone: Some(zone.into()),
            last: None,
        }
    }

    #[test]
    fn the_last_so_many_are_whole_and_include_the_present_one() {
        check(
            Period::default(),
            Ok(("2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z")),
        );
        check(
            last("1d", None),
            Ok(("2026-03-30T00:00:00Z", "2026-03-31T00:00:00Z")),
        );
        check(
            last("24h", None),
            Ok(("2026-03-29T11:00:00Z", "2026-03-30T11:00:00Z")),
        );
        check(
            last("90m", None),
            Ok(("2026-03-30T08:51:00Z", "2026-03-30T10:21:00Z")),
        );
        check(
            last("1y", None),
            Ok(("2025-03-31T00:00:00Z", "2026-03-31T00:00:00Z")),
        );
        // The clocks went forward on the 29th: seven local days are an hour shorter.
        check(
            last("7d", Some("Europe/Berlin")),
            Ok(("2026-03-23T23:00:00Z", "2026-03-30T22:00:00Z")),
        );
        check(
            last("1d", Some("Asia/Kathmandu")),
            Ok(("2026-03-29T18:15:00Z", "2026-03-30T18:15:00Z")),
        );
    }

    #[test]
    fn dates_are_midnights_of_the_zone() {
        let berlin = "Europe/Berlin";
        check(
            between("2026-01-01", Some("2026-02-01"), berlin),
            Ok(("2025-12-31T23:00:00Z", "2026-01-31T23:00:00Z")),
        );
        check(
            between("2026-01-01T12:00:00+05:45", None, berlin),
            Ok(("2026-01-01T06:15:00Z", "2026-03-30T10:20:30Z")),
        );
        check(between("2027-01-01", None, berlin), Err("is not before"));
        check(between("January", None, berlin), Err("no time"));
        check(
            between("2026-01-01", None, "Europe/Berlinn"),
            Err("no such time zone"),
        );
    }

    #[test]
    fn a_length_is_a_number_and_a_unit() {
        for text in ["", "7", "d", "0d", "-1d", "7 d", "7D", "99999d", "1.5d"] {
            assert!(text.parse::<Last>().is_err(), "{text}");
        }
        assert_eq!(
            "12mo".parse(),
            Ok(Last {
                count: 12,
                unit: Unit::Month
            })
        );
    }
}
