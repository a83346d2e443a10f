//! Every route, with the right it needs: one table, which authorization, metrics, the API document and their tests read.

use crate::auth::authorize;
use crate::handler::limit::{budget, quota, violation};
use crate::handler::{category, event, health, hold, key, organization, page, price, query, verification};
use crate::router::App;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{self, MethodRouter};
use std::sync::Arc;
use tollgate_engine::settings::Right;

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing, not even a key.
    Nothing,
    /// A key with this right.
    Right(Right),
    /// A key with this right that belongs to no organization.
    Instance(Right),
}

impl Need {
    /// The right, if it asks for one.
    pub(crate) fn right(self) -> Option<Right> {
        match self {
            Self::Nothing => None,
            Self::Right(right) | Self::Instance(right) => Some(right),
        }
    }

    /// Whether a key of an organization is not enough.
    pub(crate) fn is_instance(self) -> bool {
        matches!(self, Self::Instance(_))
    }
}

/// The path of a route with its parameters unfilled, the bounded label of its metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Template(pub(crate) &'static str);

/// One method of one path.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) need: Need,
    handler: MethodRouter<Arc<App>>,
}

impl Route {
    fn new(method: &'static str, path: &'static str, need: Need, handler: MethodRouter<Arc<App>>) -> Self {
        Self {
            method,
            path,
            need,
            handler,
        }
    }
}

const INGEST: Need = Need::Right(Right::Ingest);
const READ: Need = Need::Right(Right::Read);
const MANAGE: Need = Need::Right(Right::Manage);
const ADMINISTER: Need = Need::Right(Right::Administer);
const INSTANCE_READ: Need = Need::Instance(Right::Read);
const INSTANCE_MANAGE: Need = Need::Instance(Right::Manage);
const INSTANCE_ADMINISTER: Need = Need::Instance(Right::Administer);

/// The table.
// tidy: table of data, an entry for each method of each path
pub(crate) fn routes() -> Vec<Route> {
    use routing::{delete, get, post, put};
    vec![
        Route::new("GET", "/", Need::Nothing, get(page::landing)),
        Route::new("GET", "/docs", Need::Nothing, get(page::reference)),
        Route::new("GET", "/docs/problems", Need::Nothing, get(page::problems)),
        Route::new("GET", "/assets/{name}", Need::Nothing, get(page::asset)),
        Route::new("GET", "/openapi.json", Need::Nothing, get(page::openapi)),
        Route::new("GET", "/healthz", Need::Nothing, get(health::alive)),
        Route::new("GET", "/readyz", Need::Nothing, get(health::ready)),
        Route::new("GET", "/metrics", INSTANCE_READ, get(health::metrics)),
        Route::new("POST", "/v1/events", INGEST, post(event::record)),
        Route::new("GET", "/v1/events", READ, get(event::list)),
        Route::new("GET", "/v1/events/{event}", READ, get(event::show)),
        Route::new("POST", "/v1/events/{event}/void", INGEST, post(event::void)),
        Route::new("POST", "/v1/check", INGEST, post(hold::check)),
        Route::new("POST", "/v1/holds", INGEST, post(hold::place)),
        Route::new("GET", "/v1/holds/{id}", INGEST, get(hold::show)),
        Route::new("POST", "/v1/holds/{id}/settle", INGEST, post(hold::settle)),
        Route::new("POST", "/v1/holds/{id}/release", INGEST, post(hold::release)),
        Route::new("POST", "/v1/holds/{id}/extend", INGEST, post(hold::extend)),
        Route::new("POST", "/v1/query", READ, post(query::ask)),
        Route::new(
            "POST",
            "/v1/verify",
            INSTANCE_ADMINISTER,
            post(verification::verify),
        ),
        Route::new("GET", "/v1/categories", READ, get(category::list)),
        Route::new("POST", "/v1/categories", INSTANCE_MANAGE, post(category::create)),
        Route::new("GET", "/v1/categories/{id}", READ, get(category::show)),
        Route::new(
            "PUT",
            "/v1/categories/{id}",
            INSTANCE_MANAGE,
            put(category::replace),
        ),
        Route::new(
            "DELETE",
            "/v1/categories/{id}",
            INSTANCE_MANAGE,
            delete(category::remove),
        ),
        Route::new("GET", "/v1/prices", READ, get(price::list)),
        Route::new("POST", "/v1/prices", MANAGE, post(price::create)),
        Route::new("GET", "/v1/prices/{id}", READ, get(price::show)),
        Route::new("PUT", "/v1/prices/{id}", MANAGE, put(price::replace)),
        Route::new("DELETE", "/v1/prices/{id}", MANAGE, delete(price::remove)),
        Route::new("GET", "/v1/quotas", READ, get(quota::list)),
        Route::new("POST", "/v1/quotas", MANAGE, post(quota::create)),
        Route::new("GET", "/v1/quotas/{id}", READ, get(quota::show)),
        Route::new("PUT", "/v1/quotas/{id}", MANAGE, put(quota::replace)),
        Route::new("DELETE", "/v1/quotas/{id}", MANAGE, delete(quota::remove)),
        Route::new("GET", "/v1/budgets", READ, get(budget::list)),
        Route::new("POST", "/v1/budgets", MANAGE, post(budget::create)),
        Route::new("GET", "/v1/budgets/{id}", READ, get(budget::show)),
        Route::new("PUT", "/v1/budgets/{id}", MANAGE, put(budget::replace)),
        Route::new("DELETE", "/v1/budgets/{id}", MANAGE, delete(budget::remove)),
        Route::new("GET", "/v1/violations", READ, get(violation::list)),
        Route::new("GET", "/v1/organizations", READ, get(organization::list)),
        Route::new(
            "POST",
            "/v1/organizations",
            INSTANCE_ADMINISTER,
            post(organization::create),
        ),
        Route::new("GET", "/v1/organizations/{id}", READ, get(organization::show)),
        Route::new(
            "PUT",
            "/v1/organizations/{id}",
            INSTANCE_ADMINISTER,
            put(organization::replace),
        ),
        Route::new(
            "DELETE",
            "/v1/organizations/{id}",
            INSTANCE_ADMINISTER,
            delete(organization::remove),
        ),
        Route::new("GET", "/v1/keys", ADMINISTER, get(key::list)),
        Route::new("POST", "/v1/keys", ADMINISTER, post(key::create)),
        Route::new("GET", "/v1/keys/{id}", ADMINISTER, get(key::show)),
        Route::new("PUT", "/v1/keys/{id}", ADMINISTER, put(key::replace)),
        Route::new("DELETE", "/v1/keys/{id}", ADMINISTER, delete(key::remove)),
    ]
}

/// The router of the table, with authorization in front of every handler.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let routed = routes().into_iter().fold(Router::new(), |router, route| {
        let Route {
            path, need, handler, ..
        } = route;
        let guard = app.clone();
        let guarded = handler.layer(middleware::from_fn(move |request, next| {
            guarded(guard.clone(), path, need, request, next)
        }));
        router.route(path, guarded)
    });
    routed.with_state(app.clone())
}

async fn guarded(
    app: Arc<App>,
    path: &'static str,
    need: Need,
    mut request: Request,
    next: Next,
) -> Response {
    let mut response = match need
        .right()
        .map(|right| authorize(&app, request.headers(), right, need))
    {
        None => next.run(request).await,
        Some(Ok(caller)) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Some(Err(problem)) => problem.into_response(),
    };
    response.extensions_mut().insert(Template(path));
    response
}
