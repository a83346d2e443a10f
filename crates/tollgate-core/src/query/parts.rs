//! The usage query as it is written in JSON; [`super::UsageQuery`] is the proof that it makes sense.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// A usage query as it is written: the body of `POST /v1/query`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueryParts {
    /// What to add up: `cost`, `requests`, a measure, or `total_<measure>` for a measure with its parts.
    /// `cost` and `requests` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measures: Option<Vec<String>>,
    /// How: `sum` (unless given), `count`, `avg`, `min`, `max`, `p50`, `p95`, `p99` or `count_distinct`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<String>,
    /// The fields that split the rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<String>,
    /// The period that splits the rows: `minute` to `year`, or `none` (unless given).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// The IANA zone of the buckets; UTC unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// The first instant; thirty days before `to` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The first instant after; unless given the end of the quarter hour that now lies in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Conditions that must all hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<FilterParts>,
    /// A column of the answer, with `-` before it for falling order; `bucket_start` and then the groups unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_by: Option<String>,
    /// Most rows to answer; 100 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// `previous_period` to answer the stretch of the same length right before too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare: Option<String>,
    /// The field whose values `count_distinct` counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// A filter as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterParts {
    /// `category`, `organization`, `team`, `project`, `user` or a dimension.
    pub field: String,
    /// `eq`, `ne`, `in`, `not_in`, `matches` or `exists`.
    pub op: String,
    /// A text, for `in` and `not_in` a list of texts, for `exists` true (unless given) or false. Numbers and booleans stand for
    /// their text, as in the dimensions of an event.
    #[serde(default, deserialize_with = "as_written")]
    pub value: Value,
}

/// Reads a value in which numbers are kept as the texts that were sent: a float in between would make 0.70 another text.
fn as_written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    if raw.get().starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        let items: Result<_, _> = items.into_iter().map(scalar).collect();
        return items.map(Value::Array).map_err(D::Error::custom);
    }
    scalar(&raw).map_err(D::Error::custom)
}

fn scalar(raw: &RawValue) -> serde_json::Result<Value> {
    match raw.get().as_bytes().first() {
        Some(b'-' | b'0'..=b'9') => Ok(raw.get().into()),
        _ => serde_json::from_str(raw.get()),
    }
}
