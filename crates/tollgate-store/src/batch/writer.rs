//! Makes a batch of recorded events, one pass over them.

use super::charges::Packer;
use super::detail::Detail;
use super::sparse::Sparse;
use super::texts::Run;
use super::usage::Usage;
use hashbrown::{DefaultHashBuilder, HashTable};
use smol_str::SmolStr;
use std::hash::{BuildHasher, Hasher};
use tollgate_core::charge::Charge;
use tollgate_core::event::Event;
use tollgate_core::frame::ABSENT;
use tollgate_core::id::{EventId, PayloadHash};
use tollgate_core::money::Money;
use tollgate_core::text::{Key, Label};

/// The events of one commit in columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) identities: Vec<(EventId, PayloadHash)>,
    pub(crate) usage: Usage,
    pub(crate) detail: Detail,
}

/// A batch in the making.
#[derive(Debug)]
pub(crate) struct BatchWriter {
    batch: Batch,
    codes: Codes,
    sources: Codes,
    charges: Packer,
    dimensions: Columns<u32>,
    measures: Columns<i128>,
}

impl BatchWriter {
    /// A batch of at most this many events.
    pub(crate) fn with_capacity(events: usize) -> Self {
        let usage = Usage {
            at: Vec::with_capacity(events),
            category: Vec::with_capacity(events),
            organization: Vec::with_capacity(events),
            team: Vec::with_capacity(events),
            project: Vec::with_capacity(events),
            user: Vec::with_capacity(events),
            requests: Vec::with_capacity(events),
            cost: Sparse::with_capacity(events),
            ..Usage::default()
        };
        let detail = Detail {
            ids: Run::with_capacity(events),
            source: Vec::with_capacity(events),
            ..Detail::default()
        };
        Self {
            batch: Batch {
                identities: Vec::with_capacity(events),
                usage,
                detail,
            },
            codes: Codes::with_capacity(events),
            sources: Codes::with_capacity(0),
            charges: Packer::with_capacity(events),
            dimensions: Columns::with_capacity(events),
            measures: Columns::with_capacity(events),
        }
    }

    /// The number of events so far.
    pub(crate) fn len(&self) -> usize {
        self.batch.identities.len()
    }

    /// Adds a recorded event.
    pub(crate) fn push(&mut self, event: &Event, charge: &Charge) {
        let row = self.len();
        self.batch.identities.push((event.event, event.payload));
        let (usage, codes) = (&mut self.batch.usage, &mut self.codes);
        let scope = &event.scope;
        usage.at.push(event.at.micros());
        usage
            .category
            .push(codes.code(event.category.as_smol(), Place::Category));
        usage
            .organization
            .push(codes.code(scope.organization.as_smol(), Place::Organization));
        usage.team.push(codes.optional(scope.team.as_ref(), Place::Team));
        usage
            .project
            .push(codes.optional(scope.project.as_ref(), Place::Project));
        usage.user.push(codes.optional(scope.user.as_ref(), Place::User));
        for (turn, (key, value)) in event.dimensions.iter().enumerate() {
            let code = codes.code(value.as_smol(), Place::Other);
            self.dimensions.push((turn, key), row, code);
        }
        usage.requests.push(event.requests.nano());
        for (turn, (key, quantity)) in event.measures.iter().enumerate() {
            self.measures.push((turn, key), row, quantity.nano());
        }
        if let Some(cost) = charge.cost {
            usage.cost.push(row, cost.pico());
        }
        usage
            .corrects
            .extend(event.corrects.map(|event| (row as u32, event)));
        self.push_detail(event, charge, row);
    }

    fn push_detail(&mut self, event: &Event, charge: &Charge, row: usize) {
        self.charges.push(charge);
        let detail = &mut self.batch.detail;
        detail.ids.push(event.id.as_str());
        detail
            .source
            .push(self.sources.code(event.source.as_smol(), Place::Other));
        if let Some(metadata) = &event.metadata {
            detail.metadata_at.push(row, detail.metadata.len() as u32);
            detail.metadata.push(metadata.clone());
        }
        if let Some(cost) = event.asserted {
            detail.asserted.push(row, Money::pico(cost));
        }
    }

    /// The batch.
    pub(crate) fn finish(self) -> Batch {
        let Self {
            mut batch,
            codes,
            sources,
            charges,
            dimensions,
            measures,
        } = self;
        let rows = batch.identities.len();
        batch.usage.texts = codes.texts;
        batch.usage.dimensions = dimensions.finish(rows);
        batch.usage.measures = measures.finish(rows);
        batch.usage.cost.finish(rows);
        batch.detail.sources = sources.texts;
        batch.detail.metadata_at.finish(rows);
        batch.detail.asserted.finish(rows);
        batch.detail.charges = charges.finish();
        batch
    }
}

/// Where a text stands; neighbouring events mostly repeat each other there.
#[derive(Clone, Copy, Debug)]
enum Place {
    Category,
    Organization,
    Team,
    Project,
    User,
    Other,
}

/// A dictionary in the making.
#[derive(Debug)]
struct Codes {
    texts: Vec<SmolStr>,
    table: HashTable<Entry>,
    hasher: DefaultHashBuilder,
    last: [u32; 6],
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Kept, so that a growing table hashes nothing again and most texts are told apart without looking at them.
    hash: u64,
    code: u32,
}

impl Codes {
    /// A dictionary for this many events, which mostly have fewer different texts than there are of them.
    fn with_capacity(events: usize) -> Self {
        let texts = events / 2;
        let mut codes = Self {
            texts: Vec::with_capacity(texts),
            table: HashTable::with_capacity(texts),
            hasher: DefaultHashBuilder::default(),
            last: [ABSENT; 6],
        };
        codes.code(&SmolStr::default(), Place::Other);
        codes
    }

    fn optional(&mut self, label: Option<&Label>, place: Place) -> u32 {
        label.map_or(ABSENT, |label| self.code(label.as_smol(), place))
    }

    fn code(&mut self, text: &SmolStr, place: Place) -> u32 {
        let last = self.last[place as usize];
        if self.texts.get(last as usize) == Some(text) {
            return last;
        }
        let mut hasher = self.hasher.build_hasher();
        // One write for one text: nothing follows that it could run into.
        hasher.write(text.as_bytes());
        let hash = hasher.finish();
        let texts = &self.texts;
        let known = self.table.find(hash, |entry| {
            entry.hash == hash && texts.get(entry.code as usize) == Some(text)
        });
        let code = match known {
            Some(entry) => entry.code,
            None => {
                let code = self.texts.len() as u32;
                self.texts.push(text.clone());
                self.table
                    .insert_unique(hash, Entry { hash, code }, |entry| entry.hash);
                code
            }
        };
        self.last[place as usize] = code;
        code
    }
}

/// Sparse columns by key, in the order of their first use.
#[derive(Debug)]
struct Columns<T> {
    columns: Vec<(Key, Sparse<T>)>,
    by_key: hashbrown::HashMap<Key, usize>,
    /// The columns that the last event used, in its order: the next one mostly uses the same.
    last: Vec<usize>,
    events: usize,
}

/// Columns that get room for every event at once; anybody can invent more keys, and those must not take more than they hold.
const ROOMY_COLUMNS: usize = 16;

impl<T: Copy> Columns<T> {
    fn with_capacity(events: usize) -> Self {
        Self {
            columns: Vec::new(),
            by_key: hashbrown::HashMap::new(),
            last: Vec::new(),
            events,
        }
    }

    fn push(&mut self, (turn, key): (usize, &Key), row: usize, value: T) {
        let guess = self
            .last
            .get(turn)
            .copied()
            .and_then(|place| self.columns.get_mut(place));
        if let Some((known, column)) = guess
            && known == key
        {
            column.push(row, value);
            return;
        }
        let place = match self.by_key.get(key) {
            Some(place) => *place,
            None => {
                let is_roomy = self.columns.len() < ROOMY_COLUMNS;
                let column = Sparse::with_capacity(if is_roomy { self.events } else { 0 });
                self.columns.push((key.clone(), column));
                self.by_key.insert(key.clone(), self.columns.len() - 1);
                self.columns.len() - 1
            }
        };
        self.last.resize(self.last.len().max(turn + 1), place);
        self.last[turn] = place;
        self.columns[place].1.push(row, value);
    }

    fn finish(mut self, rows: usize) -> Vec<(Key, Sparse<T>)> {
        self.columns
            .iter_mut()
            .for_each(|(_, column)| column.finish(rows));
        self.columns.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        self.columns
    }
}
