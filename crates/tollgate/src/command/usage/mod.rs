//! `tollgate usage`, `cost` and `top`: questions about what was used, as tables.
//!
//! All three make one request to `POST /v1/query`; the last two only fill in what was not said.

mod filter;
mod period;
mod request;
mod rows;

use super::Session;
use crate::client::{Client, Path};
use crate::failure::Exit;
use crate::output::{Output, say};
use clap::{Args, ValueEnum};
use filter::Filter;
pub(super) use period::Period;
use request::Request;
use serde::Serialize;

/// `tollgate usage`.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = NOTES)]
pub(crate) struct Usage {
    /// Measures to add up: cost, requests, or any of the categories' [default: cost,requests]
    #[arg(short, long = "measure", value_name = "MEASURE,…", value_delimiter = ',')]
    measures: Vec<String>,
    /// How to fold them [default: sum]
    #[arg(long, value_enum, value_name = "FUNCTION")]
    aggregate: Option<Aggregate>,
    /// Field whose distinct values are counted, for `--aggregate count-distinct`
    #[arg(long, value_name = "FIELD", requires = "aggregate")]
    field: Option<String>,
    /// One row for each value of these fields: category, organization, team, project, user or a dimension
    #[arg(short, long, value_name = "FIELD,…", value_delimiter = ',')]
    group_by: Vec<String>,
    /// One row for each stretch of time
    #[arg(short, long, value_enum, value_name = "LENGTH")]
    bucket: Option<Bucket>,
    /// Order of the rows: a measure or field, `-` in front for descending
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    order_by: Option<String>,
    /// Most rows
    #[arg(long, value_name = "ROWS")]
    limit: Option<u32>,
    /// Compare with the period before
    #[arg(long)]
    compare: bool,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    period: Period,
    /// Events with this: field=value, field!=value, field=one,two, field~ai.* or field? (it is there at all)
    #[arg(short, long = "filter", value_name = "CONDITION", help_heading = "Only")]
    filters: Vec<Filter>,
    #[command(flatten)]
    only: Only,
}

/// Which events count.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Only")]
pub(crate) struct Only {
    /// Events of this category; `ai.*` means all below
    #[arg(long)]
    pub(crate) category: Option<String>,
    /// Events of this organization
    #[arg(long)]
    pub(crate) organization: Option<String>,
    /// Events of this team
    #[arg(long)]
    pub(crate) team: Option<String>,
    /// Events of this project
    #[arg(long)]
    pub(crate) project: Option<String>,
    /// Events of this user
    #[arg(long)]
    pub(crate) user: Option<String>,
}

/// How the values of a measure become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Aggregate {
    Sum,
    Count,
    Avg,
    Min,
    Max,
    P50,
    P95,
    P99,
    #[value(name = "count-distinct", alias = "count_distinct")]
    CountDistinct,
}

/// Length of a stretch of time, in the time zone of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Bucket {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
    None,
}

const NOTES: &str = "\
Without --from or --last the last 30 days are asked for. `--last 7d` is today and the six days before, \
in whole days of the time zone; `--last 24h` is this hour and the 23 before.

Examples:
  tollgate usage --group-by model --filter provider=openai --last 7d
  tollgate usage --measure input_tokens,output_tokens --bucket day --timezone Europe/Berlin
  tollgate cost --group-by team --from 2026-01-01 --to 2026-02-01 -o csv
  tollgate top model --limit 5";

/// `tollgate cost`.
#[derive(Args, Debug)]
pub(crate) struct Cost {
    #[command(flatten)]
    usage: Usage,
}

/// `tollgate top`.
#[derive(Args, Debug)]
pub(crate) struct Top {
    /// What to rank: user, team, project, organization, category or a dimension such as model
    #[arg(default_value = "user")]
    by: String,
    #[command(flatten)]
    usage: Usage,
}

/// Rows that `top` shows unless told otherwise.
const TOP_ROWS: u32 = 10;

impl Usage {
    /// Asks and shows.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        let output = self.output;
        let request = Request::of(self)?;
        ask(&session.client()?, &request, output)
    }
}

impl Cost {
    /// Asks by category, dearest first, unless told otherwise.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        let mut usage = self.usage;
        if usage.group_by.is_empty() && usage.bucket.is_none() {
            usage.group_by = vec!["category".to_owned()];
        }
        usage.dearest_first();
        usage.run(session)
    }
}

impl Top {
    /// Asks for the dearest few.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        let mut usage = self.usage;
        usage.group_by.insert(0, self.by);
        usage.limit = usage.limit.or(Some(TOP_ROWS));
        usage.dearest_first();
        usage.run(session)
    }
}

impl Usage {
    fn dearest_first(&mut self) {
        if self.order_by.is_none() && self.bucket.is_none() {
            let first = self.measures.first().map_or("cost", String::as_str);
            self.order_by = Some(format!("-{first}"));
        }
    }
}

fn ask(client: &Client, request: &Request, output: Output) -> anyhow::Result<Exit> {
    let answer = client.post(&Path::of(["v1", "query"]), serde_json::to_string(request)?)?;
    let (sheet, notes) = rows::sheet(answer.body, request)?;
    output.print(&sheet)?;
    for note in notes {
        say(&note);
    }
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests;
