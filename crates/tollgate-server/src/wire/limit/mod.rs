//! Limits on the wire: what is written of them, what is asked of them, and what they answer.
//!
//! What is written is the JSON of [`tollgate_core::limit::QuotaParts`] and [`tollgate_core::limit::BudgetParts`], which stores
//! keep too; [`body`] describes it, and a test holds the two together.

mod body;
pub(crate) mod decision;
pub(crate) mod hold;
pub(crate) mod request;
pub(crate) mod settled;
pub(crate) mod violation;

pub(crate) use body::{BudgetBody, QuotaBody};

use serde::Serialize;
use tollgate_core::limit::{BudgetParts, Limit, LimitId, QuotaParts};
use tollgate_core::time::Timestamp;
use tollgate_engine::Preview;
use tollgate_engine::settings::LimitRecord;
use utoipa::ToSchema;

/// A quota or a budget as it is answered.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum LimitView {
    Quota(QuotaView),
    Budget(BudgetView),
}

/// A quota as it is answered, every default spelled out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoredQuota)]
pub(crate) struct QuotaView {
    /// Its id.
    #[schema(value_type = String, pattern = "^qta_[0-9a-f]{32}$")]
    id: LimitId,
    #[serde(flatten)]
    #[schema(value_type = QuotaBody)]
    parts: QuotaParts,
    #[serde(flatten)]
    written: Written,
}

/// A budget as it is answered, every default spelled out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoredBudget)]
pub(crate) struct BudgetView {
    /// Its id.
    #[schema(value_type = String, pattern = "^bdg_[0-9a-f]{32}$")]
    id: LimitId,
    #[serde(flatten)]
    #[schema(value_type = BudgetBody)]
    parts: BudgetParts,
    #[serde(flatten)]
    written: Written,
}

/// What the server adds to a limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LimitWritten)]
struct Written {
    /// When it was written first.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// What is odd about it, when it was just written; it holds all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<String>,
}

impl LimitView {
    /// Shows a limit, with what is odd about it.
    pub(crate) fn new(record: &LimitRecord, warnings: Vec<String>) -> Self {
        let limit = &record.limit;
        let written = Written {
            created_at: record.created_at,
            warnings,
        };
        match limit.id {
            LimitId::Quota(_) => Self::Quota(QuotaView {
                id: limit.id,
                parts: QuotaParts::of(limit),
                written,
            }),
            LimitId::Budget(_) => Self::Budget(BudgetView {
                id: limit.id,
                parts: BudgetParts::of(limit),
                written,
            }),
        }
    }
}

/// What writing a limit would have meant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LimitPreview, example = json!({
    "dry_run": {"from": "2026-01-23T09:30:00Z", "to": "2026-01-30T09:30:00Z", "requests": 40100, "denied": 312, "truncated": false}
}))]
pub(crate) struct PreviewView {
    dry_run: DryRun,
    /// What is odd about the limit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<String>,
}

/// What a limit would have done with what was recorded: each event alone, in the order of time, from an empty balance on.
#[derive(Debug, Serialize, ToSchema)]
struct DryRun {
    /// The first instant looked at.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// The first instant after.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// Recorded events that the limit concerns, corrected ones aside.
    requests: u64,
    /// Those that it would have denied; in mode shadow those that it would have reported.
    denied: u64,
    /// Whether there were more events than are looked at; then these are the last to arrive.
    truncated: bool,
}

impl PreviewView {
    /// Shows what a limit would have done, with what is odd about it.
    pub(crate) fn new(preview: Preview, warnings: Vec<String>) -> Self {
        let Preview {
            from,
            to,
            requests,
            denied,
            is_truncated: truncated,
        } = preview;
        Self {
            dry_run: DryRun {
                from,
                to,
                requests,
                denied,
                truncated,
            },
            warnings,
        }
    }
}

/// A limit that counts an event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TouchedLimit)]
pub(crate) struct TouchedLimit {
    /// Its id.
    #[schema(value_type = String)]
    id: LimitId,
    /// `quota` or `budget`.
    kind: &'static str,
    /// Its name.
    name: String,
}

impl From<&Limit> for TouchedLimit {
    fn from(limit: &Limit) -> Self {
        Self {
            id: limit.id,
            kind: limit.id.kind(),
            name: limit.name.to_string(),
        }
    }
}
