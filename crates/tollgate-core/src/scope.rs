//! Scope: who used something.

use crate::text::Label;
use serde::{Deserialize, Serialize};

/// The class of a scope; [`Scope`] is the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeKind {
    /// The paying customer.
    Organization,
    /// A team of an organization.
    Team,
    /// A project of an organization.
    Project,
    /// A person or machine of an organization.
    User,
}

impl ScopeKind {
    /// Every kind, outermost first.
    pub const ALL: [Self; 4] = [Self::Organization, Self::Team, Self::Project, Self::User];

    /// The kind's name in JSON and queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Team => "team",
            Self::Project => "project",
            Self::User => "user",
        }
    }
}

/// Who used something: an organization and optionally its team, project and user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The organization.
    pub organization: Label,
    /// The team, when the event names one.
    pub team: Option<Label>,
    /// The project, when the event names one.
    pub project: Option<Label>,
    /// The user, when the event names one.
    pub user: Option<Label>,
}

impl Scope {
    /// The instance of one kind, when the scope has it.
    pub fn of(&self, kind: ScopeKind) -> Option<&Label> {
        match kind {
            ScopeKind::Organization => Some(&self.organization),
            ScopeKind::Team => self.team.as_ref(),
            ScopeKind::Project => self.project.as_ref(),
            ScopeKind::User => self.user.as_ref(),
        }
    }
}
