//! Asking: events, usage and verification, each within what the caller may see.

use super::record::{NEAR_MISS_LOOKS_MAX, near_miss};
use super::watch::Watch;
use super::{Access, Engine};
use crate::error::EngineError;
use crate::store::{EventPage, StoredEvent, Violation, ViolationPage};
use std::sync::Arc;
use tollgate_core::id::EventId;
use tollgate_core::limit::Limit;
use tollgate_core::money::Currency;
use tollgate_core::price::NearMiss;
use tollgate_core::query::{Answer, Field, Filter, QueryParts, UsageQuery};
use tollgate_core::scope::{Scope, ScopeKind};
use tollgate_core::text::Label;

/// Most items on one page: a thousand, and one that says that there is another page.
pub(super) const PAGE_ITEMS_MAX: usize = 1_001;

/// A recorded event with what has happened to it since.
#[derive(Clone, Debug, PartialEq)]
pub struct EventView {
    /// The event as recorded.
    pub stored: StoredEvent,
    /// The void that took it back.
    pub voided_by: Option<EventId>,
    /// The currency of its cost.
    pub currency: Currency,
    /// Why no price matches it, where one nearly does by now.
    pub near_miss: Option<NearMiss>,
    /// The limits there are now that count it, in the order of their ids.
    pub limits: Vec<Arc<Limit>>,
}

impl Engine {
    /// One event with its charge, if the caller may see it.
    pub async fn event(&self, event: EventId, access: &Access) -> Result<EventView, EngineError> {
        let stored = self.visible(event, access).await?;
        let void = stored.event.void(&self.identity).event;
        let voided_by = self.store.event(void).await?.map(|void| void.event.event);
        let settings = self.settings();
        let concerned = settings.limits.concerned(&stored.event, stored.event.at);
        let mut looks = NEAR_MISS_LOOKS_MAX;
        Ok(EventView {
            near_miss: near_miss(&stored.event, &stored.charge, &settings, &mut looks),
            voided_by,
            currency: settings.currency(stored.event.scope.organization.as_str()),
            limits: concerned.into_iter().map(|concerned| concerned.limit).collect(),
            stored,
        })
    }

    /// What limits refused, newest first, of what the caller may see.
    pub async fn violations(
        &self,
        mut page: ViolationPage,
        access: &Access,
    ) -> Result<Vec<(u64, Violation)>, EngineError> {
        if let Some(own) = &access.organization {
            if page.organization.as_ref().is_some_and(|wanted| wanted != own) {
                return Ok(Vec::new());
            }
            page.organization = Some(own.clone());
        }
        let wanted = page.limit.min(PAGE_ITEMS_MAX);
        let mut found = Vec::with_capacity(wanted);
        // The store knows of organizations only; for a key with more pins it is asked on until enough is found.
        while found.len() < wanted {
            page.limit = match access.team.is_some() || access.project.is_some() || access.user.is_some() {
                true => PAGE_ITEMS_MAX,
                false => wanted,
            };
            let part = self.store.journal().violations(page.clone()).await?;
            let is_last = part.len() < page.limit;
            page.before = part.last().map(|(number, _)| *number);
            let seen = part
                .into_iter()
                .filter(|(_, violation)| may_see(access, &violation.scope));
            found.extend(seen.take(wanted - found.len()));
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    /// Events by arrival, newest first, of what the caller may see.
    pub async fn events(
        &self,
        mut page: EventPage,
        access: &Access,
    ) -> Result<Vec<StoredEvent>, EngineError> {
        page.filters.extend(own(access));
        page.limit = page.limit.min(PAGE_ITEMS_MAX);
        Ok(self.store.events(page).await?)
    }

    /// Answers a usage query over what the caller may see.
    pub async fn query(
        &self,
        parts: &QueryParts,
        access: &Access,
    ) -> Result<(Arc<UsageQuery>, Answer), EngineError> {
        let settings = self.settings();
        let mut query =
            UsageQuery::new(parts, &settings.catalog, self.clock.now()).map_err(EngineError::Invalid)?;
        own(access).for_each(|filter| query.restrict(filter));
        let query = Arc::new(query);
        let answer = self.store.usage(query.clone(), settings).await?;
        Ok((query, answer))
    }

    /// Looks whether anything that a filter admits was ever recorded. If not, gives a watch for what is from now on; so the
    /// right to change settings, without which nothing is recorded, need not be held while this looks.
    pub(super) async fn unrecorded(&self, filter: Filter) -> Result<Option<Arc<Watch>>, EngineError> {
        let watch = self.watches.watch(filter.clone());
        let is_recorded = self.is_recorded(filter).await?;
        Ok((!is_recorded).then_some(watch))
    }

    async fn is_recorded(&self, filter: Filter) -> Result<bool, EngineError> {
        let settings = self.settings();
        let now = self.clock.now();
        let until = now.plus_seconds(self.acceptance.ahead_seconds.saturating_add(1));
        let parts = QueryParts {
            measures: Some(vec!["requests".to_owned()]),
            from: Some(self.acceptance.from.to_string()),
            to: Some(until.to_string()),
            ..QueryParts::default()
        };
        let mut query = UsageQuery::new(&parts, &settings.catalog, now).map_err(EngineError::Invalid)?;
        query.restrict(filter);
        let answer = self.store.usage(Arc::new(query), settings).await?;
        Ok(!answer.rows.is_empty())
    }
}

/// What restricts a caller to its own organization and pins.
fn own(access: &Access) -> impl Iterator<Item = Filter> {
    let pins = [
        (ScopeKind::Organization, &access.organization),
        (ScopeKind::Team, &access.team),
        (ScopeKind::Project, &access.project),
        (ScopeKind::User, &access.user),
    ];
    pins.into_iter().filter_map(|(kind, pin)| {
        let label = pin.as_ref()?;
        Some(Filter::is(Field::Scope(kind), label.as_smol().clone()))
    })
}

/// Whether a caller may see what was used by `scope`.
pub(super) fn may_see(access: &Access, scope: &Scope) -> bool {
    let pinned = |pin: &Option<Label>, kind| pin.as_ref().is_none_or(|label| scope.of(kind) == Some(label));
    pinned(&access.organization, ScopeKind::Organization)
        && pinned(&access.team, ScopeKind::Team)
        && pinned(&access.project, ScopeKind::Project)
        && pinned(&access.user, ScopeKind::User)
}
