//! From draft to event: every flaw found at once, each with its pointer and remedy.

use super::metadata::canonical;
use super::payload::{Filled, hash};
use super::{Draft, EVENT_MEASURES_MAX, Event, Measures, SOURCE_DEFAULT, VOID_SOURCE};
use crate::catalog::Catalog;
use crate::category::{Category, MeasureKind};
use crate::decimal::Decimal;
use crate::dimension::{DIMENSIONS_MAX, Dimensions, is_reserved};
use crate::flaw::{Flaw, FlawCode, pointer};
use crate::id::{IdentityKey, PayloadHash};
use crate::money::Money;
use crate::quantity::Quantity;
use crate::scope::{Scope, ScopeKind, parse_name};
use crate::text::{CategoryName, Key, Label};
use crate::time::{MICROS_PER_SECOND, Timestamp};
use std::borrow::Cow;

/// The window of times that are accepted, seen from `now`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// First instant accepted.
    pub from: Timestamp,
    /// How far ahead of now an event may be.
    pub ahead_seconds: i64,
}

impl Default for Acceptance {
    /// From 2000-01-01 to one hour ahead.
    fn default() -> Self {
        Self {
            from: Timestamp::from_micros(946_684_800 * MICROS_PER_SECOND),
            ahead_seconds: 3600,
        }
    }
}

/// What the caller's key says about who used something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attribution {
    /// The organization the key belongs to; `None` for an instance key, whose events name theirs.
    pub organization: Option<Label>,
    /// The team the key is pinned to.
    pub team: Option<Label>,
    /// The project the key is pinned to.
    pub project: Option<Label>,
    /// The user the key is pinned to.
    pub user: Option<Label>,
}

/// What drafts are judged against.
#[derive(Clone, Copy, Debug)]
pub struct Intake<'a> {
    /// The categories that exist.
    pub catalog: &'a Catalog,
    /// The secret under which identities are hashed.
    pub identity: &'a IdentityKey,
    /// Who the caller is.
    pub attribution: &'a Attribution,
    /// Which times are accepted.
    pub acceptance: Acceptance,
    /// The time of arrival.
    pub now: Timestamp,
}

impl Draft<'_> {
    /// Judges the draft; `fresh_id` is the id it gets when it names none.
    pub fn validate(&self, intake: &Intake<'_>, fresh_id: &str) -> Result<Event, Vec<Flaw>> {
        let mut judge = Judge {
            flaws: Vec::new(),
            intake,
        };
        let scope = judge.scope(self);
        let category = judge.category(self);
        let source = judge.source(self);
        let id = judge.label(&["id"], self.id.as_deref().unwrap_or(fresh_id));
        let at = judge.at(self);
        let (measures, requests) = match category {
            Some((_, category)) => judge.amounts(self, category),
            None => Default::default(),
        };
        let dimensions = judge.dimensions(self);
        let metadata = judge.metadata(self);
        let asserted = judge.cost(self);
        let (Some(scope), Some((name, category)), Some(source), Some(id), Some(at), Some(dimensions)) =
            (scope, category, source, id, at, dimensions)
        else {
            return Err(judge.flaws);
        };
        judge.unique(category, &scope);
        if !judge.flaws.is_empty() {
            return Err(judge.flaws);
        }
        let filled = Filled {
            timestamp: self.timestamp.is_none(),
            requests: requests.is_none(),
        };
        let mut event = Event {
            event: intake
                .identity
                .event_id(scope.organization.as_str(), source.as_str(), id.as_str()),
            payload: PayloadHash(0),
            id,
            source,
            category: name,
            scope,
            at,
            requests: requests.unwrap_or(Quantity::ONE),
            measures,
            dimensions,
            metadata,
            asserted,
            corrects: None,
        };
        event.payload = hash(intake.identity, &event, filled);
        Ok(event)
    }
}

struct Judge<'a> {
    flaws: Vec<Flaw>,
    intake: &'a Intake<'a>,
}

impl<'a> Judge<'a> {
    fn flaw(&mut self, parts: &[&str], code: FlawCode, detail: impl std::fmt::Display) {
        self.flaws.push(Flaw::at(pointer(parts), code, detail));
    }

    fn label(&mut self, at: &[&str], text: &str) -> Option<Label> {
        Label::parse(text)
            .map_err(|error| self.flaw(at, FlawCode::Text, error))
            .ok()
    }

    fn name(&mut self, at: &str, text: Option<&Cow<'_, str>>) -> Option<Label> {
        parse_name(text?)
            .map_err(|error| self.flaw(&[at], error.code(), error))
            .ok()
    }

    fn scope(&mut self, draft: &Draft<'_>) -> Option<Scope> {
        let pinned = self.intake.attribution;
        let named = self.name("organization", draft.organization.as_ref());
        let organization = match (&pinned.organization, named) {
            (Some(own), Some(named)) if *own != named => {
                let detail = format!("the key belongs to {own}; leave the field out or name {own}");
                self.flaw(&["organization"], FlawCode::WrongOrganization, detail);
                None
            }
            (Some(own), _) => Some(own.clone()),
            (None, Some(named)) => Some(named),
            (None, None) if draft.organization.is_some() => None,
            (None, None) => {
                self.flaw(
                    &["organization"],
                    FlawCode::Missing,
                    "an instance key names the organization of each event",
                );
                None
            }
        };
        let team = self.name("team", draft.team.as_ref());
        let project = self.name("project", draft.project.as_ref());
        let user = self.name("user", draft.user.as_ref());
        Some(Scope {
            organization: organization?,
            team: pinned.team.clone().or(team),
            project: pinned.project.clone().or(project),
            user: pinned.user.clone().or(user),
        })
    }

    fn category(&mut self, draft: &Draft<'_>) -> Option<(CategoryName, &'a Category)> {
        let Some(name) = draft.category.as_deref() else {
            self.flaw(
                &["category"],
                FlawCode::Missing,
                "name what was used, such as ai.completion",
            );
            return None;
        };
        if let Some(category) = self.intake.catalog.category(name) {
            return Some((category.name().clone(), category));
        }
        let hint = match self.intake.catalog.nearest(name) {
            Some(near) => format!("did you mean {near}? GET /v1/categories lists them"),
            None => "GET /v1/categories lists those that exist".to_owned(),
        };
        let shown: String = name.chars().take(64).collect();
        self.flaw(
            &["category"],
            FlawCode::UnknownCategory,
            format!("no category {shown:?}; {hint}"),
        );
        None
    }

    fn source(&mut self, draft: &Draft<'_>) -> Option<Label> {
        let source = self.label(&["source"], draft.source.as_deref().unwrap_or(SOURCE_DEFAULT))?;
        if source.as_str() == VOID_SOURCE {
            self.flaw(
                &["source"],
                FlawCode::Reserved,
                "this source is kept for voids; use POST /v1/events/{event}/void",
            );
            return None;
        }
        Some(source)
    }

    fn at(&mut self, draft: &Draft<'_>) -> Option<Timestamp> {
        let Some(text) = draft.timestamp.as_deref() else {
            return Some(self.intake.now);
        };
        let at = match Timestamp::parse(text) {
            Ok(at) => at,
            Err(error) => {
                self.flaw(&["timestamp"], FlawCode::Time, error);
                return None;
            }
        };
        let Acceptance { from, ahead_seconds } = self.intake.acceptance;
        let until = self.intake.now.plus_seconds(ahead_seconds);
        if (from..=until).contains(&at) {
            return Some(at);
        }
        self.flaw(
            &["timestamp"],
            FlawCode::TimeWindow,
            format!("times from {from} to {until} are accepted"),
        );
        None
    }

    fn amounts(&mut self, draft: &Draft<'_>, category: &Category) -> (Measures, Option<Quantity>) {
        let mut measures = Measures::new();
        let mut requests = None;
        if draft.measures.len() > EVENT_MEASURES_MAX {
            self.flaw(
                &["measures"],
                FlawCode::TooMany,
                format!("at most {EVENT_MEASURES_MAX} measures on an event"),
            );
            return (measures, requests);
        }
        let given = draft
            .measures
            .iter()
            .map(|(name, text)| (vec!["measures", name.as_ref()], name.as_ref(), text.as_ref()));
        let primary = draft
            .quantity
            .as_deref()
            .and_then(|text| self.primary(category).map(|name| (vec!["quantity"], name, text)));
        for (at, name, text) in given.chain(primary) {
            let Some(measure) = category.measure(name) else {
                let known: Vec<&str> = category.measures().iter().map(|m| m.name.as_str()).collect();
                let detail = format!(
                    "{} has no such measure; it has {}",
                    category.name(),
                    known.join(", ")
                );
                self.flaw(&at, FlawCode::UnknownMeasure, detail);
                continue;
            };
            let Some(quantity) = self.amount(&at, text) else {
                continue;
            };
            let repeated = measures.iter().any(|(key, _)| *key == measure.name)
                || (name == "requests" && requests.is_some());
            match measure.kind {
                _ if repeated => self.flaw(&at, FlawCode::Repeated, format!("{name} is given twice")),
                MeasureKind::Unique(of) if quantity != Quantity::ONE => {
                    let detail = format!("{name} counts distinct {}s; leave the amount out", of.as_str());
                    self.flaw(&at, FlawCode::Range, detail);
                }
                MeasureKind::Unique(_) => {}
                _ if name == "requests" => requests = Some(quantity),
                _ => measures.push((measure.name.clone(), quantity)),
            }
        }
        measures.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        (measures, requests)
    }

    fn primary<'c>(&mut self, category: &'c Category) -> Option<&'c str> {
        if let Some(primary) = category.primary() {
            return Some(primary.as_str());
        }
        let known: Vec<&str> = category.measures().iter().map(|m| m.name.as_str()).collect();
        let detail = format!(
            "{} has no primary measure; name one under measures: {}",
            category.name(),
            known.join(", ")
        );
        self.flaw(&["quantity"], FlawCode::NoPrimary, detail);
        None
    }

    fn amount(&mut self, at: &[&str], text: &str) -> Option<Quantity> {
        match text.parse::<Quantity>() {
            Ok(quantity) if quantity < Quantity::ZERO => {
                self.flaw(
                    at,
                    FlawCode::Range,
                    "must not be negative; void an event to take it back",
                );
                None
            }
            Ok(quantity) => Some(quantity),
            Err(error) => {
                self.flaw(at, FlawCode::Number, error);
                None
            }
        }
    }

    fn dimensions(&mut self, draft: &Draft<'_>) -> Option<Dimensions> {
        if draft.dimensions.len() > DIMENSIONS_MAX {
            self.flaw(
                &["dimensions"],
                FlawCode::TooMany,
                format!("at most {DIMENSIONS_MAX} dimensions on an event"),
            );
            return None;
        }
        let mut pairs = Vec::with_capacity(draft.dimensions.len());
        for (name, value) in &draft.dimensions {
            let at = ["dimensions", name.as_ref()];
            match (Key::parse(name), Label::parse(value)) {
                (Ok(key), Ok(_)) if is_reserved(name) => {
                    self.flaw(
                        &at,
                        FlawCode::Reserved,
                        format!("{key} is the name of an event field"),
                    );
                }
                (Ok(key), Ok(value)) => pairs.push((key, value)),
                (Err(error), _) | (_, Err(error)) => self.flaw(&at, FlawCode::Text, error),
            }
        }
        match Dimensions::from_pairs(pairs) {
            Ok(dimensions) => Some(dimensions),
            Err(key) => {
                self.flaw(
                    &["dimensions", key.as_str()],
                    FlawCode::Repeated,
                    "is given twice",
                );
                None
            }
        }
    }

    fn metadata(&mut self, draft: &Draft<'_>) -> Option<Box<str>> {
        match canonical(draft.metadata.as_deref()?) {
            Ok(metadata) => metadata,
            Err((code, detail)) => {
                self.flaw(&["metadata"], code, detail);
                None
            }
        }
    }

    fn cost(&mut self, draft: &Draft<'_>) -> Option<Money> {
        match draft
            .cost
            .as_deref()
            .map(|text| Decimal::parse(text).and_then(Money::try_from))?
        {
            Ok(cost) if cost >= Money::ZERO && cost.is_event_cost() => Some(cost),
            Ok(cost) if cost >= Money::ZERO => {
                self.flaw(&["cost"], FlawCode::Range, "one event costs at most 10^15");
                None
            }
            Ok(_) => {
                self.flaw(
                    &["cost"],
                    FlawCode::Range,
                    "must not be negative; void an event to take it back",
                );
                None
            }
            Err(error) => {
                self.flaw(&["cost"], FlawCode::Number, error);
                None
            }
        }
    }

    fn unique(&mut self, category: &Category, scope: &Scope) {
        for measure in category.measures() {
            if let MeasureKind::Unique(of) = measure.kind
                && of != ScopeKind::Organization
                && scope.of(of).is_none()
            {
                let detail = format!(
                    "{} counts distinct {}s, so the event names one",
                    measure.name,
                    of.as_str()
                );
                self.flaw(&[of.as_str()], FlawCode::Missing, detail);
            }
        }
    }
}
