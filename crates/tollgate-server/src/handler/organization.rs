//! Organizations: who pays.

use super::{JsonBody, created, shown};
use crate::auth::Caller;
use crate::parameter::{Parameters, Target};
use crate::problem::Problem;
use crate::router::App;
use crate::wire::list::List;
use crate::wire::organization::{OrganizationBody, OrganizationView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;
use tollgate_core::flaw::{Flaw, FlawCode};
use tollgate_engine::store::{Expected, SettingKind};

/// Fields of an organization that only the server writes.
const READ_ONLY: [&str; 1] = ["created_at"];

/// List organizations
///
/// All of them for a key of the instance, its own for any other. An event of an instance key that names an organization
/// creates it.
#[utoipa::path(get, path = "/v1/organizations", tag = "Organizations",
    params(("limit" = Option<u16>, Query, description = "Most organizations to answer, 1 to 1000; 100 when absent"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the part before")),
    responses((status = 200, description = "Part of the list", body = List<OrganizationView>)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    mut parameters: Parameters,
) -> Result<Json<List<OrganizationView>>, Problem> {
    let page = parameters.page()?;
    parameters.end()?;
    let settings = app.engine.settings();
    let seen = settings
        .organizations
        .values()
        .filter(|organization| caller.sees(&organization.id));
    Ok(Json(List::of(
        seen.map(|organization| (&organization.id, organization.into())),
        &page,
    )))
}

/// Create an organization
#[utoipa::path(post, path = "/v1/organizations", tag = "Organizations", request_body = OrganizationBody,
    responses((status = 201, description = "The organization", body = OrganizationView)))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    parameters: Parameters,
    body: JsonBody,
) -> Result<Response, Problem> {
    parameters.end()?;
    let body: OrganizationBody = body.parse()?;
    let missing = || Problem::invalid(vec![Flaw::at("/id", FlawCode::Missing, "is required")]);
    let id = body.id().ok_or_else(missing)?.to_owned();
    let (organization, version) = app
        .engine
        .save_organization(body.into_draft(id), Expected::Absent)
        .await?;
    Ok(created(
        "organizations",
        &organization.id,
        version,
        OrganizationView::from(&organization),
    ))
}

/// Show an organization
#[utoipa::path(get, path = "/v1/organizations/{id}", tag = "Organizations",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The organization", body = OrganizationView)))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
) -> Result<Response, Problem> {
    let settings = app.engine.settings();
    let organization = settings
        .organizations
        .get(target.id.as_str())
        .filter(|there| caller.sees(&there.id));
    let organization = organization.ok_or_else(|| target.missing("organization"))?;
    let version = settings
        .version(SettingKind::Organization, &target.id)
        .unwrap_or_default();
    Ok(shown(version, OrganizationView::from(organization)))
}

/// Replace an organization
///
/// Its currency stays: its costs are in it.
#[utoipa::path(put, path = "/v1/organizations/{id}", tag = "Organizations", request_body = OrganizationBody,
    params(("id" = String, Path, description = "Its id"),
           ("if-match" = Option<String>, Header, description = "The ETag that was read")),
    responses((status = 200, description = "The organization", body = OrganizationView)))]
pub(crate) async fn replace(
    State(app): State<Arc<App>>,
    target: Target,
    body: JsonBody,
) -> Result<Response, Problem> {
    let body: OrganizationBody = body.parse_replacement(&READ_ONLY)?;
    target.check_named("id", body.id())?;
    let settings = app.engine.settings();
    settings
        .organizations
        .get(target.id.as_str())
        .ok_or_else(|| target.missing("organization"))?;
    let (organization, version) = app
        .engine
        .save_organization(body.into_draft(target.id), target.expected)
        .await?;
    Ok(shown(version, OrganizationView::from(&organization)))
}

/// Delete an organization
///
/// Only one without events, keys and prices of its own: what is recorded stays answerable.
#[utoipa::path(delete, path = "/v1/organizations/{id}", tag = "Organizations",
    params(("id" = String, Path, description = "Its id"),
           ("if-match" = Option<String>, Header, description = "The ETag that was read")),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn remove(State(app): State<Arc<App>>, target: Target) -> Result<StatusCode, Problem> {
    app.engine
        .delete_organization(&target.id, target.expected)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
