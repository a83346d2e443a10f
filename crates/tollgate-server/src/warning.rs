//! What looks like a mistake in a price. A warning refuses nothing: some prices are odd.

use tollgate_core::decimal::Decimal;
use tollgate_core::price::{ComponentParts, ModelName, Price};
use tollgate_engine::settings::Settings;

/// How far from every other price of its measure an amount may be: an amount per token entered as one per thousand is off by
/// this, one entered as per million by more.
const FACTOR: i128 = 1_000;
/// Unit prices are compared per this many base units, so that cheap ones keep their digits.
const BASE_UNITS: i128 = 1_000_000;
const PLACES: u8 = 12;

/// Says which amounts are far from all others that price the same measure of the same category.
pub(crate) fn warnings(price: &Price, settings: &Settings) -> Vec<String> {
    let others = || {
        let records = settings.prices.values().map(|record| &record.price);
        records.filter(|other| {
            other.id() != price.id()
                && other.category() == price.category()
                && other.currency() == price.currency()
        })
    };
    let mut warnings = Vec::new();
    for (measure, alternatives) in &price.parts().components {
        let known: Vec<i128> = others()
            .filter_map(|other| other.parts().components.get(measure))
            .flat_map(|alternatives| alternatives.as_slice())
            .filter_map(unit_price)
            .collect();
        let (Some(least), Some(most)) = (known.iter().min(), known.iter().max()) else {
            continue;
        };
        for component in alternatives.as_slice() {
            let Some(own) = unit_price(component) else {
                continue;
            };
            if own >= most.saturating_mul(FACTOR) {
                warnings.push(warning(measure, component, "more", most));
            } else if own.saturating_mul(FACTOR) <= *least {
                warnings.push(warning(measure, component, "less", least));
            }
        }
    }
    warnings
}

fn warning(measure: &str, component: &ComponentParts, direction: &str, other: &i128) -> String {
    format!(
        "{measure} costs over a thousand times {direction} than in any other price of this category (elsewhere {} per million); is {} \
         what was meant?",
        Decimal::from_parts(*other, PLACES),
        component.model.as_str(),
    )
}

/// The price of [`BASE_UNITS`] in pico-units, where every unit costs the same; nothing where it costs nothing.
fn unit_price(component: &ComponentParts) -> Option<i128> {
    let amount = component
        .amount
        .as_ref()?
        .decimal()
        .ok()?
        .scaled_to(PLACES)
        .ok()
        .filter(|amount| *amount > 0)?;
    let one = Decimal::from_parts(1, 0);
    let per = match component.model {
        ModelName::PerUnit => component
            .per
            .as_ref()
            .map_or(Some(one), |per| per.decimal().ok())?,
        ModelName::PerThousand => Decimal::from_parts(1_000, 0),
        ModelName::PerMillion => Decimal::from_parts(1_000_000, 0),
        _ => return None,
    };
    let per = per.scaled_to(PLACES).ok().filter(|per| *per > 0)?;
    let scale = BASE_UNITS.checked_mul(10_i128.checked_pow(u32::from(PLACES))?)?;
    // Divided first where the product would not fit: a warning needs the size, not the last digit.
    amount
        .checked_mul(scale)
        .map(|product| product / per)
        .or_else(|| amount.checked_mul(scale / per))
}
