//! Rollups as they are kept: a part in memory that grows with every commit, and parts on disk that never change.
//!
//! What [`tollgate_core::rollup::Cells`] folds in memory is a *layer*: the cells of all batches after a certain one. At a
//! checkpoint a layer is frozen and a new one begins; the frozen one is sealed by [`checkpoint`] on a thread of its own into
//! parts, one a grain and day, and the sequencer commits those together with the number of the last batch they include.
//! Parts of a grain and day add up; a new one takes in older ones that are not much larger than itself, so that there are
//! few and each cell is rewritten seldom.
//!
//! Invariant: at every moment the parts on disk and the layers after their checkpoint together hold each batch once.

pub(crate) mod cache;
pub(crate) mod checkpoint;
pub(crate) mod layer;
pub(crate) mod part;
