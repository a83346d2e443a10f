//! Watches: whether something has been recorded since somebody began to look.
//!
//! Whether anything was ever recorded for an organization may take long to find out, and nothing could be recorded if
//! settings were held still meanwhile. So a deletion looks first, watches what is recorded beside it, and then only
//! asks its watch. Not here: looking ([`super::Engine::is_recorded`]).

use crate::store::Submission;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tollgate_core::query::Filter;

/// Everything that is watched for now.
#[derive(Debug, Default)]
pub(super) struct Watches(Mutex<Vec<Weak<Watch>>>);

/// Notes whether something was recorded that its filter admits; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    filter: Filter,
    seen: AtomicBool,
}

impl Watches {
    /// Begins to watch; what is being recorded at this moment counts.
    pub(super) fn watch(&self, filter: Filter) -> Arc<Watch> {
        let watch = Arc::new(Watch {
            filter,
            seen: AtomicBool::new(false),
        });
        self.now().push(Arc::downgrade(&watch));
        watch
    }

    /// Takes note of what was recorded, or may have been.
    pub(super) fn note(&self, submissions: &[Submission]) {
        let mut watches = self.now();
        watches.retain(|watch| watch.upgrade().inspect(|watch| watch.note(submissions)).is_some());
    }

    fn now(&self) -> MutexGuard<'_, Vec<Weak<Watch>>> {
        // Nothing here panics between two changes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Whether something was recorded since the watch began. Holds for good once nothing can be recorded.
    pub(super) fn has_seen(&self) -> bool {
        self.seen.load(Ordering::SeqCst)
    }

    fn note(&self, submissions: &[Submission]) {
        let Filter { field, .. } = &self.filter;
        let is_seen = submissions
            .iter()
            .any(|submission| self.filter.admits(field.text(&submission.event)));
        self.seen.fetch_or(is_seen, Ordering::SeqCst);
    }
}
