//! From a query as written to one that makes sense: every flaw found at once, each with its pointer and remedy.

mod filter;
mod stretch;

use super::figure::{self, Figure, FigureError, Source};
use super::{Aggregate, Field, Order, OrderColumn, QueryParts, UsageQuery};
use crate::catalog::Catalog;
use crate::flaw::{Flaw, FlawCode, pointer};
use crate::nearest::nearest;
use crate::period::{Period, WINDOWS_MAX};
use crate::text::Key;
use crate::time::Timestamp;

/// Most measures of one query: as many as one event carries.
pub const QUERY_MEASURES_MAX: usize = 16;
/// Most fields to group by: as many as a category may declare.
pub const GROUP_FIELDS_MAX: usize = 8;
/// Most filters of one query.
pub const FILTERS_MAX: usize = 32;
/// Most texts in one filter's list.
pub const FILTER_VALUES_MAX: usize = 1_000;
/// Most buckets of one query.
pub const BUCKETS_MAX: usize = WINDOWS_MAX;
/// Rows answered when no limit is given.
pub const ROWS_DEFAULT: usize = 100;
/// Most rows of one answer: some megabytes of JSON. The total covers all rows, answered or not.
pub const ROWS_MAX: usize = 10_000;
/// How many days a query covers that does not say from when.
pub const RANGE_DEFAULT_DAYS: i64 = 30;

impl UsageQuery {
    /// Judges a query as written against the categories that exist; pointers are relative to the body.
    ///
    /// Without `to` it ends with the quarter hour that `now` lies in, so that it still ends where a rollup's cell does.
    pub fn new(parts: &QueryParts, catalog: &Catalog, now: Timestamp) -> Result<Self, Vec<Flaw>> {
        let mut judge = Judge { flaws: Vec::new() };
        let aggregate = judge.aggregate(parts);
        let filters = judge.filters(parts);
        let groups = judge.groups(parts);
        let distinct = judge.distinct(parts, aggregate);
        let figures = judge.figures(parts, aggregate, |name, errors| {
            let admitted = |category: &crate::category::Category| {
                filters
                    .iter()
                    .filter(|filter| filter.field == Field::Category)
                    .all(|filter| filter.admits(Some(category.name().as_str())))
            };
            figure::find(name, catalog, admitted)
                .map_err(|error| errors.push(error))
                .ok()
        });
        judge.collisions(parts, &groups, &figures);
        let bucket = judge.bucket(parts);
        let zone = judge.zone(parts);
        let window = judge.window(parts, now);
        let compared = judge.compared(parts);
        let order = judge.order(parts, bucket.flatten(), &groups, &figures);
        let limit = judge.limit(parts);
        let (Some(aggregate), Some(bucket), Some(zone), Some(window), Some(order), Some(limit)) =
            (aggregate, bucket, zone, window, order, limit)
        else {
            return Err(judge.flaws);
        };
        let buckets = judge.buckets(bucket, &zone, window);
        let previous = match &buckets {
            Some(buckets) if compared => {
                let before = stretch::before(bucket, &zone, window, buckets);
                judge.buckets(bucket, &zone, before).map(|b| (before, b))
            }
            _ => None,
        };
        match buckets {
            Some(buckets) if judge.flaws.is_empty() => Ok(Self {
                figures,
                aggregate,
                distinct,
                groups,
                bucket,
                zone,
                buckets,
                window,
                previous,
                filters,
                order,
                limit,
                now,
            }),
            _ => Err(judge.flaws),
        }
    }
}

struct Judge {
    flaws: Vec<Flaw>,
}

impl Judge {
    fn flaw(&mut self, parts: &[&str], code: FlawCode, detail: impl std::fmt::Display) {
        self.flaws.push(Flaw::at(pointer(parts), code, detail));
    }

    /// A flaw for a word that is none of those allowed.
    fn not_allowed(&mut self, at: &[&str], given: &str, allowed: &[&str]) {
        let shown: String = given.chars().take(64).collect();
        let near = nearest(given, allowed.iter().copied())
            .map(|near| format!("did you mean {near}? "))
            .unwrap_or_default();
        let detail = format!("{shown:?} is not allowed; {near}use {}", allowed.join(", "));
        self.flaw(at, FlawCode::NotAllowed, detail);
    }

    fn within(&mut self, at: &str, count: usize, most: usize) -> bool {
        if count > most {
            self.flaw(&[at], FlawCode::TooMany, format!("at most {most}"));
        }
        count <= most
    }

    fn aggregate(&mut self, parts: &QueryParts) -> Option<Aggregate> {
        let given = parts.aggregate.as_deref().unwrap_or("sum");
        let found = Aggregate::ALL.into_iter().find(|a| a.as_str() == given);
        if found.is_none() {
            self.not_allowed(&["aggregate"], given, &Aggregate::ALL.map(Aggregate::as_str));
        }
        found
    }

    fn field(&mut self, at: &[&str], name: &str) -> Option<Field> {
        Field::parse(name)
            .map_err(|error| self.flaw(at, FlawCode::NotAllowed, error))
            .ok()
    }

    fn groups(&mut self, parts: &QueryParts) -> Vec<Field> {
        let mut groups = Vec::new();
        if !self.within("group_by", parts.group_by.len(), GROUP_FIELDS_MAX) {
            return groups;
        }
        for (index, name) in parts.group_by.iter().enumerate() {
            let at = ["group_by", &index.to_string()];
            match self.field(&at, name) {
                Some(field) if groups.contains(&field) => {
                    self.flaw(&at, FlawCode::Repeated, format!("{field} is named twice"));
                }
                Some(field) => groups.push(field),
                None => {}
            }
        }
        groups
    }

    fn distinct(&mut self, parts: &QueryParts, aggregate: Option<Aggregate>) -> Option<Field> {
        match (&parts.field, aggregate) {
            (Some(name), Some(Aggregate::CountDistinct)) => self.field(&["field"], name),
            (None, Some(Aggregate::CountDistinct)) => {
                let detail = "count_distinct names the field whose values it counts, such as user";
                self.flaw(&["field"], FlawCode::Missing, detail);
                None
            }
            (Some(_), Some(_)) => {
                let detail = "only count_distinct takes a field; use group_by to split the rows";
                self.flaw(&["field"], FlawCode::Combination, detail);
                None
            }
            (_, None) | (None, _) => None,
        }
    }

    fn figures(
        &mut self,
        parts: &QueryParts,
        aggregate: Option<Aggregate>,
        find: impl Fn(&str, &mut Vec<FigureError>) -> Option<Figure>,
    ) -> Vec<Figure> {
        let mut figures: Vec<Figure> = Vec::new();
        let Some(names) = &parts.measures else {
            if aggregate == Some(Aggregate::CountDistinct) {
                return vec![Figure {
                    name: Key::trusted("count_distinct"),
                    source: Source::Events,
                }];
            }
            return [("cost", Source::Cost), ("requests", Source::Requests)]
                .map(|(name, source)| Figure {
                    name: Key::trusted(name),
                    source,
                })
                .into();
        };
        if names.is_empty() {
            self.flaw(
                &["measures"],
                FlawCode::Missing,
                "name a measure, or leave the field out",
            );
        }
        if !self.within("measures", names.len(), QUERY_MEASURES_MAX) {
            return figures;
        }
        for (index, name) in names.iter().enumerate() {
            let index = index.to_string();
            let at = ["measures", index.as_str()];
            let mut errors = Vec::new();
            let found = find(name, &mut errors);
            for error in errors {
                match error {
                    FigureError::Unknown(detail) => self.flaw(&at, FlawCode::UnknownMeasure, detail),
                    FigureError::Mixed(detail) => self.flaw(&at, FlawCode::Combination, detail),
                }
            }
            let Some(figure) = found else { continue };
            if figures.iter().any(|other| other.name == figure.name) {
                self.flaw(&at, FlawCode::Repeated, format!("{name} is named twice"));
                continue;
            }
            let by_event = aggregate.is_some_and(|a| a.is_by_event() || a == Aggregate::Avg);
            if by_event && matches!(figure.source, Source::Unique { .. }) {
                let detail = format!("{name} counts distinct instances; use sum");
                self.flaw(&at, FlawCode::Combination, detail);
            }
            figures.push(figure);
        }
        figures
    }

    /// A dimension may have a measure's name, but an answer has one column of a name.
    fn collisions(&mut self, parts: &QueryParts, groups: &[Field], figures: &[Figure]) {
        for figure in figures {
            if groups.iter().any(|field| field.as_str() == figure.name.as_str()) {
                let index = parts
                    .group_by
                    .iter()
                    .position(|name| name == figure.name.as_str());
                let index = index.unwrap_or_default().to_string();
                let detail = format!("{} is asked for as a measure too", figure.name);
                self.flaw(&["group_by", &index], FlawCode::Combination, detail);
            }
        }
    }

    fn compared(&mut self, parts: &QueryParts) -> bool {
        match parts.compare.as_deref() {
            None => false,
            Some("previous_period") => true,
            Some(other) => {
                self.not_allowed(&["compare"], other, &["previous_period"]);
                false
            }
        }
    }

    fn order(
        &mut self,
        parts: &QueryParts,
        bucket: Option<Period>,
        groups: &[Field],
        figures: &[Figure],
    ) -> Option<Order> {
        let Some(given) = parts.order_by.as_deref() else {
            return Some(Order {
                by: OrderColumn::Bucket,
                falling: false,
            });
        };
        let name = given.strip_prefix('-').unwrap_or(given);
        let group = || groups.iter().position(|field| field.as_str() == name);
        let figure = || figures.iter().position(|figure| figure.name.as_str() == name);
        let by = match name {
            "bucket_start" => bucket.map(|_| OrderColumn::Bucket),
            _ => group()
                .map(OrderColumn::Group)
                .or_else(|| figure().map(OrderColumn::Figure)),
        };
        if by.is_none() {
            let mut columns: Vec<&str> = bucket.map(|_| "bucket_start").into_iter().collect();
            columns.extend(groups.iter().map(Field::as_str));
            columns.extend(figures.iter().map(|figure| figure.name.as_str()));
            self.not_allowed(&["order_by"], name, &columns);
        }
        by.map(|by| Order {
            by,
            falling: given.starts_with('-'),
        })
    }

    fn limit(&mut self, parts: &QueryParts) -> Option<usize> {
        let Some(given) = parts.limit else {
            return Some(ROWS_DEFAULT);
        };
        let limit = usize::try_from(given)
            .ok()
            .filter(|limit| (1..=ROWS_MAX).contains(limit));
        if limit.is_none() {
            self.flaw(
                &["limit"],
                FlawCode::Range,
                format!("must be from 1 to {ROWS_MAX}"),
            );
        }
        limit
    }
}
