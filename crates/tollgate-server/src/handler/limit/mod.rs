//! Limits: quotas and budgets, written and read in the same way, and what they refused.

pub(crate) mod budget;
pub(crate) mod quota;
pub(crate) mod violation;

use super::{created, shown};
use crate::auth::Caller;
use crate::parameter::{Parameters, Target};
use crate::problem::Problem;
use crate::router::App;
use crate::wire::limit::{LimitView, PreviewView};
use crate::wire::list::List;
use axum::Json;
use axum::response::{IntoResponse, Response};
use tollgate_core::limit::LimitId;
use tollgate_engine::LimitDraft;
use tollgate_engine::settings::LimitRecord;
use tollgate_engine::store::{Expected, SettingKind};

/// Fields of a limit that only the server writes.
const READ_ONLY: [&str; 3] = ["id", "created_at", "warnings"];

/// A limit on its way to be written.
struct Writing {
    draft: LimitDraft,
    /// The limit whose place it takes, and what that must be.
    replaced: Option<(LimitId, Expected)>,
    /// Whether only to say what it would mean.
    is_dry: bool,
}

/// Writes a limit, or says what it would have done.
async fn write(app: &App, caller: &Caller, writing: Writing) -> Result<Response, Problem> {
    let (engine, access) = (&app.engine, &caller.access);
    let Writing {
        draft,
        replaced,
        is_dry,
    } = writing;
    let warnings = |record: &LimitRecord| engine.limit_warnings(&record.limit);
    if is_dry {
        let (record, preview) = engine.preview_limit(draft, replaced, access).await?;
        return Ok(Json(PreviewView::new(preview, warnings(&record))).into_response());
    }
    let Some((id, expected)) = replaced else {
        let (record, version) = engine.create_limit(draft, access).await?;
        let (id, view) = (record.limit.id, LimitView::new(&record, warnings(&record)));
        return Ok(created(&format!("{}s", id.kind()), id, version, view));
    };
    let (record, version) = engine.update_limit(id, draft, expected, access).await?;
    Ok(shown(version, LimitView::new(&record, warnings(&record))))
}

/// Lists the limits of a kind that the caller may see.
fn list(
    app: &App,
    caller: &Caller,
    kind: SettingKind,
    mut parameters: Parameters,
) -> Result<Json<List<LimitView>>, Problem> {
    let page = parameters.page()?;
    let organization = parameters.take("organization")?;
    parameters.end()?;
    let settings = app.engine.settings();
    let seen = settings.limit_records.values().filter(|record| {
        let of = &record.limit.organization;
        record.kind() == kind
            && caller.sees(of)
            && organization.as_deref().is_none_or(|wanted| wanted == of.as_str())
    });
    Ok(Json(List::of(
        seen.map(|record| (record.limit.id, LimitView::new(record, Vec::new()))),
        &page,
    )))
}

/// Shows one limit.
fn show(app: &App, caller: &Caller, id: LimitId, target: &Target) -> Result<Response, Problem> {
    let settings = app.engine.settings();
    let record = settings
        .limit_records
        .get(&id)
        .filter(|record| caller.sees(&record.limit.organization));
    let record = record.ok_or_else(|| target.missing(id.kind()))?;
    let version = settings.version(record.kind(), &target.id).unwrap_or_default();
    Ok(shown(version, LimitView::new(record, Vec::new())))
}
