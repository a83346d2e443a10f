//! The question as `POST /v1/query` takes it.

use super::filter::Filter;
use super::{Aggregate, Bucket, Only, Usage};
use crate::clock;
use crate::failure::Failure;
use jiff::tz::TimeZone;
use serde::Serialize;
use tollgate_core::time::Timestamp;

/// The body of `POST /v1/query`.
#[derive(Debug, Serialize)]
pub(super) struct Request {
    pub(super) measures: Vec<String>,
    pub(super) aggregate: Aggregate,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    pub(super) group_by: Vec<String>,
    pub(super) bucket: Bucket,
    timezone: String,
    from: Timestamp,
    to: Timestamp,
    filters: Vec<Filter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compare: Option<&'static str>,
    /// For showing the times; the server gets the name.
    #[serde(skip)]
    pub(super) zone: TimeZone,
}

impl Request {
    /// The question that flags ask, with what was not said filled in.
    pub(super) fn of(usage: Usage) -> Result<Self, Failure> {
        Self::at(usage, clock::now())
    }

    /// The same as if it were asked at another time.
    pub(super) fn at(usage: Usage, now: jiff::Timestamp) -> Result<Self, Failure> {
        let (from, to) = usage.period.bounds(now)?;
        let measures = if usage.measures.is_empty() {
            vec!["cost".into(), "requests".into()]
        } else {
            usage.measures
        };
        Ok(Self {
            measures,
            aggregate: usage.aggregate.unwrap_or(Aggregate::Sum),
            field: usage.field,
            group_by: usage.group_by,
            bucket: usage.bucket.unwrap_or(Bucket::None),
            zone: usage.period.zone()?,
            timezone: usage.period.timezone.unwrap_or_else(|| "UTC".to_owned()),
            from: from.into(),
            to: to.into(),
            filters: usage.only.filters().chain(usage.filters).collect(),
            order_by: usage.order_by,
            limit: usage.limit,
            compare: usage.compare.then_some("previous_period"),
        })
    }
}

impl Only {
    /// The conditions that it stands for.
    fn filters(self) -> impl Iterator<Item = Filter> {
        let named = [
            ("category", self.category),
            ("organization", self.organization),
            ("team", self.team),
            ("project", self.project),
            ("user", self.user),
        ];
        named
            .into_iter()
            .filter_map(|(field, value)| Some(Filter::of_field(field, &value?)))
    }
}
