//! Violations on the wire: requests that limits refused, as they were answered.

use super::decision::LookedView;
use serde::Serialize;
use tollgate_core::decision::Refusal;
use tollgate_core::text::Label;
use tollgate_core::time::Timestamp;
use tollgate_engine::store::Violation;
use utoipa::ToSchema;

/// A request that limits refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Violation)]
pub(crate) struct ViolationView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Why: `no_price`, `budget_exceeded`, `quota_exceeded`, `rate_limited` or `limit_unavailable`.
    code: Option<&'static str>,
    /// Who would have paid.
    organization: String,
    /// Which team asked.
    team: Option<String>,
    /// For which project.
    project: Option<String>,
    /// Which person or machine asked.
    user: Option<String>,
    /// What for.
    category: String,
    /// What the use would have cost at most; `null` when nobody knew.
    estimated_cost: Option<String>,
    /// Every limit looked at, as it stood then.
    limits: Vec<LookedView>,
}

impl From<&Violation> for ViolationView {
    fn from(violation: &Violation) -> Self {
        let text = |label: &Option<Label>| label.as_ref().map(ToString::to_string);
        let (scope, decision) = (&violation.scope, &violation.decision);
        Self {
            at: violation.at,
            code: decision.refusal.map(Refusal::as_str),
            organization: scope.organization.to_string(),
            team: text(&scope.team),
            project: text(&scope.project),
            user: text(&scope.user),
            category: violation.category.to_string(),
            estimated_cost: decision.estimated_cost.map(|cost| cost.to_string()),
            limits: decision.limits.iter().map(LookedView::from).collect(),
        }
    }
}
