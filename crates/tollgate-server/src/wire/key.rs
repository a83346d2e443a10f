//! API keys on the wire. The secret stands in one answer only: that of the key's creation.

use serde::{Deserialize, Serialize};
use tollgate_core::id::KeyId;
use tollgate_core::text::Label;
use tollgate_core::time::Timestamp;
use tollgate_engine::KeyDraft;
use tollgate_engine::settings::{ApiKey, Role};
use utoipa::ToSchema;

/// An API key, as it is written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Key, example = json!({"name": "ci", "role": "ingest", "organization": "acme", "team": "core"}))]
pub(crate) struct KeyBody {
    /// Its name for people.
    #[schema(max_length = 200)]
    name: String,
    /// What it may do.
    role: RoleBody,
    /// The organization it belongs to: that of the caller's key when absent, or none, for a key of the whole instance.
    organization: Option<String>,
    /// The team that all it sends is attributed to, whatever the events say.
    team: Option<String>,
    /// The project that all it sends is attributed to.
    project: Option<String>,
    /// The user that all it sends is attributed to.
    user: Option<String>,
}

/// What of an API key can be changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "ci, read only", "role": "read"}))]
pub(crate) struct KeyChange {
    /// Its name for people.
    #[schema(max_length = 200)]
    pub(crate) name: String,
    /// What it may do.
    pub(crate) role: RoleBody,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
pub(crate) enum RoleBody {
    /// Send events and void them, check and hold.
    Ingest,
    /// Ask questions and see settings.
    Read,
    /// Both, and change categories, prices, quotas and budgets.
    Manage,
    /// Everything, keys and organizations included.
    Admin,
}

/// An API key as it is answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoredKey)]
pub(crate) struct KeyView {
    /// Its id.
    #[schema(value_type = String, pattern = "^key_[0-9a-f]{32}$")]
    id: KeyId,
    /// Its name for people.
    name: String,
    /// What it may do.
    role: RoleBody,
    /// The organization it belongs to; `null` for a key of the whole instance.
    organization: Option<String>,
    /// The team it is pinned to.
    team: Option<String>,
    /// The project it is pinned to.
    project: Option<String>,
    /// The user it is pinned to.
    user: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// What to send as `Authorization: Bearer …`. Only in the answer that creates the key; it is kept nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl KeyBody {
    /// What the engine makes a key of.
    pub(crate) fn into_draft(self, secret_hash: String) -> KeyDraft {
        KeyDraft {
            name: self.name,
            role: self.role.into(),
            organization: self.organization,
            team: self.team,
            project: self.project,
            user: self.user,
            secret_hash,
        }
    }
}

impl KeyView {
    /// Shows a key, with its secret if it was just made.
    pub(crate) fn new(key: &ApiKey, secret: Option<String>) -> Self {
        let text = |label: &Option<Label>| label.as_ref().map(ToString::to_string);
        Self {
            id: key.id,
            name: key.name.clone(),
            role: key.role.into(),
            organization: text(&key.organization),
            team: text(&key.team),
            project: text(&key.project),
            user: text(&key.user),
            created_at: key.created_at,
            secret,
        }
    }
}

impl From<RoleBody> for Role {
    fn from(role: RoleBody) -> Self {
        match role {
            RoleBody::Ingest => Self::Ingest,
            RoleBody::Read => Self::Read,
            RoleBody::Manage => Self::Manage,
            RoleBody::Admin => Self::Admin,
        }
    }
}

impl From<Role> for RoleBody {
    fn from(role: Role) -> Self {
        match role {
            Role::Ingest => Self::Ingest,
            Role::Read => Self::Read,
            Role::Manage => Self::Manage,
            Role::Admin => Self::Admin,
        }
    }
}
