//! Budgets: ceilings on cost.

use super::judge::Judge;
use super::parts::{Shared, match_parts, subject_parts, threshold_parts};
use super::{
    Amount, Counted, Limit, LimitId, Mode, Percent, Rung, RungParts, SubjectParts, Tier, Unavailable,
};
use crate::flaw::{Flaw, FlawCode};
use crate::id::BudgetId;
use crate::money::{Currency, Money};
use crate::period::Period;
use crate::price::NumberText;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The thresholds of a limit that names none (ALR-1).
pub const THRESHOLDS_DEFAULT: [Percent; 3] = [Percent::whole(75), Percent::whole(90), Percent::whole(100)];

/// A budget as it is written in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetParts {
    /// Its name for people.
    pub name: String,
    /// The organization whose spending it counts; empty where the key that writes it says so.
    #[serde(default)]
    pub organization: String,
    /// Whose spending within it; the organization's as a whole when absent.
    #[serde(default)]
    pub scope: Option<SubjectParts>,
    /// On which categories; all when absent.
    #[serde(default)]
    pub selector: Option<String>,
    /// The dimensions that a use must have.
    #[serde(default, rename = "match")]
    pub matches: BTreeMap<String, String>,
    /// The ceiling; the tier's when absent.
    #[serde(default)]
    pub limit: Option<NumberText>,
    /// In which currency; the organization's when absent.
    #[serde(default)]
    pub currency: Option<String>,
    /// How long it counts before it begins anew; a month when absent.
    #[serde(default)]
    pub period: Option<Period>,
    /// Whose calendar; UTC when absent.
    #[serde(default)]
    pub timezone: Option<String>,
    /// What happens at the ceiling; ladder for a tier and hard otherwise when absent.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// The class of customer, which gives the ladder and the ceiling where they are absent.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// What happens while the balance cannot be known; what suits the mode when absent.
    #[serde(default)]
    pub on_unavailable: Option<Unavailable>,
    /// Percentages at which alerts are given.
    #[serde(default)]
    pub thresholds: Option<Vec<NumberText>>,
    /// The ladder; the tier's, else the standard one when absent.
    #[serde(default)]
    pub rungs: Option<Vec<RungParts>>,
}

impl Unavailable {
    /// What suits a mode: where nothing is refused, nothing is refused for want of knowledge either.
    pub(super) fn suiting(mode: Mode) -> Self {
        match mode {
            Mode::Hard => Self::Deny,
            Mode::Soft | Mode::Shadow | Mode::Ladder => Self::Allow,
        }
    }
}

impl BudgetParts {
    /// A budget of an organization that says nothing else, to be filled in.
    pub fn named(organization: &str) -> Self {
        Self {
            name: String::new(),
            organization: organization.to_owned(),
            scope: None,
            selector: None,
            matches: BTreeMap::new(),
            limit: None,
            currency: None,
            period: None,
            timezone: None,
            mode: None,
            tier: None,
            on_unavailable: None,
            thresholds: None,
            rungs: None,
        }
    }

    /// Judges the budget of an organization with this currency; every flaw is listed.
    pub fn judge(&self, id: BudgetId, own: Currency) -> Result<Limit, Vec<Flaw>> {
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
        let period = self.period.unwrap_or(Period::Month);
        let ceiling = self.ceiling(period, &mut judge);
        self.check_currency(own, &mut judge);
        let (Some(shared), Some(ceiling)) = (shared, ceiling) else {
            return Err(judge.flaws);
        };
        if !judge.flaws.is_empty() {
            return Err(judge.flaws);
        }
        let mode = self.mode.unwrap_or(match self.tier {
            Some(_) => Mode::Ladder,
            None => Mode::Hard,
        });
        Ok(Limit {
            id: LimitId::Budget(id),
            name: shared.name,
            organization: shared.organization,
            subject: shared.subject,
            selector: shared.selector,
            matches: shared.matches,
            counted: Counted::Cost(own),
            window: period,
            zone: shared.zone,
            ceiling: Amount(ceiling.pico()),
            mode,
            on_unavailable: self.on_unavailable.unwrap_or(Unavailable::suiting(mode)),
            thresholds: shared.thresholds.unwrap_or_else(|| THRESHOLDS_DEFAULT.to_vec()),
            rungs: shared
                .rungs
                .unwrap_or_else(|| self.tier.map_or_else(Rung::standard, Tier::rungs)),
            tier: self.tier,
        })
    }

    /// A budget as it is written, with every default spelled out.
    pub fn of(limit: &Limit) -> Self {
        let currency = match &limit.counted {
            Counted::Cost(currency) => Some(currency.to_string()),
            Counted::Measure(_) => None,
        };
        Self {
            name: limit.name.to_string(),
            organization: limit.organization.to_string(),
            scope: Some(subject_parts(limit)),
            selector: Some(limit.selector.to_string()),
            matches: match_parts(limit),
            limit: Some(NumberText::new(limit.counted.decimal(limit.ceiling).to_string())),
            currency,
            period: Some(limit.window),
            timezone: Some(limit.zone.name().to_owned()),
            mode: Some(limit.mode),
            tier: limit.tier,
            on_unavailable: Some(limit.on_unavailable),
            thresholds: Some(threshold_parts(limit)),
            rungs: Some(limit.rungs.iter().copied().map(RungParts::from).collect()),
        }
    }

    fn ceiling(&self, period: Period, judge: &mut Judge) -> Option<Money> {
        if let Some(limit) = &self.limit {
            return judge.ceiling(limit);
        }
        let ceiling = self.tier.and_then(|tier| tier.ceiling(period));
        if ceiling.is_none() {
            let detail = "say what may be spent; a tier knows it for a day and a month only";
            judge.flaw(&["limit"], FlawCode::Missing, detail);
        }
        ceiling
    }

    fn check_currency(&self, own: Currency, judge: &mut Judge) {
        let Some(text) = &self.currency else { return };
        let parsed = judge.parsed(&["currency"], FlawCode::Text, text.parse::<Currency>());
        if parsed.is_some_and(|currency| currency != own) {
            let detail = format!("the organization's costs are in {own}; write that or leave it out");
            judge.flaw(&["currency"], FlawCode::Combination, detail);
        }
    }
}
