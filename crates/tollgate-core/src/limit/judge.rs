//! From a limit as written to its parts: every flaw found at once, each with its pointer and remedy.

use super::parts::{RungParts, Shared};
use super::{Percent, Rung, Selector, Subject};
use crate::decimal::Decimal;
use crate::dimension::{DIMENSIONS_MAX, Dimensions, is_reserved};
use crate::flaw::{Flaw, FlawCode, pointer};
use crate::price::NumberText;
use crate::scope::{ScopeKind, parse_name};
use crate::text::{Key, Label};
use crate::zone::Zone;
use std::fmt::Display;

/// Most thresholds of a limit: each may give an alert in every window.
pub const THRESHOLDS_MAX: usize = 16;
/// Most rungs of a limit.
pub const RUNGS_MAX: usize = 16;

/// Collects the flaws of a limit.
#[derive(Default)]
pub(super) struct Judge {
    pub(super) flaws: Vec<Flaw>,
}

/// The judged fields that quotas and budgets share.
pub(super) struct Judged {
    pub(super) name: Label,
    pub(super) organization: Label,
    pub(super) subject: Subject,
    pub(super) selector: Selector,
    pub(super) matches: Dimensions,
    pub(super) zone: Zone,
    pub(super) thresholds: Option<Vec<Percent>>,
    pub(super) rungs: Option<Vec<Rung>>,
}

impl Judge {
    pub(super) fn flaw(&mut self, path: &[&str], code: FlawCode, detail: impl Display) {
        self.flaws.push(Flaw::at(pointer(path), code, detail));
    }

    pub(super) fn parsed<T, E: Display>(
        &mut self,
        path: &[&str],
        code: FlawCode,
        result: Result<T, E>,
    ) -> Option<T> {
        result.map_err(|error| self.flaw(path, code, error)).ok()
    }

    /// Judges what quotas and budgets share.
    pub(super) fn shared(&mut self, parts: &Shared<'_>) -> Option<Judged> {
        let name = self.parsed(&["name"], FlawCode::Text, Label::parse(parts.name));
        let organization = parse_name(parts.organization)
            .map_err(|error| self.flaw(&["organization"], error.code(), error))
            .ok();
        let subject = self.subject(parts);
        let selector = Selector::parse(parts.selector.unwrap_or("*"));
        let selector = self.parsed(&["selector"], FlawCode::Text, selector);
        let matches = self.matches(parts);
        let zone = Zone::parse(parts.timezone.unwrap_or("UTC"));
        let zone = self.parsed(&["timezone"], FlawCode::UnknownZone, zone);
        let thresholds = parts.thresholds.map(|texts| self.thresholds(texts));
        let rungs = parts.rungs.map(|rungs| self.rungs(rungs));
        Some(Judged {
            name: name?,
            organization: organization?,
            subject: subject?,
            selector: selector?,
            matches,
            zone: zone?,
            thresholds,
            rungs,
        })
    }

    fn subject(&mut self, parts: &Shared<'_>) -> Option<Subject> {
        let Some(scope) = parts.scope else {
            return Some(Subject {
                kind: ScopeKind::Organization,
                instance: None,
            });
        };
        // Within an organization there is but one, so "each one" and its name say the same.
        if scope.kind == ScopeKind::Organization {
            if scope.id != "*" && scope.id != parts.organization {
                let detail = format!(
                    "is not the limit's organization, {}; write that or *",
                    parts.organization
                );
                self.flaw(&["scope", "id"], FlawCode::Combination, detail);
            }
            return Some(Subject {
                kind: scope.kind,
                instance: None,
            });
        }
        let instance = match scope.id.as_str() {
            "*" => None,
            id => Some(self.parsed(&["scope", "id"], FlawCode::Text, Label::parse(id))?),
        };
        Some(Subject {
            kind: scope.kind,
            instance,
        })
    }

    fn matches(&mut self, parts: &Shared<'_>) -> Dimensions {
        if parts.matches.len() > DIMENSIONS_MAX {
            self.flaw(
                &["match"],
                FlawCode::TooMany,
                format!("at most {DIMENSIONS_MAX} dimensions"),
            );
        }
        let mut pairs = Vec::new();
        for (name, value) in parts.matches {
            let path = ["match", name.as_str()];
            if is_reserved(name) {
                let detail = "is the name of an event field; match names dimensions";
                self.flaw(&path, FlawCode::Reserved, detail);
                continue;
            }
            let key = self.parsed(&path, FlawCode::Text, Key::parse(name));
            let value = self.parsed(&path, FlawCode::Text, Label::parse(value));
            pairs.extend(key.zip(value));
        }
        // The keys of a map are different, so making the set cannot fail.
        Dimensions::from_pairs(pairs).unwrap_or_default()
    }

    fn thresholds(&mut self, texts: &[NumberText]) -> Vec<Percent> {
        if texts.len() > THRESHOLDS_MAX {
            self.flaw(
                &["thresholds"],
                FlawCode::TooMany,
                format!("at most {THRESHOLDS_MAX} thresholds"),
            );
        }
        let mut thresholds = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let path = ["thresholds", &index.to_string()];
            thresholds.extend(self.percent(&path, text));
        }
        thresholds.sort_unstable();
        thresholds.dedup();
        thresholds
    }

    fn rungs(&mut self, parts: &[RungParts]) -> Vec<Rung> {
        if parts.len() > RUNGS_MAX {
            self.flaw(
                &["rungs"],
                FlawCode::TooMany,
                format!("at most {RUNGS_MAX} rungs"),
            );
        }
        let mut rungs = Vec::new();
        for (index, rung) in parts.iter().enumerate() {
            let index = index.to_string();
            let at = self.percent(&["rungs", &index, "at"], &rung.at);
            rungs.extend(at.map(|at| Rung {
                at,
                action: rung.action,
                up_to: rung.up_to.unwrap_or(super::Priority::Critical),
            }));
        }
        rungs.sort_by_key(|rung| (rung.at, rung.action));
        rungs
    }

    fn percent(&mut self, path: &[&str], text: &NumberText) -> Option<Percent> {
        let decimal = self.parsed(path, FlawCode::Number, text.decimal())?;
        self.parsed(path, FlawCode::Range, Percent::try_from(decimal))
    }

    /// A ceiling, zero or more.
    pub(super) fn ceiling<T: TryFrom<Decimal>>(&mut self, text: &NumberText) -> Option<T>
    where
        T::Error: Display,
    {
        let decimal = self.parsed(&["limit"], FlawCode::Number, text.decimal())?;
        if decimal.is_negative() {
            self.flaw(
                &["limit"],
                FlawCode::Range,
                "must not be negative; 0 denies everything",
            );
            return None;
        }
        self.parsed(&["limit"], FlawCode::Number, T::try_from(decimal))
    }
}
