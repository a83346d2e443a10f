//! One event as a caller writes it. Borrowed from the body, nothing judged.

use crate::json::{Number, Scalar, Text};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use tollgate_core::dimension::DIMENSIONS_MAX;
use tollgate_core::event::{Draft, EVENT_MEASURES_MAX};
use utoipa::ToSchema;

/// Pairs of a draft, in the order written.
pub(super) type Pairs<'a> = SmallVec<[(Cow<'a, str>, Cow<'a, str>); 4]>;

/// An immutable statement that something was used.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Event, example = json!({
    "id": "req-1", "source": "ide", "category": "ai.completion",
    "organization": "acme", "team": "core", "project": "editor", "user": "u1",
    "timestamp": "2026-01-30T16:45:23Z",
    "measures": {"input_tokens": 812, "output_tokens": 220},
    "dimensions": {"provider": "openai", "model": "gpt-4o", "action": "chat"},
    "metadata": {"any": "json"}
}))]
pub(crate) struct EventItem<'a> {
    /// The caller's id. With `organization` and `source` it is the event's identity: sent again, the event is a duplicate.
    /// The server makes one when it is absent.
    #[serde(borrow)]
    #[schema(value_type = Option<String>, max_length = 256)]
    pub(super) id: Option<Text<'a>>,
    /// Where the event comes from; `api` when absent.
    #[schema(value_type = Option<String>, max_length = 256)]
    pub(super) source: Option<Text<'a>>,
    /// What was used: the name of a category.
    #[schema(value_type = String)]
    pub(super) category: Option<Text<'a>>,
    /// Who pays. Implied by a key that belongs to an organization, required of an instance key.
    #[schema(value_type = Option<String>, max_length = 256)]
    pub(super) organization: Option<Text<'a>>,
    /// Which team used it.
    #[schema(value_type = Option<String>, max_length = 256)]
    pub(super) team: Option<Text<'a>>,
    /// For which project.
    #[schema(value_type = Option<String>, max_length = 256)]
    pub(super) project: Option<Text<'a>>,
    /// Which person or machine used it.
    #[schema(value_type = Option<String>, max_length = 256)]
    pub(super) user: Option<Text<'a>>,
    /// When, RFC 3339 with a zone; now when absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) timestamp: Option<Text<'a>>,
    /// How much, by measure of the category, in base units. Numbers, or strings of digits.
    #[schema(value_type = Option<std::collections::BTreeMap<String, crate::wire::Decimal>>)]
    pub(super) measures: Option<Amounts<'a>>,
    /// Shorthand for the category's primary measure.
    #[schema(value_type = Option<crate::wire::Decimal>)]
    pub(super) quantity: Option<Number<'a>>,
    /// Further keys with values: `provider`, `model`, `action` … Numbers and booleans are taken as their text.
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    pub(super) dimensions: Option<Values<'a>>,
    /// Any JSON up to 16 KiB; kept, never looked at.
    #[schema(value_type = Option<Object>)]
    pub(super) metadata: Option<&'a RawValue>,
    /// The cost where the caller knows it better: recorded as asserted and not priced.
    #[schema(value_type = Option<crate::wire::Decimal>)]
    pub(super) cost: Option<Number<'a>>,
}

impl<'a> EventItem<'a> {
    /// The draft that the core judges.
    pub(super) fn into_draft(self) -> Draft<'a> {
        let text = |text: Option<Text<'a>>| text.map(|text| text.0);
        Draft {
            id: text(self.id),
            source: text(self.source),
            category: text(self.category),
            organization: text(self.organization),
            team: text(self.team),
            project: text(self.project),
            user: text(self.user),
            timestamp: text(self.timestamp),
            measures: self.measures.map(|pairs| pairs.0).unwrap_or_default(),
            quantity: self.quantity.map(|number| number.0),
            dimensions: self.dimensions.map(|pairs| pairs.0).unwrap_or_default(),
            metadata: self.metadata.map(|raw| Cow::Borrowed(raw.get())),
            cost: self.cost.map(|number| number.0),
        }
    }
}

/// Amounts by measure.
#[derive(Debug)]
pub(super) struct Amounts<'a>(pub(super) Pairs<'a>);

/// Values by dimension.
#[derive(Debug)]
pub(super) struct Values<'a>(pub(super) Pairs<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Amounts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = PairsVisitor::<'a, Number<'a>> {
            kept_max: EVENT_MEASURES_MAX + 1,
            value: PhantomData,
        };
        deserializer.deserialize_map(visitor).map(Self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Values<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = PairsVisitor::<'a, Scalar<'a>> {
            kept_max: DIMENSIONS_MAX + 1,
            value: PhantomData,
        };
        deserializer.deserialize_map(visitor).map(Self)
    }
}

/// Keeps one pair more than the core accepts, so that it sees that there are too many, and no more than that.
struct PairsVisitor<'a, V> {
    kept_max: usize,
    value: PhantomData<(&'a (), V)>,
}

impl<'de: 'a, 'a, V: Deserialize<'de> + Into<Cow<'a, str>>> Visitor<'de> for PairsVisitor<'a, V> {
    type Value = Pairs<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'a>, A::Error> {
        let mut pairs = Pairs::new();
        while let Some(Text(key)) = map.next_key()? {
            let value: V = map.next_value()?;
            if pairs.len() < self.kept_max {
                pairs.push((key, value.into()));
            }
        }
        Ok(pairs)
    }
}
