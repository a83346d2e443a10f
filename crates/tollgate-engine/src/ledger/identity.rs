//! The identity index: which statements were made, so that none is counted twice.
//!
//! Keys are already keyed hashes, so the table takes their low bits as they are. Everything is kept in memory for now;
//! older keys move to sorted runs on disk when identity at scale is built.

use hashbrown::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use tollgate_core::id::{EventId, PayloadHash};

/// What claiming an identity found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It was free and is now taken by this arrival.
    Fresh,
    /// The same statement arrived before, as this arrival.
    Duplicate(u64),
    /// Another statement took it, as this arrival.
    Conflict(u64),
}

/// The identities taken so far.
#[derive(Debug, Default)]
pub struct Identities(HashMap<u128, Seen, BuildHasherDefault<Fingerprint>>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    payload: u64,
    arrival: u64,
}

impl Identities {
    /// Takes an identity for `arrival`, unless it is taken.
    pub fn claim(&mut self, event: EventId, payload: PayloadHash, arrival: u64) -> Claim {
        match self.0.entry(event.bits()) {
            hashbrown::hash_map::Entry::Vacant(free) => {
                free.insert(Seen {
                    payload: payload.0,
                    arrival,
                });
                Claim::Fresh
            }
            hashbrown::hash_map::Entry::Occupied(taken) if taken.get().payload == payload.0 => {
                Claim::Duplicate(taken.get().arrival)
            }
            hashbrown::hash_map::Entry::Occupied(taken) => Claim::Conflict(taken.get().arrival),
        }
    }

    /// The arrival that took an identity.
    pub fn arrival(&self, event: EventId) -> Option<u64> {
        self.0.get(&event.bits()).map(|seen| seen.arrival)
    }

    /// How many are taken.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is taken.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes room for this many more, so that a bulk load does not grow step by step.
    pub fn reserve(&mut self, more: usize) {
        self.0.reserve(more);
    }
}

/// Passes the low half of a fingerprint through: it is uniform and nobody outside can choose it.
#[derive(Debug, Default)]
#[allow(unreachable_pub, reason = "it is a parameter of the public table's type")]
pub struct Fingerprint(u64);

impl Hasher for Fingerprint {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }

    fn write_u128(&mut self, value: u128) {
        let bytes = value.to_le_bytes();
        self.write(&bytes[..8]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_taken_once() {
        let mut identities = Identities::default();
        let (event, said, other) = (EventId::from_bits(7), PayloadHash(1), PayloadHash(2));
        assert_eq!(identities.claim(event, said, 0), Claim::Fresh);
        assert_eq!(identities.claim(event, said, 1), Claim::Duplicate(0));
        assert_eq!(identities.claim(event, other, 2), Claim::Conflict(0));
        assert_eq!(identities.claim(EventId::from_bits(8), said, 1), Claim::Fresh);
        assert_eq!((identities.len(), identities.arrival(event)), (2, Some(0)));
    }
}
