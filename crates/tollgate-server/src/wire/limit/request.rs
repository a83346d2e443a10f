//! What is asked of limits: the body of check and hold, read with the reader of events.

use super::body::PriorityBody;
use crate::json::{Reader, Whole};
use crate::wire::Decimal;
use crate::wire::event::read_apart_with;
use serde::Deserialize;
use std::collections::BTreeMap;
use tollgate_core::flaw::Flaw;
use tollgate_core::limit::Priority;
use tollgate_engine::HoldDraft;
use utoipa::ToSchema;

/// The fields of a request to check or hold: those of an event that say who wants to use what and how much, and two more.
pub(crate) const FIELDS: &[&str] = &[
    "id",
    "category",
    "organization",
    "team",
    "project",
    "user",
    "measures",
    "quantity",
    "dimensions",
    "cost",
    "priority",
    "ttl_seconds",
];

/// Reads what can be read of a well-formed body, and says what is wrong with the rest.
pub(crate) fn read(well_formed: &str) -> (HoldDraft<'_>, Vec<Flaw>) {
    let HoldDraft {
        mut usage,
        mut priority,
        mut ttl_seconds,
    } = HoldDraft::default();
    let flaws = read_apart_with(&mut usage, FIELDS, Reader::new(well_formed), |field, value| {
        let read = match field {
            "priority" => Option::<Priority>::deserialize(value).map(|given| {
                priority = given.unwrap_or_default();
            }),
            "ttl_seconds" => Option::<Whole>::deserialize(value).map(|given| {
                ttl_seconds = given.map(|Whole(seconds)| seconds);
            }),
            _ => return None,
        };
        Some(read)
    });
    let draft = HoldDraft {
        usage,
        priority,
        ttl_seconds,
    };
    (draft, flaws)
}

/// What a caller wants to do, before it does.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "describes in the API document what is read by hand")]
#[schema(as = HoldRequest, example = json!({
    "organization": "acme", "user": "u1", "category": "ai.completion",
    "dimensions": {"provider": "openai", "model": "gpt-4o"},
    "measures": {"input_tokens": 812, "output_tokens": 1000},
    "priority": "normal", "ttl_seconds": 60, "id": "req-1"
}))]
pub(crate) struct HoldBody {
    /// The caller's id. With the organization it is the hold's identity: sent again, the answer is that of the first time.
    #[schema(max_length = 256)]
    id: Option<String>,
    /// What will be used: the name of a category.
    category: String,
    /// Who pays. Implied by a key that belongs to an organization, required of an instance key.
    #[schema(max_length = 256)]
    organization: Option<String>,
    /// Which team will use it.
    #[schema(max_length = 256)]
    team: Option<String>,
    /// For which project.
    #[schema(max_length = 256)]
    project: Option<String>,
    /// Which person or machine will use it.
    #[schema(max_length = 256)]
    user: Option<String>,
    /// How much at most, by measure of the category.
    measures: Option<BTreeMap<String, Decimal>>,
    /// Shorthand for the category's primary measure.
    quantity: Option<Decimal>,
    /// Further keys with values, at most 32: `provider`, `model` …
    dimensions: Option<BTreeMap<String, String>>,
    /// What it costs at most, where the caller knows; else it is estimated from the prices.
    cost: Option<Decimal>,
    /// How much it matters; `normal` when absent.
    priority: Option<PriorityBody>,
    /// How long the hold is open, 1 to 86400; 60 when absent. A check takes it and makes nothing of it.
    #[schema(minimum = 1, maximum = 86400)]
    ttl_seconds: Option<i64>,
}
