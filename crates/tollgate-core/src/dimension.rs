//! Dimensions: keys with values on an event, sorted by key so that equal sets are equal values.

use crate::text::{Key, Label};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Most dimensions on one event.
pub const DIMENSIONS_MAX: usize = 32;
/// The names of event fields and of a query's own columns; a dimension may not take them.
pub const RESERVED: [&str; 19] = [
    "id",
    "source",
    "category",
    "organization",
    "team",
    "project",
    "user",
    "timestamp",
    "measures",
    "dimensions",
    "metadata",
    "quantity",
    "cost",
    "requests",
    "bucket_start",
    "unpriced",
    "previous",
    "count_distinct",
    "currency",
];

/// The dimensions of an event or the match of a price: unique keys in order, each with its value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<(Key, Label)>", into = "Vec<(Key, Label)>")]
pub struct Dimensions(SmallVec<[(Key, Label); 4]>);

impl Dimensions {
    /// Makes the set from pairs; the first pair whose key repeats is handed back as the error.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (Key, Label)>) -> Result<Self, Key> {
        let mut sorted: SmallVec<[(Key, Label); 4]> = pairs.into_iter().collect();
        sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for pair in sorted.windows(2) {
            if let [a, b] = pair
                && a.0 == b.0
            {
                return Err(a.0.clone());
            }
        }
        Ok(Self(sorted))
    }

    /// The value under a key.
    pub fn value(&self, key: &str) -> Option<&Label> {
        self.0
            .iter()
            .find(|(k, _)| k.as_str() == key)
            .map(|(_, value)| value)
    }

    /// The pairs in key order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Key, &Label)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every pair of `self` stands in `other` too.
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.iter()
            .all(|(key, value)| other.value(key.as_str()) == Some(value))
    }
}

impl TryFrom<Vec<(Key, Label)>> for Dimensions {
    type Error = String;

    fn try_from(pairs: Vec<(Key, Label)>) -> Result<Self, String> {
        Self::from_pairs(pairs).map_err(|key| format!("{key} is given twice"))
    }
}

impl From<Dimensions> for Vec<(Key, Label)> {
    fn from(dimensions: Dimensions) -> Self {
        dimensions.0.into_iter().collect()
    }
}

/// Whether a dimension may not have this name.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}
