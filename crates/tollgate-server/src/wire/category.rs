//! Categories on the wire. The JSON is that of [`tollgate_core::category::CategoryParts`], which the shipped defaults and stores
//! are written in too; what is here describes it, and a test holds the two together.
#![allow(dead_code, reason = "describes the core's type in the API document")]

use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What can be used: a name, its measures and its declared dimensions.
#[derive(Debug, ToSchema)]
#[schema(as = Category, example = json!({
    "name": "render.video", "unit": "seconds", "primary": "seconds",
    "measures": {"seconds": {"unit": "second"}, "frames": {"unit": "frame", "billable": false}},
    "dimensions": ["preset"], "display": {"unit": "minutes", "per": "60"}
}))]
pub(crate) struct CategoryBody {
    /// Dotted name, the id of the category.
    #[schema(max_length = 128)]
    name: String,
    /// What one of it is called.
    #[schema(max_length = 64)]
    unit: String,
    /// The measure that an event's `quantity` sets.
    primary: Option<String>,
    /// The measures by name; `requests` exists without being listed.
    #[schema(required = false)]
    measures: BTreeMap<String, MeasureBody>,
    /// Names of the dimensions that totals are kept by; others may be sent all the same.
    #[schema(required = false, max_items = 8)]
    dimensions: Vec<String>,
    /// How amounts are shown.
    display: Option<DisplayBody>,
}

/// A named amount.
#[derive(Debug, ToSchema)]
#[schema(as = Measure)]
pub(crate) struct MeasureBody {
    /// `counter` adds up; `gauge` is a level that holds until the next event; `unique` counts distinct instances of a scope.
    #[schema(required = false, default = "counter")]
    kind: KindBody,
    /// Its base unit; the category's when absent.
    unit: Option<String>,
    /// The measure that this one is a part of.
    parent: Option<String>,
    /// Whether an event with it needs a price for it.
    #[schema(required = false, default = true)]
    billable: bool,
    /// For `unique`: what is counted.
    of: Option<ScopeBody>,
}

#[derive(Debug, ToSchema)]
#[schema(as = MeasureKind, rename_all = "snake_case")]
pub(crate) enum KindBody {
    Counter,
    Gauge,
    Unique,
}

#[derive(Debug, ToSchema)]
#[schema(as = ScopeKind, rename_all = "snake_case")]
pub(crate) enum ScopeBody {
    Organization,
    Team,
    Project,
    User,
}

/// How amounts are shown.
#[derive(Debug, ToSchema)]
#[schema(as = Display)]
pub(crate) struct DisplayBody {
    /// Name of the shown unit.
    unit: String,
    /// Base units in one shown unit.
    #[schema(required = false, default = "1")]
    per: String,
}
