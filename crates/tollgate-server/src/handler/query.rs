//! The usage query.

use super::JsonBody;
use crate::auth::Caller;
use crate::parameter::Parameters;
use crate::problem::Problem;
use crate::router::App;
use crate::wire::query::{QueryAnswer, QueryBody};
use axum::Json;
use axum::extract::State;
use std::sync::Arc;
use tollgate_core::query::QueryParts;

/// Ask about usage
///
/// Any measure, split by any fields and periods, filtered by any field, within what the key may see. Numbers are exact; what
/// cannot be answered exactly is refused. `unpriced` is the number of events whose cost nobody knows, which no sum includes.
#[utoipa::path(post, path = "/v1/query", tag = "Query", request_body = QueryBody,
    params(("explain" = Option<bool>, Query, description = "`true` says whether rollups or events answer, and why")),
    responses((status = 200, description = "The answer", body = QueryAnswer)))]
pub(crate) async fn ask(
    State(app): State<Arc<App>>,
    caller: Caller,
    mut parameters: Parameters,
    body: JsonBody,
) -> Result<Json<QueryAnswer>, Problem> {
    let explain = parameters.flag("explain")?;
    parameters.end()?;
    let parts: QueryParts = body.parse()?;
    let (query, answer) = app.engine.query(&parts, &caller.access).await?;
    Ok(Json(QueryAnswer::new(&query, answer, explain)))
}
