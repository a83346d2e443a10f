//! Quotas and budgets as settings: what was written, and when.

use crate::store::{Setting, SettingKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tollgate_core::flaw::Flaw;
use tollgate_core::limit::{BudgetParts, Limit, LimitId, QuotaParts};
use tollgate_core::money::Currency;
use tollgate_core::time::Timestamp;

/// A limit as a setting.
#[derive(Clone, Debug)]
pub struct LimitRecord {
    /// The limit.
    pub limit: Arc<Limit>,
    /// When it was written first.
    pub created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Body<P> {
    limit: P,
    created_at: Timestamp,
}

impl LimitRecord {
    pub(super) fn load(setting: &Setting, currency: impl Fn(&str) -> Currency) -> Result<Self, String> {
        let (limit, created_at) = match setting.kind {
            SettingKind::Quota => {
                let Body::<QuotaParts> { limit, created_at } = read(setting)?;
                (limit.judge(id(setting)?), created_at)
            }
            _ => {
                let Body::<BudgetParts> { limit, created_at } = read(setting)?;
                let own = currency(&limit.organization);
                (limit.judge(id(setting)?, own), created_at)
            }
        };
        Ok(Self {
            limit: Arc::new(limit.map_err(|flaws| list(&flaws))?),
            created_at,
        })
    }

    /// The kind of setting that it is.
    pub fn kind(&self) -> SettingKind {
        match self.limit.id {
            LimitId::Quota(_) => SettingKind::Quota,
            LimitId::Budget(_) => SettingKind::Budget,
        }
    }

    /// The record as a store keeps it, every default spelled out: defaults may change, and a limit stays as it is.
    pub fn body(&self) -> String {
        let created_at = self.created_at;
        let written = match self.limit.id {
            LimitId::Quota(_) => serde_json::to_string(&Body {
                limit: QuotaParts::of(&self.limit),
                created_at,
            }),
            LimitId::Budget(_) => serde_json::to_string(&Body {
                limit: BudgetParts::of(&self.limit),
                created_at,
            }),
        };
        written.expect("a limit's parts are plain strings, lists and maps with string keys")
    }
}

fn read<T: DeserializeOwned>(setting: &Setting) -> Result<T, String> {
    serde_json::from_str(&setting.body).map_err(|error| error.to_string())
}

fn id<T: std::str::FromStr<Err: std::fmt::Display>>(setting: &Setting) -> Result<T, String> {
    setting.id.parse().map_err(|error: T::Err| error.to_string())
}

fn list(flaws: &[Flaw]) -> String {
    let each = flaws
        .iter()
        .map(|flaw| format!("{} {}", flaw.pointer, flaw.detail));
    each.collect::<Vec<_>>().join("; ")
}
