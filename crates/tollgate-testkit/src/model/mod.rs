//! The reference model: recording, rating and querying said a second time, as plainly as can be.
//!
//! A list of everything recorded, read from end to end for every question; fractions of big integers; nothing
//! remembered between events. It is slow and has no cleverness to be wrong in. From the core it takes value types
//! (ids, instants, zones, categories) and no rule.
//!
//! Not here: validation. The model is only told what is valid.

pub mod charge;
pub mod curve;
mod figure;
pub mod gauge;
pub mod number;
pub mod query;
pub mod rating;
pub mod rule;
pub mod window;

use crate::fixture::{PriceDraft, Sent, at};
use crate::strategy::every_use;
use charge::Cost;
use gauge::{Reading, integral};
use number::{Exact, exact};
use rating::{Rated, Rating};
use rule::{Rule, best_of, is_gauge, rule_for};
use serde_json::Value;
use std::collections::BTreeMap;
use tollgate_core::catalog::Catalog;
use tollgate_core::category::Category;
use tollgate_core::id::{EventId, IdentityKey, PriceId};
use tollgate_core::time::Timestamp;

/// Everything that was recorded, and what prices it.
#[derive(Clone, Debug)]
pub struct Model {
    catalog: Catalog,
    identity: IdentityKey,
    currencies: BTreeMap<String, String>,
    rules: Vec<Rule>,
    entries: Vec<Entry>,
}

/// Something that was recorded.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What was sent; for a void, what it takes back.
    pub sent: Sent,
    /// Its server id.
    pub event: EventId,
    /// When it was used.
    pub at: Timestamp,
    /// What it came to.
    pub rated: Rated,
    /// What it takes back.
    pub corrects: Option<EventId>,
    /// Whether a later entry takes it back.
    pub is_voided: bool,
}

/// What becomes of something sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// New, at this cost.
    Recorded(Cost),
    /// Said before, at this cost then.
    Duplicate(Cost),
    /// Something else was said under its id.
    Conflict,
}

impl Model {
    /// Nothing recorded yet; the identity key is that of the store under test.
    pub fn new(catalog: Catalog, identity: IdentityKey) -> Self {
        Self {
            catalog,
            identity,
            currencies: BTreeMap::new(),
            rules: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// Everything recorded, in the order of arrival.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The categories.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Gives an organization its currency.
    pub fn set_currency(&mut self, organization: &str, currency: &str) {
        self.currencies
            .insert(organization.to_owned(), currency.to_owned());
    }

    /// The currency of an organization.
    pub fn currency(&self, organization: &str) -> &str {
        self.currencies.get(organization).map_or("USD", String::as_str)
    }

    /// Writes a price.
    pub fn price(&mut self, id: PriceId, draft: &PriceDraft) {
        self.rules.push(Rule::new(id, draft));
    }

    /// Gives a price an end, or none.
    pub fn close(&mut self, id: PriceId, until: Option<&str>) {
        let place = self.rules.iter().position(|rule| rule.id == id).unwrap();
        self.rules[place] = self.rules[place].clone().ending(until);
    }

    /// Whether some use of the price's category could have this price or another one with nothing to decide between the
    /// two. A third that comes before both is no excuse: it may end.
    pub fn ties(&self, new: &Rule) -> bool {
        self.rules.iter().filter(|rule| rule.id != new.id).any(|other| {
            // Where two prices hold together, they do so when the later one begins.
            let begins = [new.from, other.from].map(|from| from.to_string());
            let uses = every_use(new.text("category").unwrap(), &begins);
            let pair = [new.clone(), other.clone()];
            let currency = new.text("currency").unwrap();
            uses.iter().any(|sent| best_of(&pair, sent, currency).len() > 1)
        })
    }

    /// The prices.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The latest instant of what a price has priced.
    pub fn used_until(&self, id: PriceId) -> Option<Timestamp> {
        let priced = |entry: &&Entry| entry.rated.cost.known == charge::Known::By(id);
        self.entries.iter().filter(priced).map(|entry| entry.at).max()
    }

    /// The server id of something sent.
    pub fn event_id(&self, sent: &Sent) -> EventId {
        let source = sent.source.as_deref().unwrap_or("api");
        self.identity.event_id(&sent.organization, source, &sent.id)
    }

    /// Records what was sent.
    pub fn record(&mut self, sent: &Sent) -> End {
        let event = self.event_id(sent);
        if let Some(first) = self.entries.iter().find(|entry| entry.event == event) {
            return match is_same(&first.sent, sent) {
                true => End::Duplicate(first.rated.cost.clone()),
                false => End::Conflict,
            };
        }
        let at = at(&sent.at);
        let mut entry = Entry {
            sent: sent.clone(),
            event,
            at,
            rated: Rated::unknown(""),
            corrects: None,
            is_voided: false,
        };
        let with: Vec<&Entry> = self.entries.iter().chain([&entry]).collect();
        let gained = self.gained(sent, &self.entries.iter().collect::<Vec<_>>(), &with);
        entry.rated = self.rate(sent, &gained);
        let cost = entry.rated.cost.clone();
        self.entries.push(entry);
        End::Recorded(cost)
    }

    /// Takes back what was recorded under this id; `None` when there is no such thing or it is a void itself.
    pub fn void(&mut self, event: EventId) -> Option<End> {
        let place = self.entries.iter().position(|entry| entry.event == event)?;
        let original = self.entries[place].clone();
        if original.corrects.is_some() {
            return None;
        }
        if let Some(void) = self.entries.iter().find(|entry| entry.corrects == Some(event)) {
            return Some(End::Duplicate(void.rated.cost.clone()));
        }
        let before: Vec<Entry> = self.entries.clone();
        self.entries[place].is_voided = true;
        let gained = self.gained(
            &original.sent,
            &before.iter().collect::<Vec<_>>(),
            &self.entries.iter().collect::<Vec<_>>(),
        );
        let rated = self.reverse(&original, &gained);
        let cost = rated.cost.clone();
        let id = self
            .identity
            .event_id(&original.sent.organization, "tollgate/void", &event.to_string());
        self.entries.push(Entry {
            event: id,
            rated,
            corrects: Some(event),
            is_voided: false,
            ..original
        });
        Some(End::Recorded(cost))
    }

    fn category(&self, name: &str) -> &Category {
        self.catalog.category(name).unwrap()
    }

    fn rate(&self, sent: &Sent, gained: &BTreeMap<String, Exact>) -> Rated {
        if let Some(cost) = &sent.cost {
            return Rated::stated(&exact(cost));
        }
        let Some(rule) = rule_for(&self.rules, sent, self.currency(&sent.organization)) else {
            return Rated::unknown("NoPrice");
        };
        self.rating(rule, sent, gained).charge()
    }

    fn reverse(&self, original: &Entry, gained: &BTreeMap<String, Exact>) -> Rated {
        let cost = &original.rated.cost;
        let rule = self
            .rules
            .iter()
            .find(|rule| cost.known == charge::Known::By(rule.id));
        match (rule, cost.exact(), &cost.known) {
            (Some(rule), _, _) => self
                .rating(rule, &original.sent, gained)
                .reverse(cost, &original.rated.lines),
            (None, Some(stated), _) => Rated::stated(&-stated),
            (None, None, charge::Known::Not(reason)) => Rated::unknown(reason),
            (None, None, other) => panic!("{other:?} without a cost"),
        }
    }

    fn rating<'a>(
        &'a self,
        rule: &'a Rule,
        sent: &'a Sent,
        gained: &'a BTreeMap<String, Exact>,
    ) -> Rating<'a> {
        Rating {
            rule,
            category: self.category(&sent.category),
            sent,
            at: at(&sent.at),
            gained,
            before: &self.entries,
        }
    }

    /// By how much the integral of each gauge that was sent differs between two states of the record.
    fn gained(&self, sent: &Sent, before: &[&Entry], after: &[&Entry]) -> BTreeMap<String, Exact> {
        let category = self.category(&sent.category);
        let gauges = sent.measures.keys().filter(|measure| is_gauge(category, measure));
        gauges
            .map(|gauge| {
                let [before, after] =
                    [before, after].map(|entries| integral(&readings(entries, sent, gauge)));
                (gauge.clone(), after - before)
            })
            .collect()
    }
}

/// The readings of a gauge that stand, in the series that this use belongs to.
pub fn readings(entries: &[&Entry], of: &Sent, gauge: &str) -> Vec<Reading> {
    let standing = entries
        .iter()
        .filter(|entry| entry.corrects.is_none() && !entry.is_voided);
    let same_series = standing.filter(|entry| series(&entry.sent) == series(of));
    same_series
        .filter_map(|entry| {
            let level = exact(entry.sent.measures.get(gauge)?);
            Some(Reading {
                at: entry.at,
                event: entry.event,
                level,
            })
        })
        .collect()
}

/// What a gauge's level belongs to.
pub fn series(sent: &Sent) -> impl Ord {
    let Sent {
        organization,
        team,
        project,
        user,
        category,
        dimensions,
        ..
    } = sent;
    (organization, team, project, user, category, dimensions)
}

/// Whether two callers said the same, by value.
fn is_same(a: &Sent, b: &Sent) -> bool {
    let numbers = |sent: &Sent| -> BTreeMap<String, Exact> {
        sent.measures
            .iter()
            .map(|(name, amount)| (name.clone(), exact(amount)))
            .collect()
    };
    let json = |sent: &Sent| {
        sent.metadata
            .as_deref()
            .map(|text| serde_json::from_str::<Value>(text).unwrap())
    };
    series(a) == series(b)
        && at(&a.at) == at(&b.at)
        && numbers(a) == numbers(b)
        && json(a) == json(b)
        && a.cost.as_deref().map(exact) == b.cost.as_deref().map(exact)
}
