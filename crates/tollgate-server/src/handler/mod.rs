//! One function per route: extract, authorize, parse, one engine call, convert. Its doc comment is the API reference.
//!
//! Authorization is the table's ([`crate::route`]); a handler only says what the caller's key restricts the engine to.

pub(crate) mod category;
pub(crate) mod event;
pub(crate) mod health;
pub(crate) mod hold;
pub(crate) mod key;
pub(crate) mod limit;
pub(crate) mod organization;
pub(crate) mod page;
pub(crate) mod price;
pub(crate) mod query;
pub(crate) mod verification;

use crate::body::Payload;
use crate::json;
use crate::parameter::etag;
use crate::problem::Problem;
use crate::router::App;
use crate::wire::event::require_json;
use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write as _};
use std::sync::Arc;

/// A JSON body, received and not parsed.
#[derive(Debug)]
pub(crate) struct JsonBody(Payload);

impl FromRequest<Arc<App>> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        require_json(request.headers())?;
        Payload::from_request(request, app).await.map(Self)
    }
}

impl JsonBody {
    /// The text of the body.
    fn text(&self) -> Result<&str, Problem> {
        json::text(&self.0.bytes)
    }

    /// The text of the body, which is one JSON value.
    fn well_formed(&self) -> Result<&str, Problem> {
        json::well_formed(self.text()?)
    }

    /// The body as a wire type.
    fn parse<'de, T: Deserialize<'de>>(&'de self) -> Result<T, Problem> {
        json::parse(&self.0.bytes)
    }

    /// The body as a wire type, without the fields that only the server writes: what GET gave can be sent back.
    fn parse_replacement<T: for<'de> Deserialize<'de>>(&self, read_only: &[&str]) -> Result<T, Problem> {
        let writable = json::without(self.well_formed()?, read_only);
        json::read(&writable).map_err(|flaw| Problem::invalid(vec![flaw]))
    }

    /// The body as a wire type, or nothing where it is empty.
    fn parse_optional<'de, T: Deserialize<'de>>(&'de self) -> Result<Option<T>, Problem> {
        if self.0.bytes.trim_ascii().is_empty() {
            Ok(None)
        } else {
            self.parse().map(Some)
        }
    }
}

/// An answer that is JSON already.
fn json_bytes(body: Vec<u8>) -> Response {
    (
        [(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
        body,
    )
        .into_response()
}

/// The answer to a GET of one thing with a version.
fn shown(version: u64, body: impl Serialize) -> Response {
    ([(ETAG, etag(version))], Json(body)).into_response()
}

/// The answer to a POST that made something.
fn created(kind: &str, id: impl fmt::Display, version: u64, body: impl Serialize) -> Response {
    let location = format!("/v1/{kind}/{}", encoded(&id.to_string()));
    let headers = [
        (ETAG, etag(version)),
        (LOCATION, HeaderValue::try_from(location).unwrap_or(NOWHERE)),
    ];
    (StatusCode::CREATED, headers, Json(body)).into_response()
}

/// What stands for an address that cannot be written; encoded ones always can.
const NOWHERE: HeaderValue = HeaderValue::from_static("/");

/// A text as one segment of a path.
fn encoded(text: &str) -> String {
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut path, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                path.push(char::from(byte));
            } else {
                let _ = write!(path, "%{byte:02X}");
            }
            path
        })
}
