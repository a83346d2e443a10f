//! Pages for people: what this is, the API document as a page, and the problems. All of it is in the binary.

use crate::page::{ASSETS, landing_page, problems_page, reference_page};
use crate::problem::Problem;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use axum::response::{Html, IntoResponse, Response};

/// Say what this is
///
/// A page with the first three things to try.
#[utoipa::path(get, path = "/", tag = "Pages",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
pub(crate) async fn landing(headers: HeaderMap) -> Html<String> {
    Html(landing_page(
        headers.get(HOST).and_then(|host| host.to_str().ok()),
    ))
}

/// Show the API document as a page
#[utoipa::path(get, path = "/docs", tag = "Pages",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
pub(crate) async fn reference() -> Html<String> {
    Html(reference_page())
}

/// Describe every problem code
#[utoipa::path(get, path = "/docs/problems", tag = "Pages",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
pub(crate) async fn problems() -> Html<String> {
    Html(problems_page())
}

/// Serve what a page needs
#[utoipa::path(get, path = "/assets/{name}", tag = "Pages",
    params(("name" = String, Path, description = "File name")),
    responses((status = 200, description = "The file", body = String, content_type = "text/plain")))]
pub(crate) async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .ok_or_else(|| Problem::not_found("file", &name))?;
    Ok((
        [(CONTENT_TYPE, asset.media), (CACHE_CONTROL, "no-cache")],
        asset.text,
    )
        .into_response())
}

/// Read the API document
///
/// OpenAPI 3.1, generated from the code that answers.
#[utoipa::path(get, path = "/openapi.json", tag = "Pages",
    responses((status = 200, description = "The document", body = Object)))]
pub(crate) async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], crate::openapi::document()).into_response()
}
