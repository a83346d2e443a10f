//! Tollgate: one binary that meters usage, prices it exactly and holds budgets.
//!
//! Answers for the command line, the configuration and putting the parts together. Deliberately not here: rules about
//! usage, prices or storage. The command line talks to a server over HTTP alone, never to the store.

mod assignment;
mod client;
mod clock;
mod command;
mod config;
mod delivery;
mod demo;
mod environment;
mod failure;
mod locate;
mod logging;
mod output;
mod progress;

use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let environment = environment::Environment::of_process();
    let line = command::CommandLine::parse();
    line.run(environment)
        .unwrap_or_else(|error| failure::report(&error))
        .into()
}
