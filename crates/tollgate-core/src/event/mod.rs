//! Events: immutable statements that something was used.
//!
//! [`Draft`] is what a caller sent, parsed but not judged; [`Event`] is the proof that it is a valid statement about
//! a category that exists. [`Draft::validate`] is the only way from one to the other.
//!
//! Invariants: an event's identity is (organization, source, id), never its time; its payload hash covers what the
//! caller sent and nothing that was filled in, so that a resend is a duplicate and not a conflict.

mod metadata;
mod payload;
mod validate;

pub use validate::{Acceptance, Attribution, Intake};

use crate::dimension::Dimensions;
use crate::id::{EventId, PayloadHash};
use crate::money::Money;
use crate::quantity::Quantity;
use crate::scope::Scope;
use crate::text::{CategoryName, Key, Label};
use crate::time::Timestamp;
use smallvec::SmallVec;
use std::borrow::Cow;

/// Most measures on one event.
pub const EVENT_MEASURES_MAX: usize = 16;
/// Longest metadata, as canonical JSON.
pub const METADATA_BYTES_MAX: usize = 16 * 1024;
/// The source of an event that names none.
pub const SOURCE_DEFAULT: &str = "api";

/// The amounts of an event: unique measure names in order, `requests` left out.
pub type Measures = SmallVec<[(Key, Quantity); 2]>;

/// An immutable statement that something was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The server's id: the fingerprint of (organization, source, id).
    pub event: EventId,
    /// Hash of what the caller sent.
    pub payload: PayloadHash,
    /// The caller's id.
    pub id: Label,
    /// Where it comes from.
    pub source: Label,
    /// What was used.
    pub category: CategoryName,
    /// Who used it.
    pub scope: Scope,
    /// When.
    pub at: Timestamp,
    /// How many requests it stands for; 1 unless given, negative on a correction.
    pub requests: Quantity,
    /// How much, by measure.
    pub measures: Measures,
    /// Its dimensions.
    pub dimensions: Dimensions,
    /// Opaque JSON, in canonical form (sorted keys, no spaces).
    pub metadata: Option<Box<str>>,
    /// The cost the caller asserted.
    pub asserted: Option<Money>,
    /// The event that this one voids.
    pub corrects: Option<EventId>,
}

impl Event {
    /// The amount of a measure; zero when the event has none of it.
    pub fn quantity(&self, measure: &str) -> Quantity {
        if measure == "requests" {
            return self.requests;
        }
        self.measures
            .iter()
            .find(|(key, _)| key.as_str() == measure)
            .map_or(Quantity::ZERO, |(_, quantity)| *quantity)
    }

    /// The event that takes this one back: the same scope, time and dimensions, amounts turned.
    pub fn void(&self, identity: &crate::id::IdentityKey) -> Self {
        // A void's own identity is derived from what it voids, so that voiding twice is a duplicate.
        let (source, id) = (
            Label::trusted(VOID_SOURCE),
            Label::trusted(self.event.to_string()),
        );
        let event = identity.event_id(self.scope.organization.as_str(), source.as_str(), id.as_str());
        Self {
            event,
            payload: PayloadHash(0),
            id,
            source,
            requests: self.requests.negated(),
            measures: self
                .measures
                .iter()
                .map(|(key, quantity)| (key.clone(), quantity.negated()))
                .collect(),
            metadata: None,
            asserted: self.asserted.map(Money::negated),
            corrects: Some(self.event),
            category: self.category.clone(),
            scope: self.scope.clone(),
            at: self.at,
            dimensions: self.dimensions.clone(),
        }
    }
}

/// The source of every void; callers cannot file events under it.
pub const VOID_SOURCE: &str = "tollgate/void";

/// What a caller sent, parsed but not judged. Numbers are kept as the text that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft<'a> {
    /// The caller's id; the caller of `validate` fills one in when it is absent.
    pub id: Option<Cow<'a, str>>,
    /// Where it comes from.
    pub source: Option<Cow<'a, str>>,
    /// The category's name.
    pub category: Option<Cow<'a, str>>,
    /// The organization.
    pub organization: Option<Cow<'a, str>>,
    /// The team.
    pub team: Option<Cow<'a, str>>,
    /// The project.
    pub project: Option<Cow<'a, str>>,
    /// The user.
    pub user: Option<Cow<'a, str>>,
    /// RFC 3339 time.
    pub timestamp: Option<Cow<'a, str>>,
    /// Amounts by measure, as number text.
    pub measures: SmallVec<[(Cow<'a, str>, Cow<'a, str>); 4]>,
    /// Amount of the primary measure, as number text.
    pub quantity: Option<Cow<'a, str>>,
    /// Values by dimension.
    pub dimensions: SmallVec<[(Cow<'a, str>, Cow<'a, str>); 4]>,
    /// Opaque JSON, as text.
    pub metadata: Option<Cow<'a, str>>,
    /// Asserted cost, as number text.
    pub cost: Option<Cow<'a, str>>,
}
