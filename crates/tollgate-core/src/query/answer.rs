//! Answers: rows, their total, and how they stand in JSON.

use super::Field;
use crate::decimal::Decimal;
use crate::money::Currency;
use crate::text::Key;
use crate::time::Timestamp;
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use smol_str::SmolStr;

/// What a usage query comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The rows in the order asked for, at most as many as the limit.
    pub rows: Vec<Row>,
    /// The figures over all rows, also those beyond the limit.
    pub total: Figures,
    /// Whether there were more rows than the limit.
    pub truncated: bool,
}

/// One bucket and group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where the bucket's window begins; `None` without buckets.
    pub bucket_start: Option<Timestamp>,
    /// The text of each group field; `None` where events have none.
    pub groups: Vec<(Field, Option<SmolStr>)>,
    /// The numbers.
    pub figures: Figures,
}

/// The numbers of a row or of the total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// The value of each figure.
    pub values: Vec<(Key, Value)>,
    /// The number of events whose cost is not known; `None` when cost was not asked for.
    pub unpriced: Option<i64>,
    /// The same a period before; `None` when not compared.
    pub previous: Option<Box<Figures>>,
}

/// One number of an answer. Values of one column are ordered as their numbers are, what is not known first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Nothing carries the measure: `null`.
    Unknown,
    /// A number of things.
    Count(i64),
    /// An exact amount, `units × 10^-places`; a column has the same places throughout.
    Amount {
        /// The digits as one integer.
        units: i128,
        /// The number of decimal places.
        places: u8,
    },
    /// An amount in each of several currencies, by code.
    ByCurrency(Vec<(Currency, Value)>),
}

impl Figures {
    /// The value of a figure.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|(key, _)| key.as_str() == name)
            .map(|(_, value)| value)
    }

    fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        for (name, value) in &self.values {
            map.serialize_entry(name, value)?;
        }
        if let Some(unpriced) = self.unpriced {
            map.serialize_entry("unpriced", &unpriced)?;
        }
        if let Some(previous) = &self.previous {
            map.serialize_entry("previous", previous)?;
        }
        Ok(())
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_struct("Answer", 3)?;
        answer.serialize_field("rows", &self.rows)?;
        answer.serialize_field("total", &self.total)?;
        answer.serialize_field("truncated", &self.truncated)?;
        answer.end()
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(at) = self.bucket_start {
            map.serialize_entry("bucket_start", &at)?;
        }
        for (field, text) in &self.groups {
            map.serialize_entry(field.as_str(), text)?;
        }
        self.figures.serialize_into(&mut map)?;
        map.end()
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_into(&mut map)?;
        map.end()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unknown => serializer.serialize_none(),
            Self::Count(count) => serializer.serialize_i64(*count),
            Self::Amount { units, places } => Decimal::from_parts(*units, *places).serialize(serializer),
            Self::ByCurrency(amounts) => {
                let mut map = serializer.serialize_map(Some(amounts.len()))?;
                for (currency, amount) in amounts {
                    map.serialize_entry(currency.as_str(), amount)?;
                }
                map.end()
            }
        }
    }
}
