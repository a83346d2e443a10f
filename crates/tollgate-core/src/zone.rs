//! Time zones: IANA names whose rules travel inside the program.
//!
//! The rules are those of the database compiled in, never the machine's, so that two nodes cut a day at the same instant.
//! Not here: what a day is ([`crate::period`]).

use crate::flaw::{Flaw, FlawCode};
use crate::nearest::nearest;
use crate::time::Timestamp;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use std::fmt;

/// A time zone of the IANA database; cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// The text names no time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no time zone {shown:?}; {hint}")]
pub struct ZoneError {
    shown: String,
    hint: String,
}

impl ZoneError {
    /// The flaw of the field at `pointer`.
    pub fn flaw(&self, pointer: impl Into<String>) -> Flaw {
        Flaw::at(pointer, FlawCode::UnknownZone, self)
    }
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// Finds the zone of this IANA name, whatever its case.
    pub fn parse(name: &str) -> Result<Self, ZoneError> {
        match TimeZoneDatabase::bundled().get(name) {
            Ok(zone) if !zone.is_unknown() && zone.iana_name().is_some() => Ok(Self(zone)),
            _ => Err(unknown(name)),
        }
    }

    /// The zone's IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The zone's rules, for printing local times.
    pub fn rules(&self) -> &TimeZone {
        &self.0
    }

    /// Every name that can be parsed.
    pub fn names() -> Vec<String> {
        TimeZoneDatabase::bundled()
            .available()
            .map(|name| name.as_str().to_owned())
            .filter(|name| name != "Etc/Unknown")
            .collect()
    }

    /// The local date at an instant.
    pub(crate) fn date(&self, at: jiff::Timestamp) -> Date {
        self.0.to_datetime(at).date()
    }

    /// The first instant of a local date, or of the next date that exists; `None` beyond the calendar.
    pub(crate) fn start_of(&self, date: Date) -> Option<Timestamp> {
        let midnight = date.at(0, 0, 0, 0);
        let first = match self.0.to_ambiguous_timestamp(midnight).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(midnight).ok()?,
            // Midnight comes twice: the day begins with the first.
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(midnight).ok()?,
            // Midnight is jumped over: the day begins where the jump lands.
            AmbiguousOffset::Gap { after, .. } => {
                let ahead_of_jump = after.to_timestamp(midnight).ok()?;
                self.0
                    .following(ahead_of_jump)
                    .find(|jump| jump.offset() == after)?
                    .timestamp()
            }
        };
        Some(first.into())
    }
}

fn unknown(name: &str) -> ZoneError {
    let names = Zone::names();
    let hint = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None => "write an IANA name such as Europe/Berlin or UTC".to_owned(),
    };
    ZoneError {
        shown: name.chars().take(64).collect(),
        hint,
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl std::str::FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

impl serde::Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = smol_str::SmolStr::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let got = match Zone::parse(text) {
            Ok(zone) => zone.name().to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, want);
    }

    #[test]
    fn a_zone_is_an_iana_name() {
        check("UTC", "UTC");
        check("Europe/Berlin", "Europe/Berlin");
        check("asia/kathmandu", "Asia/Kathmandu");
        check(
            "Europe/Berlim",
            "no time zone \"Europe/Berlim\"; did you mean Europe/Berlin?",
        );
        check(
            "Etc/Unknown",
            "no time zone \"Etc/Unknown\"; write an IANA name such as Europe/Berlin or UTC",
        );
        check(
            "+05:45",
            "no time zone \"+05:45\"; write an IANA name such as Europe/Berlin or UTC",
        );
        check(
            "",
            "no time zone \"\"; write an IANA name such as Europe/Berlin or UTC",
        );
    }

    #[test]
    fn a_zone_is_its_name_in_json() {
        let zone: Zone = serde_json::from_str("\"Australia/Lord_Howe\"").unwrap();
        assert_eq!(serde_json::to_string(&zone).unwrap(), "\"Australia/Lord_Howe\"");
        assert!(serde_json::from_str::<Zone>("\"Mars/Base\"").is_err());
        assert_eq!(
            Zone::parse("x").unwrap_err().flaw("/timezone").code,
            FlawCode::UnknownZone
        );
    }
}
