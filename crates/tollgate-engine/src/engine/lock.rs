//! Locks by key: what concerns one thing goes one after another, and other things hardly wait.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use tokio::sync::Mutex;

/// Locks shared out among keys by their hash. Two keys seldom share one, and then only wait for each other.
#[derive(Debug)]
pub(super) struct Locks(Vec<Mutex<()>>);

impl Locks {
    pub(super) fn new(count: usize) -> Self {
        Self((0..count.max(1)).map(|_| Mutex::default()).collect())
    }

    /// The lock of a key.
    pub(super) fn of(&self, key: &impl Hash) -> &Mutex<()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
        &self.0[usize::try_from(hash).unwrap_or_default() % self.0.len()]
    }
}
