//! What tests of Tollgate share: fixtures, random inputs, a reference model and one suite for every store.
//!
//! Deliberately not here: anything a running product needs. [`model`] says a second time, in the plainest way, what
//! recording, rating and querying mean; it shares value types with the core and no rule.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "this crate is test code: a failed expectation must stop the test where it fails"
)]

mod behind;
pub mod conformance;
pub mod fixture;
pub mod gate;
pub mod model;
pub mod proof;
pub mod reopening;
pub mod site;
pub mod story;
pub mod strategy;

pub use proptest;
