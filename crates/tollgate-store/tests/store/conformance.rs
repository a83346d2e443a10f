//! The suite that every store passes: as it comes, with the smallest bounds, and closed and opened again before every step.

mod as_it_comes {
    use crate::OnDisk;
    tollgate_testkit::conformance!(OnDisk::new(tollgate_store::Options::default()));
}

mod reopened_before_every_step {
    use crate::OnDisk;
    use tollgate_testkit::reopening::Reopened;
    tollgate_testkit::conformance!(Reopened::new(OnDisk::new(tollgate_store::Options::default())));
}

mod with_small_bounds {
    use crate::{OnDisk, small_bounds};
    tollgate_testkit::conformance!(OnDisk::new(small_bounds()));
}

mod with_small_bounds_and_reopened {
    use crate::{OnDisk, small_bounds};
    use tollgate_testkit::reopening::Reopened;
    tollgate_testkit::conformance!(Reopened::new(OnDisk::new(small_bounds())));
}
