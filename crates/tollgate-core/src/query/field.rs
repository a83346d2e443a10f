//! Fields: the texts of an event that a query filters, groups and counts by.

use crate::dimension::is_reserved;
use crate::event::Event;
use crate::scope::ScopeKind;
use crate::text::{Key, Label, TextError};
use std::fmt;

/// A text of an event: its category, an instance of its scope, or the value of a dimension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The category's name.
    Category,
    /// The organization, team, project or user.
    Scope(ScopeKind),
    /// A dimension's value.
    Dimension(Key),
}

/// The text names no field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The name is one of an event's or an answer's other parts.
    #[error("is no field; use category, organization, team, project, user or a dimension")]
    Reserved,
    /// The name is no dimension's name.
    #[error("is no field: it {0}")]
    Text(TextError),
}

impl Field {
    /// The organization, which every row has.
    pub const ORGANIZATION: Self = Self::Scope(ScopeKind::Organization);

    /// Finds the field of this name; what is no part of the scope is a dimension, declared or not.
    pub fn parse(name: &str) -> Result<Self, FieldError> {
        if name == "category" {
            return Ok(Self::Category);
        }
        if let Some(kind) = ScopeKind::ALL.into_iter().find(|kind| kind.as_str() == name) {
            return Ok(Self::Scope(kind));
        }
        if is_reserved(name) {
            return Err(FieldError::Reserved);
        }
        Key::parse(name).map(Self::Dimension).map_err(FieldError::Text)
    }

    /// The field's text on an event, when it has one.
    pub fn text<'e>(&self, event: &'e Event) -> Option<&'e str> {
        match self {
            Self::Category => Some(event.category.as_str()),
            Self::Scope(kind) => event.scope.of(*kind).map(Label::as_str),
            Self::Dimension(key) => event.dimensions.value(key.as_str()).map(Label::as_str),
        }
    }

    /// The field's name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Category => "category",
            Self::Scope(kind) => kind.as_str(),
            Self::Dimension(key) => key.as_str(),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
