//! Metadata in its canonical form: sorted keys, no spaces, normalised numbers, so that equal values are equal text.
//!
//! Works from the text that was sent, without a tree: a tree of small objects takes fifty times the memory of its text.

use super::METADATA_BYTES_MAX;
use crate::decimal::Decimal;
use crate::flaw::FlawCode;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Deepest nesting of metadata; the parser and whatever reads it later may recurse this far.
const METADATA_DEPTH_MAX: usize = 60;
/// Longest metadata as sent: room for indentation and escapes around what may be kept.
const METADATA_TEXT_BYTES_MAX: usize = 4 * METADATA_BYTES_MAX;

/// Why metadata cannot be kept: a code and a sentence.
type Refusal = (FlawCode, String);

/// The canonical form of JSON text; `None` for `null`.
pub(super) fn canonical(text: &str) -> Result<Option<Box<str>>, Refusal> {
    if text.len() > METADATA_TEXT_BYTES_MAX {
        return Err(too_large());
    }
    let value: &RawValue = parsed(text)?;
    let mut out = String::with_capacity(value.get().len());
    write(value, METADATA_DEPTH_MAX, &mut out)?;
    if out.len() > METADATA_BYTES_MAX {
        return Err(too_large());
    }
    Ok((out != "null").then(|| out.into()))
}

fn too_large() -> Refusal {
    (
        FlawCode::TooLarge,
        format!("at most {METADATA_BYTES_MAX} bytes of metadata"),
    )
}

fn parsed<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| (FlawCode::Type, format!("is not JSON: {error}")))
}

fn write(value: &RawValue, deeper: usize, out: &mut String) -> Result<(), Refusal> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => write_object(text, inside(deeper)?, out),
        Some(b'[') => write_array(text, inside(deeper)?, out),
        Some(b'"') => {
            write_string(&parsed::<String>(text)?, out);
            Ok(())
        }
        Some(b't' | b'f' | b'n') => {
            out.push_str(text);
            Ok(())
        }
        // Numbers never pass through a float: what cannot be held exactly is kept as it was written.
        _ => {
            match Decimal::parse(text) {
                Ok(decimal) => out.push_str(&decimal.to_string()),
                Err(_) => out.push_str(text),
            }
            Ok(())
        }
    }
}

fn inside(deeper: usize) -> Result<usize, Refusal> {
    let refusal = || {
        (
            FlawCode::TooDeep,
            format!("at most {METADATA_DEPTH_MAX} levels of nesting"),
        )
    };
    deeper.checked_sub(1).ok_or_else(refusal)
}

fn write_array(text: &str, deeper: usize, out: &mut String) -> Result<(), Refusal> {
    let mut open = '[';
    for item in parsed::<Vec<&RawValue>>(text)? {
        out.push(open);
        write(item, deeper, out)?;
        open = ',';
    }
    out.push_str(if open == '[' { "[]" } else { "]" });
    Ok(())
}

fn write_object(text: &str, deeper: usize, out: &mut String) -> Result<(), Refusal> {
    let Fields(mut fields) = parsed(text)?;
    fields.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let mut open = '{';
    let mut previous: Option<&str> = None;
    for (key, value) in &fields {
        if previous == Some(key.as_str()) {
            return Err((
                FlawCode::Repeated,
                "an object may not have the same key twice".to_owned(),
            ));
        }
        out.push(open);
        write_string(key, out);
        out.push(':');
        write(value, deeper, out)?;
        (open, previous) = (',', Some(key.as_str()));
    }
    out.push_str(if open == '{' { "{}" } else { "}" });
    Ok(())
}

fn write_string(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// The fields of an object as they were sent, repeated keys too.
struct Fields<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for Fields<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'t> Visitor<'t> for Pairs {
            type Value = Fields<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Fields<'t>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Pairs)
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
        check(
            "[1e400, 0.10000000000000000000000001]",
            "[1e400,0.10000000000000000000000001]",
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
