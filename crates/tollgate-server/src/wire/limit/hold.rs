//! Holds as they stand, and what is asked of one that is there.

use crate::json::Whole;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tollgate_core::decimal::Decimal;
use tollgate_core::hold::{Claim, Found, Hold, HoldState};
use tollgate_core::id::{EventId, HoldId};
use tollgate_core::limit::LimitId;
use tollgate_core::money::MONEY_SCALE;
use tollgate_core::quantity::QUANTITY_SCALE;
use tollgate_core::text::Label;
use tollgate_core::time::Timestamp;
use utoipa::ToSchema;

/// A hold as it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hold)]
pub(crate) struct HoldView {
    /// Its id.
    #[schema(value_type = String, pattern = "^hld_[0-9a-f]{32}$")]
    id: HoldId,
    /// `open`, `settled`, `released` or `expired`.
    state: &'static str,
    /// Who pays.
    organization: String,
    /// Which team will use it.
    team: Option<String>,
    /// For which project.
    project: Option<String>,
    /// Which person or machine will use it.
    user: Option<String>,
    /// What will be used.
    category: String,
    /// Its dimensions.
    dimensions: BTreeMap<String, String>,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    placed_at: Timestamp,
    /// The first instant at which it no longer holds.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// What the use was to cost at most; `null` when nobody knew.
    estimated_cost: Option<String>,
    /// What it claims, or claimed, limit by limit.
    claims: Vec<ClaimView>,
    /// The event that settled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    event: Option<EventId>,
    /// Whether it was settled after its time.
    late: bool,
    /// Whether it was settled after it was released.
    unheld: bool,
}

/// What a hold claims of a limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Claim)]
struct ClaimView {
    /// The limit.
    #[schema(value_type = String)]
    id: LimitId,
    /// `quota` or `budget`.
    kind: &'static str,
    /// How much.
    amount: String,
}

impl From<&Hold> for HoldView {
    fn from(hold: &Hold) -> Self {
        let text = |label: &Option<Label>| label.as_ref().map(ToString::to_string);
        let (event, found) = match hold.state {
            HoldState::Settled { event, found } => (Some(event), Some(found)),
            HoldState::Open | HoldState::Released | HoldState::Expired => (None, None),
        };
        let dimensions = hold.dimensions.iter();
        Self {
            id: hold.id,
            state: hold.state.as_str(),
            organization: hold.scope.organization.to_string(),
            team: text(&hold.scope.team),
            project: text(&hold.scope.project),
            user: text(&hold.scope.user),
            category: hold.category.to_string(),
            dimensions: dimensions
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect(),
            placed_at: hold.placed_at,
            expires_at: hold.expires_at,
            estimated_cost: hold.decision.estimated_cost.map(|cost| cost.to_string()),
            claims: hold.claims.iter().map(ClaimView::from).collect(),
            event,
            late: found == Some(Found::Late),
            unheld: found == Some(Found::Unheld),
        }
    }
}

impl From<&Claim> for ClaimView {
    fn from(claim: &Claim) -> Self {
        let limit = claim.cell.limit;
        let scale = match limit {
            LimitId::Quota(_) => QUANTITY_SCALE,
            LimitId::Budget(_) => MONEY_SCALE,
        };
        Self {
            id: limit,
            kind: limit.kind(),
            amount: Decimal::from_parts(claim.amount.0, scale).to_string(),
        }
    }
}

/// Another time to expire.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Extension, example = json!({"ttl_seconds": 60}))]
pub(crate) struct ExtensionBody {
    /// From now on, 1 to 86400.
    #[schema(value_type = i64, minimum = 1, maximum = 86400)]
    pub(crate) ttl_seconds: Whole,
}

/// Nothing: what is asked stands in the address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Nothing)]
pub(crate) struct NothingBody {}
