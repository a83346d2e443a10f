//! Verification: do the totals follow from the events.

use crate::parameter::Parameters;
use crate::problem::Problem;
use crate::router::App;
use crate::wire::verification::VerificationBody;
use axum::Json;
use axum::extract::State;
use std::sync::Arc;

/// Verify the record
///
/// Recomputes every total from the raw events and says what differs. Reads everything, so it takes its time.
#[utoipa::path(post, path = "/v1/verify", tag = "Instance",
    responses((status = 200, description = "What was found", body = VerificationBody)))]
pub(crate) async fn verify(
    State(app): State<Arc<App>>,
    parameters: Parameters,
) -> Result<Json<VerificationBody>, Problem> {
    parameters.end()?;
    Ok(Json(app.engine.verify().await?.into()))
}
