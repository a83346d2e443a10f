//! The six billable services: from what people measure to the base units that are stored.
//!
//! Stored are bytes, byte-hours, CPU-seconds and milliseconds; GB (10⁹ bytes), GB-hours and CPU-hours are only how they
//! are shown and priced, so nothing is rounded here.

use super::attribution::Attribution;
use super::quantity::{Amount, Bytes};
use crate::output::Output;
use clap::{Args, Subcommand, ValueEnum};
use std::collections::BTreeMap;
use tollgate_core::decimal::Decimal;

/// A use of a billable service.
#[derive(Debug, Subcommand)]
pub(crate) enum Billable {
    /// A request to an API: 1 request
    ApiRequest(Of<ApiRequest>),
    /// Bytes kept for a time: bytes × hours, shown as GB-hours
    Storage(Of<Storage>),
    /// Bytes moved, shown as GB
    Bandwidth(Of<Bandwidth>),
    /// Time on a processor, shown as CPU-hours
    Compute(Of<Compute>),
    /// A database query: 1 query and how long it took
    DatabaseQuery(Of<DatabaseQuery>),
    /// A function call: 1 invocation, how long it took and its memory
    Function(Of<Function>),
}

#[derive(Args, Debug)]
pub(crate) struct ApiRequest {
    /// The endpoint, such as /users
    path: String,
    /// HTTP method
    #[arg(long)]
    method: Option<String>,
    /// Status the request was answered with
    #[arg(long, value_parser = clap::value_parser!(u16).range(100..600))]
    status: Option<u16>,
}

#[derive(Args, Debug)]
pub(crate) struct Storage {
    /// Bytes kept: a number, or one with kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (of 1024)
    #[arg(long, allow_negative_numbers = true)]
    bytes: Bytes,
    /// Hours they were kept
    #[arg(long, allow_negative_numbers = true)]
    hours: Amount,
    /// Storage class
    #[arg(long)]
    class: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Bandwidth {
    /// Bytes moved: a number, or one with kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (of 1024)
    #[arg(long, allow_negative_numbers = true)]
    bytes: Bytes,
    /// Which way
    #[arg(long, value_enum)]
    direction: Direction,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Direction {
    Egress,
    Ingress,
}

#[derive(Args, Debug)]
pub(crate) struct Compute {
    /// Seconds on a processor
    #[arg(long, allow_negative_numbers = true)]
    cpu_seconds: Amount,
    /// Kind of machine, such as t3.medium
    #[arg(long)]
    instance: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct DatabaseQuery {
    /// Kind of query, such as SELECT
    #[arg(value_name = "TYPE")]
    kind: String,
    /// Milliseconds it took
    #[arg(long, allow_negative_numbers = true)]
    duration_ms: Option<Amount>,
}

#[derive(Args, Debug)]
pub(crate) struct Function {
    /// Name of the function
    name: String,
    /// Milliseconds it ran
    #[arg(long, allow_negative_numbers = true)]
    duration_ms: Option<Amount>,
    /// Megabytes of memory it had
    #[arg(long, allow_negative_numbers = true)]
    memory_mb: Option<Amount>,
}

/// What a use comes to: category, measures, dimensions, and how to say it to people.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(super) category: &'static str,
    pub(super) measures: BTreeMap<&'static str, Decimal>,
    pub(super) dimensions: BTreeMap<&'static str, String>,
    pub(super) shown: String,
}

/// A use of a service, who used it, and how to print the answer.
#[derive(Args, Debug)]
pub(crate) struct Of<T: Args> {
    #[command(flatten)]
    used: T,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    attribution: Attribution,
}

/// What can be converted to base units.
pub(super) trait InBaseUnits {
    /// Converts to base units; the error says what is too large or too fine to be stored.
    fn usage(&self) -> Result<Usage, String>;
}

impl Billable {
    /// What was used, by whom, and how to print the answer.
    pub(super) fn parts(self) -> Result<(Usage, Attribution, Output), String> {
        match self {
            Self::ApiRequest(of) => of.parts(),
            Self::Storage(of) => of.parts(),
            Self::Bandwidth(of) => of.parts(),
            Self::Compute(of) => of.parts(),
            Self::DatabaseQuery(of) => of.parts(),
            Self::Function(of) => of.parts(),
        }
    }
}

impl<T: Args + InBaseUnits> Of<T> {
    fn parts(self) -> Result<(Usage, Attribution, Output), String> {
        Ok((self.used.usage()?, self.attribution, self.output))
    }
}

impl InBaseUnits for ApiRequest {
    fn usage(&self) -> Result<Usage, String> {
        Ok(usage("api.request", [], "1 request".to_owned())
            .dimension("endpoint", Some(&self.path))
            .dimension("method", self.method.as_ref())
            .dimension("status", self.status.as_ref()))
    }
}

impl InBaseUnits for Storage {
    fn usage(&self) -> Result<Usage, String> {
        let byte_hours = self.bytes.amount().times(self.hours)?;
        let shown = format!("{} GB-hours", byte_hours.giga());
        Ok(
            usage("storage.gb_hours", [("byte_hours", Some(byte_hours))], shown)
                .dimension("class", self.class.as_ref()),
        )
    }
}

impl InBaseUnits for Bandwidth {
    fn usage(&self) -> Result<Usage, String> {
        let direction = match self.direction {
            Direction::Egress => "egress",
            Direction::Ingress => "ingress",
        };
        let bytes = self.bytes.amount();
        let shown = format!("{} GB {direction}", bytes.giga());
        Ok(usage("bandwidth.transfer", [("bytes", Some(bytes))], shown)
            .dimension("direction", Some(&direction)))
    }
}

impl InBaseUnits for Compute {
    fn usage(&self) -> Result<Usage, String> {
        let shown = format!("{} CPU-hours", self.cpu_seconds.hours_of_seconds());
        Ok(
            usage("compute.cpu", [("cpu_seconds", Some(self.cpu_seconds))], shown)
                .dimension("instance", self.instance.as_ref()),
        )
    }
}

impl InBaseUnits for DatabaseQuery {
    fn usage(&self) -> Result<Usage, String> {
        Ok(usage(
            "database.query",
            [("duration_ms", self.duration_ms)],
            "1 query".to_owned(),
        )
        .dimension("type", Some(&self.kind)))
    }
}

impl InBaseUnits for Function {
    fn usage(&self) -> Result<Usage, String> {
        let measures = [("duration_ms", self.duration_ms), ("memory_mb", self.memory_mb)];
        Ok(usage("functions.invocation", measures, "1 invocation".to_owned())
            .dimension("function", Some(&self.name)))
    }
}

fn usage<const N: usize>(
    category: &'static str,
    measures: [(&'static str, Option<Amount>); N],
    shown: String,
) -> Usage {
    let measures = measures
        .into_iter()
        .filter_map(|(name, amount)| Some((name, amount?.decimal())))
        .collect();
    Usage {
        category,
        measures,
        dimensions: BTreeMap::new(),
        shown,
    }
}

impl Usage {
    fn dimension(mut self, name: &'static str, value: Option<&impl ToString>) -> Self {
        self.dimensions
            .extend(value.map(|value| (name, value.to_string())));
        self
    }
}
