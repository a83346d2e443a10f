//! One suite for every `Counters`: what the port promises, case by case.
//!
//! An implementation's tests say `tollgate_testkit::counters_conformance!(opening)`, where `opening` is a future that gives
//! fresh counters, and get one `#[test]` for each case. The cases are listed once, in that macro. Not here: what an
//! implementation promises when it cannot be reached.

pub mod crowd;
pub mod ending;
pub mod starting;
pub mod taking;

use super::in_runtime;
use crate::fixture::{NOON, at};
use std::sync::Arc;
use tollgate_core::id::{HoldId, QuotaId};
use tollgate_core::limit::{Amount, Balance, Cell, LimitId};
use tollgate_core::text::Label;
use tollgate_core::time::Timestamp;
use tollgate_engine::counters::{Counted, Counters, Counting, Taken, Taking, Tallied, Want};

/// Runs one case on counters of its own.
pub fn run<C, F>(opening: impl Future<Output = Arc<dyn Counters>>, case: C)
where
    C: FnOnce(Ground) -> F,
    F: Future<Output = ()>,
{
    in_runtime(async { case(Ground(opening.await)).await });
}

/// A test for each case of the suite, on counters that the future gives.
#[macro_export]
macro_rules! counters_conformance {
    ($opening:expr) => {
        $crate::counters_conformance! {
            @ $opening;
            taking:
                what_fits_is_taken_and_what_does_not_changes_nothing,
                a_hold_takes_of_every_cell_or_of_none,
                a_hold_takes_once,
                nothing_always_fits,
                a_limit_that_refuses_nothing_is_counted,
                a_hold_without_cells_is_a_hold,
                cells_that_are_not_started_are_named_and_nothing_is_taken,
                an_organization_has_so_many_holds_at_most;
            starting:
                a_cell_begins_with_what_the_store_had,
                what_arrived_before_the_sum_is_in_it,
                what_is_counted_before_the_sum_is_known_is_counted_once,
                a_started_cell_stays_as_it_is,
                preparing_again_forgets_nothing,
                a_cell_that_was_not_prepared_is_not_started,
                what_is_counted_is_told_cell_by_cell,
                a_correction_makes_room,
                an_abandoned_cell_keeps_its_claims_and_is_started_anew,
                started_cells_are_listed_in_their_order,
                a_corrected_cell_has_what_was_put_there;
            ending:
                a_finished_hold_gives_its_room_back_once,
                a_use_takes_the_place_of_its_claim_in_one_step,
                a_hold_whose_time_is_over_gives_its_room_back_once,
                a_pinned_hold_does_not_expire,
                a_hold_pinned_twice_is_unpinned_twice,
                an_unpinned_hold_ends_with_its_time_or_another,
                what_has_ended_cannot_be_pinned,
                so_many_holds_expire_at_once_and_the_first_come_first,
                a_restored_hold_refuses_nothing_and_is_there_once,
                a_hold_may_take_again_once_its_claims_are_gone;
            crowd:
                of_a_thousand_at_once_fifty_are_admitted,
                of_eight_first_calls_as_many_are_admitted_as_fit,
                holds_that_take_two_cells_in_opposite_order_all_end,
                every_hold_ends_once_however_many_end_it,
                what_is_counted_while_a_cell_is_started_is_counted_once
        }
    };
    (@ $opening:expr; $($module:ident: $($case:ident),+);+) => {
        $($(
            #[test]
            fn $case() {
                $crate::conformance::counters::run($opening, $crate::conformance::counters::$module::$case);
            }
        )+)+
    };
}

/// Counters under test, and the words that cases are written in. Cells have a number; amounts are bare.
#[derive(Clone, Debug)]
pub struct Ground(pub Arc<dyn Counters>);

/// The n-th cell.
pub fn cell(n: u128) -> Cell {
    Cell {
        limit: LimitId::Quota(QuotaId::from_bits(n)),
        instance: Label::parse("u").unwrap(),
        start: at("2026-01-01T00:00:00Z"),
    }
}

/// The n-th hold.
pub fn hold(n: u128) -> HoldId {
    HoldId::from_bits(n)
}

/// So many seconds after noon.
pub fn noon(seconds: i64) -> Timestamp {
    at(NOON).plus_seconds(seconds)
}

/// The n-th hold, which wants of each cell an amount under a ceiling, and lasts a minute from noon.
pub fn taking(n: u128, wants: &[(u128, i128, Option<i128>)]) -> Taking {
    let want = |(number, amount, ceiling): &(u128, i128, Option<i128>)| Want {
        cell: cell(*number),
        until: at("2026-02-01T00:00:00Z"),
        amount: Amount(*amount),
        ceiling: ceiling.map(Amount),
    };
    Taking {
        hold: hold(n),
        organization: Label::parse("acme").unwrap(),
        wants: wants.iter().map(want).collect(),
        expires_at: noon(60),
    }
}

/// Something settled in a cell by the event of this arrival.
pub fn counting(number: u128, amount: i128, arrival: u64) -> Counting {
    Counting {
        cell: cell(number),
        amount: Amount(amount),
        arrival,
    }
}

/// What counting made of a cell.
pub fn counted(number: u128, before: i128, after: i128) -> Counted {
    Counted {
        cell: cell(number),
        before: Amount(before),
        after: Amount(after),
    }
}

/// Settled and held.
pub fn balance(settled: i128, held: i128) -> Balance {
    Balance {
        settled: Amount(settled),
        held: Amount(held),
    }
}

impl Ground {
    /// With cells in which so much is settled, by events that arrived before the hundredth.
    pub async fn started(self, cells: &[(u128, i128)]) -> Self {
        for (n, settled) in cells {
            self.prepare(*n).await;
            self.start(*n, *settled, 100).await;
        }
        self
    }

    pub async fn prepare(&self, n: u128) {
        self.0
            .prepare(&cell(n), at("2026-02-01T00:00:00Z"))
            .await
            .unwrap();
    }

    pub async fn start(&self, n: u128, settled: i128, arrivals: u64) -> Balance {
        self.0.start(&cell(n), Amount(settled), arrivals).await.unwrap()
    }

    pub async fn take(&self, n: u128, wants: &[(u128, i128, Option<i128>)]) -> Taken {
        self.0.take(&taking(n, wants)).await.unwrap()
    }

    pub async fn count(&self, countings: &[Counting]) -> Tallied {
        self.0.count(countings.to_vec()).await.unwrap()
    }

    pub async fn finish(&self, n: u128, countings: &[Counting]) -> Tallied {
        self.0.finish(hold(n), countings.to_vec()).await.unwrap()
    }

    pub async fn expire(&self, seconds: i64) -> Vec<HoldId> {
        self.0.expire(noon(seconds), 1_000).await.unwrap()
    }

    /// What a cell has come to; `None` when it is not started.
    pub async fn balance(&self, n: u128) -> Option<Balance> {
        self.0.balances(&[cell(n)]).await.unwrap().remove(0)
    }

    /// Panics unless a cell has come to this.
    pub async fn has(&self, n: u128, settled: i128, held: i128) {
        assert_eq!(self.balance(n).await, Some(balance(settled, held)), "cell {n}");
    }
}
