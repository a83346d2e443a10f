//! Who is calling, and whether they may: one check for every route, before its handler and before its body is read.

use crate::problem::{Code, Problem};
use crate::route::Need;
use crate::router::App;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use std::sync::Arc;
use tollgate_core::text::Label;
use tollgate_engine::Access;
use tollgate_engine::settings::{ApiKey, PriceRecord, Right};

/// The key that a request came with, as far as handlers need it.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// What it may see, and what it sends is attributed to.
    pub(crate) access: Access,
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    /// Finds the caller that [`authorize`] let in; a route without a need has none.
    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::new(Code::MissingKey, "this route takes no key"))
    }
}

/// Lets the caller in if its key has the right that the route needs.
pub(crate) fn authorize(app: &App, headers: &HeaderMap, right: Right, need: Need) -> Result<Caller, Problem> {
    let secret = bearer(headers)?;
    let settings = app.engine.settings();
    let key = settings.key_by_hash(&app.secrets.hash(secret)).ok_or_else(|| {
        Problem::new(
            Code::UnknownKey,
            "this server does not know the key; it may have been deleted, or belong to another server",
        )
    })?;
    check(key, right, need)?;
    Ok(Caller {
        access: key.attribution(),
    })
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let missing = || {
        let detail =
            "send Authorization: Bearer tg_…; the first key stands in admin.key in the server's data folder";
        Problem::new(Code::MissingKey, detail)
    };
    let value = headers
        .get(AUTHORIZATION)
        .ok_or_else(missing)?
        .to_str()
        .map_err(|_| missing())?;
    let (scheme, secret) = value.split_once(' ').ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(secret.trim())
    } else {
        Err(missing())
    }
}

fn check(key: &ApiKey, right: Right, need: Need) -> Result<(), Problem> {
    if !key.role.allows(right) {
        let detail = format!(
            "this needs the right to {}, which the role {} does not have",
            named(right),
            key.role.as_str()
        );
        return Err(Problem::new(Code::Forbidden, detail));
    }
    let pinned = key.team.is_some() || key.project.is_some() || key.user.is_some();
    if pinned && matches!(right, Right::Manage | Right::Administer) {
        // Else it could make itself a key without its pins.
        let detail = "a key pinned to a team, project or user sends and asks; it changes no settings";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    if need.is_instance() && key.organization.is_some() {
        let detail = "this concerns every organization; it needs a key that belongs to none";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    Ok(())
}

/// The right in words, with the roles that have it.
pub(crate) fn named(right: Right) -> &'static str {
    match right {
        Right::Ingest => "ingest (roles ingest, manage, admin)",
        Right::Read => "read (roles read, manage, admin)",
        Right::Manage => "manage (roles manage, admin)",
        Right::Administer => "administer (role admin)",
    }
}

impl Caller {
    /// Whether the caller may see what belongs to this organization.
    pub(crate) fn sees(&self, organization: &Label) -> bool {
        self.access
            .organization
            .as_ref()
            .is_none_or(|own| own == organization)
    }

    /// Whether the caller may see this price: one for everybody, or its organization's own.
    pub(crate) fn sees_price(&self, record: &PriceRecord) -> bool {
        record
            .price
            .organization()
            .is_none_or(|organization| self.sees(organization))
    }

    /// Whether the caller may see this key: one of its organization; keys of the instance are seen by those alone.
    pub(crate) fn sees_key(&self, key: &ApiKey) -> bool {
        match &key.organization {
            Some(organization) => self.sees(organization),
            None => self.access.organization.is_none(),
        }
    }
}
