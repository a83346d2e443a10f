//! Decisions: may this go ahead, and if not, why.
//!
//! [`decide`] looks at what every concerned limit has come to. Not here: where balances are kept, and taking them.
//!
//! Invariants: a use is refused if and only if some limit refuses it by the one comparison ([`Balance::admits`]), and
//! every limit that does is named. Advice is given on what was committed before the use, refusal on what would be after,
//! so that the first large hold of a fresh budget is not answered with a downgrade.

use crate::limit::{
    Action, Amount, Balance, Concerned, Counted, Limit, LimitId, Mode, Percent, Priority, Rung, Unavailable,
};
use crate::money::Money;
use crate::period::Period;
use crate::scope::ScopeKind;
use crate::text::Label;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A limit that concerns a use, with what it has come to and what the use would add.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The limit and its cell.
    pub concerned: Concerned,
    /// What was committed before; `None` while it cannot be known.
    pub balance: Option<Balance>,
    /// What the use would add; `None` when its cost is not known.
    pub amount: Option<Amount>,
}

/// Why a limit refuses a use; the earlier ones outweigh the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The cost is not known, and a hard budget asks for it.
    NoPrice,
    /// A ceiling on cost.
    BudgetExceeded,
    /// A ceiling on a measure.
    QuotaExceeded,
    /// A ceiling on requests in a minute.
    RateLimited,
    /// The balance cannot be known, and the limit says to refuse then.
    LimitUnavailable,
}

impl Refusal {
    /// The code in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoPrice => "no_price",
            Self::BudgetExceeded => "budget_exceeded",
            Self::QuotaExceeded => "quota_exceeded",
            Self::RateLimited => "rate_limited",
            Self::LimitUnavailable => "limit_unavailable",
        }
    }

    /// What passing a limit's ceiling is called.
    fn of(limit: &Limit) -> Self {
        match &limit.counted {
            Counted::Cost(_) => Self::BudgetExceeded,
            Counted::Measure(measure) if measure.as_str() == "requests" && limit.window == Period::Minute => {
                Self::RateLimited
            }
            Counted::Measure(_) => Self::QuotaExceeded,
        }
    }
}

/// What one limit said: everything an answer shows of it, as it stood then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// The limit.
    pub limit: LimitId,
    /// Its name.
    pub name: Label,
    /// The class of its scope.
    pub kind: ScopeKind,
    /// The instance that was counted.
    pub instance: Label,
    /// Its selector.
    pub selector: SmolStr,
    /// What it counts: a measure, or `cost`.
    pub measure: SmolStr,
    /// Decimal places of its amounts.
    pub scale: u8,
    /// Its mode.
    pub mode: Mode,
    /// Its ceiling.
    pub ceiling: Amount,
    /// What was committed; `None` while it could not be known.
    pub balance: Option<Balance>,
    /// What the use would add, or added; `None` when its cost is not known.
    pub amount: Option<Amount>,
    /// The first instant of the next window; `None` when there is none.
    pub resets_at: Option<Timestamp>,
    /// How long its window is, in seconds; `None` for all of time.
    pub window_seconds: Option<u64>,
    /// What it advises.
    pub action: Action,
    /// Why it refuses, or in mode shadow would have.
    pub refusal: Option<Refusal>,
}

/// The answer to check and hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The strongest advice of all limits; [`Action::Block`] when refused.
    pub action: Action,
    /// Why it is refused; `None` when it may go ahead.
    pub refusal: Option<Refusal>,
    /// How long to wait first, when that is the advice.
    pub delay_ms: Option<u32>,
    /// What the use will cost at most; `None` when not known.
    pub estimated_cost: Option<Money>,
    /// Whether it was admitted although some balance could not be known.
    pub is_unverified: bool,
    /// Every limit looked at.
    pub limits: Vec<Looked>,
}

impl Decision {
    /// Whether it may go ahead.
    pub fn is_allowed(&self) -> bool {
        self.refusal.is_none()
    }

    /// The same decision after what it allows was claimed: balances with the claims in them.
    pub fn with_claims(mut self) -> Self {
        for looked in &mut self.limits {
            if let (Some(balance), Some(amount)) = (&mut looked.balance, looked.amount) {
                balance.held = balance.held.plus(amount);
            }
        }
        self
    }

    /// The limits that refuse it.
    pub fn refusing(&self) -> impl Iterator<Item = &Looked> {
        self.limits.iter().filter(|looked| looked.refuses())
    }

    /// When the last of the limits that refuse it begins anew; `None` when waiting does not help.
    pub fn retry_at(&self) -> Option<Timestamp> {
        self.refusing().map(Looked::may_admit_at).max_by_key(|at| {
            // No reset is later than any.
            at.map_or(i64::MAX, Timestamp::micros)
        })?
    }
}

impl Looked {
    /// Whether it refuses the use: a shadow never does.
    pub fn refuses(&self) -> bool {
        self.refusal.is_some() && self.mode != Mode::Shadow
    }

    /// When a refused use may find room; `None` when no time brings it: what cannot be priced, what is more than the
    /// whole ceiling, what never begins anew.
    fn may_admit_at(&self) -> Option<Timestamp> {
        let is_too_much = self.mode == Mode::Hard && self.amount.is_some_and(|amount| amount > self.ceiling);
        let is_hopeless = is_too_much || self.refusal == Some(Refusal::NoPrice);
        self.resets_at.filter(|_| !is_hopeless)
    }

    /// What is left; never below zero.
    pub fn remaining(&self) -> Option<Amount> {
        let left = self.ceiling.minus(self.balance?.committed());
        Some(left.max(Amount::ZERO))
    }
}

/// Decides about a use that these limits concern.
pub fn decide(standings: &[Standing], priority: Priority) -> Decision {
    let mut decision = Decision::default();
    for standing in standings {
        let limit = &standing.concerned.limit;
        let refusal = refusal(standing, priority);
        let rung = standing
            .balance
            .and_then(|balance| advice(limit, balance, priority));
        let action = match (refusal, rung) {
            (Some(_), _) if limit.mode != Mode::Shadow => Action::Block,
            (_, Some((action, _))) => action,
            (_, None) => Action::None,
        };
        if limit.mode != Mode::Shadow {
            decision.refusal = [decision.refusal, refusal].into_iter().flatten().min();
            decision.action = decision.action.max(action);
            decision.is_unverified |= standing.balance.is_none();
            let delay = rung.and_then(|(_, delay_ms)| delay_ms);
            decision.delay_ms = decision.delay_ms.max(delay);
        }
        decision.limits.push(looked(standing, action, refusal));
    }
    decision.is_unverified &= decision.is_allowed();
    decision
}

/// Why a limit refuses a use, or in mode shadow would.
fn refusal(standing: &Standing, priority: Priority) -> Option<Refusal> {
    let limit = &standing.concerned.limit;
    // Whatever the balance is: what cannot be compared cannot be let through where nothing may pass.
    if standing.amount.is_none() && limit.mode == Mode::Hard {
        return Some(Refusal::NoPrice);
    }
    let Some(balance) = standing.balance else {
        return (limit.on_unavailable == Unavailable::Deny).then_some(Refusal::LimitUnavailable);
    };
    let ceiling = match limit.mode {
        Mode::Shadow => limit.ceiling,
        _ => limit.refused_above(priority)?,
    };
    (!balance.admits(standing.amount?, ceiling)).then(|| Refusal::of(limit))
}

/// The strongest advice of a limit, and how long to wait where that is part of it.
fn advice(limit: &Limit, balance: Balance, priority: Priority) -> Option<(Action, Option<u32>)> {
    let committed = balance.committed();
    let reached = |at: Percent| at.is_reached(committed, limit.ceiling);
    let warns = limit.thresholds.iter().any(|at| reached(*at));
    let threshold = warns.then_some((Action::Warn, None));
    if limit.mode != Mode::Ladder {
        return threshold;
    }
    let passed = limit
        .rungs
        .iter()
        .filter(|rung| rung.action != Action::Block && rung.concerns(priority) && reached(rung.at));
    let rungs: Vec<&Rung> = passed.collect();
    let delay = rungs
        .iter()
        .filter(|rung| rung.action == Action::Throttle)
        .map(|rung| rung.delay_ms(committed, limit.ceiling))
        .max();
    let action = rungs.iter().map(|rung| rung.action).max();
    action.map(|action| (action, delay)).max(threshold)
}

fn looked(standing: &Standing, action: Action, refusal: Option<Refusal>) -> Looked {
    let Concerned { limit, cell, window } = &standing.concerned;
    let ends = limit.window != Period::Total;
    Looked {
        limit: limit.id,
        name: limit.name.clone(),
        kind: limit.subject.kind,
        instance: cell.instance.clone(),
        selector: limit.selector.as_str().into(),
        measure: limit.counted.as_str().into(),
        scale: limit.counted.scale(),
        mode: limit.mode,
        ceiling: limit.ceiling,
        balance: standing.balance,
        amount: standing.amount,
        resets_at: ends.then_some(window.end),
        window_seconds: ends.then(|| window.micros().div_euclid(1_000_000)),
        action,
        refusal,
    }
}
