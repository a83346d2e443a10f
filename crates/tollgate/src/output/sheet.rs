//! What a command shows: the server's answer, and how to read rows out of it.

use anyhow::Context;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use tollgate_core::flaw::pointer;

/// What a column holds, which decides how it is aligned and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Words: aligned left.
    Text,
    /// A decimal: aligned right, digits grouped for people.
    Number,
    /// The part of the total that the row's named number is, drawn as a bar; only for people.
    Share,
}

/// A column: its heading, and the JSON pointer to its value in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) title: String,
    pub(crate) pointer: String,
    pub(crate) kind: Kind,
}

impl Column {
    /// A column of words.
    pub(crate) fn text(title: &str, pointer: &str) -> Self {
        Self {
            title: title.to_owned(),
            pointer: pointer.to_owned(),
            kind: Kind::Text,
        }
    }

    /// A column of numbers.
    pub(crate) fn number(title: &str, pointer: &str) -> Self {
        Self {
            kind: Kind::Number,
            ..Self::text(title, pointer)
        }
    }

    /// A column that draws what part of the total the number at the pointer is.
    pub(crate) fn share(pointer: &str) -> Self {
        Self {
            kind: Kind::Share,
            ..Self::text("share", pointer)
        }
    }
}

/// A row: as it was answered, and parsed.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    raw: Box<RawValue>,
    value: Value,
    /// What people see in place of a value.
    shown: BTreeMap<String, String>,
}

impl Row {
    /// Parses a row.
    pub(crate) fn parse(raw: Box<RawValue>) -> serde_json::Result<Self> {
        let value = serde_json::from_str(raw.get())?;
        Ok(Self {
            raw,
            value,
            shown: BTreeMap::new(),
        })
    }

    /// The row as it was answered.
    pub(crate) fn raw(&self) -> &RawValue {
        &self.raw
    }

    /// The row as a value.
    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// Shows people a text in place of a field; machines get what was answered.
    pub(crate) fn show_as(&mut self, field: &str, text: String) {
        self.shown.insert(pointer(&[field]), text);
    }

    /// The text of a column for people: nothing for null, lists joined, objects as `key=value`.
    pub(crate) fn cell(&self, column: &Column) -> String {
        self.shown
            .get(&column.pointer)
            .cloned()
            .unwrap_or_else(|| self.exact(column))
    }

    /// The text of a column as it was answered, where it was.
    pub(crate) fn exact(&self, column: &Column) -> String {
        match self.value.pointer(&column.pointer) {
            Some(value) => readable(value),
            None => self.shown.get(&column.pointer).cloned().unwrap_or_default(),
        }
    }
}

/// Rows under columns, the answer they came from, and perhaps a total.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    /// The answer as JSON text.
    pub(crate) answer: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    pub(crate) total: Option<Row>,
}

impl Sheet {
    /// The rows that stand in a list of the answer (`data`, `rows`, `results` …).
    pub(crate) fn of_list(answer: String, list: &str, columns: Vec<Column>) -> anyhow::Result<Self> {
        let fields: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(&answer).context("the server's answer is no JSON object")?;
        let rows = fields
            .get(list)
            .with_context(|| format!("the server's answer has no `{list}`"))?;
        let rows: Vec<Box<RawValue>> = serde_json::from_str(rows.get())?;
        let rows = rows
            .into_iter()
            .map(Row::parse)
            .collect::<serde_json::Result<_>>()?;
        let total = fields
            .get("total")
            .map(|total| Row::parse(total.clone()))
            .transpose()?;
        Ok(Self {
            answer,
            columns,
            rows,
            total,
        })
    }

    /// The answer as the only row, one line for each of its fields.
    pub(crate) fn of_fields(answer: String) -> anyhow::Result<Self> {
        let Fields(fields) =
            serde_json::from_str(&answer).context("the server's answer is no JSON object")?;
        let rows = fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| {
                let pair = serde_json::json!({"field": name, "value": readable(value)});
                Row::parse(RawValue::from_string(pair.to_string())?)
            });
        let rows = rows.collect::<serde_json::Result<_>>()?;
        Ok(Self {
            answer,
            columns: vec![Column::text("field", "/field"), Column::text("value", "/value")],
            rows,
            total: None,
        })
    }
}

/// The fields of an object in the order in which they were answered.
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// A value in one line.
fn readable(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(readable).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let pairs =
                fields
                    .iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(name, value)| match value {
                        Value::Object(_) => format!("{name}({})", readable(value)),
                        value => format!("{name}={}", readable(value)),
                    });
            pairs.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}
