//! Events: recorded, shown, listed, voided.

use super::{JsonBody, json_bytes};
use crate::auth::Caller;
use crate::body::Payload;
use crate::json;
use crate::parameter::{Parameters, Target, wrong};
use crate::problem::Problem;
use crate::router::App;
use crate::wire::event::{Answer, AnswerBody, Batch, CloudBody, EventResult, EventsBody, Form, void_json};
use crate::wire::list::List;
use crate::wire::recorded::RecordedEvent;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;
use tollgate_core::flaw::FlawCode;
use tollgate_core::id::EventId;
use tollgate_core::query::{Field, Filter};
use tollgate_engine::store::EventPage;
use utoipa::ToSchema;

/// Record events
///
/// One event, an array, NDJSON, or CloudEvents 1.0 (structured, batch, binary), plain or compressed with gzip or zstd.
/// Each event ends as exactly one of `recorded`, `duplicate`, `conflict` or `rejected`; one that is wrong takes no other
/// with it, and the answer is 200 even when all are. What was recorded is durable when the answer comes. Sending an
/// event again changes nothing and answers `duplicate`, so a request that failed can always be repeated.
#[utoipa::path(post, path = "/v1/events", tag = "Events",
    params(("results" = Option<String>, Query, description = "`errors` leaves out of `results` what was recorded before or now")),
    request_body(content(
        (EventsBody = "application/json"),
        (String = "application/x-ndjson"),
        (CloudBody = "application/cloudevents+json"), (Vec<CloudBody> = "application/cloudevents-batch+json"))),
    responses((status = 200, description = "What became of each event", body = AnswerBody)))]
pub(crate) async fn record(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: Parameters,
    headers: HeaderMap,
    payload: Payload,
) -> Result<Response, Problem> {
    let only_errors = only_errors(parameters)?;
    let mut batch = Batch::parse(
        Form::of(&headers)?,
        &headers,
        json::text(&payload.bytes)?,
        app.options.events_max,
    )?;
    let receipts = app.engine.record(batch.drafts, &caller.access).await?;
    batch
        .origin
        .judge(|draft| app.engine.flaws(draft, &caller.access));
    let answer = Answer::new(&batch.origin, &receipts);
    app.metrics.events(answer.counts());
    Ok(json_bytes(answer.json(only_errors)))
}

fn only_errors(mut parameters: Parameters) -> Result<bool, Problem> {
    let only_errors = match parameters.take("results")?.as_deref() {
        None | Some("all") => false,
        Some("errors") => true,
        Some(_) => return Err(wrong("results", FlawCode::NotAllowed, "is all or errors")),
    };
    parameters.end().map(|()| only_errors)
}

/// List events
///
/// Newest arrival first, within what the key may see. Every filter must hold; `dimension.<name>` filters by a dimension.
#[utoipa::path(get, path = "/v1/events", tag = "Events",
    params(
        ("organization" = Option<String>, Query, description = "Only of this organization"),
        ("team" = Option<String>, Query, description = "Only of this team"),
        ("project" = Option<String>, Query, description = "Only of this project"),
        ("user" = Option<String>, Query, description = "Only of this user"),
        ("category" = Option<String>, Query, description = "Only of this category"),
        ("dimension.provider" = Option<String>, Query, description = "Only with this value of a dimension, here `provider`"),
        ("from" = Option<String>, Query, description = "Event times from this instant on, RFC 3339"),
        ("to" = Option<String>, Query, description = "Event times before this instant"),
        ("limit" = Option<u16>, Query, description = "Most events to answer, 1 to 1000; 100 when absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the part before")),
    responses((status = 200, description = "Part of the list", body = List<RecordedEvent>)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: Parameters,
) -> Result<Json<List<RecordedEvent>>, Problem> {
    let page = event_page(parameters)?;
    let limit = page.limit;
    let settings = app.engine.settings();
    let mut events = app
        .engine
        .events(
            EventPage {
                limit: limit + 1,
                ..page
            },
            &caller.access,
        )
        .await?;
    let more = events.len() > limit;
    events.truncate(limit);
    let next_cursor = events
        .last()
        .filter(|_| more)
        .map(|event| event.arrival.to_string());
    let currency = |organization: &str| settings.currency(organization);
    let data = events
        .iter()
        .map(|event| RecordedEvent::new(event, currency(event.event.scope.organization.as_str())));
    Ok(Json(List {
        data: data.collect(),
        next_cursor,
    }))
}

fn event_page(mut parameters: Parameters) -> Result<EventPage, Problem> {
    let page = parameters.page()?;
    let before = page.number()?;
    let mut filters = Vec::new();
    for field in ["organization", "team", "project", "user", "category"] {
        let value = parameters.take(field)?;
        filters.extend(value.and_then(|value| Some(Filter::is(Field::parse(field).ok()?, value))));
    }
    for (name, value) in parameters.take_all("dimension.") {
        let field = Field::parse(&name)
            .map_err(|error| wrong(&format!("dimension.{name}"), FlawCode::Text, error))?;
        filters.push(Filter::is(field, value));
    }
    let page = EventPage {
        filters,
        from: parameters.parse("from")?,
        to: parameters.parse("to")?,
        before,
        limit: page.limit,
    };
    parameters.end().map(|()| page)
}

/// Show an event
///
/// The event as recorded, its charge line by line, and the void that took it back where there is one.
#[utoipa::path(get, path = "/v1/events/{event}", tag = "Events",
    params(("event" = String, Path, description = "The server's id, `evt_…`")),
    responses((status = 200, description = "The event", body = RecordedEvent)))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
) -> Result<Json<RecordedEvent>, Problem> {
    let event: EventId = target.parse("event")?;
    Ok(Json(app.engine.event(event, &caller.access).await?.into()))
}

/// Why an event is taken back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Void {
    /// A sentence for people, kept with the correction.
    #[schema(max_length = 1000)]
    reason: Option<String>,
}

/// Void an event
///
/// Records a correction: an event that takes this one back exactly, at its time and in its totals. History is not edited.
/// Voiding twice answers `duplicate` and changes nothing.
#[utoipa::path(post, path = "/v1/events/{event}/void", tag = "Events",
    params(("event" = String, Path, description = "The server's id, `evt_…`")),
    request_body(content = Option<Void>),
    responses((status = 200, description = "The correction", body = EventResult)))]
pub(crate) async fn void(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
    body: JsonBody,
) -> Result<Response, Problem> {
    let event: EventId = target.parse("event")?;
    let Void { reason } = body.parse_optional()?.unwrap_or_default();
    let receipt = app.engine.void(event, reason, &caller.access).await?;
    Ok(json_bytes(void_json(&receipt, event)))
}
