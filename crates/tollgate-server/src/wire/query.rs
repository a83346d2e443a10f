//! The usage query on the wire. Its JSON is that of [`tollgate_core::query::QueryParts`] and [`tollgate_core::query::Answer`]; the
//! `…Body` types describe them, and a test holds the two together.

use serde::Serialize;
use std::collections::BTreeMap;
use tollgate_core::query::{Answer, Form, UsageQuery};
use tollgate_core::time::Timestamp;
use utoipa::ToSchema;

pub(crate) use body::QueryBody;

/// What a question comes to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueryAnswer, example = json!({
    "rows": [{"bucket_start": "2026-01-01T00:00:00Z", "model": "gpt-4o", "team": "core", "cost": "12.34", "requests": "812",
              "unpriced": 0}],
    "total": {"cost": "12.34", "requests": "812", "unpriced": 0},
    "truncated": false, "as_of": "2026-02-01T09:30:00Z"
}))]
pub(crate) struct QueryAnswer {
    #[serde(flatten)]
    #[schema(value_type = body::Rows)]
    answer: Answer,
    /// The instant of the answer: everything acknowledged before it is in.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
    /// How it was answered, with `?explain=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<Explanation>,
}

/// How a question is answered.
#[derive(Debug, Serialize, ToSchema)]
struct Explanation {
    /// The stretches of time that are read, and in which form they answer.
    reads: Vec<ReadView>,
    /// Why rollups do not answer at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
    /// The fields that rollups must keep to answer.
    fields: Vec<String>,
}

/// A stretch of time that is read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplanationRead)]
struct ReadView {
    /// Its first instant.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// The first instant after.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// `rollups` where quarter hours answer exactly, else `events`.
    grain: &'static str,
}

impl QueryAnswer {
    /// The answer to a query, explained if asked.
    pub(crate) fn new(query: &UsageQuery, answer: Answer, explain: bool) -> Self {
        Self {
            answer,
            as_of: query.now(),
            explain: explain.then(|| Explanation::new(query)),
        }
    }
}

impl Explanation {
    fn new(query: &UsageQuery) -> Self {
        let needs = query.needs();
        let read = |read: &tollgate_core::query::Read| ReadView {
            from: read.window.start,
            to: read.window.end,
            grain: match read.form {
                Form::Cells => "rollups",
                Form::Raw => "events",
            },
        };
        Self {
            reads: needs.reads.iter().map(read).collect(),
            raw: needs.raw.map(|reason| reason.to_string()),
            fields: needs.fields.iter().map(ToString::to_string).collect(),
        }
    }
}

mod body {
    #![allow(dead_code, reason = "describes the core's types in the API document")]

    use super::BTreeMap;
    use utoipa::ToSchema;

    /// A question about usage.
    #[derive(Debug, ToSchema)]
    #[schema(as = Query, example = json!({
        "measures": ["cost", "requests", "input_tokens"], "aggregate": "sum", "group_by": ["model", "team"],
        "bucket": "day", "timezone": "Europe/Berlin",
        "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z",
        "filters": [{"field": "category", "op": "matches", "value": "ai.*"}],
        "order_by": "-cost", "limit": 100, "compare": "previous_period"
    }))]
    pub(crate) struct QueryBody {
        /// What to add up: `cost`, `requests`, a measure, or `total_<measure>` for a measure with its parts. `cost` and `requests`
        /// when absent.
        measures: Option<Vec<String>>,
        /// How amounts become one; `sum` when absent.
        aggregate: Option<AggregateBody>,
        /// The fields that split the rows: `category`, `organization`, `team`, `project`, `user` or a dimension.
        #[schema(required = false)]
        group_by: Vec<String>,
        /// The period that splits the rows; `none` when absent.
        bucket: Option<BucketBody>,
        /// IANA zone of the buckets; UTC when absent.
        timezone: Option<String>,
        /// The first instant; thirty days before `to` when absent.
        #[schema(format = DateTime)]
        from: Option<String>,
        /// The first instant after; the end of this quarter hour when absent.
        #[schema(format = DateTime)]
        to: Option<String>,
        /// Conditions that must all hold.
        #[schema(required = false)]
        filters: Vec<FilterBody>,
        /// A column of the answer, with `-` before it for the largest first.
        order_by: Option<String>,
        /// Most rows to answer; 100 when absent.
        limit: Option<i64>,
        /// `previous_period` answers the stretch of the same length right before, too.
        compare: Option<CompareBody>,
        /// The field whose values `count_distinct` counts.
        field: Option<String>,
    }

    #[derive(Debug, ToSchema)]
    #[schema(as = QueryAggregate, rename_all = "snake_case")]
    pub(crate) enum AggregateBody {
        Sum,
        Count,
        Avg,
        Min,
        Max,
        P50,
        P95,
        P99,
        CountDistinct,
    }

    #[derive(Debug, ToSchema)]
    #[schema(as = QueryBucket, rename_all = "snake_case")]
    pub(crate) enum BucketBody {
        Minute,
        Hour,
        Day,
        Week,
        Month,
        Year,
        None,
    }

    #[derive(Debug, ToSchema)]
    #[schema(as = QueryCompare, rename_all = "snake_case")]
    pub(crate) enum CompareBody {
        PreviousPeriod,
    }

    /// A condition on a field.
    #[derive(Debug, ToSchema)]
    #[schema(as = QueryFilter)]
    pub(crate) struct FilterBody {
        /// `category`, `organization`, `team`, `project`, `user` or a dimension.
        field: String,
        /// What is asked of it.
        op: FilterOperator,
        /// A text; for `in` and `not_in` a list of texts, for `exists` true (unless given) or false. Numbers and booleans are taken
        /// as their text, as in the dimensions of an event.
        value: Option<serde_json::Value>,
    }

    #[derive(Debug, ToSchema)]
    #[schema(as = QueryOperator, rename_all = "snake_case")]
    pub(crate) enum FilterOperator {
        Eq,
        Ne,
        In,
        NotIn,
        Matches,
        Exists,
    }

    /// Rows and their total. A row has `bucket_start` when there are buckets, a text or `null` for each field of `group_by`, and a
    /// decimal for each measure; `cost` is an object of amounts by currency where organizations differ in theirs, and `null` where
    /// there are events and none of them has a known cost.
    #[derive(Debug, ToSchema)]
    #[schema(as = QueryRows)]
    pub(crate) struct Rows {
        /// The rows in the order asked for.
        rows: Vec<BTreeMap<String, serde_json::Value>>,
        /// The same over all rows, also those beyond the limit.
        total: BTreeMap<String, serde_json::Value>,
        /// Whether there were more rows than the limit.
        truncated: bool,
    }
}
