//! The usage query, asked of small usage written in a table, and of random usage beside an independent model.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot read its own table may stop"
)]

mod aggregate;
mod asking;
mod flaw;
mod gauge;
mod model;
mod property;
mod row;
mod usage;
mod year;
