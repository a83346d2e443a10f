//! Instants: UTC microseconds.
//!
//! Not here: the clock (a port of the engine) and calendars ([`crate::period`]).

use std::fmt;

/// Microseconds in a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;

/// An instant in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// What follows the microseconds of an instant that no calendar has.
const BEYOND: &str = " µs";

/// The text is not an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an RFC 3339 time with a zone, such as 2026-01-30T16:45:23Z")]
pub struct TimestampError;

impl Timestamp {
    /// Makes an instant from microseconds since the epoch.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// The instant `seconds` later (earlier when negative), held at the ends of the range.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(MICROS_PER_SECOND)))
    }

    /// Parses RFC 3339; digits beyond the microsecond are cut off.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let instant = text.parse::<jiff::Timestamp>().map_err(|_| TimestampError)?;
        // jiff accepts years before 0 and rounds nothing; `as_microsecond` truncates towards zero, which for
        // instants before 1970 would be the later microsecond, so floor instead.
        let micros = instant.as_nanosecond().div_euclid(1000);
        i64::try_from(micros).map(Self).map_err(|_| TimestampError)
    }

    /// The same instant in the calendar library's type, where its range has it.
    pub fn to_jiff(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_microsecond(self.0).ok()
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(instant: jiff::Timestamp) -> Self {
        Self(instant.as_microsecond())
    }
}

impl std::str::FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_jiff() {
            Some(instant) => instant.fmt(f),
            None => write!(f, "{}{BEYOND}", self.0),
        }
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = smol_str::SmolStr::deserialize(deserializer)?;
        // What no calendar has, such as where all of time begins, is printed as its microseconds.
        let beyond = text.strip_suffix(BEYOND).and_then(|micros| micros.parse().ok());
        match beyond.map(Self) {
            Some(beyond) if beyond.to_jiff().is_none() => Ok(beyond),
            _ => Self::parse(&text).map_err(serde::de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<&str>) {
        let got = Timestamp::parse(text).ok().map(|t| t.to_string());
        assert_eq!(got.as_deref(), want, "{text}");
    }

    #[test]
    fn instants_are_read_as_rfc_3339_and_kept_to_the_microsecond() {
        check("2026-01-30T16:45:23Z", Some("2026-01-30T16:45:23Z"));
        check(
            "2026-01-30T16:45:23.123456789Z",
            Some("2026-01-30T16:45:23.123456Z"),
        );
        check("2026-01-30T16:45:23+05:45", Some("2026-01-30T11:00:23Z"));
        check(
            "1969-12-31T23:59:59.9999999Z",
            Some("1969-12-31T23:59:59.999999Z"),
        );
        check("2026-01-30T16:45:23", None);
        check("2026-01-30", None);
        check("2026-02-30T00:00:00Z", None);
        check("yesterday", None);
    }

    #[test]
    fn every_instant_is_read_back_as_it_was_written() {
        for micros in [i64::MIN, i64::MAX, i64::MIN + 1, -1, 0, 1_768_478_400_000_001] {
            let at = Timestamp::from_micros(micros);
            let json = serde_json::to_string(&at).unwrap();
            assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), at, "{json}");
        }
        for text in [r#""0 µs""#, r#""1768478400000001 µs""#, r#"" µs""#, r#""x µs""#] {
            assert!(serde_json::from_str::<Timestamp>(text).is_err(), "{text}");
        }
    }
}
