//! The payload hash: what makes a second sending the same statement, or a conflict.
//!
//! By value, not by spelling: `1.50` equals `1.5`, key order does not matter. Only what the caller sent counts.

use super::Event;
use crate::id::{IdentityKey, PayloadHash};
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
