//! Figures: the columns of numbers in an answer, and which measures each is made of.

use super::Aggregate;
use crate::catalog::Catalog;
use crate::category::{Category, MeasureKind};
use crate::nearest::nearest;
use crate::scope::ScopeKind;
use crate::text::{CategoryName, Key};
use std::collections::BTreeSet;

/// What a name begins with that asks for a measure together with its parts.
const TOTAL_PREFIX: &str = "total_";

/// A column of numbers in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The column's name.
    pub name: Key,
    /// What it is computed from.
    pub source: Source,
}

/// What a figure is computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// What events cost.
    Cost,
    /// How many requests events stand for.
    Requests,
    /// Measures that add up: one, or a parent and its parts.
    Counter(Vec<Key>),
    /// Levels that hold until the next event: one, or a parent and its parts.
    Gauge(Vec<Key>),
    /// The instances of a scope in events of these categories.
    Unique {
        /// The scope.
        of: ScopeKind,
        /// The categories that count it.
        categories: BTreeSet<CategoryName>,
    },
    /// Events, whatever they carry.
    Events,
}

impl Source {
    /// The names of the measures that it reads.
    pub fn measures(&self) -> &[Key] {
        match self {
            Self::Counter(measures) | Self::Gauge(measures) => measures,
            Self::Cost | Self::Requests | Self::Unique { .. } | Self::Events => &[],
        }
    }

    /// Whether the aggregate follows levels through time rather than events.
    pub(super) fn is_held(&self, aggregate: Aggregate) -> bool {
        matches!(self, Self::Gauge(_)) && matches!(aggregate, Aggregate::Sum | Aggregate::Avg)
    }
}

/// Why a name is no figure of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FigureError {
    Unknown(String),
    Mixed(String),
}

/// Finds what a name stands for in the categories that a query admits.
pub(super) fn find(
    name: &str,
    catalog: &Catalog,
    admits: impl Fn(&Category) -> bool,
) -> Result<Figure, FigureError> {
    let source = match name {
        "cost" => Source::Cost,
        "requests" => Source::Requests,
        _ => {
            let admitted: Vec<&Category> = catalog.iter().filter(|category| admits(category)).collect();
            measured(name, &admitted)?
                .or(elsewhere(name, catalog))
                .ok_or_else(|| unknown(name, catalog))?
        }
    };
    let name = Key::parse(name).map_err(|_| unknown(name, catalog))?;
    Ok(Figure { name, source })
}

/// A measure that only categories left out by the filters have: its column is there, with nothing in it.
fn elsewhere(name: &str, catalog: &Catalog) -> Option<Source> {
    let known = |name: &str| catalog.iter().any(|category| category.measure(name).is_some());
    let wanted = name.strip_prefix(TOTAL_PREFIX).unwrap_or(name);
    (known(name) || known(wanted)).then(|| Source::Counter(Vec::new()))
}

fn measured(name: &str, admitted: &[&Category]) -> Result<Option<Source>, FigureError> {
    if let Some(source) = joined(name, &[name], admitted)? {
        return Ok(Some(source));
    }
    let Some(parent) = name.strip_prefix(TOTAL_PREFIX) else {
        return Ok(None);
    };
    let parts: BTreeSet<&str> = admitted
        .iter()
        .flat_map(|category| category.measures())
        .filter(|measure| measure.parent.as_ref().is_some_and(|p| p.as_str() == parent))
        .map(|measure| measure.name.as_str())
        .collect();
    for part in &parts {
        let stray = admitted.iter().find(|category| {
            category
                .measure(part)
                .is_some_and(|measure| measure.parent.as_ref().is_none_or(|p| p.as_str() != parent))
        });
        if let Some(stray) = stray {
            let detail = format!(
                "{part} is a part of {parent} in some categories and not in {}; add a filter on category",
                stray.name()
            );
            return Err(FigureError::Mixed(detail));
        }
    }
    let names: Vec<&str> = std::iter::once(parent).chain(parts).collect();
    joined(name, &names, admitted)
}

/// The source that these measures make together, if any admitted category has one of them and all agree on its kind.
fn joined(figure: &str, names: &[&str], admitted: &[&Category]) -> Result<Option<Source>, FigureError> {
    let mut source: Option<Source> = None;
    for category in admitted {
        for measure in names.iter().filter_map(|name| category.measure(name)) {
            let next = match measure.kind {
                MeasureKind::Counter => Source::Counter(Vec::new()),
                MeasureKind::Gauge => Source::Gauge(Vec::new()),
                MeasureKind::Unique(of) => Source::Unique {
                    of,
                    categories: BTreeSet::new(),
                },
            };
            let source = source.get_or_insert(next.clone());
            match (source, next) {
                (Source::Counter(keys), Source::Counter(_)) | (Source::Gauge(keys), Source::Gauge(_)) => {
                    if !keys.contains(&measure.name) {
                        keys.push(measure.name.clone());
                    }
                }
                (Source::Unique { of, categories }, Source::Unique { of: other, .. }) if *of == other => {
                    categories.insert(category.name().clone());
                }
                (_, _) => return Err(FigureError::Mixed(mixed(figure, admitted))),
            }
        }
    }
    Ok(source)
}

fn mixed(name: &str, admitted: &[&Category]) -> String {
    let kinds: Vec<String> = admitted
        .iter()
        .filter_map(|category| {
            let kind = match category.measure(name)?.kind {
                MeasureKind::Counter => "a counter".to_owned(),
                MeasureKind::Gauge => "a gauge".to_owned(),
                MeasureKind::Unique(of) => format!("unique of {}", of.as_str()),
            };
            Some(format!("{kind} in {}", category.name()))
        })
        .collect();
    let kinds = if kinds.is_empty() {
        "made of measures of several kinds".to_owned()
    } else {
        kinds.join(", ")
    };
    format!("{name} is {kinds}; add a filter on category")
}

fn unknown(name: &str, catalog: &Catalog) -> FigureError {
    let mut names: BTreeSet<&str> = BTreeSet::from(["cost", "requests"]);
    names.extend(
        catalog
            .iter()
            .flat_map(|category| category.measures())
            .map(|measure| measure.name.as_str()),
    );
    let (prefix, bare) = match name.strip_prefix(TOTAL_PREFIX) {
        Some(bare) => (TOTAL_PREFIX, bare),
        None => ("", name),
    };
    let hint = match nearest(bare, names) {
        Some(near) => format!("did you mean {prefix}{near}?"),
        None => "GET /v1/categories lists the measures; cost and requests are always there".to_owned(),
    };
    let shown: String = name.chars().take(64).collect();
    FigureError::Unknown(format!("no category has a measure {shown:?}; {hint}"))
}
