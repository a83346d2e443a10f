//! Checks and holds: may this go ahead, and what came of it.

use super::{JsonBody, json_bytes};
use crate::auth::Caller;
use crate::parameter::{Parameters, Target};
use crate::problem::Problem;
use crate::router::App;
use crate::wire::event::{Answer, Batch, EventBody, add_elsewhere};
use crate::wire::limit::decision::DecisionView;
use crate::wire::limit::hold::{ExtensionBody, HoldView, NothingBody};
use crate::wire::limit::request::{self, HoldBody};
use crate::wire::limit::settled::{SettleBody, settled_json, unsettled_json};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use std::sync::Arc;
use tollgate_core::hold::HoldState;
use tollgate_core::id::HoldId;
use tollgate_engine::{HoldDraft, Settlement, Status};

/// Check whether a use may go ahead
///
/// Says what every limit that concerns the use thinks of it, and changes nothing. A denied check is answered 200 with
/// `decision` `deny`; by the time of the use the answer may be another, so only a hold is a promise.
#[utoipa::path(post, path = "/v1/check", tag = "Holds", request_body = HoldBody,
    responses((status = 200, description = "The decision", body = DecisionView)))]
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: Parameters,
    body: JsonBody,
) -> Result<Json<DecisionView>, Problem> {
    parameters.end()?;
    let draft = draft(&app, &caller, &body)?;
    let answer = app.engine.check(&draft, &caller.access).await?;
    app.metrics.decision("check", &answer.decision);
    Ok(Json(DecisionView::new(&answer)))
}

/// Hold capacity for a use
///
/// Takes what the use needs at most in every limit that it concerns, or nothing at all. A hold that is answered is durable
/// and ends once: by its settle, its release, or its time. Sent again with the same `id` it gets the first answer; the same
/// `id` with another content is `already_exists`. A denial is recorded as a violation and not remembered: the same `id` may
/// be tried again. Its headers speak of the limits that refuse: `RateLimit-Policy` and `RateLimit` of each, `Retry-After`
/// where waiting helps, `X-RateLimit-Limit`, `-Remaining` and `-Reset` (Unix seconds) of the one that begins anew last;
/// budgets in percent.
#[utoipa::path(post, path = "/v1/holds", tag = "Holds", request_body = HoldBody,
    responses((status = 200, description = "The decision and the hold", body = DecisionView)))]
pub(crate) async fn place(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: Parameters,
    body: JsonBody,
) -> Result<Json<DecisionView>, Problem> {
    parameters.end()?;
    let draft = draft(&app, &caller, &body)?;
    let answer = app.engine.place(&draft, &caller.access).await?;
    app.metrics.decision("hold", &answer.decision);
    match answer.decision.refusal {
        None => Ok(Json(DecisionView::new(&answer))),
        Some(refusal) => Err(Problem::denied(&answer, refusal)),
    }
}

fn draft<'b>(app: &App, caller: &Caller, body: &'b JsonBody) -> Result<HoldDraft<'b>, Problem> {
    let (draft, mut flaws) = request::read(body.well_formed()?);
    if flaws.is_empty() {
        return Ok(draft);
    }
    let elsewhere = app.engine.flaws(&draft.usage, &caller.access);
    add_elsewhere(&mut flaws, elsewhere.into_iter());
    Err(Problem::invalid(flaws))
}

/// Show a hold
#[utoipa::path(get, path = "/v1/holds/{id}", tag = "Holds",
    params(("id" = String, Path, description = "Its id, `hld_…`")),
    responses((status = 200, description = "The hold", body = HoldView)))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
) -> Result<Json<HoldView>, Problem> {
    let hold = app.engine.hold(target.parse("hold")?, &caller.access).await?;
    Ok(Json(HoldView::from(&hold)))
}

/// Settle a hold
///
/// Records what the use came to and ends the hold by it, in one step. The body is an event; what it leaves out is the
/// hold's: who, what, its dimensions, the time it was placed, its id. Usage that happened is always recorded: after the hold
/// expired (`late`), after it was released or without any hold (`unheld`, where the body is a whole event, with
/// `category` and organization), and above what was held (`overrun`). Settling again with the same event is a `duplicate`,
/// with another a `conflict`; neither changes anything.
#[utoipa::path(post, path = "/v1/holds/{id}/settle", tag = "Holds", request_body = EventBody,
    params(("id" = String, Path, description = "Its id, `hld_…`")),
    responses((status = 200, description = "What became of the event, and the hold", body = SettleBody)))]
pub(crate) async fn settle(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
    body: JsonBody,
) -> Result<Response, Problem> {
    let id: HoldId = target.parse("hold")?;
    let mut batch = Batch::parse_one(body.text()?)?;
    let Some(draft) = batch.drafts.pop() else {
        let hold = app.engine.hold(id, &caller.access).await?;
        let answer = Answer::new(&batch.origin, &[]);
        app.metrics.events(answer.counts());
        return Ok(json_bytes(unsettled_json(&answer, &hold)));
    };
    let settlement = app.engine.settle(id, draft, &caller.access).await?;
    let mut answer = Answer::new(&batch.origin, std::slice::from_ref(&settlement.receipt));
    if let Some(detail) = conflict(&settlement) {
        answer.explain_conflict(&detail);
    }
    app.metrics.events(answer.counts());
    Ok(json_bytes(settled_json(&answer, &settlement)))
}

/// What a settle is in conflict with, when that is the settle before it.
fn conflict(settlement: &Settlement) -> Option<String> {
    let state = settlement.hold.as_ref().map(|hold| hold.state);
    match (&settlement.receipt.status, state) {
        (Status::Conflict, Some(HoldState::Settled { event, .. })) => Some(format!(
            "the hold was settled before by another event, {event}; what was used besides is an event of its own: send it \
             to /v1/events"
        )),
        _ => None,
    }
}

/// Release a hold
///
/// Gives its capacity back unused. Releasing again, or what has ended, changes nothing and answers how it stands.
#[utoipa::path(post, path = "/v1/holds/{id}/release", tag = "Holds",
    params(("id" = String, Path, description = "Its id, `hld_…`")),
    request_body(content = Option<NothingBody>),
    responses((status = 200, description = "The hold", body = HoldView)))]
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
    body: JsonBody,
) -> Result<Json<HoldView>, Problem> {
    let _: Option<NothingBody> = body.parse_optional()?;
    let hold = app.engine.release(target.parse("hold")?, &caller.access).await?;
    Ok(Json(HoldView::from(&hold)))
}

/// Extend a hold
///
/// Gives an open hold so many seconds from now on. One that has ended stays ended: place another.
#[utoipa::path(post, path = "/v1/holds/{id}/extend", tag = "Holds", request_body = ExtensionBody,
    params(("id" = String, Path, description = "Its id, `hld_…`")),
    responses((status = 200, description = "The hold", body = HoldView)))]
pub(crate) async fn extend(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
    body: JsonBody,
) -> Result<Json<HoldView>, Problem> {
    let id: HoldId = target.parse("hold")?;
    let ExtensionBody { ttl_seconds } = body.parse()?;
    let hold = app.engine.extend(id, ttl_seconds.0, &caller.access).await?;
    Ok(Json(HoldView::from(&hold)))
}
