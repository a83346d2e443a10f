//! Metadata in its canonical form: sorted keys, no spaces, normalised numbers, so that equal values are equal text.
//!
//! Works from the text that was sent, without a tree: a tree of small objects takes fifty times the memory of its text.

use super::METADATA_BYTES_MAX;
use crate::decimal::Decimal;
use crate::flaw::FlawCode;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Deepest nesting of metadata; the parser and whatever reads it later may recurse this far.
const METADATA_DEPTH_MAX: usize = 60;
/// Longest metadata as sent: room for indentation and escapes around what may be kept.
const METADATA_TEXT_BYTES_MAX: usize = 4 * METADATA_BYTES_MAX;

const TOO_DEEP: &str = "metadata nests too deeply";
const REPEATED: &str = "metadata repeats a key";

/// The canonical form of JSON text; `None` for `null`.
pub(super) fn canonical(text: &str) -> Result<Option<Box<str>>, (FlawCode, String)> {
    let too_large = || {
        (
            FlawCode::TooLarge,
            format!("at most {METADATA_BYTES_MAX} bytes of metadata"),
        )
    };
    if text.len() > METADATA_TEXT_BYTES_MAX {
        return Err(too_large());
    }
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = Canonical {
        deeper: METADATA_DEPTH_MAX,
    }
    .deserialize(&mut parser)
    .and_then(|value| parser.end().map(|()| value))
    .map_err(flaw)?;
    if value.len() > METADATA_BYTES_MAX {
        return Err(too_large());
    }
    Ok((value != "null").then(|| value.into()))
}

fn flaw(error: serde_json::Error) -> (FlawCode, String) {
    let text = error.to_string();
    if text.starts_with(TOO_DEEP) {
        (
            FlawCode::TooDeep,
            format!("at most {METADATA_DEPTH_MAX} levels of nesting"),
        )
    } else if text.starts_with(REPEATED) {
        (
            FlawCode::Repeated,
            "an object may not have the same key twice".to_owned(),
        )
    } else {
        (FlawCode::Number, format!("cannot be kept: {text}"))
    }
}

#[derive(Clone, Copy)]
struct Canonical {
    deeper: usize,
}

impl Canonical {
    fn inside<E: Error>(self) -> Result<Self, E> {
        let deeper = self.deeper.checked_sub(1).ok_or_else(|| E::custom(TOO_DEEP))?;
        Ok(Self { deeper })
    }
}

impl<'de> DeserializeSeed<'de> for Canonical {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Canonical {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<String, E> {
        Ok("null".to_owned())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    // tidy: forced, serde hands numbers with a fraction over as floats
    fn visit_f64<E: Error>(self, value: f64) -> Result<String, E> {
        let text = serde_json::to_string(&value).map_err(E::custom)?;
        Ok(Decimal::parse(&text).map_or(text, |decimal| decimal.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<String, E> {
        serde_json::to_string(value).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<String, A::Error> {
        let inside = self.inside()?;
        let mut out = "[".to_owned();
        while let Some(item) = items.next_element_seed(inside)? {
            if out.len() > 1 {
                out.push(',');
            }
            out.push_str(&item);
        }
        out.push(']');
        Ok(out)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<String, A::Error> {
        let inside = self.inside()?;
        let mut pairs: Vec<(String, String)> = Vec::new();
        while let Some(key) = fields.next_key::<String>()? {
            pairs.push((key, fields.next_value_seed(inside)?));
        }
        pairs.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut out = "{".to_owned();
        let mut previous: Option<&str> = None;
        for (key, value) in &pairs {
            if previous == Some(key) {
                return Err(A::Error::custom(REPEATED));
            }
            if previous.is_some() {
                out.push(',');
            }
            out.push_str(&serde_json::to_string(key).map_err(A::Error::custom)?);
            out.push(':');
            out.push_str(value);
            previous = Some(key);
        }
        out.push('}');
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let got = match canonical(text) {
            Ok(Some(text)) => text.into(),
            Ok(None) => "absent".to_owned(),
            Err((code, detail)) => format!("{}: {detail}", code.as_str()),
        };
        assert_eq!(got, want, "{text}");
    }

    #[test]
    fn canonical_json_forgets_spelling_and_order() {
        check(
            r#"{"b": [1.50, null, "x\"y"], "a": {"d": 1e2, "c": true}}"#,
            r#"{"a":{"c":true,"d":100},"b":[1.5,null,"x\"y"]}"#,
        );
        check(
            r#"["\u00e4", -0, -7, 18446744073709551615]"#,
            r#"["ä",0,-7,18446744073709551615]"#,
        );
        check("null", "absent");
        check("{}", "{}");
    }

    #[test]
    fn metadata_that_cannot_be_kept_says_why() {
        check(
            r#"{"a": 1, "b": {"c": 1, "\u0063": 1}}"#,
            "repeated: an object may not have the same key twice",
        );
        check(
            "[1e400]",
            "invalid_number: cannot be kept: number out of range at line 1 column 6",
        );
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        check(&nested(60), &nested(60));
        check(&nested(61), "too_deep: at most 60 levels of nesting");
        let quoted = |bytes: usize| format!("\"{}\"", "x".repeat(bytes.saturating_sub(2)));
        check(&quoted(16384), &quoted(16384));
        check(&quoted(16385), "too_large: at most 16384 bytes of metadata");
        check(
            &format!("{}1", " ".repeat(70_000)),
            "too_large: at most 16384 bytes of metadata",
        );
    }
}
