//! The embedded store keeps what the `Store` port promises.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

mod on_disk;

mod as_it_comes {
    use super::on_disk::OnDisk;
    use tollgate_store::Options;

    tollgate_testkit::conformance!(OnDisk::new(Options::default()));
}

mod reopened_before_every_step {
    use super::on_disk::OnDisk;
    use tollgate_store::Options;
    use tollgate_testkit::reopening::Reopened;

    tollgate_testkit::conformance!(Reopened::new(OnDisk::new(Options::default())));
}

mod with_small_bounds {
    use super::on_disk::{OnDisk, small};

    tollgate_testkit::conformance!(OnDisk::new(small()));
}

mod with_small_bounds_and_reopened {
    use super::on_disk::{OnDisk, small};
    use tollgate_testkit::reopening::Reopened;

    tollgate_testkit::conformance!(Reopened::new(OnDisk::new(small())));
}
