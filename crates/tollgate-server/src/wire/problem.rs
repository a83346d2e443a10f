//! Problems as they stand in answers (RFC 9457).

use crate::problem::Problem;
use crate::wire::limit::decision::LookedView;
use serde::Serialize;
use tollgate_core::flaw::Flaw;
use utoipa::ToSchema;

/// An answer that is no success, or what was wrong with one event of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/docs/problems#invalid_request", "title": "The request is not valid", "status": 422,
    "detail": "/measures/input_token ai.completion has no such measure", "code": "invalid_request",
    "request_id": "0199b2f6a3c07c3e8d52f0a1b2c3d4e5",
    "errors": [{"pointer": "/measures/input_token", "code": "unknown_measure",
                "detail": "ai.completion has no such measure; it has input_tokens, output_tokens, requests"}]
}))]
pub(crate) struct ProblemBody<'a> {
    /// Where the code is described.
    #[serde(rename = "type")]
    page: String,
    /// The code in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened this time, and what would be right.
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    /// The kind of problem, stable for programs.
    code: &'static str,
    /// The request, as `x-request-id` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// What is wrong, field by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FlawBody<'a>>,
    /// Every limit looked at, where one refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<LookedView>>)]
    limits: Option<&'a [LookedView]>,
}

/// One thing that is wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProblemError)]
struct FlawBody<'a> {
    /// JSON pointer into the body, or into the event of a batch; `?name` for a query parameter; the name of a header.
    pointer: &'a str,
    /// The kind of flaw, stable for programs.
    code: &'static str,
    /// What is wrong, and what would be right.
    detail: &'a str,
}

impl<'a> ProblemBody<'a> {
    /// The problem as it stands in an answer; a problem inside a success has no request id of its own.
    pub(crate) fn new(problem: &'a Problem, request_id: Option<&'a str>) -> Self {
        let (status, title) = problem.code().row();
        Self {
            page: problem.code().page(),
            title,
            status,
            detail: problem.detail(),
            code: problem.code().as_str(),
            request_id,
            errors: problem.flaws().iter().map(FlawBody::new).collect(),
            limits: problem.denial().map(|denial| denial.limits.as_slice()),
        }
    }
}

impl<'a> FlawBody<'a> {
    fn new(flaw: &'a Flaw) -> Self {
        Self {
            pointer: &flaw.pointer,
            code: flaw.code.as_str(),
            detail: &flaw.detail,
        }
    }
}
