//! The server from outside: requests over real connections to an engine on the in-memory store.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions beside tests are test code too"
)]

mod auth;
mod bad_input;
mod client;
mod document;
mod event;
mod ground;
mod slow;
