//! What a failure of the engine is to a caller: the one place that sorts engine errors into problems.

use crate::problem::{Code, Problem};
use tollgate_engine::EngineError;
use tollgate_engine::store::StoreError;

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let code = match &error {
            EngineError::Invalid(flaws) => return Self::invalid(flaws.clone()),
            EngineError::Store(error) => return error.into(),
            EngineError::NotFound { .. } => Code::NotFound,
            EngineError::Stale { .. } => Code::Stale,
            EngineError::Exists { .. } => Code::AlreadyExists,
            EngineError::InUse(_) => Code::InUse,
            EngineError::Forbidden(_) => Code::Forbidden,
            EngineError::Unreadable(_) => Code::DataDamaged,
        };
        Self::new(code, error)
    }
}

impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        let code = match error {
            StoreError::Busy(_) => Code::Overloaded,
            StoreError::Full => Code::DiskFull,
            StoreError::Stopped(_) => Code::StoreStopped,
            StoreError::Damaged(_) => Code::DataDamaged,
            StoreError::Refused(flaw) => return Self::refused(flaw.clone()),
        };
        // Whoever runs the server must hear of these; the caller hears of them in the answer.
        if matches!(code, Code::StoreStopped | Code::DataDamaged | Code::DiskFull) {
            tracing::error!(%error, "the store failed");
        }
        Self::new(code, error)
    }
}
