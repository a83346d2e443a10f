//! Readers: a few read-only connections on blocking threads.
//!
//! Readers never block the writer and the writer never blocks them; each works on the state of one moment. Questions that may
//! take long wait for a reader in a bounded number; what the store itself reads to answer a recording always waits its turn.

use super::failure::Failure;
use super::options::Options;
use super::schema;
use super::sequencer::Shared;
use super::tables;
use super::view::View;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tollgate_engine::store::StoreError;

/// The connections that nobody uses at the moment.
#[derive(Debug)]
pub(crate) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
    /// A place for each question that may wait.
    waiting: Semaphore,
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
    /// Opens the connections.
    pub(crate) fn open(directory: &Path, options: &Options) -> Result<Self, rusqlite::Error> {
        let idle: Vec<Connection> = (0..options.readers.max(1))
            .map(|_| schema::open_reader(directory))
            .collect::<Result<_, _>>()?;
        let permits = Arc::new(Semaphore::new(idle.len()));
        Ok(Self {
            count: idle.len() as u32,
            idle: Arc::new(Mutex::new(idle)),
            permits,
            waiting: Semaphore::new(options.questions_waiting_max.min(Semaphore::MAX_PERMITS)),
        })
    }

    /// Runs `read` like [`Readers::read`]; when all readers are in use and too many questions wait for one, it is refused as busy.
    pub(crate) async fn answer<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = match self.permits.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(TryAcquireError::Closed) => return Err(closed()),
            Err(TryAcquireError::NoPermits) => {
                // Given back when the question is answered, or when nobody waits for its answer any more.
                let _place = self
                    .waiting
                    .try_acquire()
                    .map_err(|_| StoreError::Busy("too many questions wait to be answered"))?;
                self.permit().await?
            }
        };
        self.run(permit, read).await
    }

    /// Runs `read` with a connection on a thread that may block, as soon as one is free.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.permit().await?;
        self.run(permit, read).await
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        self.permits.clone().acquire_owned().await.map_err(|_| closed())
    }

    async fn run<T: Send + 'static>(
        &self,
        permit: OwnedSemaphorePermit,
        read: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
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

fn closed() -> StoreError {
    StoreError::Stopped("it was closed".to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    fn is_pending<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
        future.poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    #[tokio::test]
    async fn questions_beyond_those_that_may_wait_are_refused_and_one_given_up_makes_room() {
        let directory = tempfile::tempdir().unwrap();
        Connection::open(directory.path().join(schema::FILE)).unwrap();
        let options = Options {
            readers: 1,
            questions_waiting_max: 1,
            ..Options::default()
        };
        let readers = Readers::open(directory.path(), &options).unwrap();
        let (done, until_done) = std::sync::mpsc::channel::<()>();
        let mut slow = pin!(readers.answer(move |_| Ok(until_done.recv().is_err())));
        assert!(is_pending(slow.as_mut()));
        {
            let mut waiting = pin!(readers.answer(|_| Ok(2)));
            assert!(is_pending(waiting.as_mut()));
            let refused = readers.answer(|_| Ok(3)).await;
            assert!(matches!(refused, Err(StoreError::Busy(_))), "{refused:?}");
            // What the store reads for itself is not refused.
            let mut own = pin!(readers.read(|_| Ok(4)));
            assert!(is_pending(own.as_mut()));
        }
        let mut next = pin!(readers.answer(|_| Ok(5)));
        assert!(is_pending(next.as_mut()));
        drop(done);
        assert!(slow.await.unwrap());
        assert_eq!(next.await.unwrap(), 5);
        readers.close().await;
        assert!(matches!(
            readers.answer(|_| Ok(6)).await,
            Err(StoreError::Stopped(_))
        ));
    }
}
