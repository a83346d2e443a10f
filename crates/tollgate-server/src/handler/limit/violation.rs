//! Violations: what limits refused.

use crate::auth::Caller;
use crate::parameter::Parameters;
use crate::problem::Problem;
use crate::router::App;
use crate::wire::limit::violation::ViolationView;
use crate::wire::list::List;
use axum::Json;
use axum::extract::State;
use std::sync::Arc;
use tollgate_core::text::Label;
use tollgate_engine::store::ViolationPage;

/// List violations
///
/// Holds that limits refused, newest first, each with every limit as it stood then. The oldest make room where there are too
/// many.
#[utoipa::path(get, path = "/v1/violations", tag = "Limits",
    params(("organization" = Option<String>, Query, description = "Only of this organization"),
           ("limit" = Option<u16>, Query, description = "Most violations to answer, 1 to 1000; 100 when absent"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the part before")),
    responses((status = 200, description = "Part of the list", body = List<ViolationView>)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    mut parameters: Parameters,
) -> Result<Json<List<ViolationView>>, Problem> {
    let page = parameters.page()?;
    let wanted = ViolationPage {
        organization: parameters.parse::<Label>("organization")?,
        before: page.number()?,
        // One more, to know whether there is more.
        limit: page.limit + 1,
    };
    parameters.end()?;
    let mut violations = app.engine.violations(wanted, &caller.access).await?;
    let has_more = violations.len() > page.limit;
    violations.truncate(page.limit);
    let last = violations.last().filter(|_| has_more);
    let next_cursor = last.map(|(number, _)| number.to_string());
    let data = violations
        .iter()
        .map(|(_, violation)| ViolationView::from(violation));
    Ok(Json(List {
        data: data.collect(),
        next_cursor,
    }))
}
