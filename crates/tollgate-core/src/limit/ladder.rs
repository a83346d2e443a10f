//! The ladder: what is advised, and at last refused, as a limit fills.

use super::{Amount, Percent};
use crate::money::Money;
use crate::period::Period;
use serde::{Deserialize, Serialize};

/// What is advised or done; the later ones outweigh the earlier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Go on.
    #[default]
    None,
    /// Go on; a threshold is passed.
    Warn,
    /// Go on; tell the user.
    Notify,
    /// Wait a moment first.
    Throttle,
    /// Use a cheaper model.
    Downgrade,
    /// Use another provider.
    Switch,
    /// Wait until there is room again.
    Queue,
    /// Do not go on.
    Block,
}

impl Action {
    /// Every action, weakest first.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::Warn,
        Self::Notify,
        Self::Throttle,
        Self::Downgrade,
        Self::Switch,
        Self::Queue,
        Self::Block,
    ];

    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Warn => "warn",
            Self::Notify => "notify",
            Self::Throttle => "throttle",
            Self::Downgrade => "downgrade",
            Self::Switch => "switch",
            Self::Queue => "queue",
            Self::Block => "block",
        }
    }
}

/// How much a request matters; the later ones more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Can wait.
    Deferrable,
    /// As most.
    #[default]
    Normal,
    /// Goes on in an emergency.
    Critical,
}

impl Priority {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deferrable => "deferrable",
            Self::Normal => "normal",
            Self::Critical => "critical",
        }
    }
}

/// One step of a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rung {
    /// The share of the ceiling at which it begins.
    pub at: Percent,
    /// What happens.
    pub action: Action,
    /// The most important requests that it concerns.
    pub up_to: Priority,
}

/// How long a throttled request waits at its rung, and once more for each percentage point above it.
pub const DELAY_MS: u32 = 1_000;
/// The longest that a throttled request waits: beyond this a caller had better be told to stop.
pub const DELAY_MS_MAX: u32 = 30_000;

impl Rung {
    const fn at(percent: u32, action: Action, up_to: Priority) -> Self {
        Self {
            at: Percent::whole(percent),
            action,
            up_to,
        }
    }

    /// Whether it concerns requests of this priority.
    pub fn concerns(self, priority: Priority) -> bool {
        priority <= self.up_to
    }

    /// How long a request waits whose limit has come to this amount.
    pub fn delay_ms(self, amount: Amount, ceiling: Amount) -> u32 {
        let points = self.at.points_above(amount, ceiling);
        DELAY_MS
            .saturating_mul(points.saturating_add(1))
            .min(DELAY_MS_MAX)
    }

    /// The ladder of LIM-6, for limits without their own.
    pub fn standard() -> Vec<Self> {
        use Action::*;
        vec![
            Self::at(70, Warn, Priority::Critical),
            Self::at(80, Notify, Priority::Critical),
            Self::at(90, Throttle, Priority::Critical),
            Self::at(95, Downgrade, Priority::Critical),
            Self::at(98, Switch, Priority::Critical),
            Self::at(100, Queue, Priority::Deferrable),
            Self::at(105, Block, Priority::Normal),
            Self::at(110, Block, Priority::Critical),
        ]
    }
}

/// A class of customer, with its ladder and its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Pays nothing.
    Free,
    /// Pays.
    Premium,
    /// Pays by contract.
    Enterprise,
}

impl Tier {
    /// Every tier.
    pub const ALL: [Self; 3] = [Self::Free, Self::Premium, Self::Enterprise];

    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Premium => "premium",
            Self::Enterprise => "enterprise",
        }
    }

    /// The tier's ladder (LIM-5): warn, throttle, downgrade, block.
    pub fn rungs(self) -> Vec<Rung> {
        let [warn, throttle, downgrade, block] = match self {
            Self::Free => [70, 80, 90, 100],
            Self::Premium => [80, 90, 95, 100],
            Self::Enterprise => [90, 95, 98, 105],
        };
        let rung = |percent, action| Rung::at(percent, action, Priority::Critical);
        vec![
            rung(warn, Action::Warn),
            rung(throttle, Action::Throttle),
            rung(downgrade, Action::Downgrade),
            rung(block, Action::Block),
        ]
    }

    /// What the tier may spend in a period, in units of the currency; `None` for periods it says nothing of.
    pub fn ceiling(self, period: Period) -> Option<Money> {
        let units: i128 = match (self, period) {
            (Self::Free, Period::Day) => 10,
            (Self::Free, Period::Month) | (Self::Premium, Period::Day) => 100,
            (Self::Premium, Period::Month) | (Self::Enterprise, Period::Day) => 1_000,
            (Self::Enterprise, Period::Month) => 10_000,
            _ => return None,
        };
        Money::from_pico(units.saturating_mul(1_000_000_000_000))
    }
}
