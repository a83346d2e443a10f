//! Verification: do the totals follow from the events.

use crate::parameter::{Parameters, wrong};
use crate::problem::Problem;
use crate::router::App;
use crate::wire::verification::VerificationBody;
use axum::Json;
use axum::extract::State;
use std::sync::Arc;
use tollgate_core::flaw::FlawCode;

/// Verify the record
///
/// Recomputes every total from the raw events, and every balance of a limit from events and open holds, and says what
/// differs. Reads everything, so it takes its time.
#[utoipa::path(post, path = "/v1/verify", tag = "Instance",
    params(("repair" = Option<bool>, Query, description = "`true` puts balances right that differ")),
    responses((status = 200, description = "What was found", body = VerificationBody)))]
pub(crate) async fn verify(
    State(app): State<Arc<App>>,
    mut parameters: Parameters,
) -> Result<Json<VerificationBody>, Problem> {
    let repairs = match parameters.take("repair")?.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(wrong("repair", FlawCode::NotAllowed, "is true or false")),
    };
    parameters.end()?;
    Ok(Json(app.engine.verify(repairs).await?.into()))
}
