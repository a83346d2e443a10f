//! Limits, decisions and their ladder, from outside: tables at every edge, and properties against plainer words.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

mod crowd;
mod decision;
mod ground;
mod judged;
mod ladder;
mod matching;
mod window;
