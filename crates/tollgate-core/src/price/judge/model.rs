//! A component's model as written: its figures brought over one divisor.
//!
//! Bounds are chosen so that no intermediate number of a cost that fits the type of money needs more than 256 bits.

use super::{AMOUNT_PLACES_MAX, Judge, PER_MAX, TIERS_MAX};
use crate::category::Measure;
use crate::decimal::Decimal;
use crate::flaw::FlawCode;
use crate::money::MONEY_SCALE;
use crate::price::component::Model;
use crate::price::model::{Curve, Package, Rate, Tier, Tiers};
use crate::price::number::NumberText;
use crate::price::parts::{ComponentParts, ModelName, Round, TierParts, ZeroUsage};
use crate::quantity::QUANTITY_SCALE;
use ethnum::I256;

/// What makes usage cost, as the component says.
pub(super) fn model(judge: &mut Judge<'_>, measure: &Measure, parts: &ComponentParts) -> Option<Model> {
    let period = parts.period.unwrap_or(judge.period);
    match parts.model {
        ModelName::PerUnit => {
            let per = per(judge, parts)?;
            Some(Model::Measured(rate(judge, parts, per)?))
        }
        ModelName::PerThousand => Some(Model::Measured(rate(judge, parts, (1000, 1))?)),
        ModelName::PerMillion => Some(Model::Measured(rate(judge, parts, (1_000_000, 1))?)),
        ModelName::PerMinute | ModelName::PerSecond => {
            let per = time_units(judge, measure, parts.model)?;
            Some(Model::Measured(rate(judge, parts, per)?))
        }
        ModelName::PerRequest => Some(Model::Requests(rate(judge, parts, (1, 1))?)),
        ModelName::Flat => Some(Model::Event(rate(judge, parts, (1, 1))?)),
        ModelName::Graduated => Some(Model::Running(Curve::Graduated(tiers(judge, parts)?), period)),
        ModelName::Volume => Some(Model::Running(Curve::Volume(tiers(judge, parts)?), period)),
        ModelName::Package => Some(Model::Running(Curve::Package(package(judge, parts)?), period)),
    }
}

/// How many units of something an amount is for, as a ratio.
type Per = (i128, i128);

/// `per` as written, 1 when absent.
fn per(judge: &mut Judge<'_>, parts: &ComponentParts) -> Option<Per> {
    let Some(number) = &parts.per else {
        return Some((1, 1));
    };
    let per = judge.parsed("per", FlawCode::Number, number.decimal())?;
    // The digits are bounded, not only the size: they are factors of the 256-bit product.
    let good =
        !per.is_zero() && !per.is_negative() && per.mantissa() <= PER_MAX && per.scale() <= QUANTITY_SCALE;
    if !good {
        let detail = "must be above zero, at most 10^18, with at most 18 digits, 9 of them decimal places";
        judge.flaw("per", FlawCode::Range, detail);
        return None;
    }
    Some((per.mantissa(), 10_i128.checked_pow(u32::from(per.scale()))?))
}

/// How many of the measure's units make a minute or a second.
fn time_units(judge: &mut Judge<'_>, measure: &Measure, model: ModelName) -> Option<Per> {
    let unit_ms = match measure.unit.as_str() {
        "millisecond" | "milliseconds" => 1,
        "second" | "seconds" => 1000,
        "minute" | "minutes" => 60_000,
        "hour" | "hours" => 3_600_000,
        unit => {
            let detail = format!(
                "{} is counted in {unit}, which is no unit of time (millisecond, second, minute, hour)",
                measure.name
            );
            judge.flaw("model", FlawCode::Combination, detail);
            return None;
        }
    };
    match model {
        ModelName::PerMinute => Some((60_000, unit_ms)),
        _ => Some((1000, unit_ms)),
    }
}

/// The component's amount for so many units of something, as a rate.
fn rate(judge: &mut Judge<'_>, parts: &ComponentParts, (per, of): Per) -> Option<Rate> {
    let amount = judge.amount("amount", parts.amount.as_ref()?)?;
    let (up, down) = powers(MONEY_SCALE, amount.scale().checked_add(QUANTITY_SCALE)?)?;
    let numerator = I256::from(amount.mantissa())
        .checked_mul(up)?
        .checked_mul(I256::from(of))?;
    let rate = Rate::new(numerator, I256::from(per).checked_mul(down)?);
    if rate.is_none() {
        judge.flaw("amount", FlawCode::Range, "has too many digits together with per");
    }
    rate
}

/// `10^up ÷ 10^down` in lowest terms.
fn powers(up: u8, down: u8) -> Option<(I256, I256)> {
    let ten = I256::from(10_i128);
    let power = |places: u8| ten.checked_pow(u32::from(places));
    Some((power(up.saturating_sub(down))?, power(down.saturating_sub(up))?))
}

fn package(judge: &mut Judge<'_>, parts: &ComponentParts) -> Option<Package> {
    let free = match &parts.free_units {
        Some(number) => judge.quantity("free_units", number)?.nano(),
        None => 0,
    };
    let size = judge.quantity("size", parts.size.as_ref()?)?.nano();
    if size == 0 {
        judge.flaw("size", FlawCode::Range, "must be above zero");
        return None;
    }
    let amount = judge.amount("amount", parts.amount.as_ref()?)?;
    let (up, down) = powers(MONEY_SCALE, amount.scale())?;
    Some(Package {
        size,
        free,
        started: parts.round.unwrap_or_default() == Round::Up,
        price: Rate::new(I256::from(amount.mantissa()).checked_mul(up)?, down)?,
    })
}

/// A tier as read, before all are brought over one divisor.
struct Read {
    up_to: Option<i128>,
    unit: Decimal,
    flat: Decimal,
}

fn tiers(judge: &mut Judge<'_>, parts: &ComponentParts) -> Option<Tiers> {
    let per = per(judge, parts)?;
    let written = parts.tiers.as_deref()?;
    if written.is_empty() || written.len() > TIERS_MAX {
        judge.flaw("tiers", FlawCode::TooMany, format!("list 1 to {TIERS_MAX} tiers"));
        return None;
    }
    let read = judge.below("tiers", |judge| read_tiers(judge, written))?;
    let zero_is_flat = parts.zero_usage.unwrap_or_default() == ZeroUsage::Flat;
    let built = build(&read, per, zero_is_flat);
    if built.is_none() {
        judge.flaw(
            "tiers",
            FlawCode::Range,
            "their amounts have too many digits together",
        );
    }
    built
}

fn read_tiers(judge: &mut Judge<'_>, written: &[TierParts]) -> Option<Vec<Read>> {
    let before = judge.flaws();
    let mut read: Vec<Read> = Vec::new();
    let last = written.len().saturating_sub(1);
    for (index, tier) in written.iter().enumerate() {
        let above = read.last().and_then(|tier| tier.up_to).unwrap_or_default();
        let seen = judge.below(&index.to_string(), |judge| {
            read_tier(judge, tier, (index == last, above))
        });
        read.extend(seen);
    }
    (judge.flaws() == before).then_some(read)
}

fn read_tier(judge: &mut Judge<'_>, tier: &TierParts, (is_last, above): (bool, i128)) -> Option<Read> {
    if tier.unit_amount.is_none() && tier.flat_amount.is_none() {
        judge.flaw(
            "unit_amount",
            FlawCode::Missing,
            "give unit_amount, flat_amount or both",
        );
    }
    if tier.up_to.is_none() != is_last {
        let detail = "is null in the last tier and only there, so that every total has a price";
        judge.flaw("up_to", FlawCode::Combination, detail);
    }
    let up_to = tier
        .up_to
        .as_ref()
        .and_then(|number| judge.quantity("up_to", number));
    if up_to.is_some_and(|up_to| up_to.nano() <= above) {
        judge.flaw(
            "up_to",
            FlawCode::Range,
            "must be above zero and above the tier before",
        );
    }
    let amount = |judge: &mut Judge<'_>, field: &str, number: &Option<NumberText>| match number {
        Some(number) => judge.amount(field, number),
        None => Some(Decimal::ZERO),
    };
    let unit = amount(judge, "unit_amount", &tier.unit_amount);
    let flat = amount(judge, "flat_amount", &tier.flat_amount);
    Some(Read {
        up_to: up_to.map(|up_to| up_to.nano()),
        unit: unit?,
        flat: flat?,
    })
}

/// Brings the tiers over one divisor: units are money ÷ (`per` ÷ `of`), and everything has the most decimal places.
fn build(read: &[Read], (per, of): Per, zero_is_flat: bool) -> Option<Tiers> {
    let places = read
        .iter()
        .flat_map(|tier| [tier.unit.scale(), tier.flat.scale()])
        .max()
        .unwrap_or(0)
        .min(AMOUNT_PLACES_MAX);
    let nano = I256::from(10_i128.checked_pow(u32::from(QUANTITY_SCALE))?);
    let (up, down) = powers(MONEY_SCALE, places.checked_add(QUANTITY_SCALE)?)?;
    let scaled = |amount: Decimal| {
        let digits = places.checked_sub(amount.scale())?;
        let unit = I256::from(10_i128).checked_pow(u32::from(digits))?;
        I256::from(amount.mantissa()).checked_mul(unit)?.checked_mul(up)
    };
    let mut tiers: Vec<Tier> = Vec::with_capacity(read.len());
    let mut above = 0;
    let mut below = I256::ZERO;
    for tier in read {
        let slope = scaled(tier.unit)?.checked_mul(I256::from(of))?;
        let flat = scaled(tier.flat)?
            .checked_mul(nano)?
            .checked_mul(I256::from(per))?;
        let entry = below.checked_add(flat)?;
        if let Some(up_to) = tier.up_to {
            let width = I256::from(up_to.checked_sub(above)?);
            below = slope.checked_mul(width)?.checked_add(entry)?;
        }
        tiers.push(Tier {
            above,
            up_to: tier.up_to,
            entry,
            slope,
            flat,
        });
        above = tier.up_to.unwrap_or(above);
    }
    Some(Tiers {
        tiers,
        divisor: down.checked_mul(I256::from(per))?,
        zero_is_flat,
    })
}
