//! Who used something and when: the part of an event that all services share.

use super::billable::Usage;
use crate::assignment::{Assignments, pairs};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use tollgate_core::time::Timestamp;
use uuid::Uuid;

/// Flags that every service takes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Who and when")]
pub(crate) struct Attribution {
    /// Organization that used it [default: the key's]
    #[arg(long)]
    organization: Option<String>,
    /// Team that used it
    #[arg(long)]
    team: Option<String>,
    /// Project it was used for
    #[arg(long)]
    project: Option<String>,
    /// User who used it
    #[arg(long)]
    user: Option<String>,
    /// Id of the event; the same id is counted once [default: a new one]
    #[arg(long)]
    id: Option<String>,
    /// What reports it; an id is unique within its source
    #[arg(long, default_value = "cli")]
    source: String,
    /// When it was used, RFC 3339 [default: now]
    #[arg(long)]
    timestamp: Option<Timestamp>,
    /// Further dimensions
    #[arg(long, value_name = "KEY=VALUE,…")]
    dimension: Vec<Assignments>,
}

#[derive(Serialize)]
struct Event<'a> {
    id: String,
    source: &'a str,
    category: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    measures: BTreeMap<&'a str, String>,
    dimensions: BTreeMap<&'a str, &'a str>,
}

impl Attribution {
    /// The JSON event of a use.
    pub(super) fn event(&self, usage: &Usage) -> Result<String, String> {
        let mut dimensions: BTreeMap<&str, &str> = usage
            .dimensions
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        for (name, value) in pairs(&self.dimension) {
            if dimensions.insert(name, value).is_some() {
                return Err(format!("--dimension {name}: it is given twice"));
            }
        }
        let event = Event {
            id: self.id.clone().unwrap_or_else(fresh_id),
            source: &self.source,
            category: usage.category,
            organization: self.organization.as_deref(),
            team: self.team.as_deref(),
            project: self.project.as_deref(),
            user: self.user.as_deref(),
            timestamp: self.timestamp.map(|at| at.to_string()),
            measures: usage
                .measures
                .iter()
                .map(|(name, amount)| (*name, amount.to_string()))
                .collect(),
            dimensions,
        };
        serde_json::to_string(&event).map_err(|error| error.to_string())
    }
}

/// An id nobody else makes.
pub(super) fn fresh_id() -> String {
    Uuid::now_v7().to_string()
}
