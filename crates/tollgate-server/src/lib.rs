//! The HTTP API of Tollgate.
//!
//! Answers for requests and answers: who may call, what a body says, how a failure looks, and the document and pages that
//! describe it. Knows the engine and never a store. A handler is five steps: extract, authorize, parse, one engine call,
//! convert; its doc comment is the API reference.
//!
//! Invariants: nothing of a body is read before its sender is known to be allowed; every size, time and number of things in
//! flight is bounded; every failure leaves as a problem with a code that `docs/problems.md` describes.

mod auth;
mod body;
mod connection;
mod denial;
mod failure;
mod handler;
mod json;
mod metric;
mod openapi;
mod options;
mod page;
mod panic;
mod parameter;
mod problem;
mod route;
mod router;
mod secret;
mod tending;
#[cfg(test)]
mod tests;
mod warning;
mod wire;

pub use connection::Bound;
pub use options::{BodyOptions, Options};
pub use secret::{NoRandomness, Secrets, make_secret};

use std::io;
use std::sync::Arc;
use tollgate_engine::Engine;

/// The HTTP server.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Takes the address and answers nothing yet; call within a tokio runtime.
    pub fn bind(options: Options, engine: Arc<Engine>, secrets: Secrets) -> io::Result<Bound> {
        Bound::new(options, router::Front::new(engine, secrets, options))
    }
}

/// The API document, OpenAPI 3.1 as JSON.
pub fn openapi() -> String {
    openapi::document().to_owned()
}
