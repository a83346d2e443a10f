//! One event as a caller writes it, read straight into the draft that the core judges.
//!
//! Texts are borrowed from the body and numbers keep the text that was sent. Written by hand rather than derived, because
//! a derived type is moved half a dozen times on its way into a draft, and at a thousand events a request that is a
//! tenth of all that is done.

use crate::json::{Number, Scalar, Text};
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use tollgate_core::dimension::DIMENSIONS_MAX;
use tollgate_core::event::{Draft, EVENT_MEASURES_MAX};

/// The fields of an event.
pub(crate) const FIELDS: &[&str] = &[
    "id",
    "source",
    "category",
    "organization",
    "team",
    "project",
    "user",
    "timestamp",
    "measures",
    "quantity",
    "dimensions",
    "metadata",
    "cost",
];
/// The fields of an event that have no attribute of their own in a CloudEvent, all but the first three.
pub(crate) const DATA_FIELDS: &[&str] = FIELDS.split_at(3).1;

/// Reads an object with some of the fields of an event into a draft. A field that is `null` is one that is absent.
pub(super) struct Fields<'d, 'a> {
    pub(super) draft: &'d mut Draft<'a>,
    pub(super) known: &'static [&'static str],
}

impl<'de: 'a, 'a> DeserializeSeed<'de> for Fields<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Fields<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = 0_u16;
        while let Some(Text(name)) = map.next_key()? {
            let Some((place, field)) = self.known.iter().enumerate().find(|(_, known)| **known == name)
            else {
                return Err(A::Error::unknown_field(&name, self.known));
            };
            if seen & (1 << place) != 0 {
                return Err(A::Error::duplicate_field(field));
            }
            seen |= 1 << place;
            read_field(field, self.draft, &mut map)?;
        }
        Ok(())
    }
}

fn read_field<'de: 'a, 'a, A: MapAccess<'de>>(
    field: &str,
    draft: &mut Draft<'a>,
    map: &mut A,
) -> Result<(), A::Error> {
    match field {
        "id" => draft.id = text(map)?,
        "source" => draft.source = text(map)?,
        "category" => draft.category = text(map)?,
        "organization" => draft.organization = text(map)?,
        "team" => draft.team = text(map)?,
        "project" => draft.project = text(map)?,
        "user" => draft.user = text(map)?,
        "timestamp" => draft.timestamp = text(map)?,
        "measures" => {
            map.next_value_seed(Pairs::<Number<'a>>::into(&mut draft.measures, EVENT_MEASURES_MAX))?
        }
        "quantity" => draft.quantity = number(map)?,
        "dimensions" => {
            map.next_value_seed(Pairs::<Scalar<'a>>::into(&mut draft.dimensions, DIMENSIONS_MAX))?
        }
        "metadata" => {
            draft.metadata = map
                .next_value::<Option<&'a RawValue>>()?
                .map(|raw| Cow::Borrowed(raw.get()))
        }
        _ => draft.cost = number(map)?,
    }
    Ok(())
}

fn text<'de: 'a, 'a, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'a, str>>, A::Error> {
    Ok(map.next_value::<Option<Text<'a>>>()?.map(|text| text.0))
}

fn number<'de: 'a, 'a, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'a, str>>, A::Error> {
    Ok(map.next_value::<Option<Number<'a>>>()?.map(|number| number.0))
}

/// Reads an object of names with values of one kind. Keeps one pair more than the core accepts, so that it sees that
/// there are too many, and no more than that.
struct Pairs<'d, 'a, V> {
    pairs: &'d mut SmallVec<[(Cow<'a, str>, Cow<'a, str>); 4]>,
    kept_max: usize,
    value: PhantomData<V>,
}

impl<'d, 'a, V> Pairs<'d, 'a, V> {
    fn into(pairs: &'d mut SmallVec<[(Cow<'a, str>, Cow<'a, str>); 4]>, accepted_max: usize) -> Self {
        let kept_max = pairs.len() + accepted_max + 1;
        Self {
            pairs,
            kept_max,
            value: PhantomData,
        }
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de> + Into<Cow<'a, str>>> DeserializeSeed<'de> for Pairs<'_, 'a, V> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de> + Into<Cow<'a, str>>> Visitor<'de> for Pairs<'_, 'a, V> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            let value: V = map.next_value()?;
            if self.pairs.len() < self.kept_max {
                self.pairs.push((key, value.into()));
            }
        }
        Ok(())
    }
}
