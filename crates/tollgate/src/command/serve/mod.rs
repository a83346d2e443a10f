//! `tollgate serve`: puts the parts together and runs them until it is told to stop.
//!
//! Order of opening: folder, store, engine, keys, address; so what stands in the way is said before anything answers, and
//! everything is closed in the reverse order. Not here: what any of the parts does.

mod sample;
mod secret;

use super::Session;
use crate::config::{Config, Flags, LogFormat};
use crate::failure::{Exit, Failure};
use crate::locate::{Note, key_file, reachable};
use crate::logging;
use crate::output::say;
use anyhow::Context;
use clap::Args;
use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tollgate_core::event::Acceptance;
use tollgate_engine::Engine;
use tollgate_engine::clock::SystemClock;
use tollgate_server::{Bound, Server};
use tollgate_store::{Embedded, OpenError};

const OWNER_ALONE: u32 = 0o700;

/// `tollgate serve`.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Folder of the store [default: $XDG_DATA_HOME/tollgate]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:8787]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Fill an empty store with 90 days of sample data, while it already answers
    #[arg(long)]
    demo: bool,
}

impl Serve {
    /// Adds the flags that stand for keys of the configuration.
    pub(super) fn add_flags(&self, flags: &mut Flags) {
        flags.data.clone_from(&self.data);
        flags.listen = self.listen;
    }

    /// Serves until it is told to stop.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        logging::start(&session.config.log)?;
        let data = folder(&session.config.store.data)?;
        let store = open_store(&data)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.serve(session, data, store))?;
        Ok(Exit::Ok)
    }

    async fn serve(&self, session: &Session, data: PathBuf, store: Arc<Embedded>) -> anyhow::Result<()> {
        let config = &session.config;
        let engine = Engine::open(store, Arc::new(SystemClock), engine_options(config));
        let engine = Arc::new(engine.await.context("the engine does not open")?);
        let secrets = secret::server_secret(&data, &engine)?;
        secret::administrator(&data, &engine, &secrets).await?;
        let bound = bind(config, engine.clone(), secrets)?;
        let note = Note {
            url: format!("http://{}", reachable(bound.local_addr()?)),
            data,
            pid: std::process::id(),
        };
        if let Err(error) = note.write(&session.environment) {
            tracing::warn!("the command line will not find this server by itself: {error:#}");
        }
        announce(&note, config.log.format);
        let serving = bound.serve(told_to_stop()?);
        if self.demo {
            sample::fill_while(&engine, config.log.format, serving).await;
        } else {
            serving.await;
        }
        note.remove(&session.environment);
        engine.close().await.context("the store did not close")?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Creates the data folder, for its owner alone, and answers its absolute path.
fn folder(data: &Path) -> anyhow::Result<PathBuf> {
    let context = || format!("the data folder {} cannot be used", data.display());
    DirBuilder::new()
        .recursive(true)
        .mode(OWNER_ALONE)
        .create(data)
        .with_context(context)?;
    data.canonicalize().with_context(context)
}

fn open_store(data: &Path) -> anyhow::Result<Arc<Embedded>> {
    Embedded::open(data, Arc::new(SystemClock), tollgate_store::Options::default()).map_err(|error| {
        match error {
            OpenError::InUse { .. } => Failure::new(Exit::Failure, error.to_string())
                .with_hint(
                    "a second server needs a folder and an address of its own: --data DIR --listen ADDR",
                )
                .into(),
            error => error.into(),
        }
    })
}

fn engine_options(config: &Config) -> tollgate_engine::Options {
    tollgate_engine::Options {
        acceptance: Acceptance {
            from: config.ingest.past_from,
            ahead_seconds: i64::from(config.ingest.future_max_seconds),
        },
        default_user_budget: config.limits.default_user_budget.0,
        ..tollgate_engine::Options::default()
    }
}

fn bind(config: &Config, engine: Arc<Engine>, secrets: tollgate_server::Secrets) -> anyhow::Result<Bound> {
    let listen = config.server.listen;
    Server::bind(options(config), engine, secrets).map_err(|error| {
        let message = match error.kind() {
            ErrorKind::AddrInUse => format!("{listen} is taken by another process"),
            ErrorKind::PermissionDenied => format!("this user may not listen on {listen}"),
            _ => format!("cannot listen on {listen}: {error}"),
        };
        let hint = "choose another address with --listen; port 0 takes any free port";
        Failure::new(Exit::Failure, message).with_hint(hint).into()
    })
}

fn options(config: &Config) -> tollgate_server::Options {
    let mut options = tollgate_server::Options {
        listen: config.server.listen,
        connections_max: config.server.connections_max.get(),
        head_timeout: config.server.header_timeout(),
        events_max: config.server.events_per_request_max.get(),
        ..tollgate_server::Options::default()
    };
    options.body.bytes_max = config.server.request_body_bytes_max.get();
    // One body of the largest size must always find room.
    options.body.memory_bytes_max = options.body.memory_bytes_max.max(options.body.bytes_max);
    options
}

/// Says where the server and its key are: in words, or as a log line where logs are for machines.
fn announce(note: &Note, format: LogFormat) {
    let (version, data, key) = (
        env!("CARGO_PKG_VERSION"),
        note.data.display(),
        key_file(&note.data),
    );
    if format == LogFormat::Json {
        tracing::info!(version, url = note.url, data = %data, key = %key.display(), "listening");
        return;
    }
    say(&format!("tollgate {version} listening on {}", note.url));
    say(&format!("  data  {data}"));
    say(&format!("  key   {} (the administrator's)", key.display()));
    say("  try   tollgate track api-request /hello --method GET --status 200 --organization acme");
}

/// Done when the process is told to stop, by the system or by a person.
fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        let by = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!("stopping on {by}: taking no more, finishing what was begun");
    })
}
