//! `tollgate import csv`: events from the rows of a file.
//!
//! The file is read on one thread and delivered from another, a few batches apart, so memory does not grow with it.

mod mapping;
mod rows;
mod timestamp;

use super::Session;
use crate::assignment::Assignments;
use crate::delivery::{Delivery, Portion, Tally};
use crate::failure::{Exit, Failure};
use crate::output::{Output, say};
use crate::progress::Progress;
use clap::{Args, Subcommand};
use mapping::Mapping;
use rows::Rows;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

/// Batches read ahead of the one being delivered.
const BATCHES_AHEAD: usize = 2;

/// The kinds of file that can be imported.
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// Record the rows of a CSV file as events
    #[command(after_long_help = NOTES)]
    Csv(Csv),
}

const NOTES: &str = "\
Rows are numbered from 1; the id of a row is P-<row>, so importing a file again counts nothing twice.

Times are RFC 3339, or `2023-11-16 18:17:03.9799600` without a zone, which is UTC; digits finer than \
a microsecond are cut off. Numbers are sent as the text that stands in the file. Columns that are not \
mapped are ignored; an empty cell leaves that measure or dimension out. A busy or absent server is \
waited for.

Exit codes: 6 when a row contradicts what is recorded under its id, 1 when a row is rejected.

Example:
  tollgate import csv trace.csv --category ai.completion \\
    --map timestamp=TIMESTAMP,input_tokens=ContextTokens,output_tokens=GeneratedTokens \\
    --set organization=azure,user=code,provider=openai,model=gpt-4o --id-prefix trace";

/// `tollgate import csv`.
#[derive(Args, Debug)]
pub(crate) struct Csv {
    /// The file, with a header row; `-` reads stdin
    file: PathBuf,
    /// Category of every event
    #[arg(long, value_name = "CATEGORY")]
    category: String,
    /// What columns become: timestamp, id, organization, team, project, user, source, quantity, cost,
    /// dimension.NAME, or a measure (measure.NAME if it is called like one of these)
    #[arg(long, value_name = "TARGET=COLUMN,…", required = true)]
    map: Vec<Assignments>,
    /// What is the same for every row: organization, team, project, user, source, else a dimension
    #[arg(long, value_name = "KEY=VALUE,…")]
    set: Vec<Assignments>,
    /// The ids are PREFIX-<row> [default: the file's name]
    #[arg(long, value_name = "PREFIX")]
    id_prefix: Option<String>,
    #[command(flatten)]
    output: Output,
}

impl Import {
    /// Imports a file.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        let Self::Csv(csv) = self;
        csv.run(session)
    }
}

impl Csv {
    fn run(self, session: &Session) -> anyhow::Result<Exit> {
        let mapping = self.mapping()?;
        if !mapping.has_timestamp() {
            say("no column is mapped to timestamp: every event gets the time at which it arrives");
        }
        let rows = Rows::open(&self.file, mapping)?;
        let progress = Progress::of_bytes(rows.bytes());
        let tally = self.deliver(session, rows, &progress);
        progress.finish();
        let tally = tally?;
        for problem in tally.problems("row") {
            say(&problem);
        }
        self.output.print(&tally.sheet()?)?;
        Ok(tally.exit())
    }

    fn mapping(&self) -> Result<Mapping, Failure> {
        let mut mapping = Mapping::new(&self.category, &self.map, &self.set)?;
        mapping.id_prefix = self.id_prefix.clone().or_else(|| file_name(&self.file));
        if mapping.id_prefix.is_none() && !mapping.has_id() {
            return Err(Failure::usage("rows from stdin need ids that stay the same")
                .with_hint("pass --id-prefix PREFIX, or map a column to id"));
        }
        Ok(mapping)
    }

    fn deliver(&self, session: &Session, rows: Rows, progress: &Progress) -> anyhow::Result<Tally> {
        let client = session.client()?;
        let wait = |cause: &str, pause| progress.wait(cause, pause);
        let delivery = Delivery::new(&client, session.config.client.retry_max(), &wait);
        let events = session.config.client.batch_events.get();
        let (sender, portions) = mpsc::sync_channel::<anyhow::Result<(Portion, u64)>>(BATCHES_AHEAD);
        // Not joined: when delivery has failed the sender fails too, but a thread that waits for stdin would never see it.
        std::thread::spawn(move || rows.portions(events).try_for_each(|portion| sender.send(portion)));
        let mut tally = Tally::default();
        for portion in portions {
            let (portion, bytes) = portion?;
            for refused in &portion.refused {
                tally.add(refused)?;
            }
            let delivered = delivery.send(portion.batch);
            for receipt in &delivered.map_err(|error| so_far(error, &tally))? {
                tally.add(receipt)?;
            }
            progress.reached(bytes, &format!("{} rows", tally.events()));
        }
        Ok(tally)
    }
}

/// An import that stops half-way says how far it came.
fn so_far(error: anyhow::Error, tally: &Tally) -> anyhow::Error {
    match error.downcast::<Failure>() {
        Ok(mut failure) => {
            failure.details.push(format!(
                "until then: {} recorded, {} duplicate, {} conflict, {} rejected",
                tally.recorded, tally.duplicate, tally.conflict, tally.rejected
            ));
            failure.into()
        }
        Err(error) => error,
    }
}

fn file_name(path: &Path) -> Option<String> {
    (path != Path::new("-")).then_some(path.file_name()?.to_string_lossy().into_owned())
}
