//! The sequencer's part in holds: what each step makes of a hold, gathered until it is committed with everything else.
//!
//! The rows of holds are read as they stand before the commit, with the changes of earlier steps of the same commit laid
//! over them; nothing else writes them.

use super::failure::Failure;
use super::queue::{SettleDone, Step};
use super::recording::Gathered;
use super::sequencer::Sequencer;
use super::tables;
use rusqlite::Connection;
use std::collections::BTreeMap;
use tollgate_core::hold::{Hold, HoldState, Settling};
use tollgate_core::id::HoldId;
use tollgate_engine::ledger::Admission;
use tollgate_engine::store::{Crossing, Placing, SettleHold, Violation};

/// Violations that are kept: some hundreds of megabytes at most. The oldest make room.
pub(crate) const VIOLATIONS_MAX: u64 = 1_000_000;

/// What a commit changes besides events.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// Holds as they stand after the steps so far.
    holds: BTreeMap<HoldId, Hold>,
    violations: Vec<Violation>,
    crossings: Vec<Crossing>,
}

impl Changed {
    pub(super) fn is_empty(&self) -> bool {
        self.holds.is_empty() && self.violations.is_empty() && self.crossings.is_empty()
    }

    /// Writes all changes, within a transaction.
    pub(super) fn write(&self, connection: &Connection) -> Result<(), Failure> {
        for hold in self.holds.values() {
            tables::put_hold(connection, hold)?;
        }
        for violation in &self.violations {
            tables::insert_violation(connection, violation)?;
        }
        if !self.violations.is_empty() {
            tables::drop_violations_before(connection, VIOLATIONS_MAX)?;
        }
        for crossing in &self.crossings {
            tables::insert_crossing(connection, crossing)?;
        }
        Ok(())
    }

    fn hold(&self, connection: &Connection, id: HoldId) -> Result<Option<Hold>, Failure> {
        match self.holds.get(&id) {
            Some(hold) => Ok(Some(hold.clone())),
            None => tables::hold(connection, id),
        }
    }

    fn change(&mut self, hold: Hold) {
        self.holds.insert(hold.id, hold);
    }
}

/// What a step came to.
#[derive(Debug)]
pub(super) enum Done {
    Recorded(Vec<Admission>),
    Placed(Placing),
    Settled(Option<Box<SettleDone>>),
    Closed(Vec<Option<Hold>>),
    Extended(Option<Box<Hold>>),
    Noted,
}

impl Sequencer {
    /// Does what a step asks for in memory; `gathered` takes what is to be written. Recordings are none of its business.
    pub(super) fn hold_step(&mut self, step: &Step, gathered: &mut Gathered) -> Result<Done, Failure> {
        let changed = &mut gathered.changed;
        Ok(match step {
            Step::Record(_) => Done::Noted,
            Step::Place(hold, _) => Done::Placed(match changed.hold(&self.connection, hold.id)? {
                Some(known) => Placing::Known(Box::new(known)),
                None => {
                    changed.change(hold.as_ref().clone());
                    Placing::Placed
                }
            }),
            Step::Settle(settle, _) => Done::Settled(self.settle(settle, gathered)?.map(Box::new)),
            Step::End(holds, ending, _) => {
                let mut ended = Vec::with_capacity(holds.len());
                for id in holds {
                    let mut hold = changed.hold(&self.connection, *id)?;
                    if let Some(open) = hold.as_mut().filter(|hold| hold.state.is_open()) {
                        open.end(ending.state());
                        changed.change(open.clone());
                    }
                    ended.push(hold);
                }
                Done::Closed(ended)
            }
            Step::Extend(id, expires_at, _) => {
                let mut hold = changed.hold(&self.connection, *id)?;
                if let Some(open) = hold.as_mut().filter(|hold| hold.state.is_open()) {
                    open.extend(*expires_at);
                    changed.change(open.clone());
                }
                Done::Extended(hold.map(Box::new))
            }
            Step::Violation(violation, _) => {
                changed.violations.push(violation.as_ref().clone());
                Done::Noted
            }
            Step::Emit(crossings, _) => {
                changed.crossings.extend(crossings.iter().cloned());
                Done::Noted
            }
        })
    }

    fn settle(
        &mut self,
        settle: &SettleHold,
        gathered: &mut Gathered,
    ) -> Result<Option<SettleDone>, Failure> {
        let Some(hold) = gathered.changed.hold(&self.connection, settle.hold)? else {
            return Ok(None);
        };
        let event = settle.submission.event.event;
        let found = match hold.settling(settle.is_held) {
            Settling::Again { event: first, .. } if first != event => {
                let admission = Admission::Conflict;
                return Ok(Some(SettleDone { admission, hold }));
            }
            Settling::Again { found, .. } | Settling::Records(found) => found,
        };
        let admission = self.admit_settle(settle, gathered);
        if let Admission::Conflict = admission {
            return Ok(Some(SettleDone { admission, hold }));
        }
        let state = HoldState::Settled { event, found };
        let settled = Hold { state, ..hold };
        gathered.changed.change(settled.clone());
        Ok(Some(SettleDone {
            admission,
            hold: settled,
        }))
    }
}
