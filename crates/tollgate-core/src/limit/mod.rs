//! Limits: ceilings on what may be used (quotas) and spent (budgets).
//!
//! [`QuotaParts`] and [`BudgetParts`] are what was written, [`Limit`] is the proof that it makes sense, and [`LimitBook`]
//! finds the limits that concern a use. Not here: what has been used ([`crate::decision`] is told), and holding it
//! ([`crate::hold`]).
//!
//! One comparison, everywhere: a use of `a` is admitted if and only if `a = 0` or `settled + held + a ≤ ceiling`. So a
//! limit of zero denies any amount.

mod book;
mod budget;
mod cell;
mod crowd;
mod judge;
mod ladder;
mod parts;
mod percent;
mod quota;
mod selector;

pub use book::{Concerned, LimitBook};
pub use budget::{BudgetParts, THRESHOLDS_DEFAULT};
pub use cell::{Amount, Balance, Cell};
pub use crowd::CELLS_MAX;
pub use judge::{RUNGS_MAX, THRESHOLDS_MAX};
pub use ladder::{Action, DELAY_MS, DELAY_MS_MAX, Priority, Rung, Tier};
pub use parts::{RungParts, SubjectParts};
pub use percent::Percent;
pub use quota::QuotaParts;
pub use selector::Selector;

use crate::decimal::Decimal;
use crate::dimension::Dimensions;
use crate::event::Event;
use crate::flaw::{Flaw, FlawCode};
use crate::id::{BudgetId, IdError, QuotaId};
use crate::money::{Currency, MONEY_SCALE, Money};
use crate::period::Period;
use crate::quantity::QUANTITY_SCALE;
use crate::scope::{Scope, ScopeKind};
use crate::text::{Key, Label};
use crate::zone::Zone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitId {
    /// A ceiling on a measure.
    Quota(QuotaId),
    /// A ceiling on cost.
    Budget(BudgetId),
}

impl LimitId {
    /// `quota` or `budget`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Quota(_) => "quota",
            Self::Budget(_) => "budget",
        }
    }
}

impl std::str::FromStr for LimitId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.parse() {
            Ok(id) => Ok(Self::Quota(id)),
            Err(_) => text.parse().map(Self::Budget),
        }
    }
}

impl Serialize for LimitId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LimitId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        smol_str::SmolStr::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for LimitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quota(id) => id.fmt(f),
            Self::Budget(id) => id.fmt(f),
        }
    }
}

/// Whose use a limit counts: one instance of a scope, or each one separately.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The class of scope.
    pub kind: ScopeKind,
    /// The instance; `None` for each one separately, written `"*"`.
    pub instance: Option<Label>,
}

impl Subject {
    /// The instance of a scope that is counted; `None` when the scope is not concerned.
    pub fn instance_in<'a>(&self, scope: &'a Scope) -> Option<&'a Label> {
        let found = scope.of(self.kind)?;
        match &self.instance {
            Some(one) if one != found => None,
            _ => Some(found),
        }
    }

    /// The instance as it is written.
    pub fn as_str(&self) -> &str {
        self.instance.as_ref().map_or("*", Label::as_str)
    }
}

/// What a limit counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// A measure, `requests` among them, in nano-units.
    Measure(Key),
    /// Cost, in pico-units of this currency.
    Cost(Currency),
}

impl Counted {
    /// The name in JSON.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Measure(key) => key.as_str(),
            Self::Cost(_) => "cost",
        }
    }

    /// Decimal places of its amounts.
    pub fn scale(&self) -> u8 {
        match self {
            Self::Measure(_) => QUANTITY_SCALE,
            Self::Cost(_) => MONEY_SCALE,
        }
    }

    /// An amount as a number.
    pub fn decimal(&self, amount: Amount) -> Decimal {
        Decimal::from_parts(amount.0, self.scale())
    }

    /// How much of it a use has; `None` when its cost is not known or in another currency.
    pub fn amount(&self, usage: &Event, cost: Option<(Money, Currency)>) -> Option<Amount> {
        match self {
            Self::Measure(key) => Some(Amount(usage.quantity(key.as_str()).nano())),
            Self::Cost(currency) => match cost {
                Some((cost, of)) if of == *currency => Some(Amount(cost.pico())),
                _ => None,
            },
        }
    }
}

/// What happens at the ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing is admitted beyond it.
    Hard,
    /// Everything is admitted; passing it is advice and an alert.
    Soft,
    /// Everything is admitted; what would have been denied is recorded.
    Shadow,
    /// Graded advice, and refusal at the rungs that block.
    Ladder,
}

impl Mode {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Shadow => "shadow",
            Self::Ladder => "ladder",
        }
    }
}

/// What happens while the balance of a limit cannot be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unavailable {
    /// Nothing is admitted.
    Deny,
    /// Everything is admitted and flagged.
    Allow,
}

/// A ceiling on what may be used or spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its id.
    pub id: LimitId,
    /// Its name for people.
    pub name: Label,
    /// The organization whose use it counts.
    pub organization: Label,
    /// Whose use within it.
    pub subject: Subject,
    /// Of which categories.
    pub selector: Selector,
    /// With which dimensions.
    pub matches: Dimensions,
    /// What is counted.
    pub counted: Counted,
    /// How long it counts before it begins anew.
    pub window: Period,
    /// Whose calendar.
    pub zone: Zone,
    /// The ceiling.
    pub ceiling: Amount,
    /// What happens there.
    pub mode: Mode,
    /// What happens while the balance cannot be known.
    pub on_unavailable: Unavailable,
    /// Where alerts are given, rising.
    pub thresholds: Vec<Percent>,
    /// The ladder, rising; used in mode ladder.
    pub rungs: Vec<Rung>,
    /// The tier that it was made for.
    pub tier: Option<Tier>,
}

impl Limit {
    /// Whether it counts a use, and as whose.
    pub fn concerns<'a>(&self, usage: &'a Event) -> Option<&'a Label> {
        if !self.selector.admits(usage.category.as_str()) || !self.matches.is_subset_of(&usage.dimensions) {
            return None;
        }
        self.subject.instance_in(&usage.scope)
    }

    /// The most that settled and held may come to together for a use of this priority; `None` when nothing is refused.
    pub fn refused_above(&self, priority: Priority) -> Option<Amount> {
        match self.mode {
            Mode::Hard => Some(self.ceiling),
            Mode::Soft | Mode::Shadow => None,
            Mode::Ladder => self
                .rungs
                .iter()
                .filter(|rung| rung.action == Action::Block && rung.concerns(priority))
                .map(|rung| rung.at.of(self.ceiling))
                .min(),
        }
    }

    /// Says why another limit cannot take the place of this one: what was counted so far would not be what it counts.
    pub fn check_counts_alike(&self, other: &Self) -> Result<(), Vec<Flaw>> {
        let fields = [
            ("organization", self.organization == other.organization),
            ("scope", self.subject == other.subject),
            ("selector", self.selector == other.selector),
            ("match", self.matches == other.matches),
            ("measure", self.counted == other.counted),
            ("window", self.window == other.window),
            ("timezone", self.zone.name() == other.zone.name()),
        ];
        let flaws: Vec<Flaw> = fields
            .into_iter()
            .filter(|(_, is_alike)| !is_alike)
            .map(|(field, _)| {
                let field = match (field, self.id) {
                    ("window", LimitId::Budget(_)) => "period",
                    ("measure", LimitId::Budget(_)) => "currency",
                    _ => field,
                };
                let detail =
                    "stays as it is, because what was used is counted by it; make a new limit instead";
                Flaw::at(format!("/{field}"), FlawCode::Combination, detail)
            })
            .collect();
        if flaws.is_empty() { Ok(()) } else { Err(flaws) }
    }
}
