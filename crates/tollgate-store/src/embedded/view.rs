//! The view: what is committed and not yet part of the rollups on disk, shared with readers.
//!
//! The hand-over at a checkpoint. A view lists layers; each says after which batch it begins. Disk says through which
//! batch its parts go. A reader first takes the view, then begins its read transaction, then uses the parts on disk and
//! the layers that begin at or after where disk ends. While a checkpoint is being sealed the view has the frozen layer and
//! the one after it, so both answers of disk, before and after the commit, find their layer. Only when a whole
//! checkpoint passes between taking the view and beginning the transaction does none begin there, and the reader takes a
//! new view. So every batch up to the view's last is counted exactly once, and none after it.

use crate::batch::{Damage, Folded, Span, Usage};
use crate::rollup::layer::Layer;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tollgate_core::rollup::Grain;

/// What a reader sees besides the database; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    /// Every batch.
    pub(crate) directory: Directory,
    /// What the parts on disk lack, oldest first; the last one grows.
    pub(crate) layers: Vec<Layer>,
    /// Every grain, by number.
    pub(crate) grains: Arc<Vec<Arc<Grain>>>,
}

/// The view as the sequencer changes it.
#[derive(Debug, Default)]
pub(crate) struct SharedView(Mutex<View>);

impl SharedView {
    pub(crate) fn new(view: View) -> Self {
        Self(Mutex::new(view))
    }

    /// The view as it is now.
    pub(crate) fn now(&self) -> View {
        self.lock().clone()
    }

    /// Adds a batch that was committed. Readers wait for as long as it takes to fold it.
    pub(crate) fn add(&self, span: Span, usage: &Usage, folded: &[Folded]) -> Result<(), Damage> {
        let mut view = self.lock();
        let View {
            directory,
            layers,
            grains,
        } = &mut *view;
        let layer = layers
            .last_mut()
            .ok_or(Damage("there is no layer to fold into"))?;
        layer.add(usage, folded, grains)?;
        directory.push(span);
        Ok(())
    }

    /// Makes new grains known, before a batch names them.
    pub(crate) fn add_grains(&self, fresh: Vec<Grain>) {
        let mut view = self.lock();
        Arc::make_mut(&mut view.grains).extend(fresh.into_iter().map(Arc::new));
    }

    /// Begins a new layer and gives the one before it.
    pub(crate) fn freeze(&self) -> Layer {
        let mut view = self.lock();
        let next = Layer::after(view.directory.last().number);
        let frozen = view.layers.last().cloned().unwrap_or_default();
        view.layers.push(next);
        frozen
    }

    /// The batch after which the growing layer begins, and how many cells it has.
    pub(crate) fn growing(&self) -> (u64, usize) {
        self.lock()
            .layers
            .last()
            .map_or((0, 0), |layer| (layer.after, layer.len()))
    }

    /// Drops the layers that disk has, now that its parts go through `batch`.
    pub(crate) fn checkpointed(&self, batch: u64) {
        self.lock().layers.retain(|layer| layer.after >= batch);
    }

    fn lock(&self) -> MutexGuard<'_, View> {
        // A panic while folding ends the sequencer, and with it everything that could make the view wrong later.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl View {
    /// The layers to read beside a database whose parts go through this batch; `None` when the view is too old for it.
    pub(crate) fn layers_after(&self, through: u64) -> Option<&[Layer]> {
        let place = self.layers.iter().position(|layer| layer.after == through)?;
        self.layers.get(place..)
    }
}

/// Where every batch stands, in chunks that clones share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    chunks: Vec<Arc<Vec<Span>>>,
}

const CHUNK_SPANS: usize = 1_024;

impl Directory {
    /// Adds a batch.
    pub(crate) fn push(&mut self, span: Span) {
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK_SPANS => Arc::make_mut(chunk).push(span),
            _ => self.chunks.push(Arc::new(vec![span])),
        }
    }

    /// The last batch; number 0 when there is none.
    pub(crate) fn last(&self) -> Span {
        self.chunks
            .last()
            .and_then(|chunk| chunk.last())
            .copied()
            .unwrap_or_default()
    }

    /// How many events there are.
    pub(crate) fn events(&self) -> u64 {
        let last = self.last();
        last.first_arrival + u64::from(last.events)
    }

    /// Every batch, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Span> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// The batch that has this arrival.
    pub(crate) fn of_arrival(&self, arrival: u64) -> Option<Span> {
        let first = |chunk: &Arc<Vec<Span>>| chunk.first().map_or(0, |span| span.first_arrival);
        let chunk = self
            .chunks
            .partition_point(|chunk| first(chunk) <= arrival)
            .checked_sub(1)?;
        let chunk = self.chunks.get(chunk)?;
        let place = chunk
            .partition_point(|span| span.first_arrival <= arrival)
            .checked_sub(1)?;
        let span = chunk.get(place).copied()?;
        (arrival < span.first_arrival + u64::from(span.events)).then_some(span)
    }
}
