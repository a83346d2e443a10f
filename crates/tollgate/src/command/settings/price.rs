//! `tollgate prices`: the flags of the common prices. Tiers, conditions and multipliers are written as JSON.

use super::{Fields, Kind, Narrow};
use crate::assignment::{Assignments, pairs};
use crate::client::Path;
use crate::output::{Column, Row};
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::str::FromStr;
use tollgate_core::decimal::Decimal;

/// Flags that describe a price.
#[derive(Args, Debug, Default)]
#[command(after_long_help = NOTES)]
pub(crate) struct Price {
    /// Category it prices
    #[arg(long)]
    category: Option<String>,
    /// Dimensions an event must have
    #[arg(long = "match", value_name = "KEY=VALUE,…")]
    matching: Vec<Assignments>,
    /// What a measure costs: MEASURE=MODEL:AMOUNT, MODEL one of per-unit, per-thousand, per-million, per-minute,
    /// per-second, per-request and flat
    #[arg(long = "component", value_name = "MEASURE=MODEL:AMOUNT")]
    components: Vec<Component>,
    /// Currency, such as USD
    #[arg(long)]
    currency: Option<String>,
    /// Since when it holds, RFC 3339
    #[arg(long, value_name = "TIME")]
    effective_from: Option<String>,
    /// Until when it holds, RFC 3339; a price that has priced something can change nothing else
    #[arg(long, value_name = "TIME")]
    effective_until: Option<String>,
    /// Organization it holds for; without it, for all
    #[arg(long)]
    organization: Option<String>,
}

const NOTES: &str = "\
Example:
  tollgate prices create --category ai.completion --match provider=openai,model=gpt-4o \\
    --component input_tokens=per-million:2.50 --component output_tokens=per-million:10.00 \\
    --currency USD --effective-from 2026-01-01T00:00:00Z";

/// Flags that narrow the list of prices.
#[derive(Args, Debug)]
pub(crate) struct OnlyPrices {
    /// Prices of this category
    #[arg(long)]
    category: Option<String>,
    /// Prices that hold for this organization alone
    #[arg(long)]
    organization: Option<String>,
    /// Prices that ask for these dimensions
    #[arg(long = "match", value_name = "KEY=VALUE,…")]
    matching: Vec<Assignments>,
    /// Prices that hold at this time, RFC 3339
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

impl Narrow for OnlyPrices {
    fn narrow(&self, path: Path) -> Path {
        let path = path
            .with("category", self.category.as_ref())
            .with("organization", self.organization.as_ref());
        let matching = pairs(&self.matching);
        matching.fold(path.with("at", self.at.as_ref()), |path, (key, value)| {
            path.with(&format!("match.{key}"), Some(value))
        })
    }
}

/// A component as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Component {
    measure: String,
    model: String,
    amount: String,
}

/// The models that an amount alone describes.
const MODELS: [&str; 7] = [
    "per_unit",
    "per_thousand",
    "per_million",
    "per_minute",
    "per_second",
    "per_request",
    "flat",
];

impl FromStr for Component {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text
            .split_once('=')
            .and_then(|(measure, rest)| Some((measure, rest.split_once(':')?)));
        let Some((measure, (model, amount))) = parts else {
            return Err(format!(
                "`{text}` is no component; write input_tokens=per-million:2.50"
            ));
        };
        let model = model.replace('-', "_");
        if !MODELS.contains(&model.as_str()) {
            return Err(format!(
                "`{model}` takes more than an amount, or is no model; describe it in a JSON file"
            ));
        }
        Decimal::parse(amount).map_err(|error| format!("the amount `{amount}` {error}"))?;
        Ok(Self {
            measure: measure.to_owned(),
            model,
            amount: amount.to_owned(),
        })
    }
}

impl Kind for Price {
    const PATH: &'static str = "prices";
    type Only = OnlyPrices;

    fn columns() -> Vec<Column> {
        vec![
            Column::text("id", "/id"),
            Column::text("category", "/category"),
            Column::text("match", "/match"),
            Column::text("currency", "/currency"),
            Column::text("from", "/effective_from"),
            Column::text("until", "/effective_until"),
            Column::text("organization", "/organization"),
            Column::text("components", "/components"),
        ]
    }

    fn show(row: &mut Row) {
        if let Some(components) = row.value()["components"].as_object() {
            let shown: Vec<String> = components
                .iter()
                .map(|(measure, component)| brief(measure, component))
                .collect();
            row.show_as("components", shown.join(", "));
        }
    }

    fn write(&self, fields: &mut Fields) -> Result<(), String> {
        fields.put("category", self.category.as_ref())?;
        fields.put("currency", self.currency.as_ref())?;
        fields.put("effective_from", self.effective_from.as_ref())?;
        fields.put("effective_until", self.effective_until.as_ref())?;
        fields.put("organization", self.organization.as_ref())?;
        let matching: BTreeMap<&str, &str> = pairs(&self.matching).collect();
        fields.put("match", (!matching.is_empty()).then_some(matching))?;
        let mut components = BTreeMap::new();
        for Component {
            measure,
            model,
            amount,
        } in &self.components
        {
            if components
                .insert(measure, json!({"model": model, "amount": amount}))
                .is_some()
            {
                return Err(format!("--component {measure}: given twice"));
            }
        }
        fields.put("components", (!components.is_empty()).then_some(components))
    }

    fn remarks(written: &Value) -> Vec<String> {
        let warnings = written["warnings"].as_array().into_iter().flatten();
        warnings
            .filter_map(Value::as_str)
            .map(|warning| format!("warning: {warning}"))
            .collect()
    }
}

/// A component in a few words: its amount and model, or how many tiers or alternatives it has.
fn brief(measure: &str, component: &Value) -> String {
    let model = component["model"].as_str().unwrap_or_default().replace('_', " ");
    match (component, &component["amount"], &component["tiers"]) {
        (Value::Array(several), ..) => format!("{measure} one of {}", several.len()),
        (_, Value::String(amount), _) => match component["per"].as_str().or(component["size"].as_str()) {
            Some(units) => format!("{measure} {amount} per {units}"),
            None => format!("{measure} {amount} {model}"),
        },
        (_, _, Value::Array(tiers)) => format!("{measure} {model} in {} tiers", tiers.len()),
        _ => format!("{measure} {model}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_a_price() {
        let price = Price {
            category: Some("ai.completion".to_owned()),
            matching: vec!["provider=openai,model=gpt-4o".parse().unwrap()],
            components: vec![
                "input_tokens=per-million:2.50".parse().unwrap(),
                "requests=flat:1".parse().unwrap(),
            ],
            ..Price::default()
        };
        let mut fields = Fields::parse(r#"{"currency":"EUR","category":"x"}"#).unwrap();
        price.write(&mut fields).unwrap();
        assert_eq!(
            fields.to_json().unwrap(),
            r#"{"category":"ai.completion","components":{"input_tokens":{"amount":"2.50","model":"per_million"},"requests":{"amount":"1","model":"flat"}},"currency":"EUR","match":{"model":"gpt-4o","provider":"openai"}}"#
        );
    }

    #[test]
    fn a_list_shows_components_in_a_few_words() {
        let table = [
            (
                json!({"model": "per_million", "amount": "2.50"}),
                "m 2.50 per million",
            ),
            (
                json!({"model": "per_unit", "amount": "0.05", "per": "3600"}),
                "m 0.05 per 3600",
            ),
            (
                json!({"model": "graduated", "tiers": [{}, {}]}),
                "m graduated in 2 tiers",
            ),
            (
                json!([{"model": "flat", "amount": "1"}, {"model": "flat", "amount": "2"}]),
                "m one of 2",
            ),
        ];
        for (component, shown) in table {
            assert_eq!(brief("m", &component), shown);
        }
    }

    #[test]
    fn a_component_that_is_no_plain_amount_is_refused() {
        for text in [
            "input_tokens",
            "a=per_million",
            "a=graduated:1",
            "a=per_unit:x",
            "a=per_unit:1e400",
        ] {
            assert!(text.parse::<Component>().is_err(), "{text}");
        }
    }
}
