//! Categories: what can be used, in which measures, and how it is shown.
//!
//! A category is data. [`CategoryParts`] is what was typed; [`Category`] is the proof that it makes sense.

use crate::decimal::Decimal;
use crate::dimension::is_reserved;
use crate::flaw::{Flaw, FlawCode, pointer};
use crate::scope::ScopeKind;
use crate::text::{CategoryName, Key};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most measures a category may declare.
pub const MEASURES_MAX: usize = 32;
/// Most dimensions a category may declare: each multiplies the number of rollup cells.
pub const DECLARED_DIMENSIONS_MAX: usize = 8;
const UNIT_BYTES_MAX: usize = 64;

/// A category as it is written in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryParts {
    /// Dotted name.
    pub name: String,
    /// What one of it is called: `tokens`.
    pub unit: String,
    /// The measure that `quantity` sets.
    #[serde(default)]
    pub primary: Option<String>,
    /// The measures by name. `requests` exists without being listed.
    #[serde(default)]
    pub measures: BTreeMap<String, MeasureParts>,
    /// Names of the dimensions that rollups keep.
    #[serde(default)]
    pub dimensions: Vec<String>,
    /// How amounts are shown.
    #[serde(default)]
    pub display: Option<DisplayParts>,
}

/// A measure as it is written in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureParts {
    /// `counter`, `gauge` or `unique`.
    #[serde(default)]
    pub kind: KindParts,
    /// The base unit: `token`, `byte`, `second`.
    #[serde(default)]
    pub unit: Option<String>,
    /// The measure that this one is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Whether an event with it needs a price for it.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub billable: bool,
    /// For `unique`: the scope whose distinct instances count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<ScopeKind>,
}

/// The kind of a measure as it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindParts {
    /// Adds up.
    #[default]
    Counter,
    /// A level that holds until the next event.
    Gauge,
    /// Distinct instances of a scope.
    Unique,
}

/// How amounts of a category are shown, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisplayParts {
    /// Name of the shown unit: `CPU-hours`.
    pub unit: String,
    /// Base units in one shown unit: `3600`.
    #[serde(default = "one")]
    pub per: String,
}

fn yes() -> bool {
    true
}

fn is_true(value: &bool) -> bool {
    *value
}

fn one() -> String {
    "1".to_owned()
}

/// What kind of amount a measure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureKind {
    /// Adds up.
    Counter,
    /// A level that holds until the next event; its usage is level × time.
    Gauge,
    /// Distinct instances of a scope.
    Unique(ScopeKind),
}

/// A named amount that events of a category may carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Its name.
    pub name: Key,
    /// Its kind.
    pub kind: MeasureKind,
    /// Its base unit.
    pub unit: String,
    /// The measure that it is a part of.
    pub parent: Option<Key>,
    /// Whether an event with it needs a price for it.
    pub billable: bool,
}

/// What was used: a name, its measures and its declared dimensions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CategoryParts", into = "CategoryParts")]
pub struct Category {
    name: CategoryName,
    primary: Option<Key>,
    measures: Vec<Measure>,
    dimensions: Vec<Key>,
    parts: CategoryParts,
}

/// A category as written does not make sense; every flaw is listed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", list(.0))]
pub struct CategoryFlaws(pub Vec<Flaw>);

fn list(flaws: &[Flaw]) -> String {
    flaws
        .iter()
        .map(|f| format!("{} {}", f.pointer, f.detail))
        .collect::<Vec<_>>()
        .join("; ")
}

impl Category {
    /// The dotted name.
    pub fn name(&self) -> &CategoryName {
        &self.name
    }

    /// The measure that `quantity` sets.
    pub fn primary(&self) -> Option<&Key> {
        self.primary.as_ref()
    }

    /// The measures, `requests` among them, in name order.
    pub fn measures(&self) -> &[Measure] {
        &self.measures
    }

    /// The measure of this name.
    pub fn measure(&self, name: &str) -> Option<&Measure> {
        self.measures.iter().find(|m| m.name.as_str() == name)
    }

    /// The category as it is but for `requests`, which need no price.
    #[must_use]
    pub fn with_requests_free(&self) -> Self {
        let mut category = self.clone();
        let requests = category.measures.iter_mut().find(|m| m.name == Key::requests());
        if let Some(requests) = requests {
            requests.billable = false;
        }
        category
    }

    /// The dimensions that rollups keep, in the order declared.
    pub fn dimensions(&self) -> &[Key] {
        &self.dimensions
    }

    /// The category as it is written.
    pub fn parts(&self) -> &CategoryParts {
        &self.parts
    }
}

impl From<Category> for CategoryParts {
    fn from(category: Category) -> Self {
        category.parts
    }
}

impl TryFrom<CategoryParts> for Category {
    type Error = CategoryFlaws;

    fn try_from(parts: CategoryParts) -> Result<Self, CategoryFlaws> {
        let mut flaws = Vec::new();
        let name = CategoryName::parse(&parts.name)
            .map_err(|e| flaws.push(Flaw::at("/name", FlawCode::Text, e)))
            .ok();
        if parts.unit.is_empty() || parts.unit.len() > UNIT_BYTES_MAX {
            flaws.push(Flaw::at(
                "/unit",
                FlawCode::Text,
                "name the unit in 1 to 64 bytes, such as tokens",
            ));
        }
        let measures = measures(&parts, &mut flaws);
        let dimensions = dimensions(&parts, &mut flaws);
        let primary = parts.primary.as_deref().and_then(|wanted| {
            let found = measures
                .iter()
                .find(|m| m.name.as_str() == wanted)
                .map(|m| m.name.clone());
            if found.is_none() {
                let detail = format!("the category has no measure {wanted}; list it under measures");
                flaws.push(Flaw::at("/primary", FlawCode::UnknownMeasure, detail));
            }
            found
        });
        check_display(&parts, &mut flaws);
        match name {
            Some(name) if flaws.is_empty() => Ok(Self {
                name,
                primary,
                measures,
                dimensions,
                parts,
            }),
            _ => Err(CategoryFlaws(flaws)),
        }
    }
}

fn measures(parts: &CategoryParts, flaws: &mut Vec<Flaw>) -> Vec<Measure> {
    if parts.measures.len() > MEASURES_MAX {
        flaws.push(Flaw::at(
            "/measures",
            FlawCode::TooMany,
            format!("at most {MEASURES_MAX} measures"),
        ));
        return Vec::new();
    }
    let mut measures: Vec<Measure> = parts
        .measures
        .iter()
        .filter_map(|(name, measure)| one_measure(parts, name, measure, flaws))
        .collect();
    if !parts.measures.contains_key("requests") {
        measures.push(Measure {
            name: Key::requests(),
            kind: MeasureKind::Counter,
            unit: "request".to_owned(),
            parent: None,
            billable: parts.primary.as_deref() == Some("requests"),
        });
    }
    measures.sort_by(|a, b| a.name.cmp(&b.name));
    measures
}

fn one_measure(
    parts: &CategoryParts,
    name: &str,
    measure: &MeasureParts,
    flaws: &mut Vec<Flaw>,
) -> Option<Measure> {
    let at = pointer(&["measures", name]);
    let key = match Key::parse(name) {
        Ok(key) if name != "requests" && is_reserved(name) => {
            flaws.push(Flaw::at(
                &at,
                FlawCode::Reserved,
                format!("{key} is the name of an event field"),
            ));
            return None;
        }
        Ok(key) => key,
        Err(error) => {
            flaws.push(Flaw::at(&at, FlawCode::Text, error));
            return None;
        }
    };
    let parent = measure
        .parent
        .as_deref()
        .and_then(|wanted| check_parent(parts, name, wanted, flaws));
    let kind = match (measure.kind, measure.of) {
        (KindParts::Counter, None) => MeasureKind::Counter,
        (KindParts::Gauge, None) => MeasureKind::Gauge,
        (KindParts::Unique, Some(of)) => MeasureKind::Unique(of),
        (KindParts::Unique, None) => {
            let detail = "a unique measure names what it counts: organization, team, project or user";
            flaws.push(Flaw::at(format!("{at}/of"), FlawCode::Missing, detail));
            return None;
        }
        (_, Some(_)) => {
            let detail = "only a unique measure counts instances of a scope; leave it out";
            flaws.push(Flaw::at(format!("{at}/of"), FlawCode::Combination, detail));
            return None;
        }
    };
    let unit = measure.unit.clone().unwrap_or_else(|| parts.unit.clone());
    Some(Measure {
        name: key,
        kind,
        unit,
        parent,
        billable: measure.billable,
    })
}

fn check_parent(parts: &CategoryParts, name: &str, wanted: &str, flaws: &mut Vec<Flaw>) -> Option<Key> {
    let at = pointer(&["measures", name, "parent"]);
    match parts.measures.get(wanted) {
        // One level only: a part of a part would have two prices to fall back on.
        Some(parent) if parent.parent.is_none() && wanted != name => Key::parse(wanted).ok(),
        Some(_) => {
            flaws.push(Flaw::at(
                at,
                FlawCode::Combination,
                "a part's parent may not be a part itself",
            ));
            None
        }
        None => {
            let detail = format!("the category has no measure {wanted}");
            flaws.push(Flaw::at(at, FlawCode::UnknownMeasure, detail));
            None
        }
    }
}

fn dimensions(parts: &CategoryParts, flaws: &mut Vec<Flaw>) -> Vec<Key> {
    if parts.dimensions.len() > DECLARED_DIMENSIONS_MAX {
        let detail =
            format!("at most {DECLARED_DIMENSIONS_MAX} dimensions can be declared; others may still be sent");
        flaws.push(Flaw::at("/dimensions", FlawCode::TooMany, detail));
        return Vec::new();
    }
    let mut dimensions: Vec<Key> = Vec::new();
    for (index, name) in parts.dimensions.iter().enumerate() {
        let at = pointer(&["dimensions", &index.to_string()]);
        match Key::parse(name) {
            Err(error) => flaws.push(Flaw::at(at, FlawCode::Text, error)),
            Ok(_) if is_reserved(name) || parts.measures.contains_key(name) => {
                flaws.push(Flaw::at(
                    at,
                    FlawCode::Reserved,
                    format!("{name} is the name of a field or a measure"),
                ));
            }
            Ok(key) if dimensions.contains(&key) => {
                flaws.push(Flaw::at(
                    at,
                    FlawCode::Repeated,
                    format!("{name} is declared twice"),
                ));
            }
            Ok(key) => dimensions.push(key),
        }
    }
    dimensions
}

fn check_display(parts: &CategoryParts, flaws: &mut Vec<Flaw>) {
    let Some(display) = &parts.display else { return };
    match Decimal::parse(&display.per) {
        Ok(per) if !per.is_negative() && !per.is_zero() => {}
        Ok(_) => flaws.push(Flaw::at("/display/per", FlawCode::Range, "must be above zero")),
        Err(error) => flaws.push(Flaw::at("/display/per", FlawCode::Number, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(json: &str, want: Expect) {
        let parts: CategoryParts = serde_json::from_str(json).unwrap();
        let got = match Category::try_from(parts) {
            Ok(category) => format!(
                "{:#?}",
                category
                    .measures()
                    .iter()
                    .map(|m| m.name.as_str())
                    .collect::<Vec<_>>()
            ),
            Err(flaws) => flaws
                .0
                .iter()
                .map(|f| format!("{} {}: {}\n", f.pointer, f.code.as_str(), f.detail))
                .collect(),
        };
        want.assert_eq(&got);
    }

    #[test]
    fn requests_exist_on_every_category() {
        check(
            r#"{"name": "x.y", "unit": "things", "measures": {"a": {}}}"#,
            expect![[r#"
                [
                    "a",
                    "requests",
                ]"#]],
        );
    }

    #[test]
    fn every_flaw_is_named_at_once() {
        check(
            r#"{"name": "X", "unit": "", "primary": "none", "dimensions": ["user", "a", "d", "d"],
                "measures": {"a": {"parent": "b"}, "c": {"kind": "unique"}, "cost": {}, "e": {"parent": "e"}, "f": {"of": "user"}},
                "display": {"unit": "x", "per": "0"}}"#,
            expect![[r#"
                /name invalid_text: has a character that is not allowed; use lower-case words joined by dots, such as ai.completion
                /unit invalid_text: name the unit in 1 to 64 bytes, such as tokens
                /measures/a/parent unknown_measure: the category has no measure b
                /measures/c/of missing_field: a unique measure names what it counts: organization, team, project or user
                /measures/cost reserved_name: cost is the name of an event field
                /measures/e/parent invalid_combination: a part's parent may not be a part itself
                /measures/f/of invalid_combination: only a unique measure counts instances of a scope; leave it out
                /dimensions/0 reserved_name: user is the name of a field or a measure
                /dimensions/1 reserved_name: a is the name of a field or a measure
                /dimensions/3 repeated: d is declared twice
                /primary unknown_measure: the category has no measure none; list it under measures
                /display/per out_of_range: must be above zero
            "#]],
        );
    }
}
