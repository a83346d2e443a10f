//! `tollgate track`: records events, or one use of a billable service.
//!
//! Events without an id get one here and not at the server, so that a request that is repeated counts once.

mod attribution;
mod billable;
mod quantity;
mod stream;
#[cfg(test)]
mod tests;

use super::Session;
use crate::clock;
use crate::delivery::{Delivery, Portion, Receipt, Tally};
use crate::failure::{Exit, Failure};
use crate::output::{Column, Format, Output, Row, Sheet, print, say};
use crate::progress::Progress;
use anyhow::Context;
use billable::Billable;
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;
use std::io::{BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Instant;
use stream::Input;

/// Results that are kept to be shown; of a longer input only the sums are.
const RESULTS_MAX: usize = 1000;
/// Events read ahead of the ones being sent.
const EVENTS_AHEAD: usize = 1000;

/// `tollgate track`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_long_help = NOTES)]
pub(crate) struct Track {
    /// File of events: one JSON object, an array, or one object a line; `-` reads stdin
    file: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    billable: Option<Billable>,
}

const NOTES: &str = "\
Examples:
  tollgate track event.json
  my-service | tollgate track -                 # one JSON object a line, sent as they come
  tollgate track api-request /users --method GET --status 200 --organization acme
  tollgate track storage --bytes 5GB --hours 24 --organization acme
  tollgate track function sendEmail --duration-ms 120 --memory-mb 256";

impl Track {
    /// Records what was given.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        match (self.billable, self.file) {
            (Some(billable), _) => track_billable(billable, session),
            (None, Some(file)) => Events {
                session,
                output: self.output,
            }
            .run(&file),
            (None, None) if std::io::stdin().is_terminal() => Err(Failure::usage(
                "nothing to track: name a file, a service, or `-` for stdin",
            )
            .with_hint("`tollgate track --help` shows examples")
            .into()),
            (None, None) => Events {
                session,
                output: self.output,
            }
            .run(Path::new("-")),
        }
    }
}

fn track_billable(billable: Billable, session: &Session) -> anyhow::Result<Exit> {
    let (usage, attribution, output) = billable.parts().map_err(Failure::usage)?;
    let json = attribution.event(&usage).map_err(Failure::usage)?;
    let mut portion = Portion::default();
    portion.add(1, Ok(json));
    let (client, progress) = (session.client()?, Progress::of_unknown("recording"));
    let wait = |cause: &str, pause| progress.wait(cause, pause);
    let receipts = Delivery::new(&client, session.config.client.retry_max(), &wait).send(portion.batch);
    progress.finish();
    let mut shown = Results::new(output);
    shown.add(receipts?)?;
    shown.usage = Some(usage.shown);
    shown.finish()
}

/// Events of a file or pipe on their way to the server.
struct Events<'a> {
    session: &'a Session,
    output: Output,
}

impl Events<'_> {
    fn run(&self, path: &Path) -> anyhow::Result<Exit> {
        let inputs = read(path)?;
        let (client, progress) = (self.session.client()?, Progress::of_unknown("reading"));
        let wait = |cause: &str, pause| progress.wait(cause, pause);
        let delivery = Delivery::new(&client, self.session.config.client.retry_max(), &wait);
        let mut results = Results::new(self.output);
        let delivered = self.deliver(&inputs, |portion| {
            results.add(portion.refused)?;
            results.add(delivery.send(portion.batch)?)?;
            progress.reached(0, &format!("{} events", results.tally.events()));
            Ok(())
        });
        progress.finish();
        delivered?;
        results.finish()
    }

    /// Sends what there is when it is enough, and when the first of it has waited long enough.
    fn deliver(
        &self,
        inputs: &Receiver<anyhow::Result<Input>>,
        mut send: impl FnMut(Portion) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let settings = &self.session.config.client;
        let mut portion = Portion::default();
        let mut due: Option<Instant> = None;
        loop {
            let wait = due.map_or(settings.batch_timeout(), clock::left_until);
            let ended = match inputs.recv_timeout(wait) {
                Ok(input) => {
                    let input = input?;
                    portion.add(input.position, input.event);
                    due = due.or_else(|| Some(clock::moment_in(settings.batch_timeout())));
                    if !portion.is_full(settings.batch_events.get()) {
                        continue;
                    }
                    false
                }
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => true,
            };
            send(std::mem::take(&mut portion))?;
            if ended {
                return Ok(());
            }
            due = None;
        }
    }
}

/// Reads on a thread of its own, because a pipe may be silent while a batch is due.
fn read(path: &Path) -> anyhow::Result<Receiver<anyhow::Result<Input>>> {
    let (sender, inputs) = mpsc::sync_channel(EVENTS_AHEAD);
    let from: Box<dyn std::io::Read + Send> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?)
    };
    std::thread::spawn(move || {
        if let Err(error) = stream::read(BufReader::new(from), |input| sender.send(Ok(input)).is_ok()) {
            // Nobody may be listening any more, and then nobody asks.
            let _ = sender.send(Err(error.context("the input cannot be read")));
        }
    });
    Ok(inputs)
}

/// What `-o json` prints: the sums of all answers, and each result as it came.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    sums: serde_json::Value,
    results: Vec<&'a RawValue>,
}

/// What the server answered, kept to be shown at the end or shown as it comes.
struct Results {
    output: Output,
    tally: Tally,
    kept: Vec<Box<RawValue>>,
    usage: Option<String>,
}

impl Results {
    fn new(output: Output) -> Self {
        Self {
            output,
            tally: Tally::default(),
            kept: Vec::new(),
            usage: None,
        }
    }

    fn add(&mut self, receipts: Vec<Receipt>) -> anyhow::Result<()> {
        for receipt in receipts {
            self.tally.add(&receipt)?;
            match receipt.raw {
                Some(raw) if self.output.output == Format::Ndjson => print(&format!("{raw}\n"))?,
                Some(raw) if self.kept.len() < RESULTS_MAX => self.kept.push(raw),
                _ => {}
            }
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<Exit> {
        let exit = self.tally.exit();
        for problem in self.tally.problems("event") {
            say(&problem);
        }
        if self.output.output != Format::Ndjson {
            self.output.print(&self.sheet()?)?;
        }
        Ok(exit)
    }

    /// The sums with the results, or the sums alone when there were too many results to keep.
    fn sheet(mut self) -> anyhow::Result<Sheet> {
        if self.tally.events() > self.kept.len() as u64 {
            return self.tally.sheet();
        }
        let mut columns = vec![
            Column::text("status", "/status"),
            Column::text("id", "/id"),
            Column::text("event", "/event"),
            Column::number("cost", "/cost"),
            Column::text("currency", "/currency"),
        ];
        let mut rows = std::mem::take(&mut self.kept)
            .into_iter()
            .map(Row::parse)
            .collect::<serde_json::Result<Vec<_>>>()
            .context("the server's answer cannot be read")?;
        for row in &mut rows {
            if let Some(reason) = row.value()["reason"].as_str().map(str::to_owned) {
                row.show_as("cost", reason);
            }
        }
        if let (Some(usage), [row]) = (self.usage, rows.as_mut_slice()) {
            row.show_as("usage", usage);
            columns.insert(3, Column::text("usage", "/usage"));
        }
        let answer = Answer {
            sums: self.tally.answer(),
            results: rows.iter().map(Row::raw).collect(),
        };
        let answer = serde_json::to_string(&answer)?;
        Ok(Sheet {
            answer,
            columns,
            rows,
            total: None,
        })
    }
}
