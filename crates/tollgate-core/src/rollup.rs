//! Rollups: usage folded into 15-minute buckets of UTC.
//!
//! Every offset of every time zone in use since 2000 is a multiple of 15 minutes, so a local day or month is an exact
//! union of buckets. A category has two sets: one by scope down to the user, one by its declared dimensions without
//! the user; never one cube of everything. Not here: where cells are kept, and when a question may be answered from
//! them ([`crate::query`]).
//!
//! Invariants: cells only add up, so that folding parts and then the parts' cells gives what folding everything at once gives,
//! in any order; gauge and unique measures are left out, because levels and distinct instances do not add up.
//! Sums saturate in type only: a quantity is at most 10²⁷ nano-units and a cost at most 10²⁷ pico-units, so 10¹¹ events
//! fit one cell.

use crate::category::{Category, MeasureKind};
use crate::frame::{ABSENT, Frame, MeasureColumn};
use crate::text::{CategoryName, Key};
use hashbrown::{DefaultHashBuilder, HashTable};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher};

/// Length of a bucket.
pub const BUCKET_MICROS: i64 = 15 * 60 * 1_000_000;
/// Length of the day of UTC by which rollups are partitioned.
pub const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// The start of the bucket that an instant in microseconds falls into.
pub fn bucket_start(at: i64) -> i64 {
    at.saturating_sub(at.rem_euclid(BUCKET_MICROS))
}

/// The number of the day of UTC since 1970-01-01 that an instant in microseconds falls into.
pub fn day_of(at: i64) -> i64 {
    at.div_euclid(DAY_MICROS)
}

/// Which of a category's two sets a cell belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollupSet {
    /// Organization, team, project and user.
    Scope,
    /// Organization, team, project and the declared dimensions.
    Dimension,
}

/// What cells are told apart by, and what they leave out. Frozen into the cells: a category that changes gets a new grain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Grain {
    /// The category.
    pub category: CategoryName,
    /// The set.
    pub set: RollupSet,
    /// The declared dimensions it keeps; none in [`RollupSet::Scope`].
    pub dimensions: Vec<Key>,
    /// The measures it leaves out, because they do not add up.
    pub left_out: Vec<Key>,
}

impl Grain {
    /// The grains of a category as it is declared now.
    pub fn of(category: &Category) -> [Self; 2] {
        let left_out: Vec<Key> = category
            .measures()
            .iter()
            .filter(|measure| measure.kind != MeasureKind::Counter)
            .map(|measure| measure.name.clone())
            .collect();
        let grain = |set, dimensions: &[Key]| Self {
            category: category.name().clone(),
            set,
            dimensions: dimensions.to_vec(),
            left_out: left_out.clone(),
        };
        [
            grain(RollupSet::Scope, &[]),
            grain(RollupSet::Dimension, category.dimensions()),
        ]
    }

    /// The grains of a category that is not declared any more.
    pub fn of_undeclared(category: &CategoryName) -> [Self; 2] {
        [RollupSet::Scope, RollupSet::Dimension].map(|set| Self {
            category: category.clone(),
            set,
            dimensions: Vec::new(),
            left_out: Vec::new(),
        })
    }

    /// The frame columns that tell cells apart, besides the bucket: their codes, or nothing where `frame` lacks one.
    fn columns<'f>(&self, frame: &'f Frame) -> Vec<&'f [u32]> {
        let mut columns: Vec<&[u32]> = vec![&frame.organization, &frame.team, &frame.project];
        if self.set == RollupSet::Scope {
            columns.push(&frame.user);
        }
        columns.extend(self.dimensions.iter().map(|key| {
            let found = frame.dimensions.iter().find(|(name, _)| name == key);
            found.map_or(&[][..], |(_, codes)| codes)
        }));
        columns
    }
}

/// Cells of one grain: sums by bucket and by what the grain tells apart.
#[derive(Clone, Debug)]
pub struct Cells {
    grain: Grain,
    frame: Frame,
    /// Row by key; the keys stand one after another in `keys`, `width` words each.
    index: HashTable<usize>,
    keys: Vec<u32>,
    width: usize,
    codes: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// Words of a key that hold the bucket.
const BUCKET_WORDS: usize = 2;

impl Cells {
    /// No cells yet.
    pub fn new(grain: Grain) -> Self {
        let frame = Frame {
            texts: vec![SmolStr::default(), grain.category.as_smol().clone()],
            dimensions: grain
                .dimensions
                .iter()
                .map(|key| (key.clone(), Vec::new()))
                .collect(),
            ..Frame::default()
        };
        let width = grain.columns(&frame).len().saturating_add(BUCKET_WORDS);
        let mut cells = Self {
            grain,
            frame,
            index: HashTable::new(),
            keys: Vec::new(),
            width,
            codes: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        };
        for code in [ABSENT, CATEGORY] {
            cells.remember(code);
        }
        cells
    }

    /// What the cells are told apart by.
    pub fn grain(&self) -> &Grain {
        &self.grain
    }

    /// The cells, in no particular order.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.frame.rows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Folds usage in: events or cells, all of the grain's category.
    pub fn add(&mut self, usage: &Frame) {
        self.fold(usage, i64::saturating_add, i128::saturating_add);
    }

    /// Folds usage out again; what is left when two sides differ is the difference.
    pub fn take_back(&mut self, usage: &Frame) {
        self.fold(usage, i64::saturating_sub, i128::saturating_sub);
    }

    /// The cells by day of UTC, those that share a key next to each other in order of time.
    pub fn by_day(&self) -> BTreeMap<i64, Frame> {
        let columns = self.grain.columns(&self.frame);
        let mut days: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (row, at) in self.frame.at.iter().enumerate() {
            days.entry(day_of(*at)).or_default().push(row);
        }
        days.into_iter()
            .map(|(day, mut rows)| {
                rows.sort_by_cached_key(|row| {
                    let codes: Vec<u32> = columns
                        .iter()
                        .map(|column| column.get(*row).copied().unwrap_or(ABSENT))
                        .collect();
                    (codes, self.frame.at.get(*row).copied())
                });
                (day, self.frame.select(&rows))
            })
            .collect()
    }

    fn fold(
        &mut self,
        usage: &Frame,
        count: impl Fn(i64, i64) -> i64 + Copy,
        sum: impl Fn(i128, i128) -> i128 + Copy,
    ) {
        let rows = self.rows_of(usage);
        let frame = &mut self.frame;
        combine(&mut frame.events, &rows, &usage.events, count);
        combine(&mut frame.requests, &rows, &usage.requests, sum);
        combine(&mut frame.cost, &rows, &usage.cost, sum);
        combine(&mut frame.priced, &rows, &usage.priced, count);
        for measure in usage
            .measures
            .iter()
            .filter(|measure| !self.grain.left_out.contains(&measure.name))
        {
            let column = measure_column(frame, &measure.name);
            combine(&mut column.sum, &rows, &measure.sum, sum);
            combine(&mut column.carriers, &rows, &measure.carriers, count);
        }
    }

    /// The cell of each row of `usage`, made where it is not there yet.
    fn rows_of(&mut self, usage: &Frame) -> Vec<usize> {
        let width = self.width;
        let mut words = vec![ABSENT; usage.rows().saturating_mul(width)];
        for (key, at) in words.chunks_exact_mut(width).zip(&usage.at) {
            let bucket = bucket_words(bucket_start(*at));
            key.iter_mut().zip(bucket).for_each(|(word, half)| *word = half);
        }
        let mut known = vec![None; usage.texts.len()];
        let grain = self.grain.clone();
        for (place, column) in grain.columns(usage).into_iter().enumerate() {
            let place = place.saturating_add(BUCKET_WORDS);
            for (key, code) in words.chunks_exact_mut(width).zip(column) {
                let own = self.own_code(usage, *code, &mut known);
                key.iter_mut().skip(place).take(1).for_each(|word| *word = own);
            }
        }
        words
            .chunks_exact(width)
            .zip(&usage.at)
            .map(|(key, at)| self.row(key, *at))
            .collect()
    }

    fn row(&mut self, key: &[u32], at: i64) -> usize {
        let (width, hash) = (self.width, hash_of(&self.hasher, key));
        let found = self
            .index
            .find(hash, |row| key_at(&self.keys, width, *row) == key);
        if let Some(row) = found {
            return *row;
        }
        let row = self.len();
        self.keys.extend_from_slice(key);
        let (keys, hasher) = (&self.keys, &self.hasher);
        self.index
            .insert_unique(hash, row, |row| hash_of(hasher, key_at(keys, width, *row)));
        self.push_row(key, bucket_start(at));
        row
    }

    fn push_row(&mut self, key: &[u32], at: i64) {
        let frame = &mut self.frame;
        let mut codes = key.iter().skip(BUCKET_WORDS).copied();
        let mut next = || codes.next().unwrap_or(ABSENT);
        frame.at.push(at);
        frame.category.push(CATEGORY);
        frame.organization.push(next());
        frame.team.push(next());
        frame.project.push(next());
        if self.grain.set == RollupSet::Scope {
            frame.user.push(next());
        }
        frame
            .dimensions
            .iter_mut()
            .for_each(|(_, column)| column.push(next()));
        frame.events.push(0);
        frame.requests.push(0);
        frame.cost.push(0);
        frame.priced.push(0);
        for measure in &mut frame.measures {
            measure.sum.push(0);
            measure.carriers.push(0);
        }
    }

    /// The code here of a text that `usage` knows by another; found once per text and not once per row.
    fn own_code(&mut self, usage: &Frame, code: u32, known: &mut [Option<u32>]) -> u32 {
        let place = usize::try_from(code).unwrap_or(usize::MAX);
        if let Some(Some(own)) = known.get(place) {
            return *own;
        }
        let text = usage.texts.get(place).cloned().unwrap_or_default();
        let texts = &self.frame.texts;
        let hash = self.hasher.hash_one(&text);
        let own = match self.codes.find(hash, |own| *text_at(texts, *own) == text) {
            Some(own) => *own,
            None => {
                let own = u32::try_from(texts.len()).unwrap_or(u32::MAX);
                self.frame.texts.push(text);
                self.remember(own);
                own
            }
        };
        known
            .iter_mut()
            .skip(place)
            .take(1)
            .for_each(|slot| *slot = Some(own));
        own
    }

    fn remember(&mut self, code: u32) {
        let (texts, hasher) = (&self.frame.texts, &self.hasher);
        let hash = |code: &u32| hasher.hash_one(text_at(texts, *code));
        self.codes.insert_unique(hash(&code), code, hash);
    }
}

/// The code of the category in every frame of cells.
const CATEGORY: u32 = 1;

fn text_at(texts: &[SmolStr], code: u32) -> &SmolStr {
    usize::try_from(code)
        .ok()
        .and_then(|place| texts.get(place))
        .expect("only codes of kept texts are remembered")
}

/// Hashes the few words of a key one after another, which costs a few cycles; as a slice they would be hashed as bytes.
fn hash_of(hasher: &DefaultHashBuilder, key: &[u32]) -> u64 {
    let mut state = hasher.build_hasher();
    for word in key {
        state.write_u32(*word);
    }
    state.finish()
}

fn key_at(keys: &[u32], width: usize, row: usize) -> &[u32] {
    let from = row.saturating_mul(width);
    keys.get(from..from.saturating_add(width)).unwrap_or_default()
}

fn bucket_words(start: i64) -> [u32; BUCKET_WORDS] {
    let [a, b, c, d, e, f, g, h] = start.to_le_bytes();
    [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
}

fn measure_column<'f>(frame: &'f mut Frame, name: &Key) -> &'f mut MeasureColumn {
    let rows = frame.rows();
    let place = frame
        .measures
        .iter()
        .position(|column| column.name == *name)
        .unwrap_or_else(|| {
            frame.measures.push(MeasureColumn {
                name: name.clone(),
                sum: vec![0; rows],
                carriers: vec![0; rows],
            });
            frame.measures.len().saturating_sub(1)
        });
    frame
        .measures
        .get_mut(place)
        .expect("the column was found or has just been added")
}

/// Brings each amount into its row's sum.
fn combine<T: Copy>(into: &mut [T], rows: &[usize], amounts: &[T], with: impl Fn(T, T) -> T) {
    for (row, amount) in rows.iter().zip(amounts) {
        if let Some(sum) = into.get_mut(*row) {
            *sum = with(*sum, *amount);
        }
    }
}
