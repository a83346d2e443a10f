//! Which timeline a gauge's reading belongs to.

use smol_str::SmolStr;
use std::fmt;
use tollgate_core::event::Event;
use tollgate_core::text::Key;

/// One gauge of one scope, category and set of dimensions, as text that a store can keep.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series(SmolStr);

/// Between the parts: labels and keys have no control characters, so parts cannot run into each other.
const BETWEEN: char = '\u{1f}';

impl Series {
    /// The series that an event's gauge belongs to.
    pub fn of(event: &Event, measure: &Key) -> Self {
        let scope = &event.scope;
        let optional = |label: &Option<tollgate_core::text::Label>| {
            label.as_ref().map_or(String::new(), |l| l.to_string())
        };
        let mut parts = vec![
            measure.to_string(),
            event.category.to_string(),
            scope.organization.to_string(),
            optional(&scope.team),
            optional(&scope.project),
            optional(&scope.user),
        ];
        for (key, value) in event.dimensions.iter() {
            parts.extend([key.to_string(), value.to_string()]);
        }
        Self(parts.join(&BETWEEN.to_string()).into())
    }

    /// Reads back what a store kept.
    pub fn from_kept(text: &str) -> Self {
        Self(text.into())
    }

    /// The text to keep.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace(BETWEEN, " · "))
    }
}
