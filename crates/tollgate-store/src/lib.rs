//! The embedded store: SQLite with columnar batches.
//!
//! SQLite is the transactional substrate; events are columnar. A commit is one row that holds everything it recorded as
//! compressed columns. Answers for keeping what the engine decides, durable and exactly once, and for reading it
//! back fast. Deliberately not here: deciding what an event costs or whether it was seen (the engine's ledger), and any
//! policy.

mod batch;
mod embedded;
mod plan;
mod rollup;

pub use embedded::{Embedded, OpenError, Options};
