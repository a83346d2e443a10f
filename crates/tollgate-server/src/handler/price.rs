//! Prices: what usage costs.

use super::{JsonBody, created, shown};
use crate::auth::Caller;
use crate::parameter::{Parameters, Target};
use crate::problem::Problem;
use crate::router::App;
use crate::warning::warnings;
use crate::wire::list::List;
use crate::wire::price::{PriceBody, PriceView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;
use tollgate_core::id::PriceId;
use tollgate_core::price::PriceParts;
use tollgate_core::time::Timestamp;
use tollgate_engine::settings::PriceRecord;
use tollgate_engine::store::SettingKind;

/// Fields of a price that only the server writes.
const READ_ONLY: [&str; 3] = ["id", "created_at", "warnings"];

/// List prices
///
/// Those that hold for every organization and, for a key of an organization, that organization's own. Every filter must
/// hold; `match.<name>` filters by a dimension that the price names.
#[utoipa::path(get, path = "/v1/prices", tag = "Prices",
    params(
        ("category" = Option<String>, Query, description = "Only of this category"),
        ("organization" = Option<String>, Query, description = "Only overrides of this organization"),
        ("match.model" = Option<String>, Query, description = "Only with this value of a dimension, here `model`"),
        ("at" = Option<String>, Query, description = "Only those that hold at this instant, RFC 3339"),
        ("limit" = Option<u16>, Query, description = "Most prices to answer, 1 to 1000; 100 when absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the part before")),
    responses((status = 200, description = "Part of the list", body = List<PriceView>)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    mut parameters: Parameters,
) -> Result<Json<List<PriceView>>, Problem> {
    let page = parameters.page()?;
    let filter = Filter::take(&mut parameters)?;
    parameters.end()?;
    let settings = app.engine.settings();
    let seen = settings
        .prices
        .values()
        .filter(|record| caller.sees_price(record) && filter.admits(record));
    Ok(Json(List::of(
        seen.map(|record| (record.price.id(), PriceView::new(record, Vec::new()))),
        &page,
    )))
}

struct Filter {
    category: Option<String>,
    organization: Option<String>,
    matches: Vec<(String, String)>,
    at: Option<Timestamp>,
}

impl Filter {
    fn take(parameters: &mut Parameters) -> Result<Self, Problem> {
        Ok(Self {
            category: parameters.take("category")?,
            organization: parameters.take("organization")?,
            matches: parameters.take_all("match."),
            at: parameters.parse("at")?,
        })
    }

    fn admits(&self, record: &PriceRecord) -> bool {
        let parts = record.price.parts();
        self.category
            .as_ref()
            .is_none_or(|category| parts.category == *category)
            && self
                .organization
                .as_ref()
                .is_none_or(|organization| parts.organization.as_ref() == Some(organization))
            && self
                .matches
                .iter()
                .all(|(name, value)| parts.matches.get(name) == Some(value))
            && self.at.is_none_or(|at| record.price.is_effective(at))
    }
}

/// Create a price
///
/// A key of an organization writes that organization's overrides. A price that ties with another is refused. `warnings`
/// says what looks like a mistake, such as an amount a thousand times that of similar prices; the price holds all the same.
#[utoipa::path(post, path = "/v1/prices", tag = "Prices", request_body = PriceBody,
    responses((status = 201, description = "The price", body = PriceView)))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: Parameters,
    body: JsonBody,
) -> Result<Response, Problem> {
    parameters.end()?;
    let parts: PriceParts = body.parse()?;
    let (record, version) = app.engine.create_price(parts, &caller.access).await?;
    let warnings = warnings(&record.price, &app.engine.settings());
    Ok(created(
        "prices",
        record.price.id(),
        version,
        PriceView::new(&record, warnings),
    ))
}

/// Show a price
#[utoipa::path(get, path = "/v1/prices/{id}", tag = "Prices",
    params(("id" = String, Path, description = "Its id, `prc_…`")),
    responses((status = 200, description = "The price", body = PriceView)))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
) -> Result<Response, Problem> {
    let settings = app.engine.settings();
    let record = settings
        .prices
        .get(&target.parse::<PriceId>("price")?)
        .filter(|record| caller.sees_price(record));
    let record = record.ok_or_else(|| target.missing("price"))?;
    let version = settings
        .version(SettingKind::Price, &target.id)
        .unwrap_or_default();
    Ok(shown(version, PriceView::new(record, Vec::new())))
}

/// Replace a price
///
/// Of a price that has priced something only `effective_until` may change, to `null` or to an instant after everything it has
/// priced. Recorded events keep the price they were recorded at.
#[utoipa::path(put, path = "/v1/prices/{id}", tag = "Prices", request_body = PriceBody,
    params(("id" = String, Path, description = "Its id, `prc_…`"),
           ("if-match" = Option<String>, Header, description = "The ETag that was read")),
    responses((status = 200, description = "The price", body = PriceView)))]
pub(crate) async fn replace(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
    body: JsonBody,
) -> Result<Response, Problem> {
    let id: PriceId = target.parse("price")?;
    let parts: PriceParts = body.parse_replacement(&READ_ONLY)?;
    let (record, version) = app
        .engine
        .update_price(id, parts, target.expected, &caller.access)
        .await?;
    let warnings = warnings(&record.price, &app.engine.settings());
    Ok(shown(version, PriceView::new(&record, warnings)))
}

/// Delete a price
///
/// One that has priced something stays; give it an `effective_until` instead.
#[utoipa::path(delete, path = "/v1/prices/{id}", tag = "Prices",
    params(("id" = String, Path, description = "Its id, `prc_…`"),
           ("if-match" = Option<String>, Header, description = "The ETag that was read")),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
) -> Result<StatusCode, Problem> {
    app.engine
        .delete_price(target.parse("price")?, target.expected, &caller.access)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
