//! Failures of the layer below, sorted by what the caller can do.

use crate::batch::Damage;
use rusqlite::ErrorCode;
use tollgate_engine::store::StoreError;

/// Why a step on the database failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// SQLite said no.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// What is stored is not what was written.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// A file beside the database could not be written.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// The query cannot be computed from what was read.
    #[error(transparent)]
    Tally(#[from] tollgate_core::query::TallyError),
}

impl Failure {
    /// Whether there is no room on the disk.
    pub(crate) fn is_full(&self) -> bool {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code() == Some(ErrorCode::DiskFull),
            Self::File(error) => error.kind() == std::io::ErrorKind::StorageFull,
            Self::Damage(_) | Self::Tally(_) => false,
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let code = match &failure {
            Failure::Damage(damage) => return Self::Damaged(damage.to_string()),
            Failure::Tally(error) => return error.clone().into(),
            Failure::File(error) if error.kind() == std::io::ErrorKind::StorageFull => return Self::Full,
            Failure::File(error) => return Self::Stopped(error.to_string()),
            Failure::Sqlite(error) => error.sqlite_error_code(),
        };
        match code {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(failure.to_string()),
            _ => Self::Stopped(failure.to_string()),
        }
    }
}
