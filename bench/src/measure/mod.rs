//! Measuring: rounds that take turns, medians with their spread, and ratios to an anchor of the same run.
//!
//! Machines are shared and noisy, so a rate alone says little. Product and anchor take turns, A B A B, and the ratio is
//! the median of the ratios of neighbours: what slows both down does not show in it.

mod processor_time;
mod report;

pub(crate) use processor_time::{Done, ProcessorTime};
pub(crate) use report::{Report, Row};

use serde::Serialize;
use std::time::Duration;

/// How often and how long to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Rounds that count, after one that warms up.
    pub(crate) rounds: usize,
    /// Seconds of each side of a round.
    pub(crate) seconds: u64,
    /// Whether to take the sizes of the quality page instead of those that take minutes.
    pub(crate) full: bool,
}

/// The median of some measurements, and how far they lie apart.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// The spread of these values; of none, zero.
    pub(crate) fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self {
            median: quantile(&sorted, 0.5),
            min: quantile(&sorted, 0.0),
            max: quantile(&sorted, 1.0),
        }
    }
}

/// The nearest-rank quantile of sorted values; of none, zero.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// One side of a comparison: measures for a while and answers how much it did in a second.
pub(crate) type Side<'s> = &'s mut dyn FnMut(Duration) -> anyhow::Result<f64>;

/// Measures all sides in turns: a warm-up of each, then the rounds. One list for each side, in order of the rounds.
pub(crate) fn take_turns<const N: usize>(
    effort: Effort,
    mut sides: [Side<'_>; N],
) -> anyhow::Result<[Vec<f64>; N]> {
    let time = Duration::from_secs(effort.seconds);
    let mut reached = std::array::from_fn(|_| Vec::with_capacity(effort.rounds));
    for round in 0..=effort.rounds {
        for (side, list) in sides.iter_mut().zip(&mut reached) {
            let rate = side(time)?;
            if round > 0 {
                list.push(rate);
            }
        }
        eprint!("{}", if round == 0 { "  warm" } else { " ." });
    }
    eprintln!();
    Ok(reached)
}

/// The ratios of neighbours.
pub(crate) fn ratios(product: &[f64], anchor: &[f64]) -> Spread {
    let ratios: Vec<f64> = product
        .iter()
        .zip(anchor)
        .map(|(ours, theirs)| ours / theirs)
        .collect();
    Spread::of(&ratios)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_nearest_rank_median_and_the_ends() {
        let spread = Spread::of(&[5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!((spread.min, spread.median, spread.max), (1.0, 3.0, 5.0));
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.99), 4.0);
        assert_eq!(Spread::of(&[]).median, 0.0);
    }

    #[test]
    fn sides_take_turns_and_the_first_of_each_is_a_warm_up() {
        let log = std::cell::RefCell::new(String::new());
        let side = |name: char| {
            let log = &log;
            move |_: Duration| {
                log.borrow_mut().push(name);
                Ok(log.borrow().len() as f64)
            }
        };
        let (mut ours, mut theirs) = (side('a'), side('b'));
        let effort = Effort {
            rounds: 2,
            seconds: 0,
            full: false,
        };
        let reached = take_turns(effort, [&mut ours, &mut theirs]).unwrap();
        assert_eq!(*log.borrow(), "ababab");
        assert_eq!(reached, [vec![3.0, 5.0], vec![4.0, 6.0]]);
    }

    #[test]
    fn a_ratio_is_taken_between_neighbours() {
        // Everything is four times slower in the last round; the ratio does not care.
        let ratio = ratios(&[50.0, 40.0, 10.0], &[100.0, 80.0, 20.0]);
        assert_eq!((ratio.min, ratio.median, ratio.max), (0.5, 0.5, 0.5));
    }
}
