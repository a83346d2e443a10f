//! The marker: how far commits were acknowledged, beside the database.
//!
//! Written after each commit and before its acknowledgement, without a sync: it survives the end of the process, and a
//! power cut can only make it older than the truth. So a database that ends before the marker has lost commits that were
//! acknowledged, whatever SQLite made of its log; one that ends behind it has not.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// What was acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Acknowledged {
    /// The last batch.
    pub(crate) batch: u64,
    /// How often settings were saved.
    pub(crate) settings: u64,
    /// How often holds and what limits had to say were saved.
    pub(crate) limits: u64,
}

/// The file that keeps it.
#[derive(Debug)]
pub(crate) struct Marker(File);

const FILE: &str = "acknowledged";
const BYTES: usize = 28;

impl Marker {
    /// Opens the marker of a data directory and says what it says; nothing when there is none or it is torn.
    pub(crate) fn open(directory: &Path) -> io::Result<(Self, Acknowledged)> {
        let path = directory.join(FILE);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let mut bytes = [0; BYTES];
        let read = file.read_exact_at(&mut bytes, 0);
        let acknowledged = read.ok().and_then(|()| decode(&bytes)).unwrap_or_default();
        Ok((Self(file), acknowledged))
    }

    /// Notes what is about to be acknowledged.
    pub(crate) fn write(&self, acknowledged: Acknowledged) -> io::Result<()> {
        self.0.write_all_at(&encode(acknowledged), 0)
    }
}

fn encode(acknowledged: Acknowledged) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    bytes[..8].copy_from_slice(&acknowledged.batch.to_le_bytes());
    bytes[8..16].copy_from_slice(&acknowledged.settings.to_le_bytes());
    bytes[16..24].copy_from_slice(&acknowledged.limits.to_le_bytes());
    let crc = crc32fast::hash(&bytes[..24]);
    bytes[24..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8; BYTES]) -> Option<Acknowledged> {
    let number = |at: usize| {
        bytes
            .get(at..at + 8)?
            .first_chunk()
            .map(|word| u64::from_le_bytes(*word))
    };
    let acknowledged = Acknowledged {
        batch: number(0)?,
        settings: number(8)?,
        limits: number(16)?,
    };
    (encode(acknowledged) == *bytes).then_some(acknowledged)
}
