//! The planner: from what a query needs to what is read, cells where they answer and events elsewhere.
//!
//! A category has two sets of cells; the smaller one that keeps every field is taken. Cells were folded under the
//! dimensions declared at the time: a day of a category for which some cells lack a field is read from events as a
//! whole, so that nothing is counted twice or left out. Not here: reading, and deciding whether a query can do with cells
//! at all ([`tollgate_core::query::Needs`]).

use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tollgate_core::period::Window;
use tollgate_core::query::{Field, Form, Needs};
use tollgate_core::rollup::{DAY_MICROS, Grain, RollupSet, day_of};
use tollgate_core::scope::ScopeKind;
use tollgate_core::text::Key;
use tollgate_core::time::Timestamp;

use crate::batch::Wanted;

/// How many cells there are, by grain and day: on disk and in memory together.
pub(crate) type Census = BTreeMap<u32, BTreeMap<i64, u64>>;

/// What to read for a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Grains and the stretches to take their cells of.
    pub(crate) cells: BTreeMap<u32, Vec<Window>>,
    /// Stretches to take events of: of every category, or of one.
    pub(crate) events: Vec<(Option<SmolStr>, Window)>,
}

/// Says which grains a query may use at all, so that only those are counted.
pub(crate) fn candidates(needs: &Needs, grains: &[Arc<Grain>]) -> BTreeSet<u32> {
    let wanted = |grain: &Grain| {
        needs
            .categories
            .as_ref()
            .is_none_or(|names| names.contains(grain.category.as_str()))
    };
    let numbered = grains.iter().zip(0_u32..);
    numbered
        .filter(|(grain, _)| wanted(grain))
        .map(|(_, number)| number)
        .collect()
}

/// Plans what to read. `census` counts the cells of the candidates.
pub(crate) fn plan(needs: &Needs, grains: &[Arc<Grain>], census: &Census) -> Plan {
    let mut plan = Plan::default();
    let sets = usable_sets(needs);
    for read in &needs.reads {
        match read.form {
            Form::Cells if !sets.is_empty() => {
                for numbers in by_category(grains, census).into_values() {
                    plan.add(needs, grains, census, (&sets, &numbers, read.window));
                }
            }
            Form::Cells | Form::Raw => plan.events.push((None, read.window)),
        }
    }
    plan
}

/// The dimensions and measures that events are unpacked with.
pub(crate) fn wanted(needs: &Needs) -> Wanted {
    // A gauge's series is told apart by all of its dimensions, whatever the query groups by.
    if needs.all_dimensions {
        return Wanted::All;
    }
    Wanted::Only {
        dimensions: dimensions(needs).cloned().collect(),
        measures: needs.measures.iter().cloned().collect(),
    }
}

/// Whether an instant is in a stretch.
pub(crate) fn is_in(window: &Window, at: i64) -> bool {
    window.start.micros() <= at && at < window.end.micros()
}

impl Plan {
    /// Adds one category in one stretch.
    fn add(
        &mut self,
        needs: &Needs,
        grains: &[Arc<Grain>],
        census: &Census,
        (sets, numbers, window): (&[RollupSet], &[u32], Window),
    ) {
        let days = day_of(window.start.micros())..=day_of(window.end.micros().saturating_sub(1));
        let count = |set: &RollupSet| -> u64 {
            in_set(grains, numbers, *set)
                .filter_map(|number| census.get(&number))
                .flat_map(|of_day| of_day.range(days.clone()))
                .map(|(_, cells)| *cells)
                .sum()
        };
        let Some(set) = sets.iter().min_by_key(|set| count(set)) else {
            return;
        };
        let mut lacking: BTreeSet<i64> = BTreeSet::new();
        for number in in_set(grains, numbers, *set) {
            let has_all = grains
                .get(number as usize)
                .is_some_and(|grain| keeps(grain, needs));
            if let (false, Some(of_day)) = (has_all, census.get(&number)) {
                lacking.extend(of_day.range(days.clone()).map(|(day, _)| *day));
            }
        }
        let category = numbers.first().and_then(|number| grains.get(*number as usize));
        let category = category.map(|grain| grain.category.as_smol().clone());
        for day in &lacking {
            self.events
                .push((category.clone(), intersection(window, day_window(*day))));
        }
        let windows = without(window, &lacking);
        for number in in_set(grains, numbers, *set).filter(|number| census.contains_key(number)) {
            self.cells.entry(number).or_default().extend(&windows);
        }
    }
}

fn by_category(grains: &[Arc<Grain>], census: &Census) -> BTreeMap<SmolStr, Vec<u32>> {
    let mut categories: BTreeMap<SmolStr, Vec<u32>> = BTreeMap::new();
    for number in census.keys() {
        if let Some(grain) = grains.get(*number as usize) {
            categories
                .entry(grain.category.as_smol().clone())
                .or_default()
                .push(*number);
        }
    }
    categories
}

fn in_set(grains: &[Arc<Grain>], numbers: &[u32], set: RollupSet) -> impl Iterator<Item = u32> {
    numbers
        .iter()
        .copied()
        .filter(move |number| grains.get(*number as usize).is_some_and(|grain| grain.set == set))
}

/// The sets that could have every field; none when it takes a user and a dimension at once.
fn usable_sets(needs: &Needs) -> Vec<RollupSet> {
    let user = needs.fields.contains(&Field::Scope(ScopeKind::User));
    match (user, dimensions(needs).next().is_some()) {
        (true, true) => Vec::new(),
        (true, false) => vec![RollupSet::Scope],
        (false, true) => vec![RollupSet::Dimension],
        (false, false) => vec![RollupSet::Dimension, RollupSet::Scope],
    }
}

/// Whether cells of a grain have everything that the query looks at, its user aside.
fn keeps(grain: &Grain, needs: &Needs) -> bool {
    dimensions(needs).all(|key| grain.dimensions.contains(key))
        && needs
            .measures
            .iter()
            .all(|measure| !grain.left_out.contains(measure))
}

fn dimensions(needs: &Needs) -> impl Iterator<Item = &Key> {
    needs.fields.iter().filter_map(|field| match field {
        Field::Dimension(key) => Some(key),
        Field::Category | Field::Scope(_) => None,
    })
}

fn day_window(day: i64) -> Window {
    let start = day.saturating_mul(DAY_MICROS);
    Window {
        start: Timestamp::from_micros(start),
        end: Timestamp::from_micros(start.saturating_add(DAY_MICROS)),
    }
}

fn intersection(a: Window, b: Window) -> Window {
    Window {
        start: a.start.max(b.start),
        end: a.end.min(b.end),
    }
}

/// The stretches of a window that lie in none of these days.
fn without(window: Window, days: &BTreeSet<i64>) -> Vec<Window> {
    let mut rest = Vec::new();
    let mut start = window.start;
    for day in days {
        let day = day_window(*day);
        rest.push(Window {
            start,
            end: day.start.min(window.end),
        });
        start = start.max(day.end);
    }
    rest.push(Window {
        start,
        end: window.end,
    });
    rest.retain(|window| window.start < window.end);
    rest
}
