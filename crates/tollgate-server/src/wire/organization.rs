//! Organizations on the wire.

use serde::{Deserialize, Serialize};
use tollgate_core::time::Timestamp;
use tollgate_engine::OrganizationDraft;
use tollgate_engine::settings::Organization;
use utoipa::ToSchema;

/// A paying customer, as it is written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Organization, example = json!({"id": "acme", "name": "Acme, Inc.", "currency": "EUR"}))]
pub(crate) struct OrganizationBody {
    /// Its id, as events name it. May be left out of a PUT, whose address names it.
    #[schema(max_length = 256)]
    id: Option<String>,
    /// Its name for people; the id when absent.
    #[schema(max_length = 200)]
    name: Option<String>,
    /// ISO 4217 code of all its costs; USD when absent. Stays once given.
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: Option<String>,
}

/// An organization as it is answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoredOrganization)]
pub(crate) struct OrganizationView {
    /// Its id.
    id: String,
    /// Its name for people.
    name: String,
    /// The currency of all its costs.
    currency: String,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl OrganizationBody {
    /// The id that the body names.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What the engine makes an organization of.
    pub(crate) fn into_draft(self, id: String) -> OrganizationDraft {
        OrganizationDraft {
            id,
            name: self.name,
            currency: self.currency,
        }
    }
}

impl From<&Organization> for OrganizationView {
    fn from(organization: &Organization) -> Self {
        Self {
            id: organization.id.to_string(),
            name: organization.name.clone(),
            currency: organization.currency.to_string(),
            created_at: organization.created_at,
        }
    }
}
