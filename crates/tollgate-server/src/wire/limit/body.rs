//! Quotas and budgets as they are written, for the API document.
#![allow(dead_code, reason = "describes the core's types in the API document")]

use crate::wire::Decimal;
use crate::wire::category::ScopeBody;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A ceiling on a measure.
#[derive(Debug, ToSchema)]
#[schema(as = Quota, example = json!({
    "name": "daily calls", "organization": "acme", "scope": {"kind": "user", "id": "*"}, "selector": "ai.*",
    "match": {"provider": "openai"}, "measure": "requests", "limit": "100", "window": "day", "timezone": "UTC",
    "mode": "hard", "on_unavailable": "deny"
}))]
pub(crate) struct QuotaBody {
    /// Its name for people.
    #[schema(max_length = 256)]
    name: String,
    /// The organization whose use it counts. Implied by a key that belongs to one, required of an instance key.
    #[schema(required = false)]
    organization: String,
    /// Whose use within it; the organization's as a whole when absent.
    scope: Option<SubjectBody>,
    /// Of which categories: one (`ai.completion`), a family (`ai.*`) or all (`*`), as when absent.
    selector: Option<String>,
    /// The dimensions that a use must have; any when empty.
    #[schema(required = false)]
    r#match: BTreeMap<String, String>,
    /// The measure, `requests` among them.
    measure: String,
    /// The ceiling, in the measure's base unit. Zero denies everything.
    limit: Decimal,
    /// How long it counts before it begins anew.
    window: WindowBody,
    /// IANA zone of its days, weeks, months and years; UTC when absent.
    timezone: Option<String>,
    /// What happens at the ceiling; `hard` when absent.
    mode: Option<ModeBody>,
    /// What happens while its balance cannot be known: `deny` for a hard limit and `allow` for others when absent.
    on_unavailable: Option<UnavailableBody>,
    /// Percentages of the ceiling at which alerts are given; 75, 90 and 100 when absent.
    #[schema(max_items = 16)]
    thresholds: Option<Vec<Decimal>>,
    /// The ladder, for mode `ladder`; the standard one when absent.
    #[schema(max_items = 16)]
    rungs: Option<Vec<RungBody>>,
}

/// A ceiling on cost.
#[derive(Debug, ToSchema)]
#[schema(as = Budget, example = json!({
    "name": "monthly", "organization": "acme", "scope": {"kind": "organization", "id": "acme"}, "selector": "*",
    "limit": "100.00", "currency": "USD", "period": "month", "timezone": "UTC", "mode": "hard", "tier": "premium",
    "thresholds": ["75", "90", "100"]
}))]
pub(crate) struct BudgetBody {
    /// Its name for people.
    #[schema(max_length = 256)]
    name: String,
    /// The organization whose spending it counts. Implied by a key that belongs to one, required of an instance key.
    #[schema(required = false)]
    organization: String,
    /// Whose spending within it; the organization's as a whole when absent.
    scope: Option<SubjectBody>,
    /// On which categories: one (`ai.completion`), a family (`ai.*`) or all (`*`), as when absent.
    selector: Option<String>,
    /// The dimensions that a use must have; any when empty.
    #[schema(required = false)]
    r#match: BTreeMap<String, String>,
    /// The ceiling; that of the tier when absent. Zero denies whatever costs something.
    limit: Option<Decimal>,
    /// The organization's currency, which is meant when absent.
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: Option<String>,
    /// How long it counts before it begins anew; `month` when absent.
    period: Option<WindowBody>,
    /// IANA zone of its days, weeks, months and years; UTC when absent.
    timezone: Option<String>,
    /// What happens at the ceiling; `ladder` for a tier and `hard` otherwise when absent.
    mode: Option<ModeBody>,
    /// The class of customer, which gives the ladder and the ceiling where they are absent.
    tier: Option<TierBody>,
    /// What happens while its balance cannot be known: `deny` for a hard limit and `allow` for others when absent.
    on_unavailable: Option<UnavailableBody>,
    /// Percentages of the ceiling at which alerts are given; 75, 90 and 100 when absent.
    #[schema(max_items = 16)]
    thresholds: Option<Vec<Decimal>>,
    /// The ladder, for mode `ladder`; the tier's, else the standard one when absent.
    #[schema(max_items = 16)]
    rungs: Option<Vec<RungBody>>,
}

/// Whose use a limit counts.
#[derive(Debug, ToSchema)]
#[schema(as = LimitScope)]
pub(crate) struct SubjectBody {
    /// The class of scope.
    kind: ScopeBody,
    /// The instance, or `*` for each one separately.
    id: String,
}

/// A step of a ladder.
#[derive(Debug, ToSchema)]
#[schema(as = LimitRung)]
pub(crate) struct RungBody {
    /// The percentage of the ceiling at which it begins.
    at: Decimal,
    /// What happens.
    action: ActionBody,
    /// The most important requests that it concerns; all when absent.
    up_to: Option<PriorityBody>,
}

#[derive(Debug, ToSchema)]
#[schema(as = LimitWindow, rename_all = "snake_case")]
enum WindowBody {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
    Total,
}

/// What happens at the ceiling: `hard` refuses, `soft` advises, `shadow` records what it would have refused, `ladder` advises
/// step by step and refuses at the rungs that block.
#[derive(Debug, ToSchema)]
#[schema(as = LimitMode, rename_all = "snake_case")]
enum ModeBody {
    Hard,
    Soft,
    Shadow,
    Ladder,
}

#[derive(Debug, ToSchema)]
#[schema(as = OnUnavailable, rename_all = "snake_case")]
enum UnavailableBody {
    Deny,
    Allow,
}

#[derive(Debug, ToSchema)]
#[schema(as = Tier, rename_all = "snake_case")]
enum TierBody {
    Free,
    Premium,
    Enterprise,
}

/// What is advised, weakest first.
#[derive(Debug, ToSchema)]
#[schema(as = Action, rename_all = "snake_case")]
pub(super) enum ActionBody {
    None,
    Warn,
    Notify,
    Throttle,
    Downgrade,
    Switch,
    Queue,
    Block,
}

/// How much a request matters.
#[derive(Debug, ToSchema)]
#[schema(as = Priority, rename_all = "snake_case")]
pub(super) enum PriorityBody {
    Critical,
    Normal,
    Deferrable,
}
