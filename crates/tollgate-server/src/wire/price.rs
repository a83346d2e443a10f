//! Prices on the wire. The JSON is that of [`tollgate_core::price::PriceParts`], which the shipped price files and stores are
//! written in too; the `…Body` types describe it, and a test holds the two together.

use serde::Serialize;
use tollgate_core::id::PriceId;
use tollgate_core::price::PriceParts;
use tollgate_core::time::Timestamp;
use tollgate_engine::settings::PriceRecord;

pub(crate) use body::PriceBody;

/// A price as it is answered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = StoredPrice)]
pub(crate) struct PriceView {
    /// Its id.
    #[schema(value_type = String, pattern = "^prc_[0-9a-f]{32}$")]
    id: PriceId,
    #[serde(flatten)]
    #[schema(value_type = PriceBody)]
    parts: PriceParts,
    /// When it was written first.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// What looks like a mistake, when it was just written; it holds all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<String>,
}

impl PriceView {
    /// Shows a price, with what looks wrong about it.
    pub(crate) fn new(record: &PriceRecord, warnings: Vec<String>) -> Self {
        Self {
            id: record.price.id(),
            parts: record.price.parts().clone(),
            created_at: record.created_at,
            warnings,
        }
    }
}

mod body {
    #![allow(dead_code, reason = "describes the core's types in the API document")]

    use crate::wire::Decimal;
    use std::collections::BTreeMap;
    use utoipa::ToSchema;

    /// What usage costs from some time on.
    #[derive(Debug, ToSchema)]
    #[schema(as = Price, example = json!({
        "category": "ai.completion", "match": {"provider": "openai", "model": "gpt-4o"}, "currency": "USD",
        "effective_from": "2026-01-01T00:00:00Z",
        "components": {"input_tokens": {"model": "per_million", "amount": "2.50"},
                       "output_tokens": {"model": "per_million", "amount": "10.00"}}
    }))]
    pub(crate) struct PriceBody {
        /// The category whose events it prices.
        category: String,
        /// The dimensions an event must have; any event of the category when empty.
        #[schema(required = false)]
        r#match: BTreeMap<String, String>,
        /// ISO 4217 code of the amounts.
        #[schema(pattern = "^[A-Z]{3}$")]
        currency: String,
        /// First instant at which it holds.
        #[schema(format = DateTime)]
        effective_from: String,
        /// First instant at which it no longer holds.
        #[schema(format = DateTime)]
        effective_until: Option<String>,
        /// The one organization it is for; every organization when absent.
        organization: Option<String>,
        /// IANA zone of its months and schedule windows; UTC when absent.
        timezone: Option<String>,
        /// The period of the components that name none.
        period: Option<PeriodBody>,
        /// What each measure costs.
        components: BTreeMap<String, AlternativesBody>,
    }

    /// One component, or several of which the first that applies is taken.
    #[derive(Debug, ToSchema)]
    #[schema(as = PriceComponents)]
    #[serde(untagged)]
    pub(crate) enum AlternativesBody {
        One(ComponentBody),
        Several(Vec<ComponentBody>),
    }

    /// Over which events a running total runs.
    #[derive(Debug, ToSchema)]
    #[schema(as = PricePeriod, rename_all = "snake_case")]
    pub(crate) enum PeriodBody {
        Month,
        Event,
        Total,
    }

    /// What a measure costs; which fields it takes depends on its model.
    #[derive(Debug, ToSchema)]
    #[schema(as = PriceComponent)]
    pub(crate) struct ComponentBody {
        /// How usage becomes cost.
        model: ModelBody,
        /// Money per unit, package, request or event.
        amount: Option<Decimal>,
        /// `per_unit`, `graduated`, `volume`: how many base units an amount is for; 1 when absent.
        per: Option<Decimal>,
        /// `package`: base units in a package.
        size: Option<Decimal>,
        /// `package`: base units that cost nothing, before the first package starts.
        free_units: Option<Decimal>,
        /// `package`: whether a started package counts (`up`) or only a full one.
        round: Option<RoundBody>,
        /// `graduated`, `volume`: the tiers in order.
        tiers: Option<Vec<TierBody>>,
        /// `graduated`, `volume`: what a stated use of zero costs.
        zero_usage: Option<ZeroUsageBody>,
        /// `graduated`, `volume`, `package`: over which events the total runs.
        period: Option<PeriodBody>,
        /// The amounts an event must have for the component to exist, by measure.
        #[schema(required = false)]
        when: BTreeMap<String, BoundBody>,
        /// Schedule windows; the first that holds at the event's time multiplies.
        #[schema(required = false)]
        multipliers: Vec<MultiplierBody>,
    }

    #[derive(Debug, ToSchema)]
    #[schema(as = PriceModel, rename_all = "snake_case")]
    pub(crate) enum ModelBody {
        PerUnit,
        PerThousand,
        PerMillion,
        PerMinute,
        PerSecond,
        PerRequest,
        Flat,
        Graduated,
        Volume,
        Package,
    }

    #[derive(Debug, ToSchema)]
    #[schema(as = PriceRound, rename_all = "snake_case")]
    pub(crate) enum RoundBody {
        Up,
        Down,
    }

    #[derive(Debug, ToSchema)]
    #[schema(as = PriceZeroUsage, rename_all = "snake_case")]
    pub(crate) enum ZeroUsageBody {
        Free,
        Flat,
    }

    /// A tier; bounds are inclusive.
    #[derive(Debug, ToSchema)]
    #[schema(as = PriceTier)]
    pub(crate) struct TierBody {
        /// The last base unit in the tier; `null` for the tier without an end.
        up_to: Option<Decimal>,
        /// Money per unit.
        unit_amount: Option<Decimal>,
        /// Money once, when the tier is reached.
        flat_amount: Option<Decimal>,
    }

    /// Bounds on one amount, all of which must hold.
    #[derive(Debug, ToSchema)]
    #[schema(as = PriceBound)]
    pub(crate) struct BoundBody {
        /// Strictly more than.
        above: Option<Decimal>,
        /// As much or more.
        at_least: Option<Decimal>,
        /// Strictly less than.
        below: Option<Decimal>,
        /// As much or less.
        at_most: Option<Decimal>,
    }

    /// A schedule window.
    #[derive(Debug, ToSchema)]
    #[schema(as = PriceMultiplier)]
    pub(crate) struct MultiplierBody {
        /// What the cost is multiplied with.
        factor: Decimal,
        /// The days on which the window begins; every day when absent.
        days: Option<Vec<DayBody>>,
        /// Local time at which it begins, `HH:MM`.
        from: Option<String>,
        /// Local time before which it ends, `HH:MM`.
        to: Option<String>,
        /// IANA zone of the local time; the price's when absent.
        timezone: Option<String>,
    }

    #[derive(Debug, ToSchema)]
    #[schema(as = Day, rename_all = "snake_case")]
    pub(crate) enum DayBody {
        Mon,
        Tue,
        Wed,
        Thu,
        Fri,
        Sat,
        Sun,
    }
}
