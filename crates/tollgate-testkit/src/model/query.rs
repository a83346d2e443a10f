//! Queries: every figure of every row, by reading everything that was recorded.

use crate::fixture::at;
use crate::model::figure::{Scene, value};
use crate::model::number::{Exact, exact};
use crate::model::window::{end_of, start_of};
use crate::model::{Entry, Model};
use serde_json::Value;
use std::collections::BTreeMap;
use tollgate_core::decimal::Decimal;
use tollgate_core::period::Period;
use tollgate_core::query::Answer;
use tollgate_core::time::Timestamp;
use tollgate_core::zone::Zone;

/// What a query comes to, in plain values that print well when they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Where the bucket begins, the texts of the groups, and the figures.
    pub rows: Vec<(RowKey, Figures)>,
    /// The figures over all rows.
    pub total: Figures,
    /// Whether there were more rows than the limit.
    pub truncated: bool,
}

/// Which row.
pub type RowKey = (Option<Timestamp>, Vec<Option<String>>);

/// The text of each figure, `unpriced` among them where cost was asked for.
pub type Figures = BTreeMap<String, String>;

/// A query as it is written, read once.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) json: &'a Value,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// When it was asked: a level is not known to hold beyond.
    pub(super) now: Timestamp,
    bucket: Option<Period>,
    zone: Zone,
}

impl From<&Answer> for Answered {
    fn from(answer: &Answer) -> Self {
        let rows = answer.rows.iter().map(|row| {
            let groups = row
                .groups
                .iter()
                .map(|(_, text)| text.as_ref().map(ToString::to_string));
            ((row.bucket_start, groups.collect()), figures(&row.figures))
        });
        Self {
            rows: rows.collect(),
            total: figures(&answer.total),
            truncated: answer.truncated,
        }
    }
}

fn figures(figures: &tollgate_core::query::Figures) -> Figures {
    let values = figures.values.iter();
    let named = values.map(|(name, value)| (name.to_string(), print(value)));
    let unpriced = figures
        .unpriced
        .map(|count| ("unpriced".to_owned(), count.to_string()));
    named.chain(unpriced).collect()
}

fn print(value: &tollgate_core::query::Value) -> String {
    use tollgate_core::query::Value;
    match value {
        Value::Unknown => "null".to_owned(),
        Value::Count(count) => count.to_string(),
        Value::Amount { units, places } => Decimal::from_parts(*units, *places).to_string(),
        Value::ByCurrency(costs) => {
            let costs = costs
                .iter()
                .map(|(currency, cost)| format!("{currency} {}", print(cost)));
            costs.collect::<Vec<_>>().join(", ")
        }
    }
}

impl Model {
    /// Answers a query, written as the body of `POST /v1/query` with every measure named.
    pub fn answer(&self, json: &Value, now: Timestamp) -> Answered {
        let asked = Asked::new(json, now);
        let admitted: Vec<&Entry> = self
            .entries()
            .iter()
            .filter(|entry| asked.admits(entry))
            .collect();
        let covered = admitted.iter().filter(|entry| asked.covers(entry.at));
        let mut by_row: BTreeMap<RowKey, Vec<&Entry>> = BTreeMap::new();
        for entry in covered.clone() {
            by_row.entry(asked.key(entry)).or_default().push(entry);
        }
        for measure in asked.measures() {
            for key in self.held_keys(&asked, &admitted, measure) {
                by_row.entry(key).or_default();
            }
        }
        let scene = |here: Vec<&Entry>, key: Option<&RowKey>| {
            let scene = Scene {
                model: self,
                asked: &asked,
                admitted: &admitted,
                here: &here,
                key,
            };
            let mut figures: Figures = asked
                .measures()
                .map(|measure| (measure.to_owned(), value(&scene, measure)))
                .collect();
            if asked.measures().any(|measure| measure == "cost") {
                figures.insert("unpriced".to_owned(), scene.unpriced().to_string());
            }
            figures
        };
        let total = scene(covered.copied().collect(), None);
        let rows = by_row.into_iter().map(|(key, here)| {
            let figures = scene(here, Some(&key));
            (key, figures)
        });
        let mut rows: Vec<(RowKey, Figures)> = rows.collect();
        asked.sort(&mut rows);
        let limit = json["limit"]
            .as_u64()
            .map_or(100, |limit| usize::try_from(limit).unwrap());
        let truncated = rows.len() > limit;
        rows.truncate(limit);
        Answered {
            rows,
            total,
            truncated,
        }
    }
}

impl<'a> Asked<'a> {
    fn new(json: &'a Value, now: Timestamp) -> Self {
        let instant = |field: &str| at(json[field].as_str().unwrap());
        let bucket = json["bucket"].as_str().filter(|bucket| *bucket != "none");
        let named = |name: &str| {
            Period::ALL
                .into_iter()
                .find(|period| period.as_str() == name)
                .unwrap()
        };
        Self {
            json,
            from: instant("from"),
            to: instant("to"),
            now,
            bucket: bucket.map(named),
            zone: Zone::parse(json["timezone"].as_str().unwrap_or("UTC")).unwrap(),
        }
    }

    pub(super) fn text(&self, field: &str) -> Option<&'a str> {
        self.json[field].as_str()
    }

    fn measures(&self) -> impl Iterator<Item = &'a str> {
        self.json["measures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|measure| measure.as_str().unwrap())
    }

    pub(super) fn covers(&self, instant: Timestamp) -> bool {
        self.from <= instant && instant < self.to
    }

    pub(super) fn key(&self, entry: &Entry) -> RowKey {
        (
            self.bucket.map(|period| start_of(period, &self.zone, entry.at)),
            self.groups(entry),
        )
    }

    pub(super) fn groups(&self, entry: &Entry) -> Vec<Option<String>> {
        let fields = self.json["group_by"].as_array().into_iter().flatten();
        fields
            .map(|field| field_of(entry, field.as_str().unwrap()))
            .collect()
    }

    /// Cuts a stretch at the beginnings of buckets: where each piece's bucket begins, and the piece.
    pub(super) fn pieces(
        &self,
        (from, to): (Timestamp, Timestamp),
    ) -> Vec<(Option<Timestamp>, (Timestamp, Timestamp))> {
        let Some(period) = self.bucket else {
            return if from < to {
                vec![(None, (from, to))]
            } else {
                Vec::new()
            };
        };
        let mut pieces = Vec::new();
        let mut done = from;
        while done < to {
            let end = end_of(period, &self.zone, done).min(to);
            pieces.push((Some(start_of(period, &self.zone, done)), (done, end)));
            done = end;
        }
        pieces
    }

    /// The part of a row's bucket that lies in the stretch asked about.
    pub(super) fn stretch(&self, key: Option<&RowKey>) -> (Timestamp, Timestamp) {
        match (key.and_then(|key| key.0), self.bucket) {
            (Some(start), Some(period)) => {
                let inside = start.max(self.from);
                (inside, end_of(period, &self.zone, inside).min(self.to))
            }
            _ => (self.from, self.to),
        }
    }

    fn filters(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let filters = self.json["filters"].as_array().into_iter().flatten();
        filters.map(|filter| (filter["field"].as_str().unwrap(), filter))
    }

    fn admits(&self, entry: &Entry) -> bool {
        self.filters()
            .all(|(field, filter)| passes(filter, field_of(entry, field).as_deref()))
    }

    /// Whether events of a category can pass.
    pub(super) fn admits_category(&self, name: &str) -> bool {
        self.filters()
            .filter(|(field, _)| *field == "category")
            .all(|(_, filter)| passes(filter, Some(name)))
    }

    fn sort(&self, rows: &mut [(RowKey, Figures)]) {
        let Some(order) = self.text("order_by") else {
            return;
        };
        let column = order.trim_start_matches('-');
        let groups = self.json["group_by"].as_array();
        let group = groups.and_then(|fields| fields.iter().position(|field| field == column));
        // The sort keeps rows that are alike in the order of bucket and groups they came in.
        rows.sort_by(|a, b| {
            let order = match group {
                _ if column == "bucket_start" => a.0.0.cmp(&b.0.0),
                Some(place) => a.0.1[place].cmp(&b.0.1[place]),
                None => number(&a.1[column]).cmp(&number(&b.1[column])),
            };
            if self.text("order_by").unwrap().starts_with('-') {
                order.reverse()
            } else {
                order
            }
        });
    }
}

fn passes(filter: &Value, text: Option<&str>) -> bool {
    let value = &filter["value"];
    let listed = || value.as_array().unwrap().iter().any(|one| one.as_str() == text);
    match filter["op"].as_str().unwrap() {
        "eq" => value.as_str() == text,
        "ne" => value.as_str() != text,
        "in" => text.is_some() && listed(),
        "not_in" => text.is_none() || !listed(),
        "exists" => value.as_bool() == Some(text.is_some()),
        "matches" => text.is_some_and(|text| fits(value.as_str().unwrap(), text)),
        other => panic!("no operator {other}"),
    }
}

/// What a figure sorts by; nothing comes before any number.
fn number(figure: &str) -> Option<Exact> {
    (figure != "null").then(|| exact(figure))
}

/// A text of an event.
pub(super) fn field_of(entry: &Entry, field: &str) -> Option<String> {
    let sent = &entry.sent;
    match field {
        "category" => Some(sent.category.clone()),
        "organization" => Some(sent.organization.clone()),
        "team" => sent.team.clone(),
        "project" => sent.project.clone(),
        "user" => sent.user.clone(),
        dimension => sent.dimensions.get(dimension).cloned(),
    }
}

/// Whether a text fits a pattern in which `*` stands for any text: by trying every way to cut the text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, rest)) => text.strip_prefix(before).is_some_and(|left| {
            let starts = left.char_indices().map(|(start, _)| start).chain([left.len()]);
            starts.into_iter().any(|start| fits(rest, &left[start..]))
        }),
    }
}
