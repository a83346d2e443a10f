//! Quotas: ceilings on a measure.

use super::judge::Judge;
use super::parts::{Shared, match_parts, subject_parts, threshold_parts};
use super::{
    Amount, Counted, Limit, LimitId, Mode, Rung, RungParts, SubjectParts, THRESHOLDS_DEFAULT, Unavailable,
};
use crate::flaw::{Flaw, FlawCode};
use crate::id::QuotaId;
use crate::period::Period;
use crate::price::NumberText;
use crate::quantity::Quantity;
use crate::text::Key;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A quota as it is written in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaParts {
    /// Its name for people.
    pub name: String,
    /// The organization whose use it counts; empty where the key that writes it says so.
    #[serde(default)]
    pub organization: String,
    /// Whose use within it; the organization's as a whole when absent.
    #[serde(default)]
    pub scope: Option<SubjectParts>,
    /// Of which categories; all when absent.
    #[serde(default)]
    pub selector: Option<String>,
    /// The dimensions that a use must have.
    #[serde(default, rename = "match")]
    pub matches: BTreeMap<String, String>,
    /// The measure, `requests` among them.
    pub measure: String,
    /// The ceiling, in the measure's base unit.
    pub limit: NumberText,
    /// How long it counts before it begins anew.
    pub window: Period,
    /// Whose calendar; UTC when absent.
    #[serde(default)]
    pub timezone: Option<String>,
    /// What happens at the ceiling; hard when absent.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// What happens while the balance cannot be known; what suits the mode when absent.
    #[serde(default)]
    pub on_unavailable: Option<Unavailable>,
    /// Percentages at which alerts are given.
    #[serde(default)]
    pub thresholds: Option<Vec<NumberText>>,
    /// The ladder; the standard one when absent.
    #[serde(default)]
    pub rungs: Option<Vec<RungParts>>,
}

impl QuotaParts {
    /// Judges the quota; every flaw is listed.
    pub fn judge(&self, id: QuotaId) -> Result<Limit, Vec<Flaw>> {
        let mut judge = Judge::default();
        let shared = judge.shared(&Shared {
            name: &self.name,
            organization: &self.organization,
            scope: self.scope.as_ref(),
            selector: self.selector.as_deref(),
            matches: &self.matches,
            timezone: self.timezone.as_deref(),
            thresholds: self.thresholds.as_deref(),
            rungs: self.rungs.as_deref(),
        });
        let measure = match self.measure.as_str() {
            "cost" => {
                let detail = "a ceiling on cost is a budget; write it to /v1/budgets";
                judge.flaw(&["measure"], FlawCode::NotAllowed, detail);
                None
            }
            name => judge.parsed(&["measure"], FlawCode::Text, Key::parse(name)),
        };
        let ceiling = judge.ceiling::<Quantity>(&self.limit);
        let (Some(shared), Some(measure), Some(ceiling)) = (shared, measure, ceiling) else {
            return Err(judge.flaws);
        };
        if !judge.flaws.is_empty() {
            return Err(judge.flaws);
        }
        let mode = self.mode.unwrap_or(Mode::Hard);
        Ok(Limit {
            id: LimitId::Quota(id),
            name: shared.name,
            organization: shared.organization,
            subject: shared.subject,
            selector: shared.selector,
            matches: shared.matches,
            counted: Counted::Measure(measure),
            window: self.window,
            zone: shared.zone,
            ceiling: Amount(ceiling.nano()),
            mode,
            on_unavailable: self.on_unavailable.unwrap_or(Unavailable::suiting(mode)),
            thresholds: shared.thresholds.unwrap_or_else(|| THRESHOLDS_DEFAULT.to_vec()),
            rungs: shared.rungs.unwrap_or_else(Rung::standard),
            tier: None,
        })
    }

    /// A quota as it is written, with every default spelled out.
    pub fn of(limit: &Limit) -> Self {
        Self {
            name: limit.name.to_string(),
            organization: limit.organization.to_string(),
            scope: Some(subject_parts(limit)),
            selector: Some(limit.selector.to_string()),
            matches: match_parts(limit),
            measure: limit.counted.as_str().to_owned(),
            limit: NumberText::new(limit.counted.decimal(limit.ceiling).to_string()),
            window: limit.window,
            timezone: Some(limit.zone.name().to_owned()),
            mode: Some(limit.mode),
            on_unavailable: Some(limit.on_unavailable),
            thresholds: Some(threshold_parts(limit)),
            rungs: Some(limit.rungs.iter().copied().map(RungParts::from).collect()),
        }
    }
}
