//! The command line: what can be typed, and which module answers it.

mod completions;
mod config;
mod doctor;
mod events;
mod hold;
mod import;
mod run;
mod serve;
mod settings;
#[cfg(test)]
mod tests;
mod track;
mod usage;
mod verify;

use crate::client::Client;
use crate::config::{Config, Effective, Flags};
use crate::environment::Environment;
use crate::failure::Exit;
use crate::locate::{Connection, Target};
use crate::output::say_labelled;
use clap::builder::styling::AnsiColor;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Tollgate meters usage, prices it exactly, and holds the line on it
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, max_term_width = 100, after_help = EXITS)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    connection: Connection,
    /// Configuration file [default: $XDG_CONFIG_HOME/tollgate/tollgate.toml]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Connection")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const EXITS: &str = "\
Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 forbidden, 5 denied by a limit, 6 conflict,
7 unavailable, 8 verification mismatch. Data goes to stdout, everything else to stderr.";

/// How long recomputing everything may take before the server counts as stuck.
const PATIENCE: Duration = Duration::from_secs(3600);

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Record events, or one use of a billable service
    Track(track::Track),
    /// Record events out of a file of another kind
    #[command(subcommand)]
    Import(import::Import),
    /// Ask how much was used: any measure, by any field, over time
    Usage(usage::Usage),
    /// Ask what it cost, by category
    Cost(usage::Cost),
    /// Ask who or what cost most
    Top(usage::Top),
    /// Ask whether something may go ahead
    Check(hold::Check),
    /// Hold room for something before it is done
    Hold(hold::Hold),
    /// Record what a hold's use came to
    Settle(hold::Settle),
    /// Give a hold back
    Release(hold::Release),
    /// Give a hold more time
    Extend(hold::Extend),
    /// Run a command while money is held for it
    Run(run::Run),
    /// Look at events, or void one
    #[command(subcommand)]
    Events(events::Events),
    /// Categories: what can be used, in which measures
    #[command(subcommand)]
    Categories(settings::Action<settings::Category>),
    /// Prices: what it costs, since when
    #[command(subcommand)]
    Prices(settings::Action<settings::Price>),
    /// Quotas: how much of what may be used
    #[command(subcommand)]
    Quotas(settings::Action<settings::Quota>),
    /// Budgets: how much may be spent
    #[command(subcommand)]
    Budgets(settings::Action<settings::Budget>),
    /// API keys: who may do what
    #[command(subcommand)]
    Keys(settings::Action<settings::Key>),
    /// Organizations
    #[command(subcommand)]
    Organizations(settings::Action<settings::Organization>),
    /// Recompute every total from the events and compare
    Verify(verify::Verify),
    /// Look for what is wrong with this installation
    Doctor(doctor::Doctor),
    /// Show the configuration
    #[command(subcommand)]
    Config(config::Show),
    /// Print a completion script for a shell
    Completions(completions::Completions),
}

/// What a command works with: the configuration in force and the way to the server.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) environment: Environment,
    pub(crate) config: Config,
    connection: Connection,
}

impl Session {
    /// The server that flags, environment and notes point to.
    pub(crate) fn target(&self) -> Target {
        Target::locate(&self.connection, &self.environment, &self.config)
    }

    /// A client for that server.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        Client::new(self.target(), self.config.client.request_timeout())
    }

    /// A client that waits for answers which take as long as there are events.
    pub(crate) fn patient_client(&self) -> anyhow::Result<Client> {
        Client::new(self.target(), PATIENCE)
    }
}

impl CommandLine {
    /// Runs the command and answers what to exit with.
    pub(crate) fn run(self, environment: Environment) -> anyhow::Result<Exit> {
        let mut flags = Flags {
            config: self.config,
            ..Flags::default()
        };
        match &self.command {
            // These explain the configuration, so they must work while it is broken.
            Command::Completions(completions) => return completions.run(),
            Command::Config(config::Show::Default) => return config::print_default(),
            Command::Serve(serve) => serve.add_flags(&mut flags),
            _ => {}
        }
        let Effective { config, layers } = Effective::load(&flags, &environment)?;
        for note in layers.notes() {
            say_labelled("note", AnsiColor::Yellow, note);
        }
        let session = Session {
            environment,
            config,
            connection: self.connection,
        };
        match self.command {
            Command::Serve(serve) => serve.run(&session),
            Command::Track(track) => track.run(&session),
            Command::Import(import) => import.run(&session),
            Command::Usage(usage) => usage.run(&session),
            Command::Cost(cost) => cost.run(&session),
            Command::Top(top) => top.run(&session),
            Command::Check(check) => check.run(&session),
            Command::Hold(hold) => hold.run(&session),
            Command::Settle(settle) => settle.run(&session),
            Command::Release(release) => release.run(&session),
            Command::Extend(extend) => extend.run(&session),
            Command::Run(run) => run.run(&session),
            Command::Events(events) => events.run(&session),
            Command::Categories(action) => action.run(&session),
            Command::Prices(action) => action.run(&session),
            Command::Quotas(action) => action.run(&session),
            Command::Budgets(action) => action.run(&session),
            Command::Keys(action) => action.run(&session),
            Command::Organizations(action) => action.run(&session),
            Command::Verify(verify) => verify.run(&session),
            Command::Doctor(doctor) => doctor.run(&session),
            Command::Config(_) => config::print_in_force(&layers),
            Command::Completions(completions) => completions.run(),
        }
    }
}
