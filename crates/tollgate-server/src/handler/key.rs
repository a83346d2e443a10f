//! API keys: who may call.

use super::{JsonBody, created, shown};
use crate::auth::Caller;
use crate::parameter::{Parameters, Target};
use crate::problem::{Code, Problem};
use crate::router::App;
use crate::secret::make_secret;
use crate::wire::key::{KeyBody, KeyChange, KeyView};
use crate::wire::list::List;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;
use tollgate_core::id::KeyId;
use tollgate_engine::store::SettingKind;

/// Fields of a key that a change cannot touch.
const READ_ONLY: [&str; 6] = ["id", "organization", "team", "project", "user", "created_at"];

/// List API keys
///
/// Those of the caller's organization; all of them for a key of the instance. Secrets are never shown again.
#[utoipa::path(get, path = "/v1/keys", tag = "Keys",
    params(("organization" = Option<String>, Query, description = "Only of this organization"),
           ("limit" = Option<u16>, Query, description = "Most keys to answer, 1 to 1000; 100 when absent"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the part before")),
    responses((status = 200, description = "Part of the list", body = List<KeyView>)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    mut parameters: Parameters,
) -> Result<Json<List<KeyView>>, Problem> {
    let page = parameters.page()?;
    let wanted = parameters.take("organization")?;
    parameters.end()?;
    let settings = app.engine.settings();
    let seen = settings.keys.values().filter(|key| caller.sees_key(key));
    let of = seen
        .filter(|key| wanted.is_none() || wanted.as_deref() == key.organization.as_ref().map(|o| o.as_str()));
    Ok(Json(List::of(
        of.map(|key| (key.id, KeyView::new(key, None))),
        &page,
    )))
}

/// Create an API key
///
/// The answer shows the secret, this once. A key pinned to a team, project or user attributes what it sends there.
#[utoipa::path(post, path = "/v1/keys", tag = "Keys", request_body = KeyBody,
    responses((status = 201, description = "The key with its secret", body = KeyView)))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: Parameters,
    body: JsonBody,
) -> Result<Response, Problem> {
    parameters.end()?;
    let body: KeyBody = body.parse()?;
    let secret = make_secret().map_err(|error| Problem::new(Code::Internal, error))?;
    let draft = body.into_draft(app.secrets.hash(&secret));
    let (key, version) = app.engine.create_key(draft, &caller.access).await?;
    Ok(created("keys", key.id, version, KeyView::new(&key, Some(secret))))
}

/// Show an API key
#[utoipa::path(get, path = "/v1/keys/{id}", tag = "Keys",
    params(("id" = String, Path, description = "Its id, `key_…`")),
    responses((status = 200, description = "The key", body = KeyView)))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
) -> Result<Response, Problem> {
    let settings = app.engine.settings();
    let key = settings
        .keys
        .get(&target.parse::<KeyId>("key")?)
        .filter(|key| caller.sees_key(key));
    let key = key.ok_or_else(|| target.missing("key"))?;
    Ok(shown(
        settings.version(SettingKind::Key, &target.id).unwrap_or_default(),
        KeyView::new(key, None),
    ))
}

/// Replace an API key
///
/// Its name and role can be changed; whom it belongs to and what it is pinned to cannot. It holds from the next request on.
#[utoipa::path(put, path = "/v1/keys/{id}", tag = "Keys", request_body = KeyChange,
    params(("id" = String, Path, description = "Its id, `key_…`"),
           ("if-match" = Option<String>, Header, description = "The ETag that was read")),
    responses((status = 200, description = "The key", body = KeyView)))]
pub(crate) async fn replace(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
    body: JsonBody,
) -> Result<Response, Problem> {
    let id: KeyId = target.parse("key")?;
    let KeyChange { name, role } = body.parse_replacement(&READ_ONLY)?;
    let (key, version) = app
        .engine
        .update_key(id, (name, role.into()), target.expected, &caller.access)
        .await?;
    Ok(shown(version, KeyView::new(&key, None)))
}

/// Delete an API key
///
/// It stops working with the next request. The last administrator's key of the instance stays, or nobody could make another.
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "Keys",
    params(("id" = String, Path, description = "Its id, `key_…`"),
           ("if-match" = Option<String>, Header, description = "The ETag that was read")),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    target: Target,
) -> Result<StatusCode, Problem> {
    app.engine
        .delete_key(target.parse("key")?, target.expected, &caller.access)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
