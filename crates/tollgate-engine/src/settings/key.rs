//! API keys: who may do what, for whom. Not here: secrets; a key is known by a hash that the server makes.

use serde::{Deserialize, Serialize};
use tollgate_core::event::Attribution;
use tollgate_core::id::KeyId;
use tollgate_core::text::Label;
use tollgate_core::time::Timestamp;

/// What a key was given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sends events.
    Ingest,
    /// Asks questions.
    Read,
    /// Sends, asks, and changes categories and prices.
    Manage,
    /// Everything, keys and organizations included.
    Admin,
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// To send and void events.
    Ingest,
    /// To ask questions and see settings.
    Read,
    /// To change categories and prices.
    Manage,
    /// To change keys and organizations, and to verify.
    Administer,
}

impl Role {
    /// Every role, weakest first.
    pub const ALL: [Self; 4] = [Self::Ingest, Self::Read, Self::Manage, Self::Admin];

    /// The role's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Manage => "manage",
            Self::Admin => "admin",
        }
    }

    /// Whether a key of this role may do that.
    pub fn allows(self, right: Right) -> bool {
        match self {
            Self::Ingest => right == Right::Ingest,
            Self::Read => right == Right::Read,
            Self::Manage => right != Right::Administer,
            Self::Admin => true,
        }
    }
}

/// An API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// Its name for people.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The organization it belongs to; `None` for an instance key.
    pub organization: Option<Label>,
    /// The team that what it sends is attributed to.
    pub team: Option<Label>,
    /// The project that what it sends is attributed to.
    pub project: Option<Label>,
    /// The user that what it sends is attributed to.
    pub user: Option<Label>,
    /// HMAC of its secret, in hexadecimal digits.
    pub secret_hash: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl ApiKey {
    /// What the key says about who used something, and what its holder may see.
    pub fn attribution(&self) -> Attribution {
        Attribution {
            organization: self.organization.clone(),
            team: self.team.clone(),
            project: self.project.clone(),
            user: self.user.clone(),
        }
    }
}
