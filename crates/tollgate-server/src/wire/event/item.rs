//! One event as a caller writes it, read straight into the draft that the core judges.
//!
//! Texts are borrowed from the body and numbers keep the text that was sent. Written by hand rather than derived, because
//! a derived type is moved half a dozen times on its way into a draft, and at a thousand events a request that is a
//! tenth of all that is done.

use crate::json::{Number, Reader, Refusal, Scalar, Text};
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use tollgate_core::dimension::DIMENSIONS_MAX;
use tollgate_core::event::{Draft, EVENT_MEASURES_MAX};
use tollgate_core::flaw::Flaw;

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

/// Most flaws that are shown of an event that cannot be read: what is wrong in more places is no event at all.
pub(super) const FLAWS_MAX: usize = 16;

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
            map.next_value_seed(Value {
                field,
                draft: self.draft,
            })?;
        }
        Ok(())
    }
}

/// Reads the value of one field of an event into a draft.
struct Value<'d, 'a> {
    field: &'static str,
    draft: &'d mut Draft<'a>,
}

impl<'de: 'a, 'a> DeserializeSeed<'de> for Value<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        let draft = self.draft;
        match self.field {
            "id" => draft.id = text(value)?,
            "source" => draft.source = text(value)?,
            "category" => draft.category = text(value)?,
            "organization" => draft.organization = text(value)?,
            "team" => draft.team = text(value)?,
            "project" => draft.project = text(value)?,
            "user" => draft.user = text(value)?,
            "timestamp" => draft.timestamp = text(value)?,
            "measures" => {
                Pairs::<Number<'a>>::into(&mut draft.measures, EVENT_MEASURES_MAX).deserialize(value)?
            }
            "quantity" => draft.quantity = number(value)?,
            "dimensions" => {
                Pairs::<Scalar<'a>>::into(&mut draft.dimensions, DIMENSIONS_MAX).deserialize(value)?
            }
            "metadata" => {
                draft.metadata =
                    Option::<&'a RawValue>::deserialize(value)?.map(|raw| Cow::Borrowed(raw.get()))
            }
            _ => draft.cost = number(value)?,
        }
        Ok(())
    }
}

fn text<'de: 'a, 'a, D: Deserializer<'de>>(value: D) -> Result<Option<Cow<'a, str>>, D::Error> {
    Ok(Option::<Text<'a>>::deserialize(value)?.map(|text| text.0))
}

fn number<'de: 'a, 'a, D: Deserializer<'de>>(value: D) -> Result<Option<Cow<'a, str>>, D::Error> {
    Ok(Option::<Number<'a>>::deserialize(value)?.map(|number| number.0))
}

/// Reads what can be read of an object with some of the fields of an event into a draft, and gives what is wrong with the rest.
pub(super) fn read_apart<'a>(
    draft: &mut Draft<'a>,
    known: &'static [&'static str],
    object: Reader<'a, '_>,
) -> Vec<Flaw> {
    read_apart_with(draft, known, object, |_, _| None)
}

/// The same for an object that has further fields, which `further` reads; it gives nothing for those of an event.
pub(in crate::wire) fn read_apart_with<'a>(
    draft: &mut Draft<'a>,
    known: &'static [&'static str],
    object: Reader<'a, '_>,
    mut further: impl FnMut(&str, Reader<'a, '_>) -> Option<Result<(), Refusal>>,
) -> Vec<Flaw> {
    let mut deeper = Vec::new();
    let mut flaws = object.each_field(FLAWS_MAX, |name, value| {
        let Some(field) = known.iter().find(|known| **known == name.as_ref()) else {
            return Err(Refusal::unknown_field(name, known));
        };
        match *field {
            "measures" if value.is_object() => {
                let pairs = Pairs::<Number<'a>>::into(&mut draft.measures, EVENT_MEASURES_MAX);
                deeper.extend(pairs.read_apart(value));
            }
            "dimensions" if value.is_object() => {
                let pairs = Pairs::<Scalar<'a>>::into(&mut draft.dimensions, DIMENSIONS_MAX);
                deeper.extend(pairs.read_apart(value));
            }
            field => match further(field, value) {
                Some(read) => read?,
                None => Value { field, draft }.deserialize(value)?,
            },
        }
        Ok(())
    });
    flaws.extend(deeper);
    flaws
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

impl<'a, V: Deserialize<'a> + Into<Cow<'a, str>>> Pairs<'_, 'a, V> {
    fn read_apart(self, object: Reader<'a, '_>) -> Vec<Flaw> {
        object.each_field(FLAWS_MAX, |name, value| {
            let value = V::deserialize(value)?;
            if self.pairs.len() < self.kept_max {
                self.pairs.push((name.clone(), value.into()));
            }
            Ok(())
        })
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
