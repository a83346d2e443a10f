//! Changing organizations and keys.

use super::setting::check_expected;
use super::{Access, Engine, sees};
use crate::error::EngineError;
use crate::settings::{ApiKey, Organization, Role, Settings};
use crate::store::{Expected, SettingChange, SettingKind};
use tollgate_core::flaw::{Flaw, FlawCode};
use tollgate_core::id::KeyId;
use tollgate_core::money::Currency;
use tollgate_core::query::{Field, Filter};
use tollgate_core::scope::parse_name;
use tollgate_core::text::Label;

/// Longest name for people.
const NAME_BYTES_MAX: usize = 200;

/// What an organization is made or changed from.
#[derive(Clone, Debug, Default)]
pub struct OrganizationDraft {
    /// Its id, as events name it.
    pub id: String,
    /// Its name for people; the id when absent.
    pub name: Option<String>,
    /// Its currency; USD when absent.
    pub currency: Option<String>,
}

/// What a key is made from. The server makes the secret and gives its hash.
#[derive(Clone, Debug)]
pub struct KeyDraft {
    /// Its name for people.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Its organization; `None` for an instance key.
    pub organization: Option<String>,
    /// The team it is pinned to.
    pub team: Option<String>,
    /// The project it is pinned to.
    pub project: Option<String>,
    /// The user it is pinned to.
    pub user: Option<String>,
    /// HMAC of its secret.
    pub secret_hash: String,
}

impl Engine {
    /// Creates or replaces an organization. Its currency stays as it is: its costs are in it.
    pub async fn save_organization(
        &self,
        draft: OrganizationDraft,
        expected: Expected,
    ) -> Result<(Organization, u64), EngineError> {
        let changing = self.changing().await;
        let settings = self.settings();
        check_expected(&settings, SettingKind::Organization, &draft.id, expected)?;
        let organization = self.organization(&draft, &settings)?;
        let change = organization_change(&organization, expected);
        let settings = self.save(changing, vec![change]).await?;
        let version = settings.version(SettingKind::Organization, organization.id.as_str());
        Ok((organization, version.unwrap_or_default()))
    }

    /// Creates a key; the caller cannot make one that may do or see more than its own.
    pub async fn create_key(&self, draft: KeyDraft, access: &Access) -> Result<(ApiKey, u64), EngineError> {
        let changing = self.changing().await;
        let settings = self.settings();
        let key = self.key(draft, access)?;
        let mut changes = Vec::new();
        if let Some(id) = &key.organization
            && !settings.organizations.contains_key(id.as_str())
        {
            changes.push(organization_change(
                &self.default_organization(id.clone()),
                Expected::Absent,
            ));
        }
        changes.push(key_change(&key, Expected::Absent));
        let settings = self.save(changing, changes).await?;
        let version = settings.version(SettingKind::Key, &key.id.to_string());
        Ok((key, version.unwrap_or_default()))
    }

    /// Deletes an organization that nothing was recorded for and that no key or price belongs to.
    pub async fn delete_organization(&self, id: &str, expected: Expected) -> Result<(), EngineError> {
        let filter = Filter::is(Field::ORGANIZATION, id.to_owned());
        let unrecorded = self.unrecorded(filter).await?;
        let changing = self.changing().await;
        let settings = self.settings();
        let Some(organization) = settings.organizations.get(id) else {
            return Err(missing(SettingKind::Organization, id));
        };
        check_expected(&settings, SettingKind::Organization, id, expected)?;
        check_unused(&settings, organization)?;
        if unrecorded.is_none_or(|watch| watch.has_seen()) {
            return Err(EngineError::InUse(format!(
                "events are recorded for {id}; it stays"
            )));
        }
        self.save(
            changing,
            vec![removal(SettingKind::Organization, id.to_owned(), expected)],
        )
        .await
        .map(drop)
    }

    /// Gives a key another name and role; it holds from the next request on.
    pub async fn update_key(
        &self,
        id: KeyId,
        (name, role): (String, Role),
        expected: Expected,
        access: &Access,
    ) -> Result<(ApiKey, u64), EngineError> {
        let changing = self.changing().await;
        let settings = self.settings();
        let before = visible_key(&settings, id, access)?;
        check_expected(&settings, SettingKind::Key, &id.to_string(), expected)?;
        let mut flaws = Vec::new();
        check_name(&name, &mut flaws);
        if !flaws.is_empty() {
            return Err(EngineError::Invalid(flaws));
        }
        if role != Role::Admin {
            check_not_last(&settings, before)?;
        }
        let key = ApiKey {
            name,
            role,
            ..before.clone()
        };
        let settings = self.save(changing, vec![key_change(&key, expected)]).await?;
        let version = settings.version(SettingKind::Key, &id.to_string());
        Ok((key, version.unwrap_or_default()))
    }

    /// Deletes a key; it stops working with the next request. The last administrator of the instance stays.
    pub async fn delete_key(
        &self,
        id: KeyId,
        expected: Expected,
        access: &Access,
    ) -> Result<(), EngineError> {
        let changing = self.changing().await;
        let settings = self.settings();
        let key = visible_key(&settings, id, access)?;
        check_expected(&settings, SettingKind::Key, &id.to_string(), expected)?;
        check_not_last(&settings, key)?;
        self.save(
            changing,
            vec![removal(SettingKind::Key, id.to_string(), expected)],
        )
        .await
        .map(drop)
    }

    /// Creates those of these organizations that are not there yet, with the defaults.
    pub(super) async fn create_missing_organizations(&self, ids: Vec<Label>) -> Result<(), EngineError> {
        let changing = self.changing().await;
        let settings = self.settings();
        let missing: Vec<SettingChange> = ids
            .into_iter()
            .filter(|id| !settings.organizations.contains_key(id.as_str()))
            .map(|id| organization_change(&self.default_organization(id), Expected::Absent))
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            self.save(changing, missing).await.map(drop)
        }
    }

    /// The change that makes an organization with the defaults.
    pub(super) fn organization_for(&self, id: Label) -> SettingChange {
        organization_change(&self.default_organization(id), Expected::Absent)
    }

    fn default_organization(&self, id: Label) -> Organization {
        Organization {
            name: id.to_string(),
            id,
            currency: Currency::USD,
            created_at: self.clock.now(),
        }
    }

    fn organization(
        &self,
        draft: &OrganizationDraft,
        settings: &Settings,
    ) -> Result<Organization, EngineError> {
        let mut flaws = Vec::new();
        let id = parse_name(&draft.id).map_err(|error| flaws.push(Flaw::at("/id", error.code(), error)));
        let before = settings.organizations.get(draft.id.as_str());
        let currency = match &draft.currency {
            None => Ok(before.map_or(Currency::USD, |before| before.currency)),
            Some(text) => text
                .parse()
                .map_err(|error| flaws.push(Flaw::at("/currency", FlawCode::Text, error))),
        };
        if let (Some(before), Ok(currency)) = (before, currency)
            && before.currency != currency
        {
            let detail = format!(
                "the costs of {} are in {}; its currency stays",
                before.id, before.currency
            );
            flaws.push(Flaw::at("/currency", FlawCode::Combination, detail));
        }
        let name = draft.name.clone().unwrap_or_else(|| draft.id.clone());
        check_name(&name, &mut flaws);
        match (id, currency) {
            (Ok(id), Ok(currency)) if flaws.is_empty() => {
                let created_at = before.map_or_else(|| self.clock.now(), |before| before.created_at);
                Ok(Organization {
                    id,
                    name,
                    currency,
                    created_at,
                })
            }
            _ => Err(EngineError::Invalid(flaws)),
        }
    }

    fn key(&self, draft: KeyDraft, access: &Access) -> Result<ApiKey, EngineError> {
        let mut flaws = Vec::new();
        check_name(&draft.name, &mut flaws);
        let mut name = |at: &str, text: Option<&String>| {
            text.and_then(|text| {
                parse_name(text)
                    .map_err(|error| flaws.push(Flaw::at(at, error.code(), error)))
                    .ok()
            })
        };
        let named = name("/organization", draft.organization.as_ref());
        let (team, project) = (
            name("/team", draft.team.as_ref()),
            name("/project", draft.project.as_ref()),
        );
        let user = name("/user", draft.user.as_ref());
        let organization = named.or_else(|| access.organization.clone());
        if let Some(organization) = &organization
            && !sees(access, organization)
        {
            let detail = "the key that makes this one belongs to another organization";
            flaws.push(Flaw::at("/organization", FlawCode::WrongOrganization, detail));
        }
        if organization.is_none() && (team.is_some() || project.is_some() || user.is_some()) {
            let detail = "a key pinned to a team, project or user names its organization too";
            flaws.push(Flaw::at("/organization", FlawCode::Missing, detail));
        }
        if !flaws.is_empty() {
            return Err(EngineError::Invalid(flaws));
        }
        let id = KeyId::from_bits(uuid::Uuid::now_v7().as_u128());
        let KeyDraft {
            name,
            role,
            secret_hash,
            ..
        } = draft;
        Ok(ApiKey {
            id,
            name,
            role,
            organization,
            team,
            project,
            user,
            secret_hash,
            created_at: self.clock.now(),
        })
    }
}

fn check_name(name: &str, flaws: &mut Vec<Flaw>) {
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        let detail = format!("give it a name of 1 to {NAME_BYTES_MAX} printable bytes");
        flaws.push(Flaw::at("/name", FlawCode::Text, detail));
    }
}

/// Refuses to lose an organization that keys or prices belong to.
fn check_unused(settings: &Settings, organization: &Organization) -> Result<(), EngineError> {
    let id = &organization.id;
    let mut keys = settings.keys.values();
    if let Some(key) = keys.find(|key| key.organization.as_ref() == Some(id)) {
        return Err(EngineError::InUse(format!(
            "key {} belongs to {id}; delete it first",
            key.id
        )));
    }
    if let Some(limit) = settings.limits.iter().find(|limit| limit.organization == *id) {
        let what = limit.id.kind();
        return Err(EngineError::InUse(format!(
            "{what} {} belongs to {id}; delete it first",
            limit.id
        )));
    }
    let mut prices = settings.prices.values().map(|record| &record.price);
    match prices.find(|price| price.organization() == Some(id)) {
        Some(price) => Err(EngineError::InUse(format!(
            "price {} is an override of {id}",
            price.id()
        ))),
        None => Ok(()),
    }
}

fn organization_change(organization: &Organization, expected: Expected) -> SettingChange {
    let body = serde_json::to_string(organization).expect("an organization is plain strings");
    SettingChange {
        kind: SettingKind::Organization,
        id: organization.id.to_string(),
        expected,
        body: Some(body),
    }
}

fn key_change(key: &ApiKey, expected: Expected) -> SettingChange {
    SettingChange {
        kind: SettingKind::Key,
        id: key.id.to_string(),
        expected,
        body: Some(serde_json::to_string(key).expect("a key is plain strings")),
    }
}

fn removal(kind: SettingKind, id: String, expected: Expected) -> SettingChange {
    SettingChange {
        kind,
        id,
        expected,
        body: None,
    }
}

fn missing(kind: SettingKind, id: impl ToString) -> EngineError {
    EngineError::NotFound {
        what: kind.as_str(),
        id: id.to_string(),
    }
}

/// The key, if this caller may change it.
fn visible_key<'s>(settings: &'s Settings, id: KeyId, access: &Access) -> Result<&'s ApiKey, EngineError> {
    let visible = settings.keys.get(&id).filter(|key| match &key.organization {
        Some(organization) => sees(access, organization),
        None => access.organization.is_none(),
    });
    visible.ok_or_else(|| missing(SettingKind::Key, id))
}

/// Refuses to lose the last key that could make another one.
fn check_not_last(settings: &Settings, key: &ApiKey) -> Result<(), EngineError> {
    let is_administrator = |key: &ApiKey| key.role == Role::Admin && key.organization.is_none();
    let mut others = settings.keys.values().filter(|other| other.id != key.id);
    if is_administrator(key) && !others.any(is_administrator) {
        let detail = "this is the last administrator's key of the instance; make another one first";
        return Err(EngineError::InUse(detail.to_owned()));
    }
    Ok(())
}
