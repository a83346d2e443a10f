//! `tollgate quotas` and `tollgate budgets`: the flags of a limit. Ladders of one's own are written as JSON.

use super::{Fields, Kind, Narrow};
use crate::assignment::{Assignments, pairs};
use crate::client::Path;
use crate::output::Column;
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::str::FromStr;

/// Flags that quotas and budgets share.
#[derive(Args, Debug, Default)]
struct Shared {
    /// Name for people
    #[arg(long)]
    name: Option<String>,
    /// Organization whose use it counts [default: the key's]
    #[arg(long)]
    organization: Option<String>,
    /// Whose use within it: organization, team:ID, project:ID or user:ID; ID `*` for each one separately
    #[arg(long, value_name = "KIND[:ID]")]
    scope: Option<Scope>,
    /// Categories: one, a family such as ai.*, or `*`
    #[arg(long)]
    selector: Option<String>,
    /// Dimensions that a use must have
    #[arg(long = "match", value_name = "KEY=VALUE,…")]
    matching: Vec<Assignments>,
    /// The ceiling
    #[arg(long, value_name = "AMOUNT")]
    limit: Option<String>,
    /// Time zone of its windows, such as Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// What happens at the ceiling: hard, soft, shadow or ladder
    #[arg(long)]
    mode: Option<String>,
    /// What happens while the balance cannot be known: deny or allow
    #[arg(long)]
    on_unavailable: Option<String>,
    /// Percentages at which alerts are given
    #[arg(long, value_delimiter = ',', value_name = "PERCENT,…")]
    thresholds: Vec<String>,
}

/// Flags that describe a quota.
#[derive(Args, Debug, Default)]
#[command(after_long_help = QUOTA_NOTES)]
pub(crate) struct Quota {
    #[command(flatten)]
    shared: Shared,
    /// What is counted: a measure, `requests` among them
    #[arg(long)]
    measure: Option<String>,
    /// How long it counts before it begins anew: minute, hour, day, week, month, year or total
    #[arg(long)]
    window: Option<String>,
}

/// Flags that describe a budget.
#[derive(Args, Debug, Default)]
#[command(after_long_help = BUDGET_NOTES)]
pub(crate) struct Budget {
    #[command(flatten)]
    shared: Shared,
    /// Currency [default: the organization's]
    #[arg(long)]
    currency: Option<String>,
    /// How long it counts before it begins anew: minute, hour, day, week, month, year or total
    #[arg(long)]
    period: Option<String>,
    /// Class of customer, which gives ceiling and ladder: free, premium or enterprise
    #[arg(long)]
    tier: Option<String>,
}

const QUOTA_NOTES: &str = "\
Example: a hundred calls of AI a day for each user, the day of Berlin
  tollgate quotas create --name 'daily calls' --organization acme --scope user:* --selector 'ai.*' \\
    --measure requests --limit 100 --window day --timezone Europe/Berlin";

const BUDGET_NOTES: &str = "\
Example: a hundred dollars a month for the whole organization
  tollgate budgets create --name monthly --organization acme --limit 100 --period month";

/// Whose use a limit counts, as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Scope {
    kind: String,
    id: Option<String>,
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, id) = match text.split_once(':') {
            Some((kind, id)) => (kind, Some(id.to_owned())),
            None => (text, None),
        };
        match (kind, &id) {
            ("organization", _) | ("team" | "project" | "user", Some(_)) => Ok(Self {
                kind: kind.to_owned(),
                id,
            }),
            _ => Err(format!(
                "`{text}` is no scope; write organization, team:core, project:editor, user:u1 or user:*"
            )),
        }
    }
}

impl Shared {
    fn write(&self, fields: &mut Fields) -> Result<(), String> {
        fields.put("name", self.name.as_ref())?;
        fields.put("organization", self.organization.as_ref())?;
        let scope = self.scope.as_ref();
        let scope = scope.map(|scope| json!({"kind": scope.kind, "id": scope.id.as_deref().unwrap_or("*")}));
        fields.put("scope", scope)?;
        fields.put("selector", self.selector.as_ref())?;
        let matching: BTreeMap<&str, &str> = pairs(&self.matching).collect();
        fields.put("match", (!matching.is_empty()).then_some(matching))?;
        fields.put("limit", self.limit.as_ref())?;
        fields.put("timezone", self.timezone.as_ref())?;
        fields.put("mode", self.mode.as_ref())?;
        fields.put("on_unavailable", self.on_unavailable.as_ref())?;
        let thresholds = (!self.thresholds.is_empty()).then_some(&self.thresholds);
        fields.put("thresholds", thresholds)
    }
}

/// Flags that narrow a list of limits.
#[derive(Args, Debug)]
pub(crate) struct OnlyLimits {
    /// Limits of this organization
    #[arg(long)]
    organization: Option<String>,
}

impl Narrow for OnlyLimits {
    fn narrow(&self, path: Path) -> Path {
        path.with("organization", self.organization.as_ref())
    }
}

fn columns(measure: Column, window: Column) -> Vec<Column> {
    vec![
        Column::text("id", "/id"),
        Column::text("name", "/name"),
        Column::text("organization", "/organization"),
        Column::text("scope", "/scope"),
        Column::text("selector", "/selector"),
        measure,
        Column::number("limit", "/limit"),
        window,
        Column::text("mode", "/mode"),
    ]
}

fn warnings(written: &Value) -> Vec<String> {
    let warnings = written["warnings"].as_array().into_iter().flatten();
    warnings
        .filter_map(Value::as_str)
        .map(|warning| format!("warning: {warning}"))
        .collect()
}

impl Kind for Quota {
    const PATH: &'static str = "quotas";
    type Only = OnlyLimits;

    fn columns() -> Vec<Column> {
        columns(
            Column::text("measure", "/measure"),
            Column::text("window", "/window"),
        )
    }

    fn write(&self, fields: &mut Fields) -> Result<(), String> {
        self.shared.write(fields)?;
        fields.put("measure", self.measure.as_ref())?;
        fields.put("window", self.window.as_ref())
    }

    fn remarks(written: &Value) -> Vec<String> {
        warnings(written)
    }
}

impl Kind for Budget {
    const PATH: &'static str = "budgets";
    type Only = OnlyLimits;

    fn columns() -> Vec<Column> {
        columns(
            Column::text("currency", "/currency"),
            Column::text("period", "/period"),
        )
    }

    fn write(&self, fields: &mut Fields) -> Result<(), String> {
        self.shared.write(fields)?;
        fields.put("currency", self.currency.as_ref())?;
        fields.put("period", self.period.as_ref())?;
        fields.put("tier", self.tier.as_ref())
    }

    fn remarks(written: &Value) -> Vec<String> {
        warnings(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_a_limit() {
        let quota = Quota {
            shared: Shared {
                name: Some("daily".to_owned()),
                scope: Some("user:*".parse().unwrap()),
                limit: Some("100".to_owned()),
                thresholds: vec!["75".to_owned(), "100".to_owned()],
                ..Shared::default()
            },
            measure: Some("requests".to_owned()),
            window: Some("day".to_owned()),
        };
        let mut fields = Fields::default();
        quota.write(&mut fields).unwrap();
        assert_eq!(
            fields.to_json().unwrap(),
            r#"{"limit":"100","measure":"requests","name":"daily","scope":{"id":"*","kind":"user"},"thresholds":["75","100"],"window":"day"}"#
        );
    }

    #[test]
    fn a_scope_names_its_kind_and_whose() {
        assert_eq!("team:core".parse::<Scope>().unwrap().id.as_deref(), Some("core"));
        assert_eq!("organization".parse::<Scope>().unwrap().id, None);
        for text in ["user", "group:x", ""] {
            assert!(text.parse::<Scope>().is_err(), "{text}");
        }
    }
}
