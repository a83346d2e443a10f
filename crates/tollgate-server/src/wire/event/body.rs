//! Events, their forms and answers as the API document describes them. What is read and written is by hand, for speed
//! ([`super::item`], [`super::cloud`], [`super::answer`]); tests hold these types to it.
#![allow(
    dead_code,
    reason = "describes in the API document what is read and written by hand"
)]

use crate::wire::Decimal;
use crate::wire::problem::ProblemBody;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An immutable statement that something was used.
#[derive(Debug, ToSchema)]
#[schema(as = Event, example = json!({
    "id": "req-1", "source": "ide", "category": "ai.completion",
    "organization": "acme", "team": "core", "project": "editor", "user": "u1",
    "timestamp": "2026-01-30T16:45:23Z",
    "measures": {"input_tokens": 812, "output_tokens": 220},
    "dimensions": {"provider": "openai", "model": "gpt-4o", "action": "chat"},
    "metadata": {"any": "json"}
}))]
pub(crate) struct EventBody {
    /// The caller's id. With `organization` and `source` it is the event's identity: sent again, the event is a duplicate.
    /// The server makes one when it is absent.
    #[schema(max_length = 256)]
    id: Option<String>,
    /// Where the event comes from; `api` when absent.
    #[schema(max_length = 256)]
    source: Option<String>,
    /// What was used: the name of a category.
    category: String,
    /// Who pays. Implied by a key that belongs to an organization, required of an instance key.
    #[schema(max_length = 256)]
    organization: Option<String>,
    /// Which team used it.
    #[schema(max_length = 256)]
    team: Option<String>,
    /// For which project.
    #[schema(max_length = 256)]
    project: Option<String>,
    /// Which person or machine used it.
    #[schema(max_length = 256)]
    user: Option<String>,
    /// When, RFC 3339 with a zone; now when absent.
    #[schema(format = DateTime)]
    timestamp: Option<String>,
    /// How much, by measure of the category, in base units; at most 16.
    measures: Option<BTreeMap<String, Decimal>>,
    /// Shorthand for the category's primary measure.
    quantity: Option<Decimal>,
    /// Further keys with values, at most 32: `provider`, `model`, `action` … Numbers and booleans are taken as their text.
    dimensions: Option<BTreeMap<String, String>>,
    /// Any JSON up to 16 KiB; kept, never looked at.
    metadata: Option<serde_json::Value>,
    /// The cost where the caller knows it better: recorded as asserted and not priced.
    cost: Option<Decimal>,
}

/// One event, or several.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[schema(as = Events)]
pub(crate) enum EventsBody {
    One(Box<EventBody>),
    Several(Vec<EventBody>),
}

/// A CloudEvent 1.0 in structured form. Every further attribute (letters and digits) is a dimension.
#[derive(Debug, ToSchema)]
#[schema(as = CloudEvent, example = json!({
    "specversion": "1.0", "id": "req-1", "source": "ide", "type": "ai.completion", "subject": "u1",
    "time": "2026-01-30T16:45:23Z", "provider": "openai", "model": "gpt-4o",
    "data": {"organization": "acme", "team": "core", "measures": {"input_tokens": 812, "output_tokens": 220}}
}))]
pub(crate) struct CloudBody {
    /// `1.0`.
    specversion: String,
    /// The caller's id.
    id: String,
    /// Where the event comes from.
    source: String,
    /// What was used: the name of a category.
    r#type: String,
    /// The user, unless the data names one.
    subject: Option<String>,
    /// When; now when absent.
    #[schema(format = DateTime)]
    time: Option<String>,
    /// A JSON media type.
    datacontenttype: Option<String>,
    /// Taken and not looked at.
    dataschema: Option<String>,
    /// The remaining fields of the event.
    data: Option<CloudFields>,
}

/// The fields of an event that have no attribute of their own.
#[derive(Debug, ToSchema)]
#[schema(as = CloudEventFields)]
pub(crate) struct CloudFields {
    /// Who pays.
    organization: Option<String>,
    /// Which team used it.
    team: Option<String>,
    /// For which project.
    project: Option<String>,
    /// Which person or machine used it; the event's `subject` when absent.
    user: Option<String>,
    /// When, for an event without `time`.
    #[schema(format = DateTime)]
    timestamp: Option<String>,
    /// How much, by measure.
    measures: Option<BTreeMap<String, Decimal>>,
    /// Shorthand for the category's primary measure.
    quantity: Option<Decimal>,
    /// Further keys with values, beside the event's extension attributes.
    dimensions: Option<BTreeMap<String, String>>,
    /// Any JSON up to 16 KiB.
    metadata: Option<serde_json::Value>,
    /// The cost where the caller knows it better.
    cost: Option<Decimal>,
}

/// What became of the events of a request.
#[derive(Debug, ToSchema)]
#[schema(as = EventsAnswer, example = json!({
    "recorded": 1, "duplicate": 0, "conflict": 0, "rejected": 0,
    "results": [{"index": 0, "id": "req-1", "event": "evt_5f1d7a0c9b3e48d2a6c4e8f00b1d2c3a", "status": "recorded",
                 "cost": "0.00423", "currency": "USD", "price": "prc_0192a1b2c3d47e5f8a9b0c1d2e3f4a5b",
                 "cost_source": "priced"}]
}))]
pub(crate) struct AnswerBody {
    /// How many are new and counted.
    recorded: usize,
    /// How many were recorded before; they changed nothing.
    duplicate: usize,
    /// How many used the id of another event; they changed nothing.
    conflict: usize,
    /// How many are no valid events.
    rejected: usize,
    /// One for each event in order, or with `?results=errors` only conflicts and rejections.
    results: Vec<EventResult>,
}

/// What became of one event.
#[derive(Debug, ToSchema)]
pub(crate) struct EventResult {
    /// Its place in the request.
    index: Option<usize>,
    /// The caller's id, or the one that was made; not there when rejected without one.
    id: Option<String>,
    /// The server's id; not there when rejected.
    #[schema(pattern = "^evt_[0-9a-f]{32}$")]
    event: Option<String>,
    /// What became of it.
    status: StatusBody,
    /// What it cost; `null` when nobody knows.
    cost: Option<String>,
    /// The currency of the cost.
    currency: Option<String>,
    /// The price that gave the cost.
    #[schema(pattern = "^prc_[0-9a-f]{32}$")]
    price: Option<String>,
    /// How the cost is known: `priced`, `asserted` or `unpriced`.
    cost_source: Option<String>,
    /// Why there is no cost: `no_price`, `no_component`, `cost_too_large` or `raw_expired`.
    reason: Option<String>,
    /// The measure that no component prices, for `no_component`.
    measure: Option<String>,
    /// What keeps the prices of the category from matching, for `no_price`, where one nearly does: a dimension that the event lacks, the
    /// currency, the time.
    detail: Option<String>,
    /// The event that this one takes back.
    corrects: Option<String>,
    /// Why it was not recorded.
    problem: Option<ProblemBody<'static>>,
}

#[derive(Debug, ToSchema)]
#[schema(as = EventStatus, rename_all = "snake_case")]
pub(crate) enum StatusBody {
    Recorded,
    Duplicate,
    Conflict,
    Rejected,
}
