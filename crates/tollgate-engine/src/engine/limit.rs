//! Changing quotas and budgets.

use super::setting::check_expected;
use super::{Access, Changing, Engine, sees};
use crate::error::EngineError;
use crate::settings::{LimitRecord, Settings};
use crate::store::{Expected, SettingChange};
use std::sync::Arc;
use tollgate_core::category::{Category, MeasureKind};
use tollgate_core::flaw::{Flaw, FlawCode};
use tollgate_core::id::{BudgetId, QuotaId};
use tollgate_core::limit::{BudgetParts, Counted, Limit, LimitId, QuotaParts};

/// A quota or a budget as it is written.
#[derive(Clone, Debug)]
pub enum LimitDraft {
    /// A ceiling on a measure.
    Quota(QuotaParts),
    /// A ceiling on cost.
    Budget(BudgetParts),
}

impl Engine {
    /// Writes a new limit, which counts from the beginning of its window; returns it with its version.
    pub async fn create_limit(
        &self,
        draft: LimitDraft,
        access: &Access,
    ) -> Result<(LimitRecord, u64), EngineError> {
        let changing = self.changing().await;
        let settings = self.settings();
        let record = self.limit_record(draft, None, &settings, access)?;
        self.save_limit(changing, record, Expected::Absent).await
    }

    /// Changes a limit at once and keeps what was used; what it counts stays as it is.
    pub async fn update_limit(
        &self,
        id: LimitId,
        draft: LimitDraft,
        expected: Expected,
        access: &Access,
    ) -> Result<(LimitRecord, u64), EngineError> {
        let changing = self.changing().await;
        let settings = self.settings();
        let record = self.limit_record(draft, Some((id, expected)), &settings, access)?;
        self.save_limit(changing, record, expected).await
    }

    /// What writing a draft makes: a new limit, or one in place of another that is as expected.
    pub(super) fn limit_record(
        &self,
        draft: LimitDraft,
        replaced: Option<(LimitId, Expected)>,
        settings: &Arc<Settings>,
        access: &Access,
    ) -> Result<LimitRecord, EngineError> {
        let Some((id, expected)) = replaced else {
            let limit = self.limit(draft, None, settings, access)?;
            settings
                .limits
                .check(&limit)
                .map_err(|flaw| EngineError::Invalid(vec![flaw]))?;
            return Ok(LimitRecord {
                limit: Arc::new(limit),
                created_at: self.now(),
            });
        };
        let before = visible_limit(settings, id, access)?;
        check_expected(settings, before.kind(), &id.to_string(), expected)?;
        let limit = self.limit(draft, Some(id), settings, access)?;
        before
            .limit
            .check_counts_alike(&limit)
            .map_err(EngineError::Invalid)?;
        Ok(LimitRecord {
            limit: Arc::new(limit),
            created_at: before.created_at,
        })
    }

    /// Deletes a limit. Open holds keep their other claims.
    pub async fn delete_limit(
        &self,
        id: LimitId,
        expected: Expected,
        access: &Access,
    ) -> Result<(), EngineError> {
        let changing = self.changing().await;
        let settings = self.settings();
        let before = visible_limit(&settings, id, access)?;
        check_expected(&settings, before.kind(), &id.to_string(), expected)?;
        let change = SettingChange {
            kind: before.kind(),
            id: id.to_string(),
            expected,
            body: None,
        };
        self.save(changing, vec![change]).await.map(drop)
    }

    /// What is odd about a limit that is valid: a selector that no category fits, a measure that none of them has.
    pub fn limit_warnings(&self, limit: &Limit) -> Vec<String> {
        let settings = self.settings();
        let mut selected = settings
            .catalog
            .iter()
            .filter(|category| limit.selector.admits(category.name().as_str()))
            .peekable();
        if selected.peek().is_none() {
            return vec![format!("no category fits the selector {} now", limit.selector)];
        }
        match &limit.counted {
            Counted::Measure(measure)
                if selected.all(|category| category.measure(measure.as_str()).is_none()) =>
            {
                vec![format!(
                    "no category that the selector {} fits has the measure {measure} now",
                    limit.selector
                )]
            }
            Counted::Measure(_) | Counted::Cost(_) => Vec::new(),
        }
    }

    async fn save_limit(
        &self,
        changing: Changing,
        record: LimitRecord,
        expected: Expected,
    ) -> Result<(LimitRecord, u64), EngineError> {
        let (kind, id) = (record.kind(), record.limit.id.to_string());
        let organization = record.limit.organization.clone();
        let mut changes = Vec::new();
        if !self.settings().organizations.contains_key(organization.as_str()) {
            changes.push(self.organization_for(organization));
        }
        changes.push(SettingChange {
            kind,
            id: id.clone(),
            expected,
            body: Some(record.body()),
        });
        let settings = self.save(changing, changes).await?;
        let version = settings.version(kind, &id).unwrap_or_default();
        Ok((record, version))
    }

    fn limit(
        &self,
        draft: LimitDraft,
        id: Option<LimitId>,
        settings: &Settings,
        access: &Access,
    ) -> Result<Limit, EngineError> {
        let fresh = uuid::Uuid::now_v7().as_u128();
        let limit = match (draft, id) {
            (LimitDraft::Quota(mut parts), id) => {
                own(&mut parts.organization, access)?;
                let id = match id {
                    Some(LimitId::Quota(id)) => id,
                    _ => QuotaId::from_bits(fresh),
                };
                parts.judge(id)
            }
            (LimitDraft::Budget(mut parts), id) => {
                own(&mut parts.organization, access)?;
                let id = match id {
                    Some(LimitId::Budget(id)) => id,
                    _ => BudgetId::from_bits(fresh),
                };
                let currency = settings.currency(&parts.organization);
                parts.judge(id, currency)
            }
        };
        let limit = limit.map_err(EngineError::Invalid)?;
        check_countable(&limit, settings)?;
        Ok(limit)
    }
}

/// The organization of a limit: the key's own, whether the body says so or not.
fn own(organization: &mut String, access: &Access) -> Result<(), EngineError> {
    let is_pinned = access.team.is_some() || access.project.is_some() || access.user.is_some();
    if is_pinned {
        let detail = "a key that is pinned to a team, project or user changes no limits of its organization";
        return Err(EngineError::Forbidden(detail.to_owned()));
    }
    let flaw = |code, detail: String| {
        Err(EngineError::Invalid(vec![Flaw::at(
            "/organization",
            code,
            detail,
        )]))
    };
    match &access.organization {
        None if organization.is_empty() => flaw(
            FlawCode::Missing,
            "an instance key names the organization of a limit".to_owned(),
        ),
        Some(own) if !organization.is_empty() && organization.as_str() != own.as_str() => flaw(
            FlawCode::WrongOrganization,
            format!("the key belongs to {own}; leave the field out or name {own}"),
        ),
        Some(own) => {
            *organization = own.to_string();
            Ok(())
        }
        None => Ok(()),
    }
}

/// Levels and distinct instances are not known before a use, so nothing can be held of them.
fn check_countable(limit: &Limit, settings: &Settings) -> Result<(), EngineError> {
    let Counted::Measure(measure) = &limit.counted else {
        return Ok(());
    };
    let other = settings
        .catalog
        .iter()
        .find(|category| !is_countable(limit, category));
    let Some(category) = other else { return Ok(()) };
    let detail = format!(
        "{measure} of {} is a level or counts distinct instances, which nobody knows before a use; limit a counter or \
         the cost",
        category.name()
    );
    Err(EngineError::Invalid(vec![Flaw::at(
        "/measure",
        FlawCode::NotAllowed,
        detail,
    )]))
}

/// Whether a limit can count its measure in a category, if it selects it.
fn is_countable(limit: &Limit, category: &Category) -> bool {
    let Counted::Measure(measure) = &limit.counted else {
        return true;
    };
    let found = category.measure(measure.as_str());
    !limit.selector.admits(category.name().as_str())
        || found.is_none_or(|found| found.kind == MeasureKind::Counter)
}

/// Quotas go on to count: a measure that one of them counts across categories must not be a level in a new one.
pub(super) fn check_limits_still_count(settings: &Settings, category: &Category) -> Result<(), EngineError> {
    let Some(limit) = settings
        .limits
        .iter()
        .find(|limit| !is_countable(limit, category))
    else {
        return Ok(());
    };
    Err(EngineError::InUse(format!(
        "{} counts {} where its selector {} fits, and a level or distinct instances cannot be counted; give the measure \
         another name",
        limit.id,
        limit.counted.as_str(),
        limit.selector
    )))
}

/// The limit, if this caller may see it.
pub(super) fn visible_limit<'s>(
    settings: &'s Settings,
    id: LimitId,
    access: &Access,
) -> Result<&'s LimitRecord, EngineError> {
    let found = settings.limit_records.get(&id);
    let visible = found.filter(|record| sees(access, &record.limit.organization));
    visible.ok_or_else(|| EngineError::NotFound {
        what: id.kind(),
        id: id.to_string(),
    })
}
