//! Numbers of any size, rounding, and F.

use num_bigint::BigInt;
use num_rational::BigRational;
use serde_json::Value;

pub(super) fn rational(text: &str) -> BigRational {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().unwrap();
    let places = fraction.len() as i32 - exponent.parse::<i32>().unwrap();
    BigRational::from(digits) / ten(places)
}

pub(super) fn ten(power: i32) -> BigRational {
    let whole = BigRational::from(BigInt::from(10).pow(power.unsigned_abs()));
    if power < 0 { whole.recip() } else { whole }
}

pub(super) fn zero() -> BigRational {
    BigRational::from(BigInt::ZERO)
}

/// Half to even at so many places, as the integer above 10^-places.
pub(super) fn rounded(number: &BigRational, places: i32) -> BigInt {
    let scaled = number * ten(places);
    let floor = scaled.floor().to_integer();
    let rest = scaled - BigRational::from(floor.clone());
    let half = BigRational::new(BigInt::from(1), BigInt::from(2));
    let odd = &floor % BigInt::from(2) != BigInt::ZERO;
    if rest > half || (rest == half && odd) {
        floor + BigInt::from(1)
    } else {
        floor
    }
}

pub(crate) fn is_money(pico: &BigInt) -> bool {
    pico.magnitude() < BigInt::from(10).pow(38).magnitude()
}

pub(super) fn field(component: &Value, name: &str, absent: &str) -> BigRational {
    rational(component.get(name).and_then(Value::as_str).unwrap_or(absent))
}

pub(super) fn is_cumulative(component: &Value) -> bool {
    matches!(
        component["model"].as_str().unwrap(),
        "graduated" | "volume" | "package"
    )
}

/// F of the contract.
pub(super) fn f(component: &Value, total: &BigRational, events: usize) -> BigRational {
    if component["model"] == "package" {
        let beyond = total - field(component, "free_units", "0");
        if beyond <= zero() {
            return zero();
        }
        let packages = beyond / field(component, "size", "");
        let packages = if component.get("round") == Some(&"down".into()) {
            packages.floor()
        } else {
            packages.ceil()
        };
        return packages * field(component, "amount", "");
    }
    let per = field(component, "per", "1");
    let tiers = component["tiers"].as_array().unwrap();
    let unit = |tier: &Value| field(tier, "unit_amount", "0") / &per;
    let flat = |tier: &Value| field(tier, "flat_amount", "0");
    if *total < zero() {
        return total * unit(&tiers[0]);
    }
    if *total == zero() {
        let charged = events > 0 && component.get("zero_usage") == Some(&"flat".into());
        return if charged { flat(&tiers[0]) } else { zero() };
    }
    let mut sum = zero();
    let mut reached = zero();
    for tier in tiers {
        let end = tier["up_to"].as_str().map(rational);
        let last = end.as_ref().is_none_or(|end| total <= end);
        let inside = if last { total.clone() } else { end.unwrap() };
        sum += (&inside - &reached) * unit(tier) + flat(tier);
        if last {
            return if component["model"] == "volume" {
                total * unit(tier) + flat(tier)
            } else {
                sum
            };
        }
        reached = inside;
    }
    unreachable!("the last tier has no end")
}
