//! From a request to an answer: the routes, and what every answer gets on its way out.
//!
//! Every answer carries a request id and security headers; every failure is a problem; a panic costs its request and nothing
//! else. Not here: the routes themselves ([`crate::route`]).

use crate::body::Memory;
use crate::metric::Metrics;
use crate::options::Options;
use crate::panic::unpanicked;
use crate::problem::{Code, Problem};
use crate::route::{self, Template};
use crate::secret::Secrets;
use axum::Router;
use axum::body::Body;
use axum::http::header::{ALLOW, HeaderName};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use tokio::time::Instant;
use tollgate_engine::Engine;
use tower::ServiceExt;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id taken over from a caller.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Headers of every answer. Pages may load what this server serves and nothing else; no script stands inside a page.
const SECURITY_HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// What every handler works with.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) engine: Arc<Engine>,
    pub(crate) secrets: Secrets,
    pub(crate) options: Options,
    pub(crate) memory: Memory,
    pub(crate) metrics: Metrics,
}

/// The front door: takes every request of every connection.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    app: Arc<App>,
    router: Router,
}

impl Front {
    pub(crate) fn new(engine: Arc<Engine>, secrets: Secrets, options: Options) -> Self {
        let memory = Memory::new(options.body.memory_bytes_max);
        let metrics = Metrics::new(engine.clone());
        let app = Arc::new(App {
            engine,
            secrets,
            options,
            memory,
            metrics,
        });
        Self {
            router: route::router(&app),
            app,
        }
    }

    /// The engine behind it.
    pub(crate) fn engine(&self) -> Arc<Engine> {
        self.app.engine.clone()
    }

    /// The same front before other routes.
    #[cfg(test)]
    pub(crate) fn with_router(self, router: Router) -> Self {
        Self { router, ..self }
    }

    /// Answers one request.
    pub(crate) async fn answer(self, request: Request<Body>) -> Response<Body> {
        let began = Instant::now();
        let id = request_id(&request);
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let routed = if is_standard(&method) {
            let answered = unpanicked(self.router.oneshot(request)).await;
            answered.map(|Ok(response)| response)
        } else {
            Some(
                Problem::new(
                    Code::NotImplemented,
                    format!("{method} is no method of HTTP that is spoken here"),
                )
                .into_response(),
            )
        };
        let routed = routed.unwrap_or_else(|| {
            tracing::error!(request_id = id.to_str().unwrap_or_default(), %method, path, "a request panicked");
            Problem::new(Code::Internal, "the request failed; the log of the server says more under this request id")
                .into_response()
        });
        let template = routed.extensions().get::<Template>().copied();
        let response = finished(routed, &id);
        self.app
            .metrics
            .request(&method, template, response.status(), began.elapsed());
        tracing::debug!(%method, path, status = response.status().as_u16(), request_id = ?id, "answered");
        response
    }
}

impl hyper::service::Service<Request<Incoming>> for Front {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let front = self.clone();
        // On a task of its own, so that a caller who hangs up does not stop a step half way: what is saved must also
        // come into force.
        #[allow(
            clippy::disallowed_methods,
            reason = "the connection waits for the task, so it is not detached"
        )]
        let answered = tokio::spawn(front.answer(request.map(Body::new)));
        Box::pin(async move {
            // A panic was caught inside; a task is only cancelled when the process ends.
            Ok(answered
                .await
                .unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response()))
        })
    }
}

/// Writes the problem out where there is one, and puts on what every answer has.
fn finished(mut routed: Response<Body>, id: &HeaderValue) -> Response<Body> {
    let status = routed.status();
    let problem = routed
        .extensions_mut()
        .remove::<Problem>()
        .or_else(|| unexplained(&routed));
    let mut response = match problem {
        Some(problem) => {
            let mut response = problem.respond(id.to_str().unwrap_or_default());
            if let Some(allow) = routed.headers_mut().remove(ALLOW) {
                response.headers_mut().insert(ALLOW, allow);
            }
            if status == StatusCode::REQUEST_TIMEOUT || status == StatusCode::PAYLOAD_TOO_LARGE {
                // What is left of the body will not be read, so the next request could not be found.
                response
                    .headers_mut()
                    .insert("connection", HeaderValue::from_static("close"));
            }
            response
        }
        None => routed,
    };
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id.clone());
    for (name, value) in SECURITY_HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The problem of an answer that the router made by itself.
fn unexplained(routed: &Response<Body>) -> Option<Problem> {
    match routed.status() {
        StatusCode::NOT_FOUND => Some(Problem::new(
            Code::UnknownRoute,
            "GET /openapi.json lists every address; /docs shows them",
        )),
        StatusCode::METHOD_NOT_ALLOWED => {
            let allowed = routed
                .headers()
                .get(ALLOW)
                .and_then(|value| value.to_str().ok())
                .unwrap_or("none");
            Some(Problem::new(
                Code::MethodNotAllowed,
                format!("the methods of this address are {allowed}"),
            ))
        }
        status if status.is_client_error() => {
            Some(Problem::new(Code::InvalidParameter, "the request cannot be read"))
        }
        status if status.is_server_error() && !routed.headers().contains_key("content-type") => {
            Some(Problem::new(Code::Internal, "the request failed"))
        }
        _ => None,
    }
}

/// The caller's id for the request where it is short and plain, else a fresh one.
fn request_id(request: &Request<Body>) -> HeaderValue {
    let sent = request.headers().get(REQUEST_ID).filter(|value| {
        let bytes = value.as_bytes();
        let plain = bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        plain && !bytes.is_empty() && bytes.len() <= REQUEST_ID_BYTES_MAX
    });
    sent.cloned().unwrap_or_else(|| {
        let mut buffer = uuid::Uuid::encode_buffer();
        let id = uuid::Uuid::now_v7().simple().encode_lower(&mut buffer);
        HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("none"))
    })
}

fn is_standard(method: &Method) -> bool {
    [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
    ]
    .contains(method)
}
