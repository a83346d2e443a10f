//! Settings: everything that is configured through the API, as one immutable snapshot.
//!
//! A request works on one snapshot from beginning to end; a change makes a new one. Not here: how settings are
//! changed ([`crate::Engine`]) and kept ([`crate::store`]).

mod default_budget;
mod key;
mod limit;
mod organization;
mod price;

pub use key::{ApiKey, Right, Role};
pub use limit::LimitRecord;
pub use organization::Organization;
pub use price::PriceRecord;

use crate::store::{Setting, SettingChange, SettingKind};
use std::collections::{BTreeMap, HashMap};
use tollgate_core::catalog::Catalog;
use tollgate_core::category::Category;
use tollgate_core::id::{KeyId, PriceId};
use tollgate_core::limit::{LimitBook, LimitId};
use tollgate_core::money::{Currency, Money};
use tollgate_core::price::PriceBook;
use tollgate_core::text::Label;

/// One consistent state of all settings.
#[derive(Debug, Default)]
pub struct Settings {
    /// The categories.
    pub catalog: Catalog,
    /// The prices as they are looked up.
    pub book: PriceBook,
    /// The prices as they were written.
    pub prices: BTreeMap<PriceId, PriceRecord>,
    /// The organizations by id.
    pub organizations: BTreeMap<Label, Organization>,
    /// The keys by id.
    pub keys: BTreeMap<KeyId, ApiKey>,
    /// The limits as they are looked up.
    pub limits: LimitBook,
    /// The limits as they were written.
    pub limit_records: BTreeMap<LimitId, LimitRecord>,
    default_user_budget: Option<Money>,
    by_hash: HashMap<String, KeyId>,
    documents: BTreeMap<(SettingKind, String), Setting>,
}

/// A stored setting that this version cannot read.
#[derive(Debug, thiserror::Error)]
#[error("stored {kind} {id} cannot be read: {detail}")]
pub struct UnreadableSetting {
    kind: &'static str,
    id: String,
    detail: String,
}

impl Settings {
    /// Builds the snapshot of these stored settings.
    pub fn load(stored: &[Setting]) -> Result<Self, UnreadableSetting> {
        let mut settings = Self::default();
        for kind in SettingKind::ALL {
            for setting in stored.iter().filter(|setting| setting.kind == kind) {
                settings.put(setting).map_err(|detail| UnreadableSetting {
                    kind: kind.as_str(),
                    id: setting.id.clone(),
                    detail,
                })?;
            }
        }
        Ok(settings)
    }

    /// The same, with this budget for each user where nobody has written one.
    pub(crate) fn with_default_user_budget(mut self, ceiling: Option<Money>) -> Self {
        self.default_user_budget = ceiling;
        if let Some(ceiling) = ceiling {
            default_budget::add(&mut self, ceiling);
        }
        self
    }

    /// The currency of an organization; [`Currency::USD`] for one that is not there yet.
    pub fn currency(&self, organization: &str) -> Currency {
        self.organizations
            .get(organization)
            .map_or(Currency::USD, |organization| organization.currency)
    }

    /// The key whose secret has this hash.
    pub fn key_by_hash(&self, hash: &str) -> Option<&ApiKey> {
        self.by_hash.get(hash).and_then(|id| self.keys.get(id))
    }

    /// The version of a setting; `None` when it is not there.
    pub fn version(&self, kind: SettingKind, id: &str) -> Option<u64> {
        self.documents
            .get(&(kind, id.to_owned()))
            .map(|setting| setting.version)
    }

    /// The snapshot after these changes, whose new versions are `versions`; those not known yet count as the next.
    pub(crate) fn after(
        &self,
        changes: &[SettingChange],
        versions: &[u64],
    ) -> Result<Self, UnreadableSetting> {
        let mut documents = self.documents.clone();
        for (place, change) in changes.iter().enumerate() {
            let key = (change.kind, change.id.clone());
            let before = documents.remove(&key).map_or(0, |setting| setting.version);
            if let Some(body) = &change.body {
                let version = versions.get(place).copied().unwrap_or(before + 1);
                let setting = Setting {
                    kind: change.kind,
                    id: change.id.clone(),
                    version,
                    body: body.clone(),
                };
                documents.insert(key, setting);
            }
        }
        let settings = Self::load(&documents.into_values().collect::<Vec<_>>())?;
        Ok(settings.with_default_user_budget(self.default_user_budget))
    }

    fn put(&mut self, setting: &Setting) -> Result<(), String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        match setting.kind {
            SettingKind::Category => {
                let category: Category = serde_json::from_str(&setting.body).map_err(|e| text(&e))?;
                self.catalog.put(category);
            }
            SettingKind::Organization => {
                let organization: Organization = serde_json::from_str(&setting.body).map_err(|e| text(&e))?;
                self.organizations.insert(organization.id.clone(), organization);
            }
            SettingKind::Price => {
                let record = PriceRecord::load(&setting.id, &setting.body, &self.catalog)?;
                self.book.insert(record.price.clone());
                self.prices.insert(record.price.id(), record);
            }
            SettingKind::Key => {
                let key: ApiKey = serde_json::from_str(&setting.body).map_err(|e| text(&e))?;
                self.by_hash.insert(key.secret_hash.clone(), key.id);
                self.keys.insert(key.id, key);
            }
            SettingKind::Quota | SettingKind::Budget => {
                let record = LimitRecord::load(setting, |organization| self.currency(organization))?;
                self.limits.insert(record.limit.clone());
                self.limit_records.insert(record.limit.id, record);
            }
        }
        self.documents
            .insert((setting.kind, setting.id.clone()), setting.clone());
        Ok(())
    }
}
