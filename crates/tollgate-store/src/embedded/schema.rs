//! The database file: how connections to it are set up, and which format it has.

use super::OpenError;
use super::tables::{self, Meta};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::Path;
use tollgate_core::id::IdentityKey;

/// The database within the data directory; its log has `-wal` behind it.
pub(crate) const FILE: &str = "tollgate.db";
/// The format that this version writes and reads.
pub(crate) const FORMAT: u32 = 2;
/// "TGst": marks the file as a store of Tollgate for `file(1)` and for us.
const APPLICATION_ID: i32 = 0x5447_7374;
/// Large pages, because nearly all bytes are blobs of many kilobytes.
const PAGE_BYTES: u32 = 8192;
/// The log is copied into the database each time it has grown by this many pages: some 32 MB.
const CHECKPOINT_PAGES: u32 = 4096;
/// Page cache of the writer, which only ever adds at the end. Negative: kibibytes.
const WRITER_CACHE: i32 = -8 * 1024;
const READER_CACHE: i32 = -4 * 1024;
/// How long a connection waits for a lock that another holds for a moment (opening, recovery).
const BUSY_TIMEOUT_MS: u64 = 5_000;
const STATEMENTS_CACHED: usize = 32;

/// Opens the writing connection, creating the database where there is none.
///
/// Until [`accept`] it does not copy the log into the database, so that evidence of damage stays where it is.
pub(crate) fn open_writer(
    directory: &Path,
    identity: impl FnOnce() -> Result<IdentityKey, OpenError>,
) -> Result<Connection, OpenError> {
    let path = directory.join(FILE);
    let connection = Connection::open(path)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_TIMEOUT_MS))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == 0 && tables == 0 {
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    } else if application != APPLICATION_ID {
        return Err(OpenError::Foreign);
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    if application == 0 {
        create(&connection, &identity()?)?;
    }
    match tables::meta::<u32>(&connection, Meta::Format)? {
        Some(FORMAT) => Ok(connection),
        Some(found) => Err(OpenError::Format { found }),
        None => Err(OpenError::Damaged("the store's format is not noted".to_owned())),
    }
}

/// Lets the connection copy the log into the database from now on.
pub(crate) fn accept(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
        .map(drop)
}

/// Opens a connection that cannot write.
pub(crate) fn open_reader(directory: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(directory.join(FILE), flags)?;
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_TIMEOUT_MS))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", READER_CACHE)?;
    Ok(connection)
}

/// Creates the tables, all or nothing: a crash in between leaves an empty database, which is created again.
fn create(connection: &Connection, identity: &IdentityKey) -> Result<(), OpenError> {
    let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    transaction.execute_batch(include_str!("schema.sql"))?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    tables::put_meta(&transaction, Meta::Format, &FORMAT)?;
    tables::put_meta(&transaction, Meta::Identity, &identity.bytes())?;
    transaction.commit()?;
    Ok(())
}
