//! Opening a store: everything that must be right before the first step.

use super::charges::ChargeCache;
use super::failure::Failure;
use super::lock::{DirectoryLock, Locked};
use super::marker::{Acknowledged, Marker};
use super::queue::Queue;
use super::readers::Readers;
use super::recovery::{Recovered, recover};
use super::sequencer::{Sequencer, Shared};
use super::tables::{self, Meta};
use super::view::SharedView;
use super::{Embedded, Options, schema, wal};
use crate::rollup::cache::PartCache;
use crate::rollup::checkpoint;
use ring::rand::{SecureRandom, SystemRandom};
use rusqlite::Connection;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread::{Builder, JoinHandle};
use tollgate_core::id::IdentityKey;
use tollgate_engine::clock::Clock;

/// Connections for short reads: one that reads, and one more that waits for the disk.
const LOOKUPS: usize = 2;

/// Why a store could not be opened; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be made or written.
    #[error("cannot use the data directory {}", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process works in the directory.
    #[error("the data directory {} is in use by {}; stop it first, or choose another directory", path.display(), process(*.by))]
    InUse {
        /// Which.
        path: PathBuf,
        /// The other process.
        by: Option<u32>,
    },
    /// The store was written by a newer version.
    #[error(
        "the store has format {found}, and this version knows {}; run the version that wrote it, or a newer one",
        schema::FORMAT
    )]
    Format {
        /// The format that was found.
        found: u32,
    },
    /// There is a database, but it is not one of ours.
    #[error(
        "the file {} is a database of something else; choose another data directory",
        schema::FILE
    )]
    Foreign,
    /// The log is damaged in the middle.
    #[error(
        "the write-ahead log {}-wal is damaged at byte {at}, and commits after that would be lost; \
         restore the data directory from a backup",
        schema::FILE
    )]
    Log {
        /// Where.
        at: u64,
    },
    /// Commits that were acknowledged are not there.
    #[error(
        "commit {acknowledged} was acknowledged, but the database ends with {found}: the end of its write-ahead log is \
         damaged or missing; restore the data directory from a backup"
    )]
    Lost {
        /// What was acknowledged.
        acknowledged: u64,
        /// What is there.
        found: u64,
    },
    /// What is stored is not what was written.
    #[error("stored data is damaged: {0}; restore the data directory from a backup")]
    Damaged(String),
    /// The system or SQLite said no.
    #[error("cannot open the store")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn process(by: Option<u32>) -> String {
    by.map_or_else(|| "another process".to_owned(), |by| format!("process {by}"))
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        match tollgate_engine::store::StoreError::from(failure) {
            tollgate_engine::store::StoreError::Damaged(what) => Self::Damaged(what),
            other => Self::Failed(other.into()),
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Failure::from(error).into()
    }
}

impl Embedded {
    /// Opens the store in `directory`, creating it where there is none.
    ///
    /// Reads everything that must be in memory, so it takes a while for a large store; call it where blocking is fine.
    pub fn open(directory: &Path, clock: Arc<dyn Clock>, options: Options) -> Result<Arc<Self>, OpenError> {
        let failed = |source| OpenError::Directory {
            path: directory.to_owned(),
            source,
        };
        std::fs::create_dir_all(directory).map_err(failed)?;
        let lock = DirectoryLock::take(directory).map_err(|locked| match locked {
            Locked::By(by) => OpenError::InUse {
                path: directory.to_owned(),
                by,
            },
            Locked::Failed(source) => failed(source),
        })?;
        let log = directory.join(format!("{}-wal", schema::FILE));
        if let Some(damage) = wal::damage(&log).map_err(failed)? {
            return Err(OpenError::Log { at: damage.at });
        }
        let connection = schema::open_writer(directory, fresh_identity)?;
        let identity = tables::meta::<[u8; 16]>(&connection, Meta::Identity)?.map(IdentityKey::from_bytes);
        let identity =
            identity.ok_or_else(|| OpenError::Damaged("the store's identity is not noted".to_owned()))?;
        let recovered = recover(&connection)?;
        let (marker, acknowledged) = Marker::open(directory).map_err(failed)?;
        let found = Acknowledged {
            batch: recovered.view.directory.last().number,
            settings: tables::meta(&connection, Meta::Settings)?.unwrap_or_default(),
            limits: tables::meta(&connection, Meta::Limits)?.unwrap_or_default(),
        };
        check_marker(acknowledged, found)?;
        schema::accept(&connection)?;
        sync_names(directory).map_err(failed)?;
        let parts = Parts {
            lock,
            connection,
            marker,
            found,
            recovered,
            clock,
            options,
        };
        parts.start(directory, identity)
    }
}

/// The secret of a new store, under which its identities are hashed for its whole life.
fn fresh_identity() -> Result<IdentityKey, OpenError> {
    let mut bytes = [0; 16];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| OpenError::Failed("the system gives no random bytes".into()))?;
    Ok(IdentityKey::from_bytes(bytes))
}

/// Makes the names of new files durable; their bytes are of no use after a power cut if nobody finds them.
fn sync_names(directory: &Path) -> io::Result<()> {
    for directory in directory.canonicalize()?.ancestors().take(2) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// Nothing that was acknowledged may be missing.
fn check_marker(acknowledged: Acknowledged, found: Acknowledged) -> Result<(), OpenError> {
    let missing = [
        (acknowledged.batch, found.batch),
        (acknowledged.settings, found.settings),
        (acknowledged.limits, found.limits),
    ];
    match missing
        .into_iter()
        .find(|(acknowledged, found)| acknowledged > found)
    {
        Some((acknowledged, found)) => Err(OpenError::Lost { acknowledged, found }),
        None => Ok(()),
    }
}

/// What an opened store is started from.
struct Parts {
    lock: DirectoryLock,
    connection: Connection,
    marker: Marker,
    found: Acknowledged,
    recovered: Recovered,
    clock: Arc<dyn Clock>,
    options: Options,
}

impl Parts {
    fn start(self, directory: &Path, identity: IdentityKey) -> Result<Arc<Embedded>, OpenError> {
        let Self {
            lock,
            connection,
            marker,
            found,
            recovered,
            clock,
            options,
        } = self;
        let readers = Readers::open(directory, &options)?;
        let few = Options {
            readers: LOOKUPS,
            ..options.clone()
        };
        let lookups = Readers::open(directory, &few)?;
        let shared = Arc::new(Shared {
            queue: Queue::new(options.queue_events_max, options.queue_bytes_max),
            view: SharedView::new(recovered.view),
            charges: ChargeCache::new(options.charge_cache_bytes),
            parts: PartCache::new(options.rollup_cache_bytes),
            stopped: OnceLock::new(),
        });
        let (frozen, to_seal) = mpsc::channel();
        let (done, sealed) = mpsc::channel();
        let sealing = schema::open_reader(directory)?;
        let nudge = shared.clone();
        let sealer = spawn("tollgate-sealer", move || {
            checkpoint::run(&sealing, &to_seal, &done, || nudge.queue.nudge());
        })?;
        let frozen_at = clock.now();
        let sequencer = Sequencer {
            connection,
            ledger: recovered.ledger,
            marker,
            clock,
            options,
            shared: shared.clone(),
            acknowledged: found,
            grains: recovered.grains,
            checkpoint: recovered.checkpoint,
            moved: recovered.moved,
            frozen,
            sealed,
            is_sealing: false,
            frozen_at,
        };
        let sequencer = spawn("tollgate-sequencer", move || {
            sequencer.run();
            // Held to the end: nobody else may write before the last write of this process.
            drop(lock);
        })?;
        let threads = Mutex::new(vec![sequencer, sealer]);
        Ok(Arc::new(Embedded {
            identity,
            directory: directory.to_owned(),
            shared,
            readers,
            lookups,
            threads,
        }))
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    let thread = Builder::new().name(name.to_owned()).spawn(run);
    thread.map_err(|error| OpenError::Failed(error.into()))
}

/// Bytes of the database and its log.
pub(super) fn disk_bytes(directory: &Path) -> u64 {
    let bytes = |name: String| std::fs::metadata(directory.join(name)).map_or(0, |file| file.len());
    bytes(schema::FILE.to_owned()) + bytes(format!("{}-wal", schema::FILE))
}
