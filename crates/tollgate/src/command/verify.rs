//! `tollgate verify`: has the server recompute its totals, and shows what differs.

use super::Session;
use crate::client::Path;
use crate::failure::{Exit, Failure};
use crate::output::{Column, Format, Output, Sheet, print, say};
use crate::progress::Progress;
use anyhow::Context;
use clap::Args;
use serde::Deserialize;

/// `tollgate verify`.
#[derive(Args, Debug)]
#[command(after_help = "Exit code 8 when something differs.")]
pub(crate) struct Verify {
    /// Put balances of limits right that differ.
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    output: Output,
}

/// The server's answer, as far as it is put into words.
#[derive(Deserialize)]
struct Verdict {
    clean: bool,
    events: u64,
    rollup_cells: u64,
    #[serde(default)]
    balances: u64,
    #[serde(default)]
    repaired: u64,
    different: u64,
}

impl Verify {
    /// Verifies and reports.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        let client = session.patient_client()?;
        let progress = Progress::of_unknown("recomputing every total from the events");
        let path = Path::of(["v1", "verify"]).with("repair", self.repair.then_some(true));
        let answer = client.post(&path, "{}".to_owned());
        progress.finish();
        let answer = answer?;
        let verdict: Verdict =
            serde_json::from_str(&answer.body).context("the server's answer cannot be read")?;
        self.show(&verdict, answer.body)?;
        if verdict.clean {
            return Ok(Exit::Ok);
        }
        if verdict.repaired == verdict.different {
            say(&format!("{} balances were put right", verdict.repaired));
            return Ok(Exit::Ok);
        }
        let message = format!("{} totals differ from what the events say", verdict.different);
        Err(Failure::new(Exit::Mismatch, message)
            .with_hint("keep the data folder as it is and report this")
            .into())
    }

    fn show(&self, verdict: &Verdict, body: String) -> anyhow::Result<()> {
        let counts = format!(
            "{} events, {} totals, {} balances",
            verdict.events, verdict.rollup_cells, verdict.balances
        );
        if verdict.clean && self.output.output == Format::Table {
            print(&format!("clean: {counts}, no difference\n"))?;
            return Ok(());
        }
        say(&format!("compared {counts}"));
        let columns = vec![Column::text("difference", "")];
        self.output
            .print(&Sheet::of_list(body, "differences", columns)?)?;
        Ok(())
    }
}
