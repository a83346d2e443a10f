//! Where drafts came from: what stood around and between them in the body, and what is wrong with the items that are none.
//!
//! An item that cannot be read as a whole is refused; what can be read of it is judged all the same, so that everything that is
//! wrong with it is said at once. Not here: how items are read ([`super::batch`]).

use super::cloud::Envelope;
use super::item::FLAWS_MAX;
use tollgate_core::event::Draft;
use tollgate_core::flaw::{Flaw, FlawCode};

/// Where the drafts of a batch came from: what an answer needs to speak of the body rather than of drafts.
#[derive(Debug, Default)]
pub(crate) struct Origin<'a> {
    /// Where the fields of each draft stood, when that is not where an event has them.
    pub(super) envelopes: Vec<Envelope<'a>>,
    /// The items that could not be read, by rising index.
    pub(super) refused: Vec<Refused<'a>>,
}

/// An item that is no event.
#[derive(Debug)]
pub(crate) struct Refused<'a> {
    /// Its place in the body.
    pub(super) index: usize,
    /// Its id, where that much can be read.
    pub(super) id: Option<String>,
    /// What is wrong with it.
    pub(super) flaws: Vec<Flaw>,
    /// What could be read of it, which may be wrong too.
    pub(super) readable: Option<Readable<'a>>,
}

/// A draft of some of an item's fields, and where they stood.
pub(super) type Readable<'a> = (Draft<'a>, Option<Envelope<'a>>);

impl<'a> Origin<'a> {
    /// Adds what `judge` finds wrong with the readable parts of items that cannot be read as a whole.
    pub(crate) fn judge(&mut self, judge: impl Fn(&Draft<'a>) -> Vec<Flaw>) {
        for item in &mut self.refused {
            let Some((draft, envelope)) = item.readable.take() else {
                continue;
            };
            let found = judge(&draft)
                .into_iter()
                .map(|flaw| placed(flaw, envelope.as_ref()));
            add_elsewhere(&mut item.flaws, found);
            item.flaws.truncate(FLAWS_MAX);
        }
    }
}

/// The flaw of a draft, with the place where its field stood in the item.
pub(super) fn placed(flaw: Flaw, envelope: Option<&Envelope<'_>>) -> Flaw {
    match envelope {
        Some(envelope) => Flaw {
            pointer: envelope.place(&flaw.pointer),
            ..flaw
        },
        None => flaw,
    }
}

/// Adds flaws of fields of which nothing is said yet: one that cannot be read seems to be missing too, with all that is in it.
pub(crate) fn add_elsewhere(flaws: &mut Vec<Flaw>, found: impl Iterator<Item = Flaw>) {
    for flaw in found {
        let is_covered = |known: &Flaw| match flaw.pointer.strip_prefix(&known.pointer) {
            Some("") => true,
            Some(below) => known.code == FlawCode::Type && below.starts_with('/'),
            None => false,
        };
        if !flaws.iter().any(is_covered) {
            flaws.push(flaw);
        }
    }
}
