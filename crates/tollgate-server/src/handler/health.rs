//! Health: is the process alive, can it work, and what does it do.

use crate::problem::{Code, Problem};
use crate::router::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// The process is alive.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
    /// The version of the server.
    version: &'static str,
}

/// What the server needs to work, and how it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// `ok` or `down`.
    status: &'static str,
    /// Each part by name: `ok` or `down`.
    parts: BTreeMap<&'static str, &'static str>,
    /// What is down and what to do, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

/// Tell whether the process is alive
#[utoipa::path(get, path = "/healthz", tag = "Health",
    responses((status = 200, description = "It is", body = Health)))]
pub(crate) async fn alive() -> Json<Health> {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Tell whether the server can work
///
/// Each part by name; 503 when one is down. Why it is down stands in the server's log, since anybody may ask here.
#[utoipa::path(get, path = "/readyz", tag = "Health",
    responses((status = 200, description = "All parts are up", body = Readiness),
              (status = 503, description = "Some part is down", body = Readiness)))]
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    let up = app.engine.state().stopped.is_none();
    let status = if up { "ok" } else { "down" };
    let detail = (!up).then_some(
        "the store takes no events; the log says why, and a restart recovers what was acknowledged",
    );
    let readiness = Readiness {
        status,
        parts: BTreeMap::from([("store", status)]),
        detail,
    };
    let code = if up {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (code, Json(readiness)).into_response()
}

/// Read the metrics
///
/// OpenMetrics text: requests by route, status and latency, events by what became of them, the store and the process.
#[utoipa::path(get, path = "/metrics", tag = "Health",
    responses((status = 200, description = "The metrics", body = String,
               content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8")))]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let text = app
        .metrics
        .text()
        .map_err(|error| Problem::new(Code::Internal, error))?;
    Ok((
        [(
            CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        text,
    )
        .into_response())
}
