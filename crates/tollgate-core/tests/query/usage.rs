//! Usage as plain rows, and the frames a store would make of it.

use std::collections::BTreeMap;
use tollgate_core::catalog::Catalog;
use tollgate_core::category::{Category, CategoryParts};
use tollgate_core::frame::{Frame, MeasureColumn};
use tollgate_core::id::EventId;
use tollgate_core::money::Currency;

pub(crate) const CELL: i64 = 900_000_000;

/// One event, as plain as can be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Used {
    pub(crate) id: u128,
    pub(crate) at: i64,
    pub(crate) category: String,
    pub(crate) organization: String,
    pub(crate) team: Option<String>,
    pub(crate) project: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) dimensions: BTreeMap<String, String>,
    pub(crate) requests: i128,
    pub(crate) measures: BTreeMap<String, i128>,
    pub(crate) cost: Option<i128>,
    pub(crate) corrects: Option<u128>,
}

impl Used {
    pub(crate) fn void(&self, id: u128) -> Self {
        Self {
            id,
            requests: -self.requests,
            measures: self.measures.iter().map(|(k, v)| (k.clone(), -v)).collect(),
            cost: self.cost.map(|cost| -cost),
            corrects: Some(self.id),
            ..self.clone()
        }
    }

    pub(crate) fn sign(&self) -> i64 {
        if self.corrects.is_some() { -1 } else { 1 }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        match name {
            "category" => Some(&self.category),
            "organization" => Some(&self.organization),
            "team" => self.team.as_deref(),
            "project" => self.project.as_deref(),
            "user" => self.user.as_deref(),
            dimension => self.dimensions.get(dimension).map(String::as_str),
        }
    }
}

pub(crate) fn catalog() -> Catalog {
    let categories = [
        r#"{"name": "ai.chat", "unit": "tokens", "dimensions": ["model"], "measures": {
            "a": {}, "b": {"parent": "a"}, "c": {"parent": "a"}, "size": {}}}"#,
        r#"{"name": "ai.chat.deep", "unit": "tokens", "dimensions": ["model"], "measures": {"a": {}}}"#,
        r#"{"name": "store.disk", "unit": "bytes", "dimensions": ["model"], "measures": {
            "level": {"kind": "gauge"}, "size": {"kind": "gauge"}}}"#,
        r#"{"name": "seats.active", "unit": "users", "measures": {
            "seats": {"kind": "unique", "of": "user"}}}"#,
    ];
    let parse = |json| Category::try_from(serde_json::from_str::<CategoryParts>(json).unwrap()).unwrap();
    categories.into_iter().map(parse).collect()
}

/// `berlin` pays in euros, everybody else in dollars.
pub(crate) fn currency_of(organization: &str) -> Currency {
    if organization == "berlin" {
        "EUR".parse().unwrap()
    } else {
        Currency::USD
    }
}

/// The frame of these events.
pub(crate) fn raw(events: &[Used]) -> Frame {
    let mut frame = columns(events, |event| event.at);
    frame.ids = events.iter().map(|event| EventId::from_bits(event.id)).collect();
    frame.corrects = events
        .iter()
        .map(|event| event.corrects.map(EventId::from_bits))
        .collect();
    frame
}

/// The cells of fifteen minutes that these events fold into, keeping every field.
pub(crate) fn cells(events: &[Used]) -> Frame {
    let mut rows = columns(events, |event| event.at.div_euclid(CELL) * CELL);
    if !rows.dimensions.iter().any(|(key, _)| key.as_str() == "model") {
        // A declared dimension has its column whether any event has a value or not.
        rows.dimensions
            .push(("model".parse().unwrap(), vec![0; events.len()]));
    }
    let mut places: BTreeMap<Vec<u64>, usize> = BTreeMap::new();
    let mut cells = Frame {
        texts: rows.texts.clone(),
        dimensions: rows
            .dimensions
            .iter()
            .map(|(k, _)| (k.clone(), Vec::new()))
            .collect(),
        ..Frame::default()
    };
    cells.measures = rows
        .measures
        .iter()
        .map(|m| MeasureColumn {
            name: m.name.clone(),
            sum: Vec::new(),
            carriers: Vec::new(),
        })
        .collect();
    for row in 0..rows.rows() {
        let mut key = vec![u64::from_ne_bytes(rows.at[row].to_ne_bytes())];
        let scope = [
            &rows.category,
            &rows.organization,
            &rows.team,
            &rows.project,
            &rows.user,
        ];
        key.extend(scope.iter().map(|column| u64::from(column[row])));
        key.extend(rows.dimensions.iter().map(|(_, column)| u64::from(column[row])));
        let fresh = cells.rows();
        let place = *places.entry(key).or_insert(fresh);
        if place == fresh {
            cells.at.push(rows.at[row]);
            cells.category.push(rows.category[row]);
            cells.organization.push(rows.organization[row]);
            cells.team.push(rows.team[row]);
            cells.project.push(rows.project[row]);
            cells.user.push(rows.user[row]);
            for ((_, to), (_, from)) in cells.dimensions.iter_mut().zip(&rows.dimensions) {
                to.push(from[row]);
            }
            for column in &mut cells.measures {
                column.sum.push(0);
                column.carriers.push(0);
            }
            cells.events.push(0);
            cells.requests.push(0);
            cells.cost.push(0);
            cells.priced.push(0);
        }
        cells.events[place] += rows.events[row];
        cells.requests[place] += rows.requests[row];
        cells.cost[place] += rows.cost[row];
        cells.priced[place] += rows.priced[row];
        for (to, from) in cells.measures.iter_mut().zip(&rows.measures) {
            to.sum[place] += from.sum[row];
            to.carriers[place] += from.carriers[row];
        }
    }
    cells
}

fn columns(events: &[Used], at: impl Fn(&Used) -> i64) -> Frame {
    let mut texts: Vec<smol_str::SmolStr> = vec!["".into()];
    let mut code = |text: Option<&str>| -> u32 {
        let Some(text) = text else { return 0 };
        let known = texts.iter().position(|t| t == text);
        let place = known.unwrap_or_else(|| {
            texts.push(text.into());
            texts.len() - 1
        });
        u32::try_from(place).unwrap()
    };
    let mut names: Vec<&String> = events.iter().flat_map(|e| e.measures.keys()).collect();
    names.sort();
    names.dedup();
    let mut keys: Vec<&String> = events.iter().flat_map(|e| e.dimensions.keys()).collect();
    // Falling, so that nothing comes to rely on an order that frames do not promise.
    keys.sort();
    keys.dedup();
    keys.reverse();
    let mut column = |name: &str| events.iter().map(|e| code(e.field(name))).collect::<Vec<u32>>();
    let measure = |name: &String| MeasureColumn {
        name: name.parse().unwrap(),
        sum: events
            .iter()
            .map(|e| e.measures.get(name).copied().unwrap_or(0))
            .collect(),
        carriers: events
            .iter()
            .map(|e| {
                if e.measures.contains_key(name) {
                    e.sign()
                } else {
                    0
                }
            })
            .collect(),
    };
    Frame {
        at: events.iter().map(at).collect(),
        category: column("category"),
        organization: column("organization"),
        team: column("team"),
        project: column("project"),
        user: column("user"),
        dimensions: keys
            .iter()
            .map(|key| (key.parse().unwrap(), column(key)))
            .collect(),
        events: events.iter().map(Used::sign).collect(),
        requests: events.iter().map(|e| e.requests).collect(),
        measures: names.into_iter().map(measure).collect(),
        cost: events.iter().map(|e| e.cost.unwrap_or(0)).collect(),
        priced: events
            .iter()
            .map(|e| if e.cost.is_some() { e.sign() } else { 0 })
            .collect(),
        texts,
        ..Frame::default()
    }
}
