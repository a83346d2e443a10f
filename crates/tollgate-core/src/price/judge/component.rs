//! A component as written: which fields its model takes, its conditions and its schedule.

use super::model::model;
use super::{FACTOR_MAX, FACTOR_PLACES_MAX, Judge, MULTIPLIERS_MAX};
use crate::category::{Measure, MeasureKind};
use crate::flaw::FlawCode;
use crate::price::component::{Alternative, Model};
use crate::price::condition::{Bound, Comparison, TOTAL_PREFIX};
use crate::price::number::NumberText;
use crate::price::parts::{BoundParts, ComponentParts, ModelName, MultiplierParts, RatingPeriod, ZeroUsage};
use crate::price::schedule::{DAY_MINUTES, Factor, Window, minute_of_day};

/// Judges one component of a measure; `index` is its place as written.
pub(super) fn judge(
    judge: &mut Judge<'_>,
    measure: &Measure,
    (index, parts): (u16, &ComponentParts),
) -> Option<Alternative> {
    let before = judge.flaws();
    check_fields(judge, parts);
    check_gauge(judge, measure, parts);
    let bounds = bounds(judge, parts);
    let windows = windows(judge, parts);
    let model = model(judge, measure, parts);
    if let Some(Model::Running(_, RatingPeriod::Month | RatingPeriod::Total)) = model
        && !parts.multipliers.is_empty()
    {
        let detail = "a total over many events has no one time; leave them out or set period to event";
        judge.flaw("multipliers", FlawCode::Combination, detail);
    }
    let alternative = Alternative {
        index,
        bounds,
        model: model?,
        converts_time: matches!(parts.model, ModelName::PerMinute | ModelName::PerSecond),
        windows,
    };
    (judge.flaws() == before).then_some(alternative)
}

/// The optional fields of a component, by name.
fn fields(parts: &ComponentParts) -> [(&'static str, bool); 8] {
    [
        ("amount", parts.amount.is_some()),
        ("per", parts.per.is_some()),
        ("size", parts.size.is_some()),
        ("free_units", parts.free_units.is_some()),
        ("round", parts.round.is_some()),
        ("tiers", parts.tiers.is_some()),
        ("zero_usage", parts.zero_usage.is_some()),
        ("period", parts.period.is_some()),
    ]
}

/// The fields a model needs, and those it may have.
fn signature(model: ModelName) -> (&'static [&'static str], &'static [&'static str]) {
    match model {
        ModelName::PerUnit => (&["amount"], &["per"]),
        ModelName::PerThousand
        | ModelName::PerMillion
        | ModelName::PerMinute
        | ModelName::PerSecond
        | ModelName::PerRequest
        | ModelName::Flat => (&["amount"], &[]),
        ModelName::Graduated | ModelName::Volume => (&["tiers"], &["per", "zero_usage", "period"]),
        ModelName::Package => (&["amount", "size"], &["free_units", "round", "period"]),
    }
}

fn check_fields(judge: &mut Judge<'_>, parts: &ComponentParts) {
    let (needed, allowed) = signature(parts.model);
    let model = parts.model.as_str();
    for (field, given) in fields(parts) {
        if given && !needed.contains(&field) && !allowed.contains(&field) {
            let takes = [needed, allowed].concat().join(", ");
            let detail = format!("does not belong to {model}, which takes {takes}");
            judge.flaw(field, FlawCode::Combination, detail);
        }
        if !given && needed.contains(&field) {
            judge.flaw(field, FlawCode::Missing, format!("{model} needs it"));
        }
    }
}

/// A gauge is charged for the time before a reading, so nothing about the reading itself can decide its price.
fn check_gauge(judge: &mut Judge<'_>, measure: &Measure, parts: &ComponentParts) {
    if measure.kind != MeasureKind::Gauge {
        return;
    }
    if matches!(
        parts.model,
        ModelName::PerMinute | ModelName::PerSecond | ModelName::PerRequest | ModelName::Flat
    ) {
        let detail =
            "a gauge is used by level × seconds; write per_unit with per, such as 2592000 for a month";
        judge.flaw("model", FlawCode::Combination, detail);
    }
    let event_only = [
        ("when", !parts.when.is_empty()),
        ("multipliers", !parts.multipliers.is_empty()),
        ("zero_usage", parts.zero_usage == Some(ZeroUsage::Flat)),
    ];
    for (field, given) in event_only {
        if given {
            let detail = "does not go with a gauge, which is charged for the time before a reading";
            judge.flaw(field, FlawCode::Combination, detail);
        }
    }
    let cumulative = matches!(
        parts.model,
        ModelName::Graduated | ModelName::Volume | ModelName::Package
    );
    if cumulative && parts.period.unwrap_or(judge.period) == RatingPeriod::Event {
        let detail = "what one reading of a gauge adds depends on when others arrive; set month or total";
        judge.flaw("period", FlawCode::Combination, detail);
    }
}

fn bounds(judge: &mut Judge<'_>, parts: &ComponentParts) -> Vec<Bound> {
    judge.below("when", |judge| {
        let bounds = parts
            .when
            .iter()
            .flat_map(|(name, bound)| judge.below(name, |judge| bounds_of(judge, name, bound)));
        bounds.collect()
    })
}

fn bounds_of(judge: &mut Judge<'_>, name: &str, parts: &BoundParts) -> Vec<Bound> {
    let own = judge.category.measure(name);
    let parent = name
        .strip_prefix(TOTAL_PREFIX)
        .and_then(|name| judge.category.measure(name));
    let (measure, with_parts) = match (own, parent) {
        (Some(measure), _) => (measure, false),
        (None, Some(parent)) => (parent, true),
        (None, None) => {
            let detail = "names a measure, or total_ and a measure for it with its parts";
            judge.flaw("", FlawCode::UnknownMeasure, detail);
            return Vec::new();
        }
    };
    let written = [
        ("above", &parts.above, Comparison::Above),
        ("at_least", &parts.at_least, Comparison::AtLeast),
        ("below", &parts.below, Comparison::Below),
        ("at_most", &parts.at_most, Comparison::AtMost),
    ];
    if written.iter().all(|(_, number, _)| number.is_none()) {
        judge.flaw("", FlawCode::Missing, "give above, at_least, below or at_most");
    }
    let bounds = written.into_iter().filter_map(|(field, number, comparison)| {
        let quantity = judge.quantity(field, number.as_ref()?)?;
        Some(Bound {
            measure: measure.name.clone(),
            with_parts,
            comparison,
            quantity,
        })
    });
    bounds.collect()
}

fn windows(judge: &mut Judge<'_>, parts: &ComponentParts) -> Vec<Window> {
    if parts.multipliers.len() > MULTIPLIERS_MAX {
        judge.flaw(
            "multipliers",
            FlawCode::TooMany,
            format!("at most {MULTIPLIERS_MAX} windows"),
        );
        return Vec::new();
    }
    judge.below("multipliers", |judge| {
        let windows = parts
            .multipliers
            .iter()
            .enumerate()
            .filter_map(|(index, window)| judge.below(&index.to_string(), |judge| window_of(judge, window)));
        windows.collect()
    })
}

fn window_of(judge: &mut Judge<'_>, parts: &MultiplierParts) -> Option<Window> {
    let minute = |judge: &mut Judge<'_>, field: &str, text: &Option<String>, absent: u16| match text {
        None => Some(absent),
        Some(text) => {
            let minute = minute_of_day(text);
            if minute.is_none() {
                judge.flaw(field, FlawCode::Time, "is not a time of day such as 08:30");
            }
            minute
        }
    };
    if parts.days.as_ref().is_some_and(Vec::is_empty) {
        judge.flaw(
            "days",
            FlawCode::Missing,
            "name days, mon to sun, or leave it out for every day",
        );
    }
    let factor = factor(judge, &parts.factor);
    let from = minute(judge, "from", &parts.from, 0);
    let to = minute(judge, "to", &parts.to, DAY_MINUTES);
    let zone = judge.zone_of("timezone", parts.timezone.as_deref());
    Some(Window {
        factor: factor?,
        days: parts.days.clone().unwrap_or_default(),
        from: from?,
        to: to?,
        zone: zone?,
    })
}

fn factor(judge: &mut Judge<'_>, number: &NumberText) -> Option<Factor> {
    let factor = judge.amount("factor", number)?;
    let whole = factor.scaled_to(FACTOR_PLACES_MAX).ok();
    let most = FACTOR_MAX.checked_mul(10_i128.checked_pow(u32::from(FACTOR_PLACES_MAX))?)?;
    if whole.is_none_or(|whole| whole > most) {
        let detail = format!("must be at most {FACTOR_MAX}, with at most {FACTOR_PLACES_MAX} decimal places");
        judge.flaw("factor", FlawCode::Range, detail);
        return None;
    }
    Factor::new(factor.mantissa(), factor.scale())
}
