//! A deserializer over well-formed JSON text that knows where it is.
//!
//! Lazy: an object or array is cut into the texts of its parts when it is looked at, so that an error carries the pointer
//! of its part and a repeated key is seen wherever it stands.

use super::refusal::Refusal;
use serde::de::value::{BorrowedStrDeserializer, StringDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
};
use serde::de::{Unexpected, VariantAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use tollgate_core::flaw::{Flaw, FlawCode, pointer};

type Fields<'de> = Vec<(Cow<'de, str>, &'de RawValue)>;

/// Where a reader stands, as a chain from the root.
#[derive(Clone, Copy, Debug)]
enum Place<'p> {
    Root,
    Field(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Field(above, name) => above.pointer() + &pointer(&[name]),
            Self::Item(above, index) => format!("{}/{index}", above.pointer()),
        }
    }
}

/// Reads one well-formed JSON text without spaces around it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'de, 'p> {
    text: &'de str,
    place: Place<'p>,
}

impl<'de> Reader<'de, '_> {
    /// Reads from the root of a text that [`super::well_formed`] gave back.
    pub(crate) fn new(text: &'de str) -> Self {
        Self {
            text,
            place: Place::Root,
        }
    }
}

impl<'de, 'p> Reader<'de, 'p> {
    /// Whether an object is to be read.
    pub(crate) fn is_object(&self) -> bool {
        self.text.starts_with('{')
    }

    /// Reads each field of an object on its own and gives what is wrong: a field that cannot be read keeps no other from it.
    /// Ends once there are `flaws_max` flaws.
    pub(crate) fn each_field(
        self,
        flaws_max: usize,
        mut read: impl FnMut(&Cow<'de, str>, Reader<'de, '_>) -> Result<(), Refusal>,
    ) -> Vec<Flaw> {
        if !self.is_object() {
            let wrong = self.located(self.visit(Unwanted("an object")));
            return wrong.err().into_iter().map(Flaw::from).collect();
        }
        let fields = match fields(self.text) {
            Ok(fields) => fields,
            Err(error) => return vec![Flaw::at(self.place.pointer(), FlawCode::Text, error)],
        };
        let mut seen = HashSet::with_capacity(fields.len());
        let mut flaws = Vec::new();
        for (name, raw) in &fields {
            let place = Place::Field(&self.place, name);
            let text = raw.get();
            let result = if seen.insert(name.as_ref()) {
                read(name, Reader { text, place })
            } else {
                Err(Refusal::new(FlawCode::Repeated, "is given twice"))
            };
            let Err(refusal) = result else { continue };
            let place = if refusal.names_field() { self.place } else { place };
            flaws.push(refusal.at(|| place.pointer()).into());
            if flaws.len() >= flaws_max {
                break;
            }
        }
        flaws
    }

    fn located<T>(&self, result: Result<T, Refusal>) -> Result<T, Refusal> {
        result.map_err(|refusal| refusal.at(|| self.place.pointer()))
    }

    fn parse<T: serde::Deserialize<'de>>(&self) -> Result<T, Refusal> {
        serde_json::from_str(self.text).map_err(|error| Refusal::new(FlawCode::Text, error))
    }

    fn string(&self) -> Result<Cow<'de, str>, Refusal> {
        match self
            .text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
        {
            Some(inside) if !inside.contains('\\') => Ok(Cow::Borrowed(inside)),
            _ => self.parse().map(Cow::Owned),
        }
    }

    fn visit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.text.as_bytes().first() {
            Some(b'{') => visitor.visit_map(Object::new(self)?),
            Some(b'[') => visitor.visit_seq(Array {
                items: self.parse::<Vec<_>>()?.into_iter(),
                index: 0,
                above: self.place,
            }),
            Some(b'"') => match self.string()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Some(b't' | b'f') => visitor.visit_bool(self.text == "true"),
            Some(b'n') => visitor.visit_unit(),
            _ => self.number(visitor),
        }
    }

    fn number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        if let Ok(value) = self.text.parse::<u64>() {
            return visitor.visit_u64(value);
        }
        if let Ok(value) = self.text.parse::<i64>() {
            return visitor.visit_i64(value);
        }
        match self.text.parse::<f64>() {
            Ok(value) if value.is_finite() => visitor.visit_f64(value),
            _ => Err(Refusal::new(FlawCode::Number, "is beyond what a number can be")),
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.located(self.visit(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        if self.text == "null" {
            return self.located(visitor.visit_none());
        }
        self.located(visitor.visit_some(self))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        // serde_json's raw text asks for itself by a private name that begins so; only serde_json can answer it.
        if name.starts_with("$serde_json") {
            let mut parser = serde_json::Deserializer::from_str(self.text);
            let raw = parser.deserialize_newtype_struct(name, visitor);
            return self.located(raw.map_err(|error| Refusal::new(FlawCode::Type, error)));
        }
        self.located(visitor.visit_newtype_struct(self))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        if !self.text.starts_with('"') {
            let wrong = self.located(self.visit(Unwanted("a string")));
            return wrong.and(Err(Refusal::new(FlawCode::Type, "expected a string")));
        }
        self.located(self.string().and_then(|name| visitor.visit_enum(Variant(name))))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        // A derived visitor would take an array of the fields in order, too.
        if self.text.starts_with('[') {
            return self.located(Err(Refusal::invalid_type(Unexpected::Seq, &"an object")));
        }
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// Refuses everything, as something that is not this.
struct Unwanted(&'static str);

impl Visitor<'_> for Unwanted {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

struct Variant<'de>(Cow<'de, str>);

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Refusal;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Refusal> {
        let name: StringDeserializer<Refusal> = self.0.clone().into_owned().into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

/// Wire types have no variants with contents: a tag beside the fields can be shown in a schema and pointed at.
impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Refusal;

    fn unit_variant(self) -> Result<(), Refusal> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Refusal> {
        Err(Refusal::invalid_type(Unexpected::Str(&self.0), &"an object"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Refusal> {
        Err(Refusal::invalid_type(Unexpected::Str(&self.0), &visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        Err(Refusal::invalid_type(Unexpected::Str(&self.0), &visitor))
    }
}

struct Array<'de, 'p> {
    items: std::vec::IntoIter<&'de RawValue>,
    index: usize,
    above: Place<'p>,
}

impl<'de> SeqAccess<'de> for Array<'de, '_> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        let Some(raw) = self.items.next() else {
            return Ok(None);
        };
        let place = Place::Item(&self.above, self.index);
        self.index += 1;
        let item = seed.deserialize(Reader {
            text: raw.get(),
            place,
        });
        item.map(Some).map_err(|refusal| refusal.at(|| place.pointer()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Object<'de, 'p> {
    fields: std::vec::IntoIter<(Cow<'de, str>, &'de RawValue)>,
    value: Option<(Cow<'de, str>, &'de RawValue)>,
    above: Place<'p>,
}

impl<'de, 'p> Object<'de, 'p> {
    fn new(reader: Reader<'de, 'p>) -> Result<Self, Refusal> {
        let fields = fields(reader.text).map_err(|error| Refusal::new(FlawCode::Text, error))?;
        let mut seen = HashSet::with_capacity(fields.len());
        if let Some((key, _)) = fields.iter().find(|(key, _)| !seen.insert(key.as_ref())) {
            let place = Place::Field(&reader.place, key);
            return Err(Refusal::new(FlawCode::Repeated, "is given twice").at(|| place.pointer()));
        }
        Ok(Self {
            fields: fields.into_iter(),
            value: None,
            above: reader.place,
        })
    }
}

impl<'de> MapAccess<'de> for Object<'de, '_> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        let Some((name, raw)) = self.fields.next() else {
            return Ok(None);
        };
        let key = match &name {
            Cow::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
            Cow::Owned(name) => seed.deserialize(name.clone().into_deserializer()),
        };
        // An unknown field is refused while its key is read, and names itself; a key that is not of its kind does not.
        let key = key.map_err(|refusal: Refusal| {
            let place = if refusal.names_field() {
                self.above
            } else {
                Place::Field(&self.above, &name)
            };
            refusal.at(|| place.pointer())
        })?;
        self.value = Some((name, raw));
        Ok(Some(key))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Refusal> {
        let (name, raw) = self
            .value
            .take()
            .ok_or_else(|| Refusal::custom("a value was asked for before its key"))?;
        let place = Place::Field(&self.above, &name);
        seed.deserialize(Reader {
            text: raw.get(),
            place,
        })
        .map_err(|refusal| refusal.at(|| place.pointer()))
    }
}

/// The fields of a well-formed object, in the order written.
pub(super) fn fields(object: &str) -> serde_json::Result<Fields<'_>> {
    serde_json::Deserializer::from_str(object).deserialize_map(FieldsVisitor)
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(super::Text(key)) = map.next_key()? {
            fields.push((key, map.next_value()?));
        }
        Ok(fields)
    }
}
