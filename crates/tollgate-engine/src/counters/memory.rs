//! Counters of one process.
//!
//! One lock over everything: a decision is a few look-ups, so holding it costs less than telling locks apart would, and
//! all-or-nothing over several cells needs no order of locking.

use super::{Counted, Counters, CountersError, Counting, Pinned, Taken, Taking, Tallied, Want};
use async_trait::async_trait;
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tollgate_core::hold::Claim;
use tollgate_core::id::HoldId;
use tollgate_core::limit::{Amount, Balance, Cell};
use tollgate_core::text::Label;
use tollgate_core::time::Timestamp;

/// Cells kept before those whose window is over are let go. Each is some 200 bytes.
const CELLS_MAX: usize = 1_000_000;
/// Most open holds of one organization: what a runaway caller can pile up.
const HOLDS_MAX: usize = 100_000;

/// Balances in memory.
#[derive(Debug, Default)]
pub struct MemoryCounters(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    cells: HashMap<Cell, Account>,
    holds: HashMap<HoldId, Held>,
    /// Holds that are not pinned, by when they expire.
    expiring: BTreeSet<(Timestamp, HoldId)>,
    open: HashMap<Label, usize>,
    /// Cells kept before the next sweep.
    sweep_at: usize,
}

/// What is known of a cell.
#[derive(Debug)]
struct Account {
    settled: Settled,
    held: Amount,
    until: Timestamp,
}

#[derive(Debug)]
enum Settled {
    /// Nobody has asked.
    Unknown,
    /// Somebody is asking the store; this was counted meanwhile.
    Asked(Vec<(u64, Amount)>),
    /// Known, with everything that arrived before `through` in it from the start.
    Known { amount: Amount, through: u64 },
}

#[derive(Debug)]
struct Held {
    organization: Label,
    claims: Vec<Claim>,
    expires_at: Timestamp,
    /// Steps under way that it may not end during.
    pins: u32,
}

impl MemoryCounters {
    /// No balances yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing between two changes that belong together can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn balance(&self, cell: &Cell) -> Option<Balance> {
        let account = self.cells.get(cell)?;
        match account.settled {
            Settled::Known { amount, .. } => Some(Balance {
                settled: amount,
                held: account.held,
            }),
            Settled::Unknown | Settled::Asked(_) => None,
        }
    }

    fn take(&mut self, taking: &Taking) -> Taken {
        if self.holds.contains_key(&taking.hold) {
            return Taken::Again;
        }
        if self
            .open
            .get(&taking.organization)
            .is_some_and(|open| *open >= HOLDS_MAX)
        {
            return Taken::TooMany;
        }
        let balances: Vec<Option<Balance>> =
            taking.wants.iter().map(|want| self.balance(&want.cell)).collect();
        if balances.iter().any(Option::is_none) {
            let known = taking.wants.iter().zip(&balances);
            let unstarted = known.filter(|(_, balance)| balance.is_none());
            return Taken::Unstarted(unstarted.map(|(want, _)| want.cell.clone()).collect());
        }
        let balances: Vec<Balance> = balances.into_iter().flatten().collect();
        let fits = |(want, balance): (&Want, &Balance)| {
            want.ceiling
                .is_none_or(|ceiling| balance.admits(want.amount, ceiling))
        };
        if !taking.wants.iter().zip(&balances).all(fits) {
            return Taken::Refused(balances);
        }
        self.hold(taking);
        Taken::All(balances)
    }

    fn hold(&mut self, taking: &Taking) {
        let mut claims = Vec::with_capacity(taking.wants.len());
        for want in &taking.wants {
            let account = self.account(&want.cell, want.until);
            account.held = account.held.plus(want.amount);
            claims.push(Claim {
                cell: want.cell.clone(),
                amount: want.amount,
            });
        }
        *self.open.entry(taking.organization.clone()).or_default() += 1;
        self.expiring.insert((taking.expires_at, taking.hold));
        self.holds.insert(
            taking.hold,
            Held {
                organization: taking.organization.clone(),
                claims,
                expires_at: taking.expires_at,
                pins: 0,
            },
        );
    }

    fn account(&mut self, cell: &Cell, until: Timestamp) -> &mut Account {
        self.cells.entry_ref(cell).or_insert_with(|| Account {
            settled: Settled::Unknown,
            held: Amount::ZERO,
            until,
        })
    }

    fn give_back(&mut self, hold: HoldId) -> bool {
        let Some(held) = self.holds.remove(&hold) else {
            return false;
        };
        self.expiring.remove(&(held.expires_at, hold));
        for claim in held.claims {
            if let Some(account) = self.cells.get_mut(&claim.cell) {
                account.held = account.held.minus(claim.amount);
            }
        }
        if let Some(open) = self.open.get_mut(&held.organization) {
            *open -= 1;
            if *open == 0 {
                self.open.remove(&held.organization);
            }
        }
        true
    }

    fn count(&mut self, countings: Vec<Counting>) -> Tallied {
        let mut tallied = Tallied::default();
        let mut places: HashMap<Cell, usize> = HashMap::new();
        let mut unstarted: HashSet<Cell> = HashSet::new();
        for Counting {
            cell,
            amount,
            arrival,
        } in countings
        {
            match self.cells.get_mut(&cell).map(|account| &mut account.settled) {
                Some(Settled::Known { through, .. }) if arrival < *through => {}
                Some(Settled::Known { amount: settled, .. }) => {
                    let before = *settled;
                    *settled = before.plus(amount);
                    let after = *settled;
                    let place = *places.entry_ref(&cell).or_insert_with(|| {
                        tallied.counted.push(Counted {
                            cell: cell.clone(),
                            before,
                            after,
                        });
                        tallied.counted.len() - 1
                    });
                    tallied.counted[place].after = after;
                }
                Some(Settled::Asked(meanwhile)) => meanwhile.push((arrival, amount)),
                Some(Settled::Unknown) | None => drop(unstarted.insert(cell)),
            }
        }
        tallied.unstarted.extend(unstarted);
        tallied
    }

    /// Lets cells go whose window is over and that nobody holds; the store can tell them again.
    fn sweep(&mut self, now: Timestamp) {
        if self.cells.len() < self.sweep_at.max(CELLS_MAX) {
            return;
        }
        self.cells
            .retain(|_, account| account.held != Amount::ZERO || account.until > now);
        // Where nothing could be let go, looking again at once would find nothing either.
        self.sweep_at = self.cells.len() + CELLS_MAX / 8;
    }
}

#[async_trait]
impl Counters for MemoryCounters {
    fn holds(&self) -> Option<u64> {
        u64::try_from(self.state().holds.len()).ok()
    }

    async fn take(&self, taking: &Taking) -> Result<Taken, CountersError> {
        Ok(self.state().take(taking))
    }

    async fn balances(&self, cells: &[Cell]) -> Result<Vec<Option<Balance>>, CountersError> {
        let state = self.state();
        Ok(cells.iter().map(|cell| state.balance(cell)).collect())
    }

    async fn prepare(&self, cell: &Cell, until: Timestamp) -> Result<(), CountersError> {
        let mut state = self.state();
        let account = state.account(cell, until);
        if let Settled::Unknown = account.settled {
            account.settled = Settled::Asked(Vec::new());
        }
        Ok(())
    }

    async fn start(&self, cell: &Cell, settled: Amount, arrivals: u64) -> Result<Balance, CountersError> {
        let mut state = self.state();
        let Some(account) = state.cells.get_mut(cell) else {
            return Err(CountersError(
                "a cell was started that was not prepared".to_owned(),
            ));
        };
        if let Settled::Asked(meanwhile) = &account.settled {
            let later = meanwhile.iter().filter(|(arrival, _)| *arrival >= arrivals);
            let amount = later.fold(settled, |sum, (_, amount)| sum.plus(*amount));
            account.settled = Settled::Known {
                amount,
                through: arrivals,
            };
        }
        state
            .balance(cell)
            .ok_or_else(|| CountersError("a cell was started that was not prepared".to_owned()))
    }

    async fn abandon(&self, cell: &Cell) -> Result<(), CountersError> {
        if let Some(account) = self.state().cells.get_mut(cell)
            && let Settled::Asked(_) = account.settled
        {
            account.settled = Settled::Unknown;
        }
        Ok(())
    }

    async fn count(&self, countings: Vec<Counting>) -> Result<Tallied, CountersError> {
        Ok(self.state().count(countings))
    }

    async fn pin(&self, hold: HoldId, now: Timestamp) -> Result<Pinned, CountersError> {
        let mut state = self.state();
        let Some(held) = state.holds.get_mut(&hold) else {
            return Ok(Pinned::Gone);
        };
        if held.pins == 0 && now >= held.expires_at {
            return Ok(Pinned::Gone);
        }
        held.pins += 1;
        let place = (held.expires_at, hold);
        state.expiring.remove(&place);
        Ok(Pinned::Held)
    }

    async fn unpin(&self, hold: HoldId, expires_at: Option<Timestamp>) -> Result<(), CountersError> {
        let mut state = self.state();
        let Some(held) = state.holds.get_mut(&hold) else {
            return Ok(());
        };
        held.expires_at = expires_at.unwrap_or(held.expires_at);
        held.pins = held.pins.saturating_sub(1);
        let place = (held.expires_at, hold);
        if held.pins == 0 {
            state.expiring.insert(place);
        }
        Ok(())
    }

    async fn finish(&self, hold: HoldId, countings: Vec<Counting>) -> Result<Tallied, CountersError> {
        let mut state = self.state();
        state.give_back(hold);
        Ok(state.count(countings))
    }

    async fn expire(&self, now: Timestamp, at_most: usize) -> Result<Vec<HoldId>, CountersError> {
        let mut state = self.state();
        let due = state.expiring.iter().take_while(|(at, _)| *at <= now);
        let due: Vec<HoldId> = due.take(at_most).map(|(_, hold)| *hold).collect();
        for hold in &due {
            state.give_back(*hold);
        }
        state.sweep(now);
        Ok(due)
    }

    async fn restore(&self, taking: &Taking) -> Result<(), CountersError> {
        let mut state = self.state();
        if !state.holds.contains_key(&taking.hold) {
            state.hold(taking);
        }
        Ok(())
    }

    async fn started(
        &self,
        after: Option<&Cell>,
        at_most: usize,
    ) -> Result<Vec<(Cell, Balance)>, CountersError> {
        let state = self.state();
        let later = state
            .cells
            .keys()
            .filter(|cell| after.is_none_or(|after| *cell > after));
        let mut started: Vec<(Cell, Balance)> = later
            .filter_map(|cell| Some((cell.clone(), state.balance(cell)?)))
            .collect();
        started.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        started.truncate(at_most);
        Ok(started)
    }

    async fn correct(&self, cell: &Cell, balance: Balance, arrivals: u64) -> Result<(), CountersError> {
        if let Some(account) = self.state().cells.get_mut(cell) {
            account.held = balance.held;
            account.settled = Settled::Known {
                amount: balance.settled,
                through: arrivals,
            };
        }
        Ok(())
    }
}
