//! Steps that end although nobody waits for them.

use crate::store::StoreError;
use std::future::Future;

/// Runs a step to its end even if its caller goes away meanwhile: what was saved must come into force, what was committed
/// be counted, and what was pinned let go.
pub(super) async fn to_its_end<T: Send + 'static>(
    step: impl Future<Output = T> + Send + 'static,
) -> Result<T, StoreError> {
    #[allow(
        clippy::disallowed_methods,
        reason = "the step is short and ends by itself; closing waits for those that change or record something"
    )]
    let task = tokio::spawn(step);
    task.await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => StoreError::Stopped("the process is ending".to_owned()),
    })
}
