//! Categories: what can be used.

use super::{JsonBody, created, shown};
use crate::parameter::{Parameters, Target};
use crate::problem::Problem;
use crate::router::App;
use crate::wire::category::CategoryBody;
use crate::wire::list::List;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;
use tollgate_core::category::CategoryParts;
use tollgate_engine::store::{Expected, SettingKind};

/// List categories
///
/// All of them, by name. They are the same for every organization.
#[utoipa::path(get, path = "/v1/categories", tag = "Categories",
    params(("limit" = Option<u16>, Query, description = "Most categories to answer"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the part before")),
    responses((status = 200, description = "Part of the list", body = List<CategoryBody>)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    mut parameters: Parameters,
) -> Result<Json<List<CategoryParts>>, Problem> {
    let page = parameters.page()?;
    parameters.end()?;
    let settings = app.engine.settings();
    let categories = settings
        .catalog
        .iter()
        .map(|category| (category.name(), category.parts().clone()));
    Ok(Json(List::of(categories, &page)))
}

/// Create a category
#[utoipa::path(post, path = "/v1/categories", tag = "Categories", request_body = CategoryBody,
    responses((status = 201, description = "The category", body = CategoryBody)))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    parameters: Parameters,
    body: JsonBody,
) -> Result<Response, Problem> {
    parameters.end()?;
    let parts: CategoryParts = body.parse()?;
    let (category, version) = app.engine.save_category(parts, Expected::Absent).await?;
    Ok(created("categories", category.name(), version, category.parts()))
}

/// Show a category
#[utoipa::path(get, path = "/v1/categories/{id}", tag = "Categories",
    params(("id" = String, Path, description = "Its name")),
    responses((status = 200, description = "The category", body = CategoryBody)))]
pub(crate) async fn show(State(app): State<Arc<App>>, target: Target) -> Result<Response, Problem> {
    let settings = app.engine.settings();
    let category = settings
        .catalog
        .category(&target.id)
        .ok_or_else(|| target.missing("category"))?;
    Ok(shown(
        settings
            .version(SettingKind::Category, &target.id)
            .unwrap_or_default(),
        category.parts(),
    ))
}

/// Replace a category
///
/// Measures that stay keep their kind and unit, since what is recorded keeps its meaning. Give `If-Match` the ETag that was
/// read to change nothing that somebody else changed meanwhile.
#[utoipa::path(put, path = "/v1/categories/{id}", tag = "Categories", request_body = CategoryBody,
    params(("id" = String, Path, description = "Its name"),
           ("if-match" = Option<String>, Header, description = "The ETag that was read")),
    responses((status = 200, description = "The category", body = CategoryBody)))]
pub(crate) async fn replace(
    State(app): State<Arc<App>>,
    target: Target,
    body: JsonBody,
) -> Result<Response, Problem> {
    let parts: CategoryParts = body.parse()?;
    target.check_named("name", Some(&parts.name))?;
    app.engine
        .settings()
        .catalog
        .category(&target.id)
        .ok_or_else(|| target.missing("category"))?;
    let (category, version) = app.engine.save_category(parts, target.expected).await?;
    Ok(shown(version, category.parts()))
}

/// Delete a category
///
/// One that a price belongs to stays. What was recorded under it stays in any case.
#[utoipa::path(delete, path = "/v1/categories/{id}", tag = "Categories",
    params(("id" = String, Path, description = "Its name"),
           ("if-match" = Option<String>, Header, description = "The ETag that was read")),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn remove(State(app): State<Arc<App>>, target: Target) -> Result<StatusCode, Problem> {
    app.engine.delete_category(&target.id, target.expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
