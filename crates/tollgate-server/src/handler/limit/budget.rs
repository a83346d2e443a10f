//! Budgets: ceilings on cost.

use super::{READ_ONLY, Writing, write};
use crate::auth::Caller;
use crate::handler::JsonBody;
use crate::parameter::{Addressed, Parameters, Target};
use crate::problem::Problem;
use crate::router::App;
use crate::wire::limit::{BudgetBody, BudgetView, LimitView, PreviewView};
use crate::wire::list::List;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;
use tollgate_core::limit::{BudgetParts, LimitId};
use tollgate_engine::LimitDraft;
use tollgate_engine::store::SettingKind;

/// List budgets
///
/// By id, with every default spelled out. For a key of an organization, that organization's own.
#[utoipa::path(get, path = "/v1/budgets", tag = "Limits",
    params(("organization" = Option<String>, Query, description = "Only of this organization"),
           ("limit" = Option<u16>, Query, description = "Most budgets to answer, 1 to 1000; 100 when absent"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the part before")),
    responses((status = 200, description = "Part of the list", body = List<BudgetView>)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: Parameters,
) -> Result<Json<List<LimitView>>, Problem> {
    super::list(&app, &caller, SettingKind::Budget, parameters)
}

/// Create a budget
///
/// It holds at once and counts what was spent since the beginning of its period. `warnings` says what is odd about it, such as
/// a selector that no category fits; it holds all the same. With `dry_run` nothing is written: the answer says what it would
/// have done in the last seven days, deciding recorded events of the organization (the last 100,000 to arrive) one after
/// another from an empty balance on.
#[utoipa::path(post, path = "/v1/budgets", tag = "Limits", request_body = BudgetBody,
    params(("dry_run" = Option<bool>, Query, description = "`true` writes nothing and says what it would have done")),
    responses((status = 201, description = "The budget", body = BudgetView),
              (status = 200, description = "What it would have done, for a dry run", body = PreviewView)))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    mut parameters: Parameters,
    body: JsonBody,
) -> Result<Response, Problem> {
    let is_dry = parameters.flag("dry_run")?;
    parameters.end()?;
    let writing = Writing {
        draft: LimitDraft::Budget(body.parse::<BudgetParts>()?),
        replaced: None,
        is_dry,
    };
    write(&app, &caller, writing).await
}

/// Show a budget
#[utoipa::path(get, path = "/v1/budgets/{id}", tag = "Limits",
    params(("id" = String, Path, description = "Its id, `bdg_…`")),
    responses((status = 200, description = "The budget", body = BudgetView)))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
) -> Result<Response, Problem> {
    let id = LimitId::Budget(target.parse("budget")?);
    super::show(&app, &caller, id, &target)
}

/// Replace a budget
///
/// Its name, ceiling, mode, thresholds and rungs change at once, and what was spent stays. What it counts (scope, selector,
/// match, currency, period, zone) cannot be changed: that is a new budget. Lowered below what is spent and held it admits nothing
/// new; open holds stay. With `dry_run` nothing is written, as in a POST.
#[utoipa::path(put, path = "/v1/budgets/{id}", tag = "Limits", request_body = BudgetBody,
    params(("id" = String, Path, description = "Its id, `bdg_…`"),
           ("dry_run" = Option<bool>, Query, description = "`true` writes nothing and says what it would have done"),
           ("if-match" = Option<String>, Header, description = "The ETag that was read")),
    responses((status = 200, description = "The budget, or for a dry run what it would have done", body = BudgetView)))]
pub(crate) async fn replace(
    State(app): State<Arc<App>>,
    caller: Caller,
    Addressed(target): Addressed,
    mut parameters: Parameters,
    body: JsonBody,
) -> Result<Response, Problem> {
    let is_dry = parameters.flag("dry_run")?;
    parameters.end()?;
    let id = LimitId::Budget(target.parse("budget")?);
    let parts: BudgetParts = body.parse_replacement(&READ_ONLY)?;
    let writing = Writing {
        draft: LimitDraft::Budget(parts),
        replaced: Some((id, target.expected)),
        is_dry,
    };
    write(&app, &caller, writing).await
}

/// Delete a budget
///
/// It refuses nothing from then on. What was recorded stays, and so do open holds with their other claims.
#[utoipa::path(delete, path = "/v1/budgets/{id}", tag = "Limits",
    params(("id" = String, Path, description = "Its id, `bdg_…`"),
           ("if-match" = Option<String>, Header, description = "The ETag that was read")),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
) -> Result<StatusCode, Problem> {
    let id = LimitId::Budget(target.parse("budget")?);
    app.engine
        .delete_limit(id, target.expected, &caller.access)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
