//! What can go wrong in a use case, sorted by what the caller can do.

use crate::settings::UnreadableSetting;
use crate::store::{SaveError, StoreError};
use tollgate_core::flaw::Flaw;

/// Why a use case was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The input is wrong; every flaw is listed.
    #[error("the request is not valid")]
    Invalid(Vec<Flaw>),
    /// There is no such thing, or it belongs to somebody else.
    #[error("there is no {what} {id}")]
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// It has changed since the caller read it.
    #[error("the {what} {id} has changed since it was read")]
    Stale {
        /// What kind of thing.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// It exists already.
    #[error("the {what} {id} exists already")]
    Exists {
        /// What kind of thing.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// Something depends on it as it is.
    #[error("{0}")]
    InUse(String),
    /// The caller's key may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// A stored setting cannot be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableSetting),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(flaw) => Self::Invalid(vec![flaw]),
            error => Self::Store(error),
        }
    }
}

impl From<SaveError> for EngineError {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Stale { kind, id } => Self::Stale {
                what: kind.as_str(),
                id,
            },
            SaveError::Store(error) => error.into(),
        }
    }
}
