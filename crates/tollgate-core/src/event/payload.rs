//! The payload hash: what makes a second sending the same statement, or a conflict.
//!
//! By value, not by spelling: `1.50` equals `1.5`, key order does not matter. Only what the caller sent counts.

use super::Event;
use crate::decimal::Decimal;
use crate::id::{IdentityKey, PayloadHash};
use serde_json::Value;
use std::fmt::Write as _;
use std::hash::Hasher;

/// What of an event the caller left for the server to fill in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filled {
    /// No timestamp was sent.
    pub(super) timestamp: bool,
    /// `requests` was not sent.
    pub(super) requests: bool,
}

pub(super) fn hash(identity: &IdentityKey, event: &Event, filled: Filled) -> PayloadHash {
    let mut hasher = identity.payload_hasher();
    let mut text = |text: Option<&str>| match text {
        // Lengths keep neighbouring fields apart; an absent field is not an empty one.
        None => hasher.write_u8(0),
        Some(text) => {
            hasher.write_u8(1);
            hasher.write_usize(text.len());
            hasher.write(text.as_bytes());
        }
    };
    text(Some(event.category.as_str()));
    text(event.scope.team.as_ref().map(|t| t.as_str()));
    text(event.scope.project.as_ref().map(|p| p.as_str()));
    text(event.scope.user.as_ref().map(|u| u.as_str()));
    for (key, value) in event.dimensions.iter() {
        text(Some(key.as_str()));
        text(Some(value.as_str()));
    }
    text(event.metadata.as_deref());
    for (key, _) in &event.measures {
        text(Some(key.as_str()));
    }
    for (_, quantity) in &event.measures {
        hasher.write_i128(quantity.nano());
    }
    hasher.write_i128(if filled.requests {
        i128::MIN
    } else {
        event.requests.nano()
    });
    hasher.write_i64(if filled.timestamp {
        i64::MIN
    } else {
        event.at.micros()
    });
    hasher.write_i128(event.asserted.map_or(i128::MIN, |cost| cost.pico()));
    PayloadHash(hasher.finish())
}

/// JSON with sorted keys, no spaces, and numbers normalised where they are decimals: equal values are equal text.
pub(super) fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, &mut out);
    out
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            match Decimal::parse(&text) {
                Ok(decimal) => out.push_str(&decimal.to_string()),
                Err(_) => out.push_str(&text),
            }
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            // serde_json's map is sorted by key (its `preserve_order` feature is off), which the test holds us to.
            out.push('{');
            for (index, (key, item)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                let _ = write!(out, "{}:", Value::String(key.clone()));
                write_value(item, out);
            }
            out.push('}');
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {
            let _ = write!(out, "{value}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_json_forgets_spelling_and_order() {
        let a = serde_json::from_str(r#"{"b": [1.50, null, "x\"y"], "a": {"d": 1e2, "c": true}}"#).unwrap();
        assert_eq!(canonical(&a), r#"{"a":{"c":true,"d":100},"b":[1.5,null,"x\"y"]}"#);
    }
}
