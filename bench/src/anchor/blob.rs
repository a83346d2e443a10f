//! Raw SQLite: the same bytes as blobs, one durable commit each.

use rusqlite::Connection;
use std::path::Path;

/// A table of blobs, set up as durably as the product's: WAL and `synchronous=FULL`.
#[derive(Debug)]
pub(crate) struct Blobs {
    connection: Connection,
}

impl Blobs {
    pub(crate) fn create(folder: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open(folder.join("anchor.sqlite"))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute(
            "create table batch (number integer primary key, body blob not null)",
            (),
        )?;
        Ok(Self { connection })
    }

    /// Commits one blob.
    pub(crate) fn commit(&mut self, body: &[u8]) -> anyhow::Result<()> {
        self.connection
            .prepare_cached("insert into batch (body) values (?1)")?
            .execute([body])?;
        Ok(())
    }
}
