//! The price book: which price an event has.
//!
//! An organization's own prices come first, then the more specific match (more dimensions), then the later start. Two
//! prices between which that does not decide are a tie, which [`PriceBook::check`] finds before one is written.
//!
//! Prices are looked up by hash: per category and organization by the set of dimensions they match on, then by the
//! values. So the number of prices does not matter, only the number of different sets of dimensions.

mod near;

pub use near::NearMiss;

use super::Price;
use crate::event::Event;
use crate::flaw::{Flaw, FlawCode};
use crate::id::PriceId;
use crate::money::Currency;
use crate::text::{CategoryName, Key, Label};
use crate::time::Timestamp;
use hashbrown::{Equivalent, HashMap};
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// All prices.
#[derive(Clone, Debug, Default)]
pub struct PriceBook {
    prices: HashMap<PriceId, Arc<Price>>,
    categories: HashMap<CategoryName, Shelf>,
}

/// The prices of one category.
#[derive(Clone, Debug, Default)]
struct Shelf {
    own: HashMap<Label, Vec<Shape>>,
    global: Vec<Shape>,
}

/// The prices that match on one set of dimensions.
#[derive(Clone, Debug)]
struct Shape {
    /// The dimensions, in order.
    keys: SmallVec<[Key; 4]>,
    /// By the values of those dimensions, in their order; the latest start first.
    prices: HashMap<Values, Vec<Arc<Price>>>,
}

/// The values of a price's match, in the order of its dimensions.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Values(SmallVec<[Label; 4]>);

/// The values of an event under the same dimensions, borrowed.
struct EventValues<'a>(SmallVec<[&'a Label; 4]>);

impl Hash for Values {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|value| value.hash(state));
    }
}

impl Hash for EventValues<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|value| value.hash(state));
    }
}

impl Equivalent<Values> for EventValues<'_> {
    fn equivalent(&self, values: &Values) -> bool {
        self.0.iter().copied().eq(values.0.iter())
    }
}

impl PriceBook {
    /// The price of an event for an organization with this currency.
    pub fn price_for(&self, event: &Event, currency: Currency) -> Option<&Price> {
        let shelf = self.categories.get(&event.category)?;
        let own = shelf.own.get(&event.scope.organization).map(Vec::as_slice);
        own.unwrap_or_default()
            .iter()
            .chain(&shelf.global)
            .find_map(|shape| shape.price_for(event, currency))
    }

    /// The price of this id.
    pub fn price(&self, id: PriceId) -> Option<&Price> {
        self.prices.get(&id).map(|price| &**price)
    }

    /// Every price, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Price> {
        let mut prices: Vec<&Price> = self.prices.values().map(|price| &**price).collect();
        prices.sort_unstable_by_key(|price| price.id);
        prices.into_iter()
    }

    /// The number of prices.
    pub fn len(&self) -> usize {
        self.prices.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.prices.is_empty()
    }

    /// Says whether the price would tie with another. A price does not tie with the one of its own id, which
    /// [`PriceBook::insert`] would replace.
    pub fn check(&self, price: &Price) -> Result<(), Flaw> {
        let tied = self
            .rows(price)
            .into_iter()
            .flatten()
            .filter(|shape| shape.keys.len() == price.matches.len())
            .flat_map(|shape| shape.candidates(price))
            .filter(|other| ties(price, other))
            .map(|other| other.id)
            .min();
        match tied {
            None => Ok(()),
            Some(other) => {
                let detail = format!(
                    "an event could have this price or {other} and nothing would decide; give one an end or another \
                     start, or one more dimension in its match"
                );
                Err(Flaw::at("/match", FlawCode::Tie, detail))
            }
        }
    }

    /// Puts a price in, in place of one of the same id, which is given back. Ties are the business of
    /// [`PriceBook::check`].
    pub fn insert(&mut self, price: impl Into<Arc<Price>>) -> Option<Arc<Price>> {
        let price = price.into();
        let old = self.remove(price.id);
        let shelf = self.categories.entry(price.category.clone()).or_default();
        let shapes = match &price.organization {
            Some(organization) => shelf.own.entry(organization.clone()).or_default(),
            None => &mut shelf.global,
        };
        Shape::of(shapes, &price).insert(price.clone());
        self.prices.insert(price.id, price);
        old
    }

    /// Takes a price out. One that has priced something stays for ever; it can be closed.
    pub fn remove(&mut self, id: PriceId) -> Option<Arc<Price>> {
        let price = self.prices.remove(&id)?;
        let shelf = self.categories.get_mut(&price.category)?;
        let shapes = match &price.organization {
            Some(organization) => shelf.own.get_mut(organization)?,
            None => &mut shelf.global,
        };
        let values = Values::of(&price);
        for shape in shapes.iter_mut().filter(|shape| shape.is_of(&price)) {
            if let Some(row) = shape.prices.get_mut(&values) {
                row.retain(|other| other.id != id);
                if row.is_empty() {
                    shape.prices.remove(&values);
                }
            }
        }
        shapes.retain(|shape| !shape.prices.is_empty());
        if let Some(organization) = &price.organization
            && shapes.is_empty()
        {
            shelf.own.remove(organization);
        }
        Some(price)
    }

    /// Gives a price an end, the only change to one that has priced something.
    pub fn close(&mut self, id: PriceId, until: Timestamp) -> Result<(), Flaw> {
        let Some(price) = self.prices.get(&id) else {
            return Err(Flaw::at("/id", FlawCode::NotAllowed, format!("no price {id}")));
        };
        if until <= price.effective_from {
            let detail = format!("must be after effective_from, {}", price.effective_from);
            return Err(Flaw::at("/effective_until", FlawCode::Range, detail));
        }
        let closed = price.ending(until);
        // An end may also be put off, into the time of another price.
        self.check(&closed)?;
        self.insert(closed);
        Ok(())
    }

    /// The shapes among which a price stands.
    fn rows(&self, price: &Price) -> Option<&[Shape]> {
        let shelf = self.categories.get(&price.category)?;
        match &price.organization {
            Some(organization) => shelf.own.get(organization).map(Vec::as_slice),
            None => Some(&shelf.global),
        }
    }
}

impl Values {
    fn of(price: &Price) -> Self {
        Self(price.matches.iter().map(|(_, value)| value.clone()).collect())
    }
}

impl Shape {
    /// The shape of a price among others, made where it is missing; the more specific stand first.
    fn of<'a>(shapes: &'a mut Vec<Self>, price: &Price) -> &'a mut Self {
        let place = shapes
            .iter()
            .position(|shape| shape.is_of(price))
            .unwrap_or_else(|| {
                let keys: SmallVec<[Key; 4]> = price.matches.iter().map(|(key, _)| key.clone()).collect();
                let order = |keys: &SmallVec<[Key; 4]>| (std::cmp::Reverse(keys.len()), keys.clone());
                let place = shapes.partition_point(|shape| order(&shape.keys) < order(&keys));
                let prices = HashMap::new();
                shapes.insert(place, Self { keys, prices });
                place
            });
        shapes
            .get_mut(place)
            .expect("the place was found or made in the line above")
    }

    fn is_of(&self, price: &Price) -> bool {
        self.keys.iter().eq(price.matches.iter().map(|(key, _)| key))
    }

    fn insert(&mut self, price: Arc<Price>) {
        let row = self.prices.entry(Values::of(&price)).or_default();
        let order = |p: &Price| (std::cmp::Reverse(p.effective_from), p.id);
        let place = row.partition_point(|other| order(other) < order(&price));
        row.insert(place, price);
    }

    /// The prices that match an event's dimensions, whenever they hold and in whatever currency.
    fn row(&self, event: &Event) -> Option<&[Arc<Price>]> {
        let mut values = EventValues(SmallVec::new());
        for key in &self.keys {
            values.0.push(event.dimensions.value(key.as_str())?);
        }
        self.prices.get(&values).map(Vec::as_slice)
    }

    fn price_for(&self, event: &Event, currency: Currency) -> Option<&Price> {
        self.row(event)?
            .iter()
            .find(|price| price.currency == currency && price.is_effective(event.at))
            .map(|price| &**price)
    }

    /// The prices that could tie with one: of its own dimensions those with the same values, of others all.
    fn candidates<'a>(&'a self, price: &Price) -> Box<dyn Iterator<Item = &'a Arc<Price>> + 'a> {
        if self.is_of(price) {
            return Box::new(self.prices.get(&Values::of(price)).into_iter().flatten());
        }
        Box::new(self.prices.values().flatten())
    }
}

/// Whether some event at some instant could have either price, with nothing to decide. Both have the same category,
/// organization and number of dimensions.
fn ties(a: &Price, b: &Price) -> bool {
    let ended = |price: &Price, at: Timestamp| price.effective_until.is_some_and(|until| until <= at);
    let apart = ended(a, b.effective_from) || ended(b, a.effective_from);
    // The same match from another day on is history: the later start takes over.
    let history = a.matches == b.matches && a.effective_from != b.effective_from;
    let both_could_match = a
        .matches
        .iter()
        .all(|(key, value)| b.matches.value(key.as_str()).is_none_or(|other| other == value));
    a.id != b.id && a.currency == b.currency && !apart && !history && both_could_match
}
