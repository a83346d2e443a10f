//! From a price as written to a price: every flaw found at once, each with its pointer and remedy.
//!
//! Here: what belongs to the price as a whole, and reading numbers within their bounds.

mod component;
mod model;

use super::Price;
use super::component::{Alternative, Component};
use super::number::NumberText;
use super::parts::{Alternatives, PriceParts, RatingPeriod};
use crate::category::{Category, Measure, MeasureKind};
use crate::decimal::{Decimal, DecimalError};
use crate::dimension::{DIMENSIONS_MAX, Dimensions, is_reserved};
use crate::flaw::{Flaw, FlawCode, pointer};
use crate::id::PriceId;
use crate::quantity::Quantity;
use crate::scope::parse_name;
use crate::text::{Key, Label};
use crate::time::Timestamp;
use crate::zone::Zone;

/// Most alternatives of a component: each may be tried for every event.
pub const ALTERNATIVES_MAX: usize = 16;
/// Most tiers of a component.
pub const TIERS_MAX: usize = 100;
/// Most schedule windows of a component: each may be tried for every event.
pub const MULTIPLIERS_MAX: usize = 16;
/// Most decimal places of an amount: finer than any price per byte-second, and what 256 bits hold on the way to a cost.
pub const AMOUNT_PLACES_MAX: u8 = 18;
/// Largest `per`, and largest amount in whole units of money. A GB-month is 2.6 × 10¹⁵ byte-seconds.
pub const PER_MAX: i128 = 1_000_000_000_000_000_000;
/// Largest factor of a schedule window.
pub const FACTOR_MAX: i128 = 1000;
/// Most decimal places of a factor.
pub const FACTOR_PLACES_MAX: u8 = 4;

/// Where a judgement stands: collects flaws below a pointer.
struct Judge<'a> {
    category: &'a Category,
    zone: Zone,
    period: RatingPeriod,
    at: String,
    flaws: Vec<Flaw>,
}

pub(super) fn judge(id: PriceId, parts: PriceParts, category: &Category) -> Result<Price, Vec<Flaw>> {
    let mut judge = Judge {
        category,
        zone: Zone::UTC,
        period: parts.period.unwrap_or_default(),
        at: String::new(),
        flaws: Vec::new(),
    };
    if parts.category != category.name().as_str() {
        let detail = format!("is not the category it is judged against, {}", category.name());
        judge.flaw("category", FlawCode::UnknownCategory, detail);
    }
    if let Some(zone) = judge.zone_of("timezone", parts.timezone.as_deref()) {
        judge.zone = zone;
    }
    let matches = judge.matches(&parts);
    let currency = judge.parsed("currency", FlawCode::Text, parts.currency.parse());
    let effective_from = judge.parsed("effective_from", FlawCode::Time, parts.effective_from.parse());
    let effective_until = parts
        .effective_until
        .as_deref()
        .and_then(|until| judge.parsed("effective_until", FlawCode::Time, until.parse()));
    judge.interval(effective_from, effective_until);
    let organization = parts.organization.as_deref().and_then(|name| {
        let named = parse_name(name);
        let code = named
            .as_ref()
            .map_or_else(|error| error.code(), |_| FlawCode::Text);
        judge.parsed("organization", code, named)
    });
    let components = judge.components(&parts);
    match (currency, effective_from) {
        (Some(currency), Some(effective_from)) if judge.flaws.is_empty() => Ok(Price {
            id,
            category: category.name().clone(),
            matches,
            currency,
            effective_from,
            effective_until,
            organization,
            zone: judge.zone,
            components,
            parts,
        }),
        _ => Err(judge.flaws),
    }
}

impl<'a> Judge<'a> {
    /// Notes a flaw of a field; of the thing itself when the field is empty.
    fn flaw(&mut self, field: &str, code: FlawCode, detail: impl std::fmt::Display) {
        let below = match field {
            "" => String::new(),
            field => pointer(&[field]),
        };
        self.flaws
            .push(Flaw::at(format!("{}{below}", self.at), code, detail));
    }

    /// Judges something below a field.
    fn below<T>(&mut self, field: &str, look: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.at.len();
        self.at.push_str(&pointer(&[field]));
        let seen = look(self);
        self.at.truncate(length);
        seen
    }

    fn parsed<T, E: std::fmt::Display>(
        &mut self,
        field: &str,
        code: FlawCode,
        result: Result<T, E>,
    ) -> Option<T> {
        result.map_err(|error| self.flaw(field, code, error)).ok()
    }

    /// An amount of money or its like: not negative, with so many whole digits and decimal places as can be rated.
    fn amount(&mut self, field: &str, number: &NumberText) -> Option<Decimal> {
        let amount = self.parsed(field, FlawCode::Number, number.decimal())?;
        if amount.is_negative() {
            self.flaw(field, FlawCode::Range, "must not be negative");
            return None;
        }
        if amount.scale() > AMOUNT_PLACES_MAX {
            self.flaw(
                field,
                FlawCode::Number,
                DecimalError::TooPrecise(AMOUNT_PLACES_MAX),
            );
            return None;
        }
        let whole = 10_i128
            .checked_pow(u32::from(amount.scale()))
            .and_then(|unit| amount.mantissa().checked_div(unit));
        if whole.is_none_or(|whole| whole >= PER_MAX) {
            self.flaw(field, FlawCode::Range, "must be below 10^18");
            return None;
        }
        Some(amount)
    }

    /// An amount of usage, zero or more.
    fn quantity(&mut self, field: &str, number: &NumberText) -> Option<Quantity> {
        let quantity = self.parsed(field, FlawCode::Number, number.as_str().parse::<Quantity>())?;
        if quantity < Quantity::ZERO {
            self.flaw(field, FlawCode::Range, "must not be negative");
            return None;
        }
        Some(quantity)
    }

    /// A zone by its name; the price's own when there is none.
    fn zone_of(&mut self, field: &str, name: Option<&str>) -> Option<Zone> {
        let Some(name) = name else {
            return Some(self.zone.clone());
        };
        self.parsed(field, FlawCode::UnknownZone, Zone::parse(name))
    }

    fn matches(&mut self, parts: &PriceParts) -> Dimensions {
        self.below("match", |judge| {
            if parts.matches.len() > DIMENSIONS_MAX {
                judge.flaw(
                    "",
                    FlawCode::TooMany,
                    format!("at most {DIMENSIONS_MAX} dimensions"),
                );
            }
            let pairs: Vec<(Key, Label)> = parts
                .matches
                .iter()
                .filter_map(|(name, value)| {
                    if is_reserved(name) {
                        let detail = "is the name of an event field; match names dimensions";
                        judge.flaw(name, FlawCode::Reserved, detail);
                        return None;
                    }
                    let key = judge.parsed(name, FlawCode::Text, Key::parse(name));
                    let value = judge.parsed(name, FlawCode::Text, Label::parse(value));
                    Some((key?, value?))
                })
                .collect();
            // The keys of a map are different, so making the set cannot fail.
            Dimensions::from_pairs(pairs).unwrap_or_default()
        })
    }

    fn interval(&mut self, from: Option<Timestamp>, until: Option<Timestamp>) {
        if let (Some(from), Some(until)) = (from, until)
            && until <= from
        {
            self.flaw("effective_until", FlawCode::Range, "must be after effective_from");
        }
    }

    fn components(&mut self, parts: &PriceParts) -> Vec<Component> {
        if parts.components.is_empty() {
            let detail = "name at least one measure and what it costs";
            self.flaw("components", FlawCode::Missing, detail);
        }
        self.below("components", |judge| {
            let judged = parts
                .components
                .iter()
                .filter_map(|(name, written)| judge.below(name, |judge| judge.component(name, written)));
            judged.collect()
        })
    }

    fn component(&mut self, name: &str, written: &Alternatives) -> Option<Component> {
        let category = self.category;
        let Some(measure) = category.measure(name) else {
            let known: Vec<&str> = category.measures().iter().map(|m| m.name.as_str()).collect();
            let detail = format!(
                "{} has no such measure; it has {}",
                category.name(),
                known.join(", ")
            );
            self.flaw("", FlawCode::UnknownMeasure, detail);
            return None;
        };
        if let MeasureKind::Unique(_) = measure.kind {
            let detail = "a unique measure cannot be priced yet; price a counter of the same category";
            self.flaw("", FlawCode::NotAllowed, detail);
            return None;
        }
        Some(Component {
            measure: measure.name.clone(),
            alternatives: self.alternatives(measure, written),
        })
    }

    fn alternatives(&mut self, measure: &Measure, written: &Alternatives) -> Vec<Alternative> {
        let several = match written {
            Alternatives::One(one) => return component::judge(self, measure, (0, one)).into_iter().collect(),
            Alternatives::Several(several) => several,
        };
        if several.is_empty() || several.len() > ALTERNATIVES_MAX {
            let detail = format!("list 1 to {ALTERNATIVES_MAX} components");
            self.flaw("", FlawCode::TooMany, detail);
            return Vec::new();
        }
        if several
            .iter()
            .filter(|component| component.when.is_empty())
            .count()
            > 1
        {
            let detail = "only one alternative may be without when; the others could never apply";
            self.flaw("", FlawCode::Combination, detail);
        }
        let mut alternatives: Vec<Alternative> = (0..)
            .zip(several)
            .filter_map(|(index, one)| {
                self.below(&index.to_string(), |judge| {
                    component::judge(judge, measure, (index, one))
                })
            })
            .collect();
        alternatives.sort_by_key(|alternative| alternative.bounds.is_empty());
        alternatives
    }

    /// How many flaws were found so far.
    fn flaws(&self) -> usize {
        self.flaws.len()
    }
}
