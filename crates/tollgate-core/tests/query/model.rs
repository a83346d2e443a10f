//! An independent answer: loops over plain events as the contract words it, with nothing of the core but the zones' rules.

use crate::usage::{Used, currency_of};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tollgate_core::query::QueryParts;
use tollgate_core::zone::Zone;

const NANO: u32 = 9;
const PICO: u32 = 12;

/// What is asked, read from the parts without any of the checks.
pub(crate) struct Model<'a> {
    pub(crate) parts: &'a QueryParts,
    pub(crate) events: Vec<&'a Used>,
    pub(crate) now: i64,
}

type Key = (usize, Vec<Option<String>>);

struct Stretch<'a> {
    windows: Vec<(i64, i64)>,
    starts: Vec<i64>,
    rows: BTreeMap<Key, Vec<&'a Used>>,
    all: Vec<&'a Used>,
}

fn micros(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_microsecond()
}

fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap()
}

impl Model<'_> {
    pub(crate) fn answer(&self) -> Value {
        let (from, to) = (
            micros(self.parts.from.as_ref().unwrap()),
            micros(self.parts.to.as_ref().unwrap()),
        );
        let stretch = self.stretch(from, to);
        let before = self.parts.compare.as_ref().map(|_| {
            let count = i64::try_from(stretch.windows.len()).unwrap();
            self.stretch(self.start_before(from, to, count), from)
        });
        let mut keys: Vec<&Key> = stretch.rows.keys().collect();
        if let Some(order) = &self.parts.order_by {
            let name = order.trim_start_matches('-');
            keys.sort_by(|a, b| {
                let sum = |key: &Key| stretch.rows[key].iter().map(|e| e.requests).sum::<i128>();
                let by = match self.parts.group_by.iter().position(|g| g == name) {
                    Some(place) => a.1[place].cmp(&b.1[place]),
                    None if name == "requests" => sum(a).cmp(&sum(b)),
                    None => a.0.cmp(&b.0),
                };
                let by = if order.starts_with('-') { by.reverse() } else { by };
                by.then_with(|| a.cmp(b))
            });
        }
        let limit = usize::try_from(self.parts.limit.unwrap_or(100)).unwrap();
        let rows: Vec<Value> = keys
            .iter()
            .take(limit)
            .map(|key| self.row(key, &stretch, before.as_ref()))
            .collect();
        let mut total = self.figures(&stretch, None);
        if let Some(before) = &before {
            total.insert("previous".into(), self.figures(before, None).into());
        }
        json!({"rows": rows, "total": total, "truncated": keys.len() > limit})
    }

    fn row(&self, key: &Key, stretch: &Stretch<'_>, before: Option<&Stretch<'_>>) -> Value {
        let mut row = self.figures(stretch, Some(key));
        if self.parts.bucket.is_some() {
            row.insert(
                "bucket_start".into(),
                instant(stretch.starts[key.0]).to_string().into(),
            );
        }
        for (name, text) in self.parts.group_by.iter().zip(&key.1) {
            row.insert(name.clone(), text.clone().into());
        }
        if let Some(before) = before {
            row.insert("previous".into(), self.figures(before, Some(key)).into());
        }
        row.into()
    }

    fn zone(&self) -> TimeZone {
        let zone = self.parts.timezone.as_deref().unwrap_or("UTC");
        Zone::parse(zone).unwrap().rules().clone()
    }

    /// Where the bucket of an instant begins, and where the next one does.
    fn bucket(&self, at: i64) -> (i64, i64) {
        let zone = self.zone();
        let local = zone.to_datetime(instant(at));
        let first = |date: Date| date.to_zoned(zone.clone()).unwrap().timestamp().as_microsecond();
        let into_minute = i64::from(local.second()) * 1_000_000 + i64::from(local.subsec_nanosecond()) / 1000;
        let date = local.date();
        let (first_date, span) = match self.parts.bucket.as_deref().unwrap() {
            "minute" => return (at - into_minute, at - into_minute + 60_000_000),
            "hour" => {
                let start = at - into_minute - i64::from(local.minute()) * 60_000_000;
                return (start, start + 3_600_000_000);
            }
            "day" => (date, 1.day()),
            "week" => {
                let days = i64::from(date.weekday().to_monday_zero_offset());
                (date.checked_sub(days.days()).unwrap(), 7.days())
            }
            "month" => (date.first_of_month(), 1.month()),
            _ => (date.first_of_year(), 1.year()),
        };
        (first(first_date), first(first_date.checked_add(span).unwrap()))
    }

    fn start_before(&self, from: i64, to: i64, buckets: i64) -> i64 {
        let is_edge = |at: i64| self.bucket(at).0 == at;
        if self.parts.bucket.is_none() || !is_edge(from) || !is_edge(to) {
            return from - (to - from);
        }
        (0..buckets).fold(from, |start, _| self.bucket(start - 1).0)
    }

    fn stretch(&self, from: i64, to: i64) -> Stretch<'_> {
        let mut stretch = Stretch {
            windows: vec![(from, to)],
            starts: vec![from],
            rows: BTreeMap::new(),
            all: Vec::new(),
        };
        if self.parts.bucket.is_some() {
            stretch.windows.clear();
            stretch.starts.clear();
            let mut at = from;
            while at < to {
                let (start, end) = self.bucket(at);
                stretch.starts.push(start);
                stretch.windows.push((start.max(from), end.min(to)));
                at = end;
            }
        }
        for (ordinal, (start, end)) in stretch.windows.iter().enumerate() {
            for event in self.passing().filter(|e| *start <= e.at && e.at < *end) {
                let key = (ordinal, self.groups(event));
                stretch.rows.entry(key).or_default().push(event);
                stretch.all.push(event);
            }
            for event in self.levels().into_values().flatten() {
                if self.level_usage(event.0, (*start, *end)) != 0 {
                    stretch.rows.entry((ordinal, self.groups(event.0))).or_default();
                }
            }
        }
        stretch
    }

    fn groups(&self, event: &Used) -> Vec<Option<String>> {
        let names = self.parts.group_by.iter();
        names.map(|name| event.field(name).map(str::to_owned)).collect()
    }

    fn passing(&self) -> impl Iterator<Item = &Used> {
        self.events
            .iter()
            .copied()
            .filter(|event| self.passes(event, |_| true))
    }

    /// Whether any category that the filters leave has levels; if none has, a level is a measure like any other.
    fn has_levels(&self) -> bool {
        let disk = Used {
            category: "store.disk".to_owned(),
            ..Used::default()
        };
        self.passes(&disk, |field| field == "category")
    }

    fn passes(&self, event: &Used, looked_at: impl Fn(&str) -> bool) -> bool {
        self.parts
            .filters
            .iter()
            .filter(|filter| looked_at(&filter.field))
            .all(|filter| {
                let value = filter.value.as_str().unwrap_or_default();
                let is = |text: &str| {
                    text == value || (filter.op == "matches" && fits(value.as_bytes(), text.as_bytes()))
                };
                let listed = |text: &str| filter.value.as_array().unwrap().iter().any(|v| v == text);
                match (filter.op.as_str(), event.field(&filter.field)) {
                    ("exists", text) => filter.value == text.is_some(),
                    ("ne" | "not_in", None) => true,
                    (_, None) => false,
                    ("ne", Some(text)) => !is(text),
                    ("in", Some(text)) => listed(text),
                    ("not_in", Some(text)) => !listed(text),
                    (_, Some(text)) => is(text),
                }
            })
    }

    fn voided(&self) -> BTreeSet<u128> {
        self.events.iter().filter_map(|e| e.corrects).collect()
    }

    fn is_live(&self, event: &Used) -> bool {
        event.corrects.is_none() && !self.voided().contains(&event.id)
    }

    /// Who sets levels: the events of each series that count, with the instant at which the next takes over.
    fn levels(&self) -> BTreeMap<String, Vec<(&Used, i64)>> {
        let mut series: BTreeMap<String, Vec<&Used>> = BTreeMap::new();
        let wanted = self.names().iter().any(|n| n == "level") && self.is("sum", "avg");
        for event in self.passing().filter(|e| wanted && self.is_live(e)) {
            if event.measures.contains_key("level") {
                let scope = (&event.organization, &event.team, &event.project, &event.user);
                let name = format!("{} {scope:?} {:?}", event.category, event.dimensions);
                series.entry(name).or_default().push(event);
            }
        }
        series
            .into_iter()
            .map(|(name, events)| (name, lasting(events)))
            .collect()
    }

    /// Nano-units × microseconds of one set level in a window.
    fn level_usage(&self, set: &Used, window: (i64, i64)) -> i128 {
        let levels = self.levels();
        let end = levels.values().flatten().find(|(e, _)| e.id == set.id).unwrap().1;
        let (from, until) = (set.at.max(window.0), end.min(window.1).min(self.now));
        set.measures["level"] * i128::from((until - from).max(0))
    }

    fn is(&self, a: &str, b: &str) -> bool {
        let aggregate = self.parts.aggregate.as_deref().unwrap_or("sum");
        aggregate == a || aggregate == b
    }

    fn names(&self) -> Vec<String> {
        self.parts
            .measures
            .clone()
            .unwrap_or_else(|| vec!["cost".into(), "requests".into()])
    }

    fn figures(&self, stretch: &Stretch<'_>, key: Option<&Key>) -> Map<String, Value> {
        let none = Vec::new();
        let events = match key {
            Some(key) => stretch.rows.get(key).unwrap_or(&none),
            None => &stretch.all,
        };
        let mut figures = Map::new();
        for name in self.names() {
            let value = match name.as_str() {
                "level" if self.has_levels() && self.is("sum", "avg") => self.level(stretch, key),
                "cost" if !self.is("count", "count_distinct") => self.cost(events),
                _ => self.value(&name, events, NANO),
            };
            figures.insert(name, value);
        }
        if figures.contains_key("cost") {
            let unpriced: i64 = events.iter().filter(|e| e.cost.is_none()).map(|e| e.sign()).sum();
            figures.insert("unpriced".into(), unpriced.into());
        }
        figures
    }

    fn level(&self, stretch: &Stretch<'_>, key: Option<&Key>) -> Value {
        let windows: Vec<(i64, i64)> = match key {
            Some(key) if stretch.rows.contains_key(key) => vec![stretch.windows[key.0]],
            // A row that the stretch does not have is as the whole stretch would be with nothing in it.
            _ => stretch.windows.clone(),
        };
        let sets: Vec<&Used> = self.levels().into_values().flatten().map(|(e, _)| e).collect();
        let ours =
            |e: &&&Used| key.is_none_or(|key| stretch.rows.contains_key(key) && self.groups(e) == key.1);
        let usage: i128 = windows
            .iter()
            .map(|w| {
                sets.iter()
                    .filter(ours)
                    .map(|e| self.level_usage(e, *w))
                    .sum::<i128>()
            })
            .sum();
        let micros: i64 = windows.iter().map(|w| (w.1.min(self.now) - w.0).max(0)).sum();
        match (self.is("avg", "avg"), micros) {
            (false, _) => written(even(usage, 1_000_000), NANO),
            (true, 0) => Value::Null,
            (true, micros) => written(even(usage * 1000, micros.into()), PICO),
        }
    }

    fn cost(&self, events: &[&Used]) -> Value {
        let mut by_currency: BTreeMap<String, Vec<&Used>> = BTreeMap::new();
        for event in events {
            let currency = currency_of(&event.organization).to_string();
            by_currency.entry(currency).or_default().push(event);
        }
        if by_currency.len() < 2 {
            return self.value("cost", events, PICO);
        }
        by_currency
            .into_iter()
            .map(|(currency, events)| (currency, self.value("cost", &events, PICO)))
            .collect::<Map<_, _>>()
            .into()
    }

    /// What an event carries of a figure.
    fn carried(&self, name: &str, event: &Used) -> Option<i128> {
        match name {
            "requests" | "count_distinct" => Some(event.requests),
            "cost" if self.is("count", "count") => Some(0),
            "cost" => event.cost,
            "seats" => (event.category == "seats.active").then_some(0),
            "total_a" => {
                let parts: Vec<i128> = ["a", "b", "c"]
                    .iter()
                    .filter_map(|m| event.measures.get(*m))
                    .copied()
                    .collect();
                (!parts.is_empty()).then(|| parts.iter().sum())
            }
            _ => event.measures.get(name).copied(),
        }
    }

    fn value(&self, name: &str, events: &[&Used], places: u32) -> Value {
        let all = events.iter().filter_map(|e| Some((*e, self.carried(name, e)?)));
        let all: Vec<(&Used, i128)> = all.collect();
        let count: i64 = all.iter().map(|(e, _)| e.sign()).sum();
        let sum: i128 = all.iter().map(|(_, amount)| *amount).sum();
        let mut live: Vec<(i128, &Used)> = all
            .iter()
            .filter(|(e, _)| self.is_live(e))
            .map(|(e, amount)| (*amount, *e))
            .collect();
        live.sort_by_key(|(amount, _)| *amount);
        let percentile = |percent: usize| {
            let enough = |rank: &usize| rank * 100 >= percent * live.len();
            let rank = (1..=live.len()).find(enough);
            rank.map_or(Value::Null, |rank| written(live[rank - 1].0, places))
        };
        match self.parts.aggregate.as_deref().unwrap_or("sum") {
            "sum" if name == "seats" => {
                let seats = live.iter().map(|(_, e)| (&e.organization, &e.user));
                seats.collect::<BTreeSet<_>>().len().to_string().into()
            }
            "sum" if name == "cost" && count == 0 && events.iter().map(|e| e.sign()).sum::<i64>() > 0 => {
                Value::Null
            }
            "sum" => written(sum, places),
            "count" => count.into(),
            "avg" if count == 0 => Value::Null,
            "avg" => {
                let up = 10_i128.pow(PICO - places);
                written(even(sum * up, count.into()), PICO)
            }
            "min" => live
                .first()
                .map_or(Value::Null, |(amount, _)| written(*amount, places)),
            "max" => live
                .last()
                .map_or(Value::Null, |(amount, _)| written(*amount, places)),
            "p50" => percentile(50),
            "p95" => percentile(95),
            "p99" => percentile(99),
            _ => {
                let field = self.parts.field.as_deref().unwrap();
                let values = live.iter().filter_map(|(_, e)| e.field(field));
                values.collect::<BTreeSet<_>>().len().into()
            }
        }
    }
}

/// Whether a text fits a pattern, by trying everything.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) if fits(rest, text) => true,
        ([b'*', ..], [_, text @ ..]) => fits(pattern, text),
        ([a, pattern @ ..], [b, text @ ..]) => a == b && fits(pattern, text),
        _ => false,
    }
}

/// Events in order of time, each with the instant of the next.
fn lasting(mut events: Vec<&Used>) -> Vec<(&Used, i64)> {
    events.sort_by_key(|event| (event.at, event.id));
    let ends: Vec<i64> = events.iter().skip(1).map(|e| e.at).chain([i64::MAX]).collect();
    events.into_iter().zip(ends).collect()
}

/// The quotient, halves to the even neighbour.
fn even(dividend: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    let up = 2 * rest > divisor || (2 * rest == divisor && quotient % 2 != 0);
    quotient + i128::from(up)
}

fn written(units: i128, places: u32) -> Value {
    let (whole, fraction) = (
        units.abs() / 10_i128.pow(places),
        units.abs() % 10_i128.pow(places),
    );
    let sign = if units < 0 { "-" } else { "" };
    let width = usize::try_from(places).unwrap();
    let text = format!("{sign}{whole}.{fraction:0width$}");
    text.trim_end_matches('0').trim_end_matches('.').into()
}
