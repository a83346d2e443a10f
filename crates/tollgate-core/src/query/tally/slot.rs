//! Slots: small dense numbers for the rows of an answer, found without hashing a text or allocating per row.
//!
//! A level refines numbers by one more field: (number so far, text of the field) → new number. A frame's code of a text
//! is looked up once per frame; from then on a row costs two array reads.

use super::TallyError;
use crate::frame::ABSENT;
use crate::query::Buckets;
use smol_str::SmolStr;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The number of rows that are left out.
pub(super) const NONE: u32 = u32::MAX;
/// Largest table of pairs that is an array: 4 MB.
const DENSE_MAX: usize = 1 << 20;

/// A number as an index. [`NONE`] is beyond every array.
pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The next number of a list, unless that would be [`NONE`].
pub(super) fn next<T>(list: &[T]) -> Option<u32> {
    u32::try_from(list.len()).ok().filter(|number| *number != NONE)
}

/// Hashes pairs of our own small numbers; nobody outside chooses them.
#[derive(Debug, Default)]
pub(super) struct PairHasher(u64);

impl Hasher for PairHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, pair: u64) {
        let mixed = (self.0 ^ pair).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

/// A map from pairs of numbers to numbers: an array while that is small, else a hash table.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    dense: Vec<u32>,
    /// Entries for each first number; a power of two.
    stride: usize,
    /// Set once the array would be too large.
    sparse: Option<HashMap<u64, u32, BuildHasherDefault<PairHasher>>>,
}

impl Pairs {
    pub(super) fn find(&self, first: u32, second: u32) -> u32 {
        if let Some(sparse) = &self.sparse {
            return sparse.get(&joined(first, second)).copied().unwrap_or(NONE);
        }
        let second = index(second);
        if second >= self.stride {
            return NONE;
        }
        let place = index(first).saturating_mul(self.stride).saturating_add(second);
        self.dense.get(place).copied().unwrap_or(NONE)
    }

    pub(super) fn insert(&mut self, first: u32, second: u32, number: u32) {
        self.make_room(first, second);
        if let Some(sparse) = &mut self.sparse {
            sparse.insert(joined(first, second), number);
            return;
        }
        let place = index(first)
            .saturating_mul(self.stride)
            .saturating_add(index(second));
        if let Some(entry) = self.dense.get_mut(place) {
            *entry = number;
        }
    }

    fn make_room(&mut self, first: u32, second: u32) {
        if self.sparse.is_some() {
            return;
        }
        let stride = index(second)
            .saturating_add(1)
            .next_power_of_two()
            .max(self.stride);
        let firsts = self.dense.len().checked_div(self.stride).unwrap_or(0);
        let wanted = index(first).saturating_add(1);
        let rows = if wanted > firsts {
            wanted.next_power_of_two()
        } else {
            firsts
        };
        if rows.saturating_mul(stride) > DENSE_MAX {
            self.sparse = Some(self.entries().collect());
            self.dense = Vec::new();
        } else if stride > self.stride {
            let entries: Vec<(u64, u32)> = self.entries().collect();
            self.stride = stride;
            self.dense = vec![NONE; rows.saturating_mul(stride)];
            for (pair, number) in entries {
                let place = (pair >> 32)
                    .saturating_mul(u64::try_from(stride).unwrap_or(0))
                    .saturating_add(pair & 0xFFFF_FFFF);
                if let Some(entry) = usize::try_from(place).ok().and_then(|p| self.dense.get_mut(p)) {
                    *entry = number;
                }
            }
        } else {
            self.dense.resize(rows.saturating_mul(stride), NONE);
        }
    }

    fn entries(&self) -> impl Iterator<Item = (u64, u32)> {
        let rows = self.dense.chunks(self.stride.max(1)).zip(0_u32..);
        rows.flat_map(|(row, first)| {
            row.iter()
                .zip(0_u32..)
                .filter(|(number, _)| **number != NONE)
                .map(move |(number, second)| (joined(first, second), *number))
        })
    }
}

fn joined(first: u32, second: u32) -> u64 {
    (u64::from(first) << 32) | u64::from(second)
}

/// The texts of one field by number; number 0 stands for "absent".
#[derive(Debug)]
struct Symbols {
    texts: Vec<SmolStr>,
    numbers: HashMap<SmolStr, u32>,
}

impl Symbols {
    fn number(&mut self, text: &SmolStr) -> Option<u32> {
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        let number = next(&self.texts)?;
        self.texts.push(text.clone());
        self.numbers.insert(text.clone(), number);
        Some(number)
    }
}

/// One step of refinement: numbers so far × texts of a field.
#[derive(Debug)]
pub(super) struct Level {
    symbols: Symbols,
    pairs: Pairs,
    /// Number so far and symbol of each new number.
    nodes: Vec<(u32, u32)>,
    /// Symbol of each code of the frame at hand, [`NONE`] until it is met.
    codes: Vec<u32>,
    most: usize,
    full: TallyError,
}

impl Level {
    pub(super) fn new(most: usize, full: TallyError) -> Self {
        let symbols = Symbols {
            texts: vec![SmolStr::default()],
            numbers: HashMap::new(),
        };
        Self {
            symbols,
            pairs: Pairs::default(),
            nodes: Vec::new(),
            codes: Vec::new(),
            most,
            full,
        }
    }

    /// Forgets the codes of the frame before.
    pub(super) fn begin(&mut self, texts: &[SmolStr]) {
        self.codes.clear();
        self.codes.resize(texts.len(), NONE);
        if let Some(absent) = self.codes.first_mut() {
            *absent = ABSENT;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Number so far and text that a number stands for.
    pub(super) fn node(&self, number: u32) -> Option<(u32, u32)> {
        self.nodes.get(index(number)).copied()
    }

    pub(super) fn text(&self, symbol: u32) -> Option<&SmolStr> {
        (symbol != ABSENT)
            .then(|| self.symbols.texts.get(index(symbol)))
            .flatten()
    }

    /// Replaces each number by that of (number, text); `column` is `None` where the frame has the field on no row.
    pub(super) fn refine(
        &mut self,
        numbers: &mut [u32],
        column: Option<&[u32]>,
        texts: &[SmolStr],
    ) -> Result<(), TallyError> {
        let Some(column) = column else {
            for number in numbers.iter_mut().filter(|number| **number != NONE) {
                *number = self.number(*number, ABSENT)?;
            }
            return Ok(());
        };
        for (number, code) in numbers.iter_mut().zip(column) {
            if *number == NONE {
                continue;
            }
            let symbol = match self.codes.get(index(*code)) {
                Some(symbol) if *symbol != NONE => *symbol,
                _ => self.meet(*code, texts)?,
            };
            *number = self.number(*number, symbol)?;
        }
        Ok(())
    }

    /// The number of (number, text), for one that does not come from a frame.
    pub(super) fn number_of(&mut self, number: u32, text: Option<&SmolStr>) -> Result<u32, TallyError> {
        let symbol = match text {
            None => ABSENT,
            Some(text) => self.symbols.number(text).ok_or_else(|| self.full.clone())?,
        };
        self.number(number, symbol)
    }

    fn number(&mut self, number: u32, symbol: u32) -> Result<u32, TallyError> {
        let found = self.pairs.find(number, symbol);
        if found != NONE {
            return Ok(found);
        }
        if self.nodes.len() >= self.most {
            return Err(self.full.clone());
        }
        let fresh = next(&self.nodes).ok_or_else(|| self.full.clone())?;
        self.nodes.push((number, symbol));
        self.pairs.insert(number, symbol, fresh);
        Ok(fresh)
    }

    #[cold]
    fn meet(&mut self, code: u32, texts: &[SmolStr]) -> Result<u32, TallyError> {
        let text = texts
            .get(index(code))
            .ok_or(TallyError::Malformed("a code is beyond the dictionary"))?;
        let symbol = self.symbols.number(text).ok_or_else(|| self.full.clone())?;
        if let Some(entry) = self.codes.get_mut(index(code)) {
            *entry = symbol;
        }
        Ok(symbol)
    }
}

/// The rows of an answer: bucket, then one level for each group field.
#[derive(Debug)]
pub(super) struct Slots {
    /// Number of each bucket, [`NONE`] until a row lies in it.
    roots: Vec<u32>,
    /// Bucket of each number.
    ordinals: Vec<usize>,
    levels: Vec<Level>,
    /// The bucket of the last row: (from, until, number).
    last: (i64, i64, u32),
}

impl Slots {
    pub(super) fn new(buckets: usize, groups: usize, most: usize) -> Self {
        let level = || Level::new(most, TallyError::TooManyGroups);
        Self {
            roots: vec![NONE; buckets],
            ordinals: Vec::new(),
            levels: (0..groups).map(|_| level()).collect(),
            last: (0, 0, NONE),
        }
    }

    pub(super) fn begin(&mut self, texts: &[SmolStr]) {
        self.levels.iter_mut().for_each(|level| level.begin(texts));
    }

    pub(super) fn len(&self) -> usize {
        self.levels.last().map_or(self.ordinals.len(), Level::len)
    }

    /// Gives each row that is not left out the number of its bucket, and leaves out those in none; says whether any is in one.
    pub(super) fn locate(&mut self, numbers: &mut [u32], at: &[i64], buckets: &Buckets) -> bool {
        let mut any = false;
        for (number, at) in numbers.iter_mut().zip(at) {
            if *number == NONE {
                continue;
            }
            let (from, until, _) = self.last;
            if !(from <= *at && *at < until) {
                match buckets.find(*at) {
                    Some(found) => self.last = (found.from, found.until, self.root(found.ordinal)),
                    None => {
                        *number = NONE;
                        continue;
                    }
                }
            }
            *number = self.last.2;
            any = true;
        }
        any
    }

    /// Refines numbers of buckets to slots; one column for each group field.
    pub(super) fn refine(
        &mut self,
        numbers: &mut [u32],
        columns: &[Option<&[u32]>],
        texts: &[SmolStr],
    ) -> Result<(), TallyError> {
        self.levels
            .iter_mut()
            .zip(columns)
            .try_for_each(|(level, column)| level.refine(numbers, *column, texts))
    }

    /// The slot of a bucket and a text for each group field.
    pub(super) fn slot(&mut self, ordinal: usize, texts: &[Option<SmolStr>]) -> Result<u32, TallyError> {
        let root = self.root(ordinal);
        self.levels
            .iter_mut()
            .zip(texts)
            .try_fold(root, |number, (level, text)| {
                level.number_of(number, text.as_ref())
            })
    }

    /// The bucket and the group texts of a slot.
    pub(super) fn key(&self, slot: u32) -> Option<(usize, Vec<Option<SmolStr>>)> {
        let mut texts = Vec::with_capacity(self.levels.len());
        let mut number = slot;
        for level in self.levels.iter().rev() {
            let (parent, symbol) = level.node(number)?;
            texts.push(level.text(symbol).cloned());
            number = parent;
        }
        texts.reverse();
        Some((*self.ordinals.get(index(number))?, texts))
    }

    fn root(&mut self, ordinal: usize) -> u32 {
        let Some(root) = self.roots.get_mut(ordinal) else {
            return NONE;
        };
        if *root == NONE {
            *root = next(&self.ordinals).unwrap_or(NONE);
            self.ordinals.push(ordinal);
        }
        *root
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_found_again_however_large_the_table_grows() {
        let mut pairs = Pairs::default();
        let all: Vec<(u32, u32)> = (0..3000_u32).map(|n| (n % 70, n * 7 % 2999)).collect();
        let mut numbers = std::collections::BTreeMap::new();
        for (place, pair) in all.iter().enumerate() {
            let known = numbers.get(pair).copied().unwrap_or(NONE);
            assert_eq!(pairs.find(pair.0, pair.1), known, "{pair:?}");
            pairs.insert(pair.0, pair.1, u32::try_from(place).unwrap());
            numbers.insert(*pair, u32::try_from(place).unwrap());
        }
        assert!(pairs.sparse.is_none());
        pairs.insert(1_000_000, 3, 77);
        assert!(pairs.sparse.is_some());
        for (pair, number) in &numbers {
            assert_eq!(pairs.find(pair.0, pair.1), *number);
        }
        assert_eq!(pairs.find(1_000_000, 3), 77);
        assert_eq!(pairs.find(1_000_000, 4), NONE);
    }
}
