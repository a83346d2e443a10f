//! `tollgate categories`: the flags of a category.

use super::settings::{Kind, put};
use crate::assignment::split;
use crate::output::{Column, Row};
use clap::Args;
use serde_json::{Map, Value, json};
use std::str::FromStr;

/// Flags that describe a category.
#[derive(Args, Debug, Default)]
#[command(after_long_help = "\
Example:
  tollgate categories create --name video.encoding --unit minutes --measure seconds --measure bytes=gauge \\
    --primary seconds --dimension codec,resolution")]
pub(crate) struct Category {
    /// Dotted name, such as video.encoding
    #[arg(long)]
    name: Option<String>,
    /// What one of it is called, such as minutes
    #[arg(long)]
    unit: Option<String>,
    /// The measure that `quantity` sets
    #[arg(long)]
    primary: Option<String>,
    /// A measure, and its kind: NAME, NAME=counter or NAME=gauge
    #[arg(long = "measure", value_name = "NAME[=KIND]")]
    measures: Vec<Measure>,
    /// Dimensions whose totals are kept ready
    #[arg(long = "dimension", value_name = "NAME,…")]
    dimensions: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Measure {
    name: String,
    kind: String,
}

impl FromStr for Measure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, kind) = text.split_once('=').unwrap_or((text, "counter"));
        if !matches!(kind, "counter" | "gauge") {
            return Err(format!(
                "`{kind}` is no kind that a name describes; use counter or gauge, or a JSON file"
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
        })
    }
}

impl Kind for Category {
    const PATH: &'static str = "categories";
    const ID: &'static str = "name";

    fn columns() -> Vec<Column> {
        vec![
            Column::text("name", "/name"),
            Column::text("unit", "/unit"),
            Column::text("primary", "/primary"),
            Column::text("measures", "/measures"),
            Column::text("dimensions", "/dimensions"),
        ]
    }

    fn show(row: &mut Row) {
        if let Some(measures) = row.value()["measures"].as_object() {
            let names: Vec<&str> = measures.keys().map(String::as_str).collect();
            row.show_as("measures", names.join(", "));
        }
    }

    fn write(&self, fields: &mut Map<String, Value>) -> Result<(), String> {
        put(fields, "name", self.name.as_ref());
        put(fields, "unit", self.unit.as_ref());
        put(fields, "primary", self.primary.as_ref());
        if !self.measures.is_empty() {
            let measures = self
                .measures
                .iter()
                .map(|measure| (measure.name.clone(), json!({"kind": measure.kind})));
            fields.insert("measures".to_owned(), Value::Object(measures.collect()));
        }
        if !self.dimensions.is_empty() {
            let names: Vec<String> = self.dimensions.iter().flat_map(|names| split(names)).collect();
            fields.insert("dimensions".to_owned(), json!(names));
        }
        Ok(())
    }
}
