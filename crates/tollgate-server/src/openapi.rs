//! The API document (OpenAPI 3.1), generated from handlers and wire types; what holds for every operation is put in from the
//! table of routes.

use crate::handler::limit::{budget, quota, violation};
use crate::handler::{category, event, health, hold, key, organization, page, price, query, verification};
use crate::problem::Code;
use crate::route::{Need, Route, routes};
use crate::wire;
use std::sync::OnceLock;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

const SCHEME: &str = "key";
const PROBLEM_TYPE: &str = "application/problem+json";
/// What is posted there is in conflict with nothing, or says so in a success.
const WITHOUT_CONFLICT: [&str; 6] = [
    "/v1/events",
    "/v1/check",
    "/v1/holds/{id}/settle",
    "/v1/holds/{id}/release",
    "/v1/query",
    "/v1/verify",
];

/// The document as JSON, made once.
pub(crate) fn document() -> &'static str {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::to_string(&Api::openapi()).unwrap_or_default())
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tollgate",
        description = "Meters usage, prices it exactly, answers any question about it. Decimals are strings, times are RFC 3339 in UTC, \
                       intervals are half-open, unknown fields are refused with a pointer to them. Every failure is a problem \
                       (RFC 9457) with a code; `/docs/problems` describes them.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "Events", description = "Statements that something was used: sent, shown, taken back."),
        (name = "Holds", description = "May this go ahead? Taken before the use, settled after it."),
        (name = "Query", description = "Any question about recorded usage."),
        (name = "Categories", description = "What can be used."),
        (name = "Prices", description = "What usage costs."),
        (name = "Limits", description = "Ceilings on what is used and spent, and what they refused."),
        (name = "Organizations", description = "Who pays."),
        (name = "Keys", description = "Who may call."),
        (name = "Instance", description = "The whole server."),
        (name = "Health", description = "Whether it is alive, and what it does."),
        (name = "Pages", description = "For people.")
    ),
    paths(
        event::record, event::list, event::show, event::void,
        hold::check, hold::place, hold::show, hold::settle, hold::release, hold::extend,
        query::ask, verification::verify,
        category::list, category::create, category::show, category::replace, category::remove,
        price::list, price::create, price::show, price::replace, price::remove,
        quota::list, quota::create, quota::show, quota::replace, quota::remove,
        budget::list, budget::create, budget::show, budget::replace, budget::remove, violation::list,
        organization::list, organization::create, organization::show, organization::replace, organization::remove,
        key::list, key::create, key::show, key::replace, key::remove,
        health::alive, health::ready, health::metrics,
        page::landing, page::reference, page::problems, page::asset, page::openapi
    ),
    components(schemas(wire::problem::ProblemBody<'static>, wire::event::CloudFields)),
    modifiers(&Everywhere)
)]
struct Api;

/// Puts in what holds for every operation: who may call it, and how it fails.
struct Everywhere;

impl Modify for Everywhere {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("tg_ and 43 characters")
            .description(Some(
                "An API key. The first one stands in admin.key in the server's data folder.",
            ));
        components
            .security_schemes
            .insert(SCHEME.to_owned(), SecurityScheme::Http(scheme.build()).into());
        for route in routes() {
            let path = document.paths.paths.get_mut(route.path);
            if let Some(operation) = path.and_then(|path| operation_mut(path, route.method)) {
                secure(operation, route.need);
                fail(operation, &route);
            }
        }
    }
}

fn operation_mut<'a>(path: &'a mut utoipa::openapi::PathItem, method: &str) -> Option<&'a mut Operation> {
    match method {
        "GET" => path.get.as_mut(),
        "POST" => path.post.as_mut(),
        "PUT" => path.put.as_mut(),
        "DELETE" => path.delete.as_mut(),
        _ => None,
    }
}

fn secure(operation: &mut Operation, need: Need) {
    let Some(right) = need.right() else {
        // An empty requirement says that the operation needs none.
        operation.security = Some(vec![SecurityRequirement::default()]);
        return;
    };
    operation.security = Some(vec![SecurityRequirement::new(SCHEME, Vec::<String>::new())]);
    let whom = if need.is_instance() {
        "Needs a key of the instance with"
    } else {
        "Needs a key with"
    };
    let description = operation.description.take().unwrap_or_default();
    let needs = format!("{whom} the right to {}.", crate::auth::named(right));
    operation.description = Some(format!("{description}\n\n{needs}").trim().to_owned());
}

/// Adds the problems that an operation can answer, by what it takes.
fn fail(operation: &mut Operation, route: &Route) {
    let has_body = operation.request_body.is_some();
    let is_change = ["PUT", "DELETE"].contains(&route.method);
    let is_api = route.path.starts_with("/v1/");
    let is_hold = route.path == "/v1/holds";
    for code in Code::ALL {
        let possible = match code.row().0 {
            401 | 403 => route.need.right().is_some(),
            400 => is_api,
            404 => route.path.contains('{'),
            409 => (is_change || route.method == "POST") && !WITHOUT_CONFLICT.contains(&route.path),
            412 => is_change,
            408 | 413 | 415 | 422 => has_body,
            429 => is_hold,
            500 => true,
            503 if *code == Code::LimitUnavailable => is_hold,
            503 | 507 => is_api && *code != Code::DiskFull || has_body,
            _ => false,
        };
        if possible {
            let status = code.row().0.to_string();
            let response = operation
                .responses
                .responses
                .entry(status)
                .or_insert_with(|| problem_response().into());
            if let RefOr::T(response) = response {
                describe(response, *code);
            }
        }
    }
}

fn problem_response() -> Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().content(PROBLEM_TYPE, content).build()
}

fn describe(response: &mut Response, code: Code) {
    if !response.content.contains_key(PROBLEM_TYPE) {
        return;
    }
    let separator = if response.description.is_empty() { "" } else { "; " };
    response.description = format!(
        "{}{separator}`{}`: {}",
        response.description,
        code.as_str(),
        code.row().1
    );
}
