//! The server from outside: requests over real connections to an engine on the in-memory store.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions beside tests are test code too"
)]

mod arbitrary;
mod auth;
mod bad_input;
mod client;
mod document;
mod event;
mod form;
mod ground;
mod hanging;
mod health;
mod hold;
mod limit;
mod record;
mod setting;
mod slow;
