//! Figures: one number of one row, from the entries that belong to it.

use crate::model::gauge::{Reading, between};
use crate::model::number::{Exact, QUANTITY_PLACES, half_even, text, whole};
use crate::model::query::{Asked, RowKey, field_of};
use crate::model::rule::stated;
use crate::model::{Entry, Model, readings, series};
use num_traits::Zero;
use std::collections::{BTreeMap, BTreeSet};
use tollgate_core::category::MeasureKind;
use tollgate_core::time::Timestamp;

/// Decimal places of a mean.
const MEAN_PLACES: u32 = 12;

/// What a figure is computed from: one row of an answer, or all of it.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) model: &'a Model,
    pub(super) asked: &'a Asked<'a>,
    /// Everything that passes the filters, at whatever time.
    pub(super) admitted: &'a [&'a Entry],
    /// What of it belongs to the row.
    pub(super) here: &'a [&'a Entry],
    /// The row; everything asked about when there is none.
    pub(super) key: Option<&'a RowKey>,
}

impl<'a> Scene<'a> {
    fn here(&self) -> impl Iterator<Item = &'a Entry> {
        self.here.iter().copied()
    }

    /// The number of events whose cost nobody knows, voids taken off.
    pub(super) fn unpriced(&self) -> i64 {
        self.here()
            .filter(|entry| entry.rated.cost.amount.is_none())
            .map(Entry::sign)
            .sum()
    }
}

impl Entry {
    /// One for an event, less one for a void.
    pub fn sign(&self) -> i64 {
        if self.corrects.is_some() { -1 } else { 1 }
    }

    /// What the event says of a measure (a parent with its parts when it is `total_…`), signs aside; `None` when it
    /// does not carry it.
    fn amount(&self, model: &Model, measure: &str) -> Option<Exact> {
        if measure == "requests" {
            return Some(stated(&self.sent, measure));
        }
        if measure == "cost" {
            return self.rated.cost.exact();
        }
        let named = names(model, measure);
        let carried: Vec<&String> = named
            .iter()
            .filter(|name| self.sent.measures.contains_key(*name))
            .collect();
        (!carried.is_empty()).then(|| carried.into_iter().map(|name| stated(&self.sent, name)).sum())
    }
}

/// The measures that a name stands for.
fn names(model: &Model, measure: &str) -> BTreeSet<String> {
    let every = || model.catalog().iter().flat_map(|category| category.measures());
    match measure.strip_prefix("total_") {
        Some(parent) => {
            let is_part = |m: &&tollgate_core::category::Measure| {
                m.parent.as_ref().is_some_and(|p| p.as_str() == parent)
            };
            every()
                .filter(is_part)
                .map(|m| m.name.to_string())
                .chain([parent.to_owned()])
                .collect()
        }
        None => BTreeSet::from([measure.to_owned()]),
    }
}

/// What kind a measure is in the categories asked about.
fn kind(model: &Model, asked: &Asked<'_>, measure: &str) -> Option<MeasureKind> {
    let admitted = model
        .catalog()
        .iter()
        .filter(|category| asked.admits_category(category.name().as_str()));
    admitted
        .flat_map(|category| category.measure(measure))
        .map(|m| m.kind)
        .next()
}

/// A figure as text; `null` when there is nothing to say.
pub(super) fn value(scene: &Scene<'_>, measure: &str) -> String {
    let aggregate = scene.asked.text("aggregate").unwrap_or("sum");
    match (aggregate, kind(scene.model, scene.asked, measure)) {
        ("count_distinct", _) => distinct(scene, measure, scene.asked.text("field").unwrap()).to_string(),
        ("sum", Some(MeasureKind::Unique(of))) => distinct(scene, measure, of.as_str()).to_string(),
        ("sum" | "avg", Some(MeasureKind::Gauge)) => held(scene, measure, aggregate),
        ("count", _) if measure == "cost" => scene.here().map(Entry::sign).sum::<i64>().to_string(),
        ("count", _) => carriers(scene, measure).to_string(),
        _ if measure == "cost" => by_currency(scene, aggregate),
        _ => folded(
            &scene.here().collect::<Vec<_>>(),
            scene.model,
            (measure, aggregate),
        ),
    }
}

fn carriers(scene: &Scene<'_>, measure: &str) -> i64 {
    if let Some(MeasureKind::Unique(_)) = kind(scene.model, scene.asked, measure) {
        return scene
            .here()
            .filter(|entry| counts(scene, entry, measure))
            .map(Entry::sign)
            .sum();
    }
    scene
        .here()
        .filter(|entry| entry.amount(scene.model, measure).is_some())
        .map(Entry::sign)
        .sum()
}

/// Whether an event's category has a measure.
fn counts(scene: &Scene<'_>, entry: &Entry, measure: &str) -> bool {
    let category = scene.model.catalog().category(&entry.sent.category).unwrap();
    category.measure(measure).is_some()
}

/// How many different texts a field has in events that stand and carry the measure.
fn distinct(scene: &Scene<'_>, measure: &str, field: &str) -> usize {
    let is_unique = matches!(
        kind(scene.model, scene.asked, measure),
        Some(MeasureKind::Unique(_))
    );
    let standing = scene
        .here()
        .filter(|entry| entry.corrects.is_none() && !entry.is_voided);
    let carrying = standing.filter(|entry| match is_unique {
        true => counts(scene, entry, measure),
        false => entry.amount(scene.model, measure).is_some(),
    });
    // Users of two organizations are two users, whatever they are called.
    let whose = |entry: &Entry| is_unique.then(|| entry.sent.organization.clone());
    let texts: BTreeSet<_> = carrying
        .filter_map(|entry| Some((whose(entry), field_of(entry, field)?)))
        .collect();
    texts.len()
}

/// Money is never added across currencies.
fn by_currency(scene: &Scene<'_>, aggregate: &str) -> String {
    let mut apart: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in scene.here() {
        apart
            .entry(scene.model.currency(&entry.sent.organization))
            .or_default()
            .push(entry);
    }
    let mut costs: Vec<(&str, String)> = apart
        .into_iter()
        .map(|(currency, entries)| (currency, folded(&entries, scene.model, ("cost", aggregate))))
        .collect();
    match costs.len() {
        0 => folded(&[], scene.model, ("cost", aggregate)),
        1 => costs.remove(0).1,
        _ => costs
            .iter()
            .map(|(currency, cost)| format!("{currency} {cost}"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn folded(entries: &[&Entry], model: &Model, (measure, aggregate): (&str, &str)) -> String {
    let signed = |entry: &&Entry| {
        let amount = entry.amount(model, measure)?;
        // The cost of a void has its sign already.
        Some(if measure == "cost" {
            amount
        } else {
            amount * whole(entry.sign())
        })
    };
    let sum: Exact = entries.iter().filter_map(signed).sum();
    let carriers: i64 = entries
        .iter()
        .filter(|entry| entry.amount(model, measure).is_some())
        .map(|entry| entry.sign())
        .sum();
    let events: i64 = entries.iter().map(|entry| entry.sign()).sum();
    let mut amounts: Vec<Exact> = entries
        .iter()
        .filter(|entry| entry.corrects.is_none() && !entry.is_voided)
        .filter_map(|entry| entry.amount(model, measure))
        .collect();
    amounts.sort();
    let ranked = |percent: usize| {
        let rank = (amounts.len() * percent).div_ceil(100).max(1);
        amounts.get(rank - 1).map_or("null".to_owned(), text)
    };
    match aggregate {
        "sum" if measure == "cost" && carriers == 0 && events > 0 => "null".to_owned(),
        "sum" => text(&sum),
        "avg" if carriers > 0 => text(&half_even(&(sum / whole(carriers)), MEAN_PLACES)),
        "avg" => "null".to_owned(),
        "min" => ranked(0),
        "max" => ranked(100),
        "p50" => ranked(50),
        "p95" => ranked(95),
        "p99" => ranked(99),
        other => panic!("no aggregate {other}"),
    }
}

/// Level × seconds, or the mean level over the time that has passed.
fn held(scene: &Scene<'_>, measure: &str, aggregate: &str) -> String {
    let (from, to) = scene.asked.stretch(scene.key);
    let until = to.min(scene.asked.now);
    let mut usage = whole(0);
    for (first, readings) in all_series(scene.admitted, measure) {
        if scene.key.is_none_or(|key| scene.asked.groups(first) == key.1) {
            usage += between(&readings, Some((from, until)));
        }
    }
    if aggregate == "sum" {
        return text(&half_even(&usage, QUANTITY_PLACES));
    }
    let micros = until.micros().saturating_sub(from.micros());
    if micros <= 0 {
        return "null".to_owned();
    }
    text(&half_even(
        &(usage * whole(1_000_000) / whole(micros)),
        MEAN_PLACES,
    ))
}

/// One entry of each series that has the gauge, with the readings that stand.
fn all_series<'a>(entries: &[&'a Entry], gauge: &str) -> Vec<(&'a Entry, Vec<Reading>)> {
    let mut seen = BTreeSet::new();
    let firsts = entries.iter().filter(|entry| seen.insert(series(&entry.sent)));
    firsts
        .map(|first| (*first, readings(entries, &first.sent, gauge)))
        .collect()
}

impl Model {
    /// The rows that a level alone reaches, without any event in them.
    pub(super) fn held_keys(&self, asked: &Asked<'_>, entries: &[&Entry], measure: &str) -> BTreeSet<RowKey> {
        let mut keys = BTreeSet::new();
        let is_held = matches!(asked.text("aggregate").unwrap_or("sum"), "sum" | "avg");
        if !is_held || kind(self, asked, measure) != Some(MeasureKind::Gauge) {
            return keys;
        }
        for (first, mut readings) in all_series(entries, measure) {
            readings.sort_by_key(|reading| (reading.at, reading.event));
            let ends: Vec<Timestamp> = readings
                .iter()
                .skip(1)
                .map(|next| next.at)
                .chain([asked.to])
                .collect();
            for (reading, end) in readings
                .iter()
                .zip(ends)
                .filter(|(reading, _)| !reading.level.is_zero())
            {
                let stretch = (reading.at.max(asked.from), end.min(asked.to).min(asked.now));
                keys.extend(
                    asked
                        .pieces(stretch)
                        .into_iter()
                        .map(|(start, _)| (start, asked.groups(first))),
                );
            }
        }
        keys
    }
}
