//! The lock: one process at a time works in a data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Held for as long as this lives; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DirectoryLock(File);

/// Why a directory could not be locked.
#[derive(Debug)]
pub(crate) enum Locked {
    /// Another process has it; its number, where that could be read.
    By(Option<u32>),
    /// The lock itself failed.
    Failed(io::Error),
}

const FILE: &str = "lock";

impl DirectoryLock {
    /// Locks a directory and leaves this process's number in it for others to read.
    pub(crate) fn take(directory: &Path) -> Result<Self, Locked> {
        let path = directory.join(FILE);
        let open = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path);
        let mut file = open.map_err(Locked::Failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Locked::By(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(Locked::Failed(error)),
        }
        let mut note = || -> io::Result<()> {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            writeln!(file, "{}", std::process::id())
        };
        note().map_err(Locked::Failed)?;
        Ok(Self(file))
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // The system unlocks when the file closes; doing it here only makes the moment certain.
        let _ = self.0.unlock();
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
