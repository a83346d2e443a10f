//! The properties that hold on every store, with the store closed and opened again, and with it crashing instead.

/// Cases of each property: a case opens a database or several.
const CASES: u32 = 48;
/// Cases of each property of limits, of which there are more.
const LIMIT_CASES: u32 = 24;

mod as_it_comes {
    use super::{CASES, LIMIT_CASES};
    use crate::OnDisk;
    tollgate_testkit::proofs!(OnDisk::new(tollgate_store::Options::default()), CASES);
    tollgate_testkit::limit_proofs!(OnDisk::new(tollgate_store::Options::default()), LIMIT_CASES);
}

mod with_small_bounds {
    use super::CASES;
    use crate::{OnDisk, small_bounds};
    tollgate_testkit::proofs!(OnDisk::new(small_bounds()), CASES);
}

/// Closing is a crash, and a checkpoint comes every third commit: what comes after it is read again each time.
mod crashing {
    use super::{CASES, LIMIT_CASES};
    use crate::recovery::Crashing;
    tollgate_testkit::proofs!(Crashing::new(3), CASES);
    tollgate_testkit::limit_proofs!(Crashing::new(3), LIMIT_CASES);
}
