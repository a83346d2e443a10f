//! A price as it is written in JSON: the wire shape, nothing judged.
//!
//! [`super::Price`] is the proof that it makes sense. Numbers keep their text, so a price is given back as it was
//! written; what was left out stays out.

use super::number::NumberText;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A price as it is written in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceParts {
    /// The category whose events it prices.
    pub category: String,
    /// The dimensions an event must have; any event of the category when empty.
    #[serde(default, rename = "match")]
    pub matches: BTreeMap<String, String>,
    /// ISO 4217 code of the amounts.
    pub currency: String,
    /// First instant at which it holds, RFC 3339.
    pub effective_from: String,
    /// First instant at which it no longer holds, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_until: Option<String>,
    /// The one organization it is for; every organization when absent.
    #[serde(default)]
    pub organization: Option<String>,
    /// IANA zone of its months and, unless they name their own, of its schedule windows; `UTC` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// The period of the components that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<RatingPeriod>,
    /// What each measure costs.
    pub components: BTreeMap<String, Alternatives>,
}

/// Over which events a running total runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RatingPeriod {
    /// The calendar month in the price's zone.
    #[default]
    Month,
    /// Each event by itself.
    Event,
    /// All events there ever were.
    Total,
}

/// What a measure costs: one component, or several of which the first that applies to the event is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Alternatives {
    /// A component by itself, in JSON an object.
    One(Box<ComponentParts>),
    /// Components in order, in JSON an array.
    Several(Vec<ComponentParts>),
}

impl Alternatives {
    /// The components in the order written.
    pub fn as_slice(&self) -> &[ComponentParts] {
        match self {
            Self::One(component) => std::slice::from_ref(component),
            Self::Several(components) => components,
        }
    }
}

// Not derived as untagged: that would pass through a buffer in which numbers are floats.
impl<'de> Deserialize<'de> for Alternatives {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrSeveral;

        impl<'de> Visitor<'de> for OneOrSeveral {
            type Value = Alternatives;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a component or an array of alternative components")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Alternatives, A::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(map)).map(Alternatives::One)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Alternatives, A::Error> {
                Deserialize::deserialize(SeqAccessDeserializer::new(seq)).map(Alternatives::Several)
            }
        }

        deserializer.deserialize_any(OneOrSeveral)
    }
}

/// A component as it is written in JSON; which fields it takes depends on its model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentParts {
    /// How usage becomes cost.
    pub model: ModelName,
    /// Money per unit, per package, per request or per event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<NumberText>,
    /// `per_unit`, `graduated`, `volume`: how many base units an amount is for; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<NumberText>,
    /// `package`: base units in a package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<NumberText>,
    /// `package`: base units that cost nothing, before the first package starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_units: Option<NumberText>,
    /// `package`: whether a started package counts (`up`, the default) or only a full one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<Round>,
    /// `graduated`, `volume`: the tiers in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiers: Option<Vec<TierParts>>,
    /// `graduated`, `volume`: what a stated use of zero costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zero_usage: Option<ZeroUsage>,
    /// `graduated`, `volume`, `package`: over which events the total runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<RatingPeriod>,
    /// The amounts an event must have for the component to exist.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub when: BTreeMap<String, BoundParts>,
    /// Schedule windows; the first that holds at the event's time multiplies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub multipliers: Vec<MultiplierParts>,
}

/// How usage becomes cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelName {
    /// `amount` for each base unit, or for each `per` of them.
    PerUnit,
    /// `amount` for a thousand base units.
    PerThousand,
    /// `amount` for a million base units.
    PerMillion,
    /// `amount` for a minute of a measure counted in a unit of time.
    PerMinute,
    /// `amount` for a second of a measure counted in a unit of time.
    PerSecond,
    /// `amount` for each request of an event that uses the measure.
    PerRequest,
    /// `amount` for each event that uses the measure.
    Flat,
    /// Each unit at the price of the tier it falls in.
    Graduated,
    /// Every unit at the price of the tier that the total reaches.
    Volume,
    /// `amount` for each started `size`.
    Package,
}

impl ModelName {
    /// The name as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PerUnit => "per_unit",
            Self::PerThousand => "per_thousand",
            Self::PerMillion => "per_million",
            Self::PerMinute => "per_minute",
            Self::PerSecond => "per_second",
            Self::PerRequest => "per_request",
            Self::Flat => "flat",
            Self::Graduated => "graduated",
            Self::Volume => "volume",
            Self::Package => "package",
        }
    }
}

/// A tier as it is written in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierParts {
    /// The last base unit in the tier; `null` for the tier without an end.
    #[serde(default)]
    pub up_to: Option<NumberText>,
    /// Money per unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_amount: Option<NumberText>,
    /// Money once, when the tier is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flat_amount: Option<NumberText>,
}

/// Which packages count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Round {
    /// Started ones.
    #[default]
    Up,
    /// Full ones.
    Down,
}

/// What an event costs that states a use of zero, as long as nothing was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZeroUsage {
    /// Nothing.
    #[default]
    Free,
    /// The flat amount of the first tier.
    Flat,
}

/// The bounds on one amount, all of which must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundParts {
    /// Strictly more than.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<NumberText>,
    /// As much or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<NumberText>,
    /// Strictly less than.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<NumberText>,
    /// As much or less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<NumberText>,
}

/// A schedule window as it is written in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MultiplierParts {
    /// What the cost is multiplied with.
    pub factor: NumberText,
    /// The days on which the window begins: `mon` … `sun`; every day when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Vec<Day>>,
    /// Local time at which it begins, `HH:MM`; `00:00` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Local time before which it ends, `HH:MM`; `24:00` when absent, the next day when not after `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// IANA zone of the local time; the price's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}
