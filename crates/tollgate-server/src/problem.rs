//! Problems: every answer that is no success, in one shape (RFC 9457).
//!
//! A handler returns a [`Problem`]; the request's id and the body are put in where the answer leaves
//! ([`crate::router`]). `docs/problems.md` describes every code. Not here: what was wrong with one event of a batch, which is
//! part of a success ([`crate::wire::event`]).

use crate::denial::Denial;
use crate::wire::problem::ProblemBody;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::fmt;
use std::sync::Arc;
use tollgate_core::flaw::Flaw;

/// Seconds after which a request that met a busy store may come again: a commit takes milliseconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// The kinds of problem; the code is stable for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Code {
    InvalidJson,
    InvalidBody,
    TooDeep,
    InvalidEncoding,
    InvalidParameter,
    MissingKey,
    UnknownKey,
    Forbidden,
    NotFound,
    UnknownRoute,
    MethodNotAllowed,
    RequestTimeout,
    Conflict,
    AlreadyExists,
    InUse,
    Stale,
    BodyTooLarge,
    BodyRatio,
    TooManyEvents,
    UnsupportedMediaType,
    UnsupportedEncoding,
    InvalidRequest,
    InvalidEvent,
    QueryRefused,
    NoPrice,
    BudgetExceeded,
    QuotaExceeded,
    RateLimited,
    Internal,
    DataDamaged,
    NotImplemented,
    Overloaded,
    StoreStopped,
    LimitUnavailable,
    DiskFull,
}

impl Code {
    /// Every code, for the API document and tests.
    pub(crate) const ALL: &[Self] = &[
        Self::InvalidJson,
        Self::InvalidBody,
        Self::TooDeep,
        Self::InvalidEncoding,
        Self::InvalidParameter,
        Self::MissingKey,
        Self::UnknownKey,
        Self::Forbidden,
        Self::NotFound,
        Self::UnknownRoute,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::Conflict,
        Self::AlreadyExists,
        Self::InUse,
        Self::Stale,
        Self::BodyTooLarge,
        Self::BodyRatio,
        Self::TooManyEvents,
        Self::UnsupportedMediaType,
        Self::UnsupportedEncoding,
        Self::InvalidRequest,
        Self::InvalidEvent,
        Self::QueryRefused,
        Self::NoPrice,
        Self::BudgetExceeded,
        Self::QuotaExceeded,
        Self::RateLimited,
        Self::Internal,
        Self::DataDamaged,
        Self::NotImplemented,
        Self::Overloaded,
        Self::StoreStopped,
        Self::LimitUnavailable,
        Self::DiskFull,
    ];

    /// The code as it stands in answers.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::InvalidBody => "invalid_body",
            Self::TooDeep => "too_deep",
            Self::InvalidEncoding => "invalid_encoding",
            Self::InvalidParameter => "invalid_parameter",
            Self::MissingKey => "missing_key",
            Self::UnknownKey => "unknown_key",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::UnknownRoute => "unknown_route",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::Conflict => "conflict",
            Self::AlreadyExists => "already_exists",
            Self::InUse => "in_use",
            Self::Stale => "stale",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyRatio => "body_ratio",
            Self::TooManyEvents => "too_many_events",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::UnsupportedEncoding => "unsupported_encoding",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidEvent => "invalid_event",
            Self::QueryRefused => "query_refused",
            Self::NoPrice => "no_price",
            Self::BudgetExceeded => "budget_exceeded",
            Self::QuotaExceeded => "quota_exceeded",
            Self::RateLimited => "rate_limited",
            Self::Internal => "internal",
            Self::DataDamaged => "data_damaged",
            Self::NotImplemented => "not_implemented",
            Self::Overloaded => "overloaded",
            Self::StoreStopped => "store_stopped",
            Self::LimitUnavailable => "limit_unavailable",
            Self::DiskFull => "disk_full",
        }
    }

    /// The HTTP status and the title of the code.
    pub(crate) fn row(self) -> (u16, &'static str) {
        match self {
            Self::InvalidJson => (400, "The body is not JSON"),
            Self::InvalidBody => (400, "The body is not what was expected"),
            Self::TooDeep => (400, "The body nests too deeply"),
            Self::InvalidEncoding => (400, "The body cannot be decompressed"),
            Self::InvalidParameter => (400, "A query parameter or header is not valid"),
            Self::MissingKey => (401, "An API key is needed"),
            Self::UnknownKey => (401, "The API key is not known"),
            Self::Forbidden => (403, "The API key does not allow this"),
            Self::NotFound => (404, "There is no such thing"),
            Self::UnknownRoute => (404, "There is no such address"),
            Self::MethodNotAllowed => (405, "The address does not have this method"),
            Self::RequestTimeout => (408, "The body did not arrive in time"),
            Self::Conflict => (409, "The id is taken by another event"),
            Self::AlreadyExists => (409, "It exists already"),
            Self::InUse => (409, "It is in use"),
            Self::Stale => (412, "It has changed since it was read"),
            Self::BodyTooLarge => (413, "The body is too large"),
            Self::BodyRatio => (413, "The body is compressed beyond its ratio"),
            Self::TooManyEvents => (413, "There are too many events in one request"),
            Self::UnsupportedMediaType => (415, "The content type is not supported"),
            Self::UnsupportedEncoding => (415, "The content encoding is not supported"),
            Self::InvalidRequest => (422, "The request is not valid"),
            Self::InvalidEvent => (422, "The event is not valid"),
            Self::QueryRefused => (422, "The question cannot be answered as it stands"),
            Self::NoPrice => (429, "A budget holds cost, and no price fits"),
            Self::BudgetExceeded => (429, "A budget has no room for this"),
            Self::QuotaExceeded => (429, "A quota has no room for this"),
            Self::RateLimited => (429, "Too many requests in a minute"),
            Self::Internal => (500, "Something is wrong in the server"),
            Self::DataDamaged => (500, "Stored data is damaged"),
            Self::NotImplemented => (501, "The method is not implemented"),
            Self::Overloaded => (503, "The server is busy"),
            Self::StoreStopped => (503, "The store has stopped"),
            Self::LimitUnavailable => (503, "The balance of a limit cannot be known"),
            Self::DiskFull => (507, "The disk is full"),
        }
    }

    /// The HTTP status of the code.
    pub(crate) fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Where the code is described; all refusals by a limit are one type of problem.
    pub(crate) fn page(self) -> String {
        let kind = match self.status() {
            StatusCode::TOO_MANY_REQUESTS => "quota-exceeded",
            _ => self.as_str(),
        };
        format!("/docs/problems#{kind}")
    }
}

/// An answer that is no success.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: Code,
    detail: String,
    flaws: Vec<Flaw>,
    denial: Option<Arc<Denial>>,
}

impl Problem {
    /// Makes a problem; the detail is a sentence for people that says what would be right.
    pub(crate) fn new(code: Code, detail: impl fmt::Display) -> Self {
        Self {
            code,
            detail: detail.to_string(),
            flaws: Vec::new(),
            denial: None,
        }
    }

    /// The same problem with what limits said.
    pub(crate) fn with_denial(self, denial: Denial) -> Self {
        Self {
            denial: Some(Arc::new(denial)),
            ..self
        }
    }

    /// The problem of a body whose fields are wrong.
    pub(crate) fn invalid(flaws: Vec<Flaw>) -> Self {
        let detail = match flaws.as_slice() {
            [only] if only.pointer.is_empty() => format!("the body {}", only.detail),
            [only] => format!("{} {}", only.pointer, only.detail),
            several => format!("{} fields are wrong; errors lists them", several.len()),
        };
        Self {
            flaws,
            ..Self::new(Code::InvalidRequest, detail)
        }
    }

    /// The problem of a question that takes too much, or has no exact answer.
    pub(crate) fn refused(flaw: Flaw) -> Self {
        let detail = format!("{} {}", flaw.pointer, flaw.detail);
        Self {
            flaws: vec![flaw],
            ..Self::new(Code::QueryRefused, detail.trim())
        }
    }

    /// The problem of one event among others.
    pub(crate) fn event(flaws: Vec<Flaw>) -> Self {
        Self {
            flaws,
            ..Self::new(Code::InvalidEvent, "")
        }
    }

    /// The problem of a query parameter or header that is wrong.
    pub(crate) fn parameter(flaw: Flaw) -> Self {
        let detail = format!("{} {}", flaw.pointer, flaw.detail);
        Self {
            flaws: vec![flaw],
            ..Self::new(Code::InvalidParameter, detail)
        }
    }

    /// The problem of an id under which the caller can see nothing.
    pub(crate) fn not_found(kind: &str, id: impl fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("there is no {kind} {id}"))
    }

    /// The kind of problem.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// What happened, for people.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// What is wrong, field by field.
    pub(crate) fn flaws(&self) -> &[Flaw] {
        &self.flaws
    }

    /// What limits said, where they refused.
    pub(crate) fn denial(&self) -> Option<&Denial> {
        self.denial.as_deref()
    }

    /// The whole answer, for the request of this id.
    pub(crate) fn respond(&self, request_id: &str) -> Response {
        let body = serde_json::to_string(&ProblemBody::new(self, Some(request_id))).unwrap_or_default();
        let content_type = HeaderValue::from_static("application/problem+json");
        let mut response = (self.code.status(), [(CONTENT_TYPE, content_type)], body).into_response();
        if matches!(
            self.code,
            Code::Overloaded | Code::StoreStopped | Code::LimitUnavailable
        ) {
            response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        if let Some(denial) = &self.denial {
            response.headers_mut().extend(denial.headers.iter().cloned());
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"tollgate\"");
            response
                .headers_mut()
                .insert(axum::http::header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl IntoResponse for Problem {
    /// An answer without a body: the way out knows the request's id and calls [`Problem::respond`].
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
