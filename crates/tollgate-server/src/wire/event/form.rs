//! The forms in which events may come, told by the request's head.

use crate::problem::{Code, Problem};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

/// How the events of a body are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One event, or an array of them.
    Json,
    /// An event on each line.
    Lines,
    /// One CloudEvent with its attributes and data in one object.
    Cloud,
    /// An array of those.
    CloudBatch,
    /// A CloudEvent whose attributes are headers and whose data is the body.
    CloudBinary,
}

impl Form {
    /// The form that these headers name.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let value = headers
            .get(CONTENT_TYPE)
            .map_or("application/json", |value| value.to_str().unwrap_or("?"));
        let mut parts = value.split(';').map(|part| part.trim().to_ascii_lowercase());
        let media = parts.next().unwrap_or_default();
        let foreign = parts.any(|part| {
            part.strip_prefix("charset=")
                .is_some_and(|charset| !["utf-8", "\"utf-8\"", "us-ascii"].contains(&charset))
        });
        match media.as_str() {
            _ if foreign => Err(unsupported("the charset is utf-8, as for all JSON")),
            "application/cloudevents+json" => Ok(Self::Cloud),
            "application/cloudevents-batch+json" => Ok(Self::CloudBatch),
            "application/json" if headers.contains_key("ce-specversion") => Ok(Self::CloudBinary),
            "application/json" => Ok(Self::Json),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(Self::Lines),
            _ => Err(unsupported(
                "send content-type application/json, application/x-ndjson, application/cloudevents+json or \
                 application/cloudevents-batch+json",
            )),
        }
    }
}

/// Refuses a body of settings or questions that is not JSON by its content type; none at all is taken as JSON.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    match Form::of(headers) {
        Ok(Form::Json | Form::CloudBinary) => Ok(()),
        _ => Err(unsupported("send content-type application/json")),
    }
}

fn unsupported(detail: &str) -> Problem {
    Problem::new(Code::UnsupportedMediaType, detail)
}
