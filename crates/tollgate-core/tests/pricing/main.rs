//! What usage costs, from outside: models, conditions, schedules, parts, gauges, voids, the price book.
//!
//! Each subject is a table or a small script on a [`ground::Ground`], which keeps a price book, running totals and
//! timelines the way an engine would, as simply as possible.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

mod book;
mod bound;
mod conditions;
mod gauges;
#[path = "../ground/mod.rs"]
mod ground;
mod judged;
mod models;
mod money;
mod oracle;
mod random;
mod voids;
