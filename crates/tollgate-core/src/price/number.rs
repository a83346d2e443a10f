//! Numbers as they were written.
//!
//! A price is kept as its author wrote it ("2.50", not 2.5), so what is parsed keeps the text. Not here: what a number
//! means and which are allowed.
//!
//! Exactness: a JSON number is read from its source text, never through a float. That needs `serde_json` to see the
//! text, so [`NumberText`] is read from JSON only; out of a `serde_json::Value`, whose numbers are floats already, it
//! gets the shortest text of that float.

use crate::decimal::{Decimal, DecimalError};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use smol_str::SmolStr;

/// A number as it stood in JSON, in a string or bare; not yet judged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NumberText(SmolStr);

impl NumberText {
    /// Takes a text that is meant as a number.
    pub fn new(text: impl Into<SmolStr>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number, exactly.
    pub fn decimal(&self) -> Result<Decimal, DecimalError> {
        Decimal::parse(&self.0)
    }
}

impl Serialize for NumberText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for NumberText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'"') => serde_json::from_str(text).map(Self).map_err(D::Error::custom),
            Some(b'-' | b'0'..=b'9') => Ok(Self(SmolStr::new(text))),
            _ => Err(D::Error::custom("expected a decimal number, as a string or bare")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, want: &str) {
        let got = match serde_json::from_str::<NumberText>(json) {
            Ok(number) => number.as_str().to_owned(),
            Err(error) => format!("refused: {error}"),
        };
        assert_eq!(got, want, "{json}");
    }

    #[test]
    fn numbers_keep_their_text_and_never_pass_through_a_float() {
        check(r#""2.50""#, "2.50");
        check("2.50", "2.50");
        check("0.10000000000000000001", "0.10000000000000000001");
        check("1e400", "1e400");
        check("-0", "-0");
        check(r#""\u0031""#, "1");
        for json in ["true", "null", "[1]", r#"{"a": 1}"#] {
            check(json, "refused: expected a decimal number, as a string or bare");
        }
    }

    #[test]
    fn a_number_of_a_parsed_value_is_its_shortest_text() {
        let value = serde_json::json!({"a": 0.1, "b": 7});
        assert_eq!(NumberText::deserialize(&value["a"]).unwrap().as_str(), "0.1");
        assert_eq!(NumberText::deserialize(&value["b"]).unwrap().as_str(), "7");
    }
}
