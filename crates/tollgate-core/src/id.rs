//! Identity: the printed ids of things, and the keyed fingerprint that says whether an event was seen before.
//!
//! Not here: making ids (that needs randomness) and remembering fingerprints (that is the engine's ledger).

use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hasher128, SipHasher13 as SipHasher13x128};
use std::fmt;
use std::hash::Hasher;

/// The text is not an id of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an id of the form {0}… followed by 32 hexadecimal digits")]
pub struct IdError(&'static str);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// What every printed id of this kind begins with.
            pub const PREFIX: &str = $prefix;

            /// Makes the id of these 128 bits.
            pub fn from_bits(bits: u128) -> Self {
                Self(bits)
            }

            /// The id's 128 bits.
            pub fn bits(self) -> u128 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:032x}"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse_bits(text, $prefix).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                smol_str::SmolStr::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

fn parse_bits(text: &str, prefix: &'static str) -> Result<u128, IdError> {
    let digits = text.strip_prefix(prefix).ok_or(IdError(prefix))?;
    let clean = digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !clean {
        return Err(IdError(prefix));
    }
    u128::from_str_radix(digits, 16).map_err(|_| IdError(prefix))
}

id!(
    /// An event's server id: its fingerprint, printed.
    EventId,
    "evt_"
);
id!(
    /// A price's id.
    PriceId,
    "prc_"
);
id!(
    /// A quota's id.
    QuotaId,
    "qta_"
);
id!(
    /// A budget's id.
    BudgetId,
    "bdg_"
);
id!(
    /// A hold's id.
    HoldId,
    "hld_"
);
id!(
    /// An API key's id (not its secret).
    KeyId,
    "key_"
);

/// A keyed hash of what an event said, to tell a resend from a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct PayloadHash(pub u64);

/// The secret of one data folder under which identities and payloads are hashed, so that nobody outside can make two collide.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityKey([u8; 16]);

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityKey(…)")
    }
}

impl IdentityKey {
    /// Makes the key from sixteen random bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The key's bytes, for storing it.
    pub fn bytes(&self) -> [u8; 16] {
        self.0
    }

    /// The identity of an event: (organization, source, id), never its time.
    pub fn event_id(&self, organization: &str, source: &str, id: &str) -> EventId {
        EventId(self.fingerprint(&[organization, source, id]))
    }

    fn fingerprint(&self, parts: &[&str]) -> u128 {
        let mut hasher = SipHasher13x128::new_with_key(&self.0);
        for part in parts {
            // Lengths keep ("ab", "c") and ("a", "bc") apart.
            hasher.write_usize(part.len());
            hasher.write(part.as_bytes());
        }
        let hash = hasher.finish128();
        (u128::from(hash.h1) << 64) | u128::from(hash.h2)
    }

    /// The identity of a hold: (organization, id). Four parts, so that no event has the same.
    pub fn hold_id(&self, organization: &str, id: &str) -> HoldId {
        HoldId(self.fingerprint(&["hold", organization, id, ""]))
    }

    /// A hasher for an event's payload.
    pub fn payload_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_key(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_and_parses() {
        let id = PriceId::from_bits(0x0192_7f6a_0000_7000_8000_0000_0000_00ff);
        assert_eq!(id.to_string(), "prc_01927f6a0000700080000000000000ff");
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in [
            "",
            "prc_",
            "evt_01927f6a0000700080000000000000ff",
            "prc_01927F6A0000700080000000000000FF",
        ] {
            assert_eq!(bad.parse::<PriceId>(), Err(IdError("prc_")), "{bad}");
        }
    }

    #[test]
    fn identity_depends_on_every_part_and_on_the_key() {
        let key = IdentityKey::from_bytes([7; 16]);
        let id = key.event_id("acme", "ide", "1");
        assert_eq!(id, key.event_id("acme", "ide", "1"));
        for (organization, source, name) in [("acm", "eide", "1"), ("acme", "id", "e1"), ("acme", "ide", "2")]
        {
            assert_ne!(id, key.event_id(organization, source, name));
        }
        assert_ne!(id, IdentityKey::from_bytes([8; 16]).event_id("acme", "ide", "1"));
    }
}
