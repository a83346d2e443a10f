//! `tollgate events`: look at events, see why one costs what it costs, or void one.

use super::Session;
use super::settings::all;
use super::usage::{Only, Period};
use crate::assignment::{Assignments, pairs};
use crate::client::Path;
use crate::clock;
use crate::failure::Exit;
use crate::output::{Column, Output, Sheet};
use clap::{Args, Subcommand};
use serde_json::json;

/// Events that are listed unless told otherwise.
const LIST_ROWS: usize = 50;

/// What can be done with events.
#[derive(Debug, Subcommand)]
pub(crate) enum Events {
    /// Show events, the last to arrive first
    List(Box<List>),
    /// Show one, with what it was charged
    Get(One),
    /// Record that one should not have been: a correction, history is kept
    Void(Void),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Most events
    #[arg(long, default_value_t = LIST_ROWS, value_name = "EVENTS")]
    limit: usize,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    period: Period,
    /// Events with these dimensions
    #[arg(long, value_name = "KEY=VALUE,…", help_heading = "Only")]
    dimension: Vec<Assignments>,
    #[command(flatten)]
    only: Only,
}

#[derive(Args, Debug)]
pub(crate) struct Void {
    #[command(flatten)]
    one: One,
    /// Why, for people; it is kept with the correction
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct One {
    /// The event's server id, evt_…
    event: String,
    #[command(flatten)]
    output: Output,
}

impl Events {
    /// Does it.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        let client = session.client()?;
        match self {
            Self::List(list) => {
                let sheet = all(&client, &list.path()?, columns(), Some(list.limit))?;
                list.output.print(&sheet)?;
            }
            Self::Get(one) => {
                let answer = client.get(&Path::of(["v1", "events", &one.event]))?;
                one.output.print(&Sheet::of_fields(answer.body)?)?;
            }
            Self::Void(Void { one, reason }) => {
                let body = reason.map_or_else(|| json!({}), |reason| json!({"reason": reason}));
                let answer =
                    client.post(&Path::of(["v1", "events", &one.event, "void"]), body.to_string())?;
                one.output.print(&Sheet::of_fields(answer.body)?)?;
            }
        }
        Ok(Exit::Ok)
    }
}

impl List {
    fn path(&self) -> anyhow::Result<Path> {
        let (from, to) = self.period.bounds(clock::now())?;
        let only = &self.only;
        let path = Path::of(["v1", "events"])
            .with("category", only.category.as_ref())
            .with("organization", only.organization.as_ref())
            .with("team", only.team.as_ref())
            .with("project", only.project.as_ref())
            .with("user", only.user.as_ref())
            .with("from", Some(from))
            .with("to", Some(to));
        Ok(pairs(&self.dimension).fold(path, |path, (key, value)| {
            path.with(&format!("dimension.{key}"), Some(value))
        }))
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::text("timestamp", "/timestamp"),
        Column::text("event", "/event"),
        Column::text("category", "/category"),
        Column::text("organization", "/organization"),
        Column::text("user", "/user"),
        Column::text("measures", "/measures"),
        Column::number("cost", "/cost"),
        Column::text("currency", "/currency"),
    ]
}
