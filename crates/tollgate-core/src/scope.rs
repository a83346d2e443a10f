//! Scope: who used something.

use crate::flaw::FlawCode;
use crate::text::{Label, TextError};
use serde::{Deserialize, Serialize};

/// The name that no organization, team, project or user may have: in a limit's scope it stands for each one separately.
pub const EACH: &str = "*";

/// Why a text is not the name of an organization, team, project or user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is no label.
    #[error(transparent)]
    Text(#[from] TextError),
    /// It is [`EACH`].
    #[error("the name {EACH} is reserved, it stands for each one in limits; use another name")]
    Reserved,
}

impl NameError {
    /// The kind of flaw that this is.
    pub fn code(self) -> FlawCode {
        match self {
            Self::Text(_) => FlawCode::Text,
            Self::Reserved => FlawCode::Reserved,
        }
    }
}

/// Parses the name of an organization, team, project or user.
pub fn parse_name(text: &str) -> Result<Label, NameError> {
    if text == EACH {
        return Err(NameError::Reserved);
    }
    Ok(Label::parse(text)?)
}

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
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
