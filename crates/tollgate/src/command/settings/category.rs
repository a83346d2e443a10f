//! `tollgate categories`: the flags of a category.

use super::{Everything, Fields, Kind};
use crate::assignment::split;
use crate::output::{Column, Row};
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeMap;
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
    /// A measure and its kind: NAME, NAME=counter or NAME=gauge; on a change, name all there shall be
    #[arg(long = "measure", value_name = "NAME[=KIND]")]
    measures: Vec<Measure>,
    /// Dimensions whose totals are kept ready; on a change, name all there shall be
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
    type Only = Everything;

    fn columns() -> Vec<Column> {
        vec![
            Column::text("name", "/name"),
            Column::text("unit", "/unit"),
            Column::text("primary", "/primary"),
            Column::text("dimensions", "/dimensions"),
            Column::text("measures", "/measures"),
        ]
    }

    fn show(row: &mut Row) {
        if let Some(measures) = row.value()["measures"].as_object() {
            let names: Vec<&str> = measures.keys().map(String::as_str).collect();
            row.show_as("measures", names.join(", "));
        }
    }

    fn write(&self, fields: &mut Fields) -> Result<(), String> {
        fields.put("name", self.name.as_ref())?;
        fields.put("unit", self.unit.as_ref())?;
        fields.put("primary", self.primary.as_ref())?;
        let measures: BTreeMap<&str, Value> = self
            .measures
            .iter()
            .map(|measure| (measure.name.as_str(), json!({"kind": measure.kind})))
            .collect();
        fields.put("measures", (!measures.is_empty()).then_some(measures))?;
        let dimensions: Vec<String> = self.dimensions.iter().flat_map(|names| split(names)).collect();
        fields.put("dimensions", (!dimensions.is_empty()).then_some(dimensions))?;
        Ok(())
    }
}
