//! What a verification found, on the wire.

use serde::Serialize;
use tollgate_engine::store::Verification;
use utoipa::ToSchema;

/// What recomputing every total from the raw events, and every balance from events and open holds, found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Verification, example = json!({"clean": true, "events": 8819, "rollup_cells": 312, "balances": 17, "repaired": 0, "different": 0, "differences": []}))]
pub(crate) struct VerificationBody {
    /// Whether everything agrees.
    clean: bool,
    /// Events read.
    events: u64,
    /// Totals compared.
    rollup_cells: u64,
    /// Balances of limits compared.
    balances: u64,
    /// Balances put right.
    repaired: u64,
    /// How many things differ.
    different: u64,
    /// What differs, in words; the first hundred.
    differences: Vec<String>,
}

impl From<Verification> for VerificationBody {
    fn from(found: Verification) -> Self {
        Self {
            clean: found.is_clean(),
            events: found.events,
            rollup_cells: found.cells,
            balances: found.balances,
            repaired: found.repaired,
            different: found.different,
            differences: found.differences,
        }
    }
}
