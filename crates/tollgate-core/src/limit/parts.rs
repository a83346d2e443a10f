//! Pieces of limits as they are written in JSON.

use super::{Action, Limit, Priority, Rung};
use crate::price::NumberText;
use crate::scope::ScopeKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whose use is counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectParts {
    /// The class of scope.
    pub kind: ScopeKind,
    /// The instance, or `*` for each one separately.
    pub id: String,
}

/// A step of a ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RungParts {
    /// The percentage of the ceiling at which it begins.
    pub at: NumberText,
    /// What happens.
    pub action: Action,
    /// The most important requests that it concerns; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<Priority>,
}

impl From<Rung> for RungParts {
    fn from(rung: Rung) -> Self {
        Self {
            at: NumberText::new(rung.at.to_string()),
            action: rung.action,
            up_to: (rung.up_to != Priority::Critical).then_some(rung.up_to),
        }
    }
}

/// The fields that quotas and budgets share, as they are written.
#[derive(Clone, Debug)]
pub(super) struct Shared<'p> {
    pub(super) name: &'p str,
    pub(super) organization: &'p str,
    pub(super) scope: Option<&'p SubjectParts>,
    pub(super) selector: Option<&'p str>,
    pub(super) matches: &'p BTreeMap<String, String>,
    pub(super) timezone: Option<&'p str>,
    pub(super) thresholds: Option<&'p [NumberText]>,
    pub(super) rungs: Option<&'p [RungParts]>,
}

/// What every limit writes back alike.
pub(super) fn subject_parts(limit: &Limit) -> SubjectParts {
    SubjectParts {
        kind: limit.subject.kind,
        id: limit.subject.as_str().to_owned(),
    }
}

pub(super) fn match_parts(limit: &Limit) -> BTreeMap<String, String> {
    let pairs = limit.matches.iter();
    pairs
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}

pub(super) fn threshold_parts(limit: &Limit) -> Vec<NumberText> {
    let texts = limit.thresholds.iter();
    texts
        .map(|percent| NumberText::new(percent.to_string()))
        .collect()
}
