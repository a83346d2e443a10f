//! Layers: the cells of all batches after a certain one, in memory.

use crate::batch::{Damage, Folded, Usage};
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_core::rollup::{Cells, Grain};
use tollgate_core::text::Key;

/// Cells by the number of their grain. Cloning is cheap; adding to a layer that somebody has cloned copies what it touches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    /// The batch before the first one in here.
    pub(crate) after: u64,
    pub(crate) cells: BTreeMap<u32, Arc<Cells>>,
}

impl Layer {
    /// An empty layer for the batches after this one.
    pub(crate) fn after(batch: u64) -> Self {
        Self {
            after: batch,
            cells: BTreeMap::new(),
        }
    }

    /// Folds a batch in, under the grains that it names.
    pub(crate) fn add(
        &mut self,
        usage: &Usage,
        folded: &[Folded],
        grains: &[Arc<Grain>],
    ) -> Result<(), Damage> {
        let missing = Damage("a batch names a grain that is not there");
        for frame in usage.by_category(|category| dimensions(category, folded, grains)) {
            let category = frame
                .category
                .first()
                .and_then(|code| frame.texts.get(*code as usize))
                .ok_or(missing)?;
            let folded = folded
                .iter()
                .find(|folded| folded.category == *category)
                .ok_or(missing)?;
            for number in folded.grains {
                let grain = grains.get(number as usize).ok_or(missing)?;
                let cells = self
                    .cells
                    .entry(number)
                    .or_insert_with(|| Arc::new(Cells::new(Grain::clone(grain))));
                Arc::make_mut(cells).add(&frame);
            }
        }
        Ok(())
    }

    /// How many cells there are in all grains.
    pub(crate) fn len(&self) -> usize {
        self.cells.values().map(|cells| cells.len()).sum()
    }
}

fn dimensions(category: &str, folded: &[Folded], grains: &[Arc<Grain>]) -> Vec<Key> {
    let folded = folded
        .iter()
        .filter(|folded| folded.category == category)
        .flat_map(|folded| folded.grains);
    folded
        .filter_map(|number| grains.get(number as usize))
        .flat_map(|grain| grain.dimensions.iter().cloned())
        .collect()
}
