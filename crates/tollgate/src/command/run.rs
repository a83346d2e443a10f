//! `tollgate run`: runs a command while money is held for it.

use super::Session;
use super::hold::{self, Request};
use crate::client::Client;
use crate::clock;
use crate::failure::{Exit, Failure};
use crate::output::say;
use crate::progress::Progress;
use anyhow::Context;
use clap::Args;
use serde_json::{Map, Value};
use std::process::Child;
use std::time::Duration;

/// Seconds that a hold is open before it is extended: a machine that dies gives its money back that soon.
const TTL_SECONDS: u32 = 300;
/// How often a hold is extended.
const EXTENDED_EVERY: Duration = Duration::from_secs(60);
/// How often a running command is looked after.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long to wait for room where the server does not say.
const WAIT_DEFAULT: Duration = Duration::from_secs(5);
/// The longest wait before asking again: holds of others may end any time.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// `tollgate run`.
#[derive(Args, Debug)]
#[command(after_long_help = NOTES)]
pub(crate) struct Run {
    /// Money to hold while the command runs
    #[arg(long, value_name = "AMOUNT")]
    budget: String,
    #[command(flatten)]
    request: Request,
    /// Wait for room instead of giving up
    #[arg(long)]
    wait: bool,
    /// Record the whole budget as the cost of the command when it succeeds, instead of giving it back
    #[arg(long)]
    settle: bool,
    /// The command and its arguments
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

const NOTES: &str = "\
The money is held while the command runs and given back when it ends: what the command uses it records itself, or
--settle records the whole budget as its cost. The command finds the hold's id in TOLLGATE_HOLD. Exits with the command's
own code, or 5 when a limit denies the hold.

Example:
  tollgate run --budget 5 --category compute.cpu --user nightly --wait -- ./train.sh";

impl Run {
    /// Holds, runs, and ends the hold.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        let client = session.client()?;
        let request = self.request.clone().with_cost(&self.budget);
        let mut body = request.body().map_err(Failure::usage)?;
        body.insert("ttl_seconds".to_owned(), TTL_SECONDS.into());
        let Some(hold) = self.place(&client, &body)? else {
            return Ok(Exit::Denied);
        };
        let ran = self.command(&client, &hold);
        let succeeded = matches!(&ran, Ok(code) if *code == 0);
        if self.settle && succeeded {
            let mut amounts = Map::new();
            amounts.insert("cost".to_owned(), self.budget.as_str().into());
            hold::settle(&client, &hold, amounts)?;
        } else {
            hold::release(&client, &hold)?;
        }
        match ran? {
            0 => Ok(Exit::Ok),
            code => Ok(Exit::Other(code)),
        }
    }

    /// Places the hold, waiting for room if told to; `None` when it is denied.
    fn place(&self, client: &Client, body: &Map<String, Value>) -> anyhow::Result<Option<String>> {
        let progress = Progress::of_unknown("waiting for room");
        loop {
            let answer = hold::place(client, body.clone())?;
            let parsed: Value =
                serde_json::from_str(&answer.body).context("the server's answer cannot be read")?;
            if answer.status != 429 {
                progress.finish();
                let hold = parsed["hold"]["id"].as_str();
                return hold
                    .map(|hold| Some(hold.to_owned()))
                    .context("the server's answer names no hold");
            }
            if !self.wait {
                progress.finish();
                say(parsed["detail"].as_str().unwrap_or("denied by a limit"));
                return Ok(None);
            }
            let pause = answer.retry_after().unwrap_or(WAIT_DEFAULT).min(WAIT_MAX);
            progress.wait("a limit has no room", pause);
        }
    }

    /// Runs the command and keeps its hold open; answers its exit code.
    fn command(&self, client: &Client, hold: &str) -> anyhow::Result<u8> {
        let (program, arguments) = self.command.split_first().context("there is no command")?;
        let mut child = std::process::Command::new(program)
            .args(arguments)
            .env("TOLLGATE_HOLD", hold)
            .spawn()
            .with_context(|| format!("{program} cannot be started"))?;
        let status = self.look_after(&mut child, client, hold)?;
        // A command that a signal ended has no code; shells say 128 and the signal.
        Ok(status.code().map_or(1, |code| u8::try_from(code).unwrap_or(1)))
    }

    fn look_after(
        &self,
        child: &mut Child,
        client: &Client,
        hold: &str,
    ) -> anyhow::Result<std::process::ExitStatus> {
        let mut due = clock::moment_in(EXTENDED_EVERY);
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if clock::left_until(due).is_zero() {
                if let Err(error) = hold::extend(client, hold, TTL_SECONDS) {
                    say(&format!("the hold could not be extended: {error:#}"));
                }
                due = clock::moment_in(EXTENDED_EVERY);
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}
