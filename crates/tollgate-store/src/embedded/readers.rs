//! Readers: a few read-only connections on blocking threads.
//!
//! Readers never block the writer and the writer never blocks them; each works on the state of one moment.

use super::failure::Failure;
use super::schema;
use super::sequencer::Shared;
use super::tables;
use super::view::View;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tollgate_engine::store::StoreError;

/// The connections that nobody uses at the moment.
#[derive(Debug)]
pub(crate) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
    count: u32,
}

/// A connection in use; it goes back however its use ends, a panic included, and only then is its place free.
struct Lent {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(self.connection.take());
    }
}

/// The state of one moment: a view and a database that fit together.
pub(crate) struct Snapshot<'c> {
    pub(crate) view: View,
    /// The last batch that the parts on disk include; the view has a layer that begins there.
    pub(crate) through: u64,
    pub(crate) database: Transaction<'c>,
}

/// How often a snapshot is tried; each miss takes a whole checkpoint between two statements.
const SNAPSHOT_TRIES: usize = 1_000;

impl Readers {
    /// Opens this many connections.
    pub(crate) fn open(directory: &Path, count: usize) -> Result<Self, rusqlite::Error> {
        let idle: Vec<Connection> = (0..count.max(1))
            .map(|_| schema::open_reader(directory))
            .collect::<Result<_, _>>()?;
        let permits = Arc::new(Semaphore::new(idle.len()));
        Ok(Self {
            count: idle.len() as u32,
            idle: Arc::new(Mutex::new(idle)),
            permits,
        })
    }

    /// Runs `read` with a connection on a thread that may block, as soon as one is free.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let closed = || StoreError::Stopped("it was closed".to_owned());
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| closed())?;
        let idle = self.idle.clone();
        let work = move || {
            let connection = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let lent = Lent {
                connection: Some(connection.ok_or_else(closed)?),
                idle,
                _permit: permit,
            };
            let connection = lent.connection.as_ref().ok_or_else(closed)?;
            read(connection).map_err(StoreError::from)
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|_| Err(StoreError::Damaged("reading ended unexpectedly".to_owned())))
    }

    /// Closes the connections, when those that are in use are done.
    pub(crate) async fn close(&self) {
        drop(self.permits.acquire_many(self.count).await);
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// The state of this moment: everything acknowledged before the call is in it.
pub(crate) fn snapshot<'c>(connection: &'c Connection, shared: &Shared) -> Result<Snapshot<'c>, Failure> {
    for _ in 0..SNAPSHOT_TRIES {
        let view = shared.view.now();
        let database = Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
        let through = tables::checkpoint(&database)?.through;
        if view.layers_after(through).is_some() {
            return Ok(Snapshot {
                view,
                through,
                database,
            });
        }
    }
    Err(Failure::File(std::io::Error::other(
        "checkpoints come faster than they can be read",
    )))
}
