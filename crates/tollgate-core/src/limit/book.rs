//! The limit book: which limits concern a use.
//!
//! Looked up by organization, then by scope: limits of one instance by its name, those of each one separately in a list.
//! So the number of organizations and of limits for single users does not matter.

use super::crowd::crowd_of;
use super::{Cell, Limit, LimitId, Subject};
use crate::event::Event;
use crate::flaw::{Flaw, FlawCode};
use crate::period::Window;
use crate::scope::ScopeKind;
use crate::text::Label;
use crate::time::Timestamp;
use hashbrown::HashMap;
use smallvec::SmallVec;
use std::sync::Arc;

/// All limits.
#[derive(Clone, Debug, Default)]
pub struct LimitBook {
    limits: HashMap<LimitId, Arc<Limit>>,
    organizations: HashMap<Label, Shelf>,
}

/// The limits of one organization.
#[derive(Clone, Debug, Default)]
struct Shelf {
    each: Vec<Arc<Limit>>,
    one: HashMap<(ScopeKind, Label), Vec<Arc<Limit>>>,
}

/// A limit that concerns a use, and the cell that it counts in.
#[derive(Clone, Debug)]
pub struct Concerned {
    /// The limit.
    pub limit: Arc<Limit>,
    /// Where it counts the use.
    pub cell: Cell,
    /// The window of that cell.
    pub window: Window,
}

impl LimitBook {
    /// The limits that concern a use at an instant, in the order of their ids.
    pub fn concerned(&self, usage: &Event, at: Timestamp) -> SmallVec<[Concerned; 8]> {
        self.concerned_in(usage, |limit| limit.window.window(&limit.zone, at))
    }

    /// The same, in windows that the caller finds: calendars take time, and most limits share one.
    pub fn concerned_in(
        &self,
        usage: &Event,
        mut window_of: impl FnMut(&Limit) -> Window,
    ) -> SmallVec<[Concerned; 8]> {
        let mut found = SmallVec::new();
        let Some(shelf) = self.organizations.get(&usage.scope.organization) else {
            return found;
        };
        let of_one = ScopeKind::ALL.iter().filter_map(|kind| {
            if shelf.one.is_empty() {
                return None;
            }
            shelf.one.get(&(*kind, usage.scope.of(*kind)?.clone()))
        });
        for limit in shelf.each.iter().chain(of_one.flatten()) {
            if let Some(instance) = limit.concerns(usage) {
                let window = window_of(limit);
                let cell = Cell {
                    limit: limit.id,
                    instance: instance.clone(),
                    start: window.start,
                };
                found.push(Concerned {
                    limit: limit.clone(),
                    cell,
                    window,
                });
            }
        }
        found.sort_unstable_by_key(|concerned| concerned.limit.id);
        found
    }

    /// The limit of this id.
    pub fn limit(&self, id: LimitId) -> Option<&Arc<Limit>> {
        self.limits.get(&id)
    }

    /// Every limit, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Limit>> {
        let mut limits: Vec<&Arc<Limit>> = self.limits.values().collect();
        limits.sort_unstable_by_key(|limit| limit.id);
        limits.into_iter()
    }

    /// Whether an organization has any.
    pub fn has(&self, organization: &str) -> bool {
        self.organizations.contains_key(organization)
    }

    /// Refuses a limit with which one request could meet more limits than are looked at together.
    pub fn check(&self, limit: &Limit) -> Result<(), Flaw> {
        let others = self.limits.values().filter(|other| other.id != limit.id);
        match crowd_of(limit, others.map(|other| &**other)) {
            Ok(()) => Ok(()),
            Err(crowd) => Err(Flaw::at("/scope", FlawCode::TooMany, crowd)),
        }
    }

    /// Puts a limit in, in place of one of the same id.
    pub fn insert(&mut self, limit: impl Into<Arc<Limit>>) {
        let limit = limit.into();
        self.remove(limit.id);
        let shelf = self.organizations.entry(limit.organization.clone()).or_default();
        shelf.row(&limit.subject).push(limit.clone());
        self.limits.insert(limit.id, limit);
    }

    /// Takes a limit out.
    pub fn remove(&mut self, id: LimitId) -> Option<Arc<Limit>> {
        let limit = self.limits.remove(&id)?;
        let shelf = self.organizations.get_mut(&limit.organization)?;
        shelf.row(&limit.subject).retain(|other| other.id != id);
        shelf.one.retain(|_, row| !row.is_empty());
        if shelf.each.is_empty() && shelf.one.is_empty() {
            self.organizations.remove(&limit.organization);
        }
        Some(limit)
    }
}

impl Shelf {
    fn row(&mut self, subject: &Subject) -> &mut Vec<Arc<Limit>> {
        match &subject.instance {
            None => &mut self.each,
            Some(instance) => self.one.entry((subject.kind, instance.clone())).or_default(),
        }
    }
}
