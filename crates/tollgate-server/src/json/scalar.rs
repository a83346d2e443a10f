//! Scalars of wire types that borrow from the body and keep what was sent.

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use tollgate_core::decimal::Decimal;

/// A string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

/// A number, bare or in a string, as the text that was sent: nothing is lost to binary fractions, and `1e400` is not an error
/// of the body but a number for the core to refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number<'a>(pub(crate) Cow<'a, str>);

/// A string, or a number or boolean as its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar<'a>(pub(crate) Cow<'a, str>);

/// A whole number, bare or in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole(pub(crate) i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Number(text) = Number::deserialize(deserializer)?;
        let whole = Decimal::parse(&text).and_then(|number| number.scaled_to(0));
        let whole = whole.ok().and_then(|whole| i64::try_from(whole).ok());
        let wrong = || D::Error::invalid_value(Unexpected::Other("a number"), &"a whole number");
        whole.map(Self).ok_or_else(wrong)
    }
}

impl<'a> From<Number<'a>> for Cow<'a, str> {
    fn from(number: Number<'a>) -> Self {
        number.0
    }
}

impl<'a> From<Scalar<'a>> for Cow<'a, str> {
    fn from(scalar: Scalar<'a>) -> Self {
        scalar.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Strings;

        impl<'de> Visitor<'de> for Strings {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text))
            }
        }

        deserializer.deserialize_str(Strings).map(Self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Number<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        match raw.as_bytes().first() {
            Some(b'"') => unquoted(raw).map(Self),
            Some(b'-' | b'0'..=b'9') => Ok(Self(Cow::Borrowed(raw))),
            _ => Err(D::Error::invalid_type(
                unexpected(raw),
                &"a number, or a string of its digits",
            )),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        match raw.as_bytes().first() {
            Some(b'"') => unquoted(raw).map(Self),
            Some(b'{' | b'[' | b'n') | None => Err(D::Error::invalid_type(
                unexpected(raw),
                &"a string, a number or a boolean",
            )),
            Some(_) => Ok(Self(Cow::Borrowed(raw))),
        }
    }
}

fn unquoted<E: Error>(raw: &str) -> Result<Cow<'_, str>, E> {
    match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inside) if !inside.contains('\\') => Ok(Cow::Borrowed(inside)),
        _ => serde_json::from_str(raw).map(Cow::Owned).map_err(E::custom),
    }
}

fn unexpected(raw: &str) -> Unexpected<'_> {
    match raw.as_bytes().first() {
        Some(b'{') => Unexpected::Map,
        Some(b'[') => Unexpected::Seq,
        Some(b't') => Unexpected::Bool(true),
        Some(b'f') => Unexpected::Bool(false),
        _ => Unexpected::Unit,
    }
}
