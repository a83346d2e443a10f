//! Decisions on the wire: may it go ahead, and how every limit stands that was looked at.

use super::body::ActionBody;
use serde::Serialize;
use tollgate_core::decimal::Decimal;
use tollgate_core::decision::{Looked, Refusal};
use tollgate_core::hold::Hold;
use tollgate_core::id::HoldId;
use tollgate_core::limit::{Amount, LimitId, Percent};
use tollgate_core::time::Timestamp;
use tollgate_engine::{HoldAnswer, Suggestion};
use utoipa::ToSchema;

/// The answer to check and hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision, example = json!({
    "decision": "allow", "action": "none", "estimated_cost": "0.01203", "unverified": false,
    "hold": {"id": "hld_0199b2f6a3c07c3e8d52f0a1b2c3d4e5", "state": "open", "expires_at": "2026-01-30T16:46:23Z"},
    "suggestion": null,
    "limits": [{"id": "bdg_0199b2f6a3c07c3e8d52f0a1b2c3d4e5", "kind": "budget", "name": "monthly",
                "scope": {"kind": "user", "id": "u1"}, "selector": "*", "measure": "cost", "mode": "hard", "limit": "10",
                "used": "7.1", "held": "0.01203", "remaining": "2.88797", "percent": "71.12",
                "resets_at": "2026-02-01T00:00:00Z", "action": "none", "refusal": null}]
}))]
pub(crate) struct DecisionView {
    /// `allow` or `deny`.
    decision: &'static str,
    /// The strongest advice of all limits; `block` when denied.
    #[schema(value_type = ActionBody)]
    action: &'static str,
    /// Why it is denied: `no_price`, `budget_exceeded`, `quota_exceeded`, `rate_limited` or `limit_unavailable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// What the use will cost at most; `null` when nobody knows.
    estimated_cost: Option<String>,
    /// Whether it is allowed although the balance of some limit could not be known.
    unverified: bool,
    /// The hold, where one was placed.
    hold: Option<PlacedHold>,
    /// What would do instead, or when.
    suggestion: Option<SuggestionView>,
    /// Every limit looked at; what a hold claims is in `held`.
    limits: Vec<LookedView>,
}

/// The hold that an answer speaks of.
#[derive(Debug, Serialize, ToSchema)]
struct PlacedHold {
    /// Its id.
    #[schema(value_type = String, pattern = "^hld_[0-9a-f]{32}$")]
    id: HoldId,
    /// `open`, or how it ended, where the same request came again.
    state: &'static str,
    /// The first instant at which it no longer holds.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// What would do instead, or when.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Suggestion)]
struct SuggestionView {
    /// Wait so many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u32>,
    /// Use this model.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// Use this provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
}

/// How a limit stood.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LimitState)]
pub(crate) struct LookedView {
    /// Its id.
    #[schema(value_type = String)]
    id: LimitId,
    /// `quota` or `budget`.
    kind: &'static str,
    /// Its name.
    name: String,
    /// Whose use was counted.
    scope: Instance,
    /// The categories that it counts.
    selector: String,
    /// What it counts: a measure, or `cost`.
    measure: String,
    /// Its mode.
    mode: &'static str,
    /// Its ceiling.
    limit: String,
    /// Used for good; `null` while it cannot be known, like the next three.
    used: Option<String>,
    /// Claimed by open holds.
    held: Option<String>,
    /// What is left, never below zero.
    remaining: Option<String>,
    /// Used and held, in percent of the ceiling; `null` for a ceiling of zero.
    percent: Option<String>,
    /// The first instant of the next window; `null` when there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    resets_at: Option<Timestamp>,
    /// What it advises.
    #[schema(value_type = ActionBody)]
    action: &'static str,
    /// Why it refuses, or in mode shadow would have.
    refusal: Option<&'static str>,
}

/// One instance of a scope.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ScopeInstance)]
struct Instance {
    /// The class of scope.
    kind: &'static str,
    /// The instance.
    id: String,
}

impl DecisionView {
    /// Shows an answer.
    pub(crate) fn new(answer: &HoldAnswer) -> Self {
        let decision = &answer.decision;
        Self {
            decision: if decision.is_allowed() { "allow" } else { "deny" },
            action: decision.action.as_str(),
            code: decision.refusal.map(Refusal::as_str),
            estimated_cost: decision.estimated_cost.map(|cost| cost.to_string()),
            unverified: decision.is_unverified,
            hold: answer.hold.as_ref().map(PlacedHold::from),
            suggestion: answer.suggestion.as_ref().map(SuggestionView::from),
            limits: decision.limits.iter().map(LookedView::from).collect(),
        }
    }
}

impl From<&Hold> for PlacedHold {
    fn from(hold: &Hold) -> Self {
        Self {
            id: hold.id,
            state: hold.state.as_str(),
            expires_at: hold.expires_at,
        }
    }
}

impl From<&Suggestion> for SuggestionView {
    fn from(suggestion: &Suggestion) -> Self {
        Self {
            delay_ms: suggestion.delay_ms,
            model: suggestion.model.as_ref().map(ToString::to_string),
            provider: suggestion.provider.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&Looked> for LookedView {
    fn from(looked: &Looked) -> Self {
        let amount = |amount: Amount| Decimal::from_parts(amount.0, looked.scale).to_string();
        let percent = |amount| Percent::shown(amount, looked.ceiling);
        let committed = looked.balance.map(|balance| balance.committed());
        Self {
            id: looked.limit,
            kind: looked.limit.kind(),
            name: looked.name.to_string(),
            scope: Instance {
                kind: looked.kind.as_str(),
                id: looked.instance.to_string(),
            },
            selector: looked.selector.to_string(),
            measure: looked.measure.to_string(),
            mode: looked.mode.as_str(),
            limit: amount(looked.ceiling),
            used: looked.balance.map(|balance| amount(balance.settled)),
            held: looked.balance.map(|balance| amount(balance.held)),
            remaining: looked.remaining().map(amount),
            percent: committed.and_then(percent).map(|percent| percent.to_string()),
            resets_at: looked.resets_at,
            action: looked.action.as_str(),
            refusal: looked.refusal.map(Refusal::as_str),
        }
    }
}
