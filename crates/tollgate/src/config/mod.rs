//! Configuration: one documented default, a file, the environment and flags, later ones winning.
//!
//! Invariants: every key stands in `default.toml` with its comment; all problems are reported at once, each with its
//! source; an unknown key is an error that names the nearest one.

pub(crate) mod layer;
#[cfg(test)]
mod tests;

use crate::environment::Environment;
use crate::failure::Failure;
use layer::{Layers, Origin};
use serde::Deserialize;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tollgate_core::money::Money;
use tollgate_core::time::Timestamp;

/// The documented default, as `tollgate config default` prints it.
pub(crate) const DEFAULT: &str = include_str!("../default.toml");

/// The configuration in force.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) store: Store,
    pub(crate) ingest: Ingest,
    pub(crate) limits: Limits,
    pub(crate) client: Client,
    pub(crate) log: Log,
}

/// `[server]`: where the HTTP API listens and what it bounds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) listen: SocketAddr,
    pub(crate) request_body_bytes_max: NonZeroUsize,
    pub(crate) events_per_request_max: NonZeroUsize,
    header_timeout_ms: NonZeroU64,
    pub(crate) connections_max: NonZeroUsize,
}

impl Server {
    /// How long a client may take to send its request headers.
    pub(crate) fn header_timeout(&self) -> Duration {
        Duration::from_millis(self.header_timeout_ms.get())
    }
}

/// `[store]`: where what is recorded lives.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Store {
    pub(crate) data: PathBuf,
}

/// `[ingest]`: which events are accepted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ingest {
    pub(crate) past_from: Timestamp,
    pub(crate) future_max_seconds: u32,
}

/// `[limits]`: what holds where nobody has written a limit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) default_user_budget: DefaultBudget,
}

/// An amount of money that is not negative, or none.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct DefaultBudget(pub(crate) Option<Money>);

impl TryFrom<String> for DefaultBudget {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.parse::<Money>() {
            _ if text.is_empty() => Ok(Self(None)),
            Ok(money) if money >= Money::ZERO => Ok(Self(Some(money))),
            Ok(_) => Err(format!(
                "`{text}` is negative; write an amount such as \"10\", or nothing"
            )),
            Err(error) => Err(format!("`{text}` {error}; or write nothing for no budget")),
        }
    }
}

/// `[client]`: how the command line talks to a server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    pub(crate) batch_events: NonZeroUsize,
    batch_timeout_ms: NonZeroU64,
    request_timeout_ms: NonZeroU64,
    retry_max_seconds: NonZeroU32,
}

impl Client {
    /// How long `track` waits for a batch to fill.
    pub(crate) fn batch_timeout(&self) -> Duration {
        Duration::from_millis(self.batch_timeout_ms.get())
    }

    /// How long one answer may take.
    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms.get())
    }

    /// How long the delivery of one batch is tried.
    pub(crate) fn retry_max(&self) -> Duration {
        Duration::from_secs(u64::from(self.retry_max_seconds.get()))
    }
}

/// `[log]`: what is logged, and how it looks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    pub(crate) level: LogLevel,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    Pretty,
    Json,
}

/// A level or a filter such as `info,tollgate_store=debug`, known to be one.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct LogLevel(String);

impl LogLevel {
    /// The filter as it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LogLevel {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match tracing_subscriber::EnvFilter::builder().parse(&text) {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err(format!(
                "`{text}` is no level; use error, warn, info, debug, trace or target=level"
            )),
        }
    }
}

/// Flags that stand for a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) config: Option<PathBuf>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) listen: Option<SocketAddr>,
}

/// The configuration in force, and the layers it was made of.
#[derive(Debug)]
pub(crate) struct Effective {
    pub(crate) config: Config,
    pub(crate) layers: Layers,
}

impl Effective {
    /// Reads every source and reports all that is wrong with them at once.
    pub(crate) fn load(flags: &Flags, environment: &Environment) -> anyhow::Result<Self> {
        let mut layers = Layers::of_default();
        if let Some((path, text)) = file(flags, environment)? {
            layers.add_file(&path, &text);
        }
        layers.add_environment(environment);
        if let Some(data) = &flags.data {
            layers.add_flag("store.data", data.to_string_lossy().into_owned(), "--data");
        }
        if let Some(listen) = flags.listen {
            layers.add_flag("server.listen", listen.to_string(), "--listen");
        }
        let mut config = parse(&layers, environment)?;
        if let Some(data) = &flags.data {
            // As it was typed: a path need not be Unicode, the layers are.
            config.store.data.clone_from(data);
        }
        Ok(Self { config, layers })
    }
}

/// Every key with its value and where it came from, as a TOML page.
pub(crate) fn page(layers: &Layers) -> String {
    let mut page = String::new();
    let mut section = "";
    for (key, sourced) in layers.values() {
        let (here, name) = key.split_once('.').unwrap_or(("", key));
        if here != section {
            page.push_str(&format!(
                "{}[{here}]\n",
                if section.is_empty() { "" } else { "\n" }
            ));
            section = here;
        }
        let remark = match &sourced.origin {
            Origin::Default => String::new(),
            origin => format!("  # from {origin}"),
        };
        page.push_str(&format!("{name} = {}{remark}\n", sourced.value));
    }
    page
}

/// The file to read: the named one must exist, the conventional one may.
fn file(flags: &Flags, environment: &Environment) -> anyhow::Result<Option<(PathBuf, String)>> {
    let (path, named) = match (&flags.config, environment.config_file()) {
        (Some(path), _) => (path.clone(), true),
        (None, Some(path)) => (path, false),
        (None, None) => return Ok(None),
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => Ok(None),
        Err(error) => Err(Failure::usage(format!(
            "the configuration file {} cannot be read: {error}",
            path.display()
        ))
        .into()),
    }
}

fn parse(layers: &Layers, environment: &Environment) -> anyhow::Result<Config> {
    let mut problems = layers.problems().to_vec();
    // Each value is first tried alone among the defaults, so that every wrong one is found and named with its source.
    for (key, sourced) in layers
        .values()
        .filter(|(_, sourced)| sourced.origin != Origin::Default)
    {
        let mut alone = table(
            Layers::of_default()
                .values()
                .map(|(key, sourced)| (key, &sourced.value)),
        );
        insert(&mut alone, key, sourced.value.clone());
        if let Err(error) = alone.try_into::<Config>() {
            problems.push(format!("{}: {key}: {}", sourced.origin, error.message()));
        }
    }
    if !problems.is_empty() {
        let hint = "`tollgate config default` prints every key with its meaning";
        let failure = Failure::usage("the configuration is wrong")
            .with_details(problems)
            .with_hint(hint);
        return Err(failure.into());
    }
    let mut config: Config = table(layers.values().map(|(key, sourced)| (key, &sourced.value))).try_into()?;
    if config.store.data == Path::new("") {
        config.store.data = environment.data_folder().ok_or_else(|| {
            Failure::usage("no folder for the store: neither XDG_DATA_HOME nor HOME is set")
                .with_hint("set `store.data` in the configuration, or pass --data DIR to `tollgate serve`")
        })?;
    }
    Ok(config)
}

fn table<'a>(values: impl Iterator<Item = (&'a str, &'a toml::Value)>) -> toml::Table {
    let mut table = toml::Table::new();
    for (key, value) in values {
        insert(&mut table, key, value.clone());
    }
    table
}

fn insert(table: &mut toml::Table, key: &str, value: toml::Value) {
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    let inner = table
        .entry(section)
        .or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let Some(inner) = inner.as_table_mut() {
        inner.insert(name.to_owned(), value);
    }
}
