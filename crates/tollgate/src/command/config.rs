//! `tollgate config`: the documented default, and what is in force.

use crate::config::layer::Layers;
use crate::config::{DEFAULT, page};
use crate::failure::Exit;
use crate::output::print;
use clap::Subcommand;

/// What to show.
#[derive(Debug, Subcommand)]
pub(crate) enum Show {
    /// The configuration in force, with the source of each value
    Show,
    /// Every key with its default and its meaning
    Default,
}

/// Prints the documented default.
pub(super) fn print_default() -> anyhow::Result<Exit> {
    print(DEFAULT)?;
    Ok(Exit::Ok)
}

/// Prints what is in force.
pub(super) fn print_in_force(layers: &Layers) -> anyhow::Result<Exit> {
    print(&page(layers))?;
    Ok(Exit::Ok)
}
