//! `tollgate keys`: the flags of an API key.

use super::settings::{Kind, put};
use crate::output::Column;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

/// Flags that describe a key.
#[derive(Args, Debug, Default)]
#[command(
    after_long_help = "Example: tollgate keys create --name ci --role ingest --organization acme --team core"
)]
pub(crate) struct Key {
    /// What it is for
    #[arg(long)]
    name: Option<String>,
    /// What it may do
    #[arg(long, value_enum)]
    role: Option<Role>,
    /// Organization it belongs to; without it, an administrator's key of the whole instance
    #[arg(long)]
    organization: Option<String>,
    /// Team that everything it sends is attributed to
    #[arg(long)]
    team: Option<String>,
    /// Project that everything it sends is attributed to
    #[arg(long)]
    project: Option<String>,
    /// User that everything it sends is attributed to
    #[arg(long)]
    user: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    /// Send events
    Ingest,
    /// Ask questions
    Read,
    /// Change settings
    Manage,
    /// Everything, keys included
    Admin,
}

impl Kind for Key {
    const PATH: &'static str = "keys";
    const ID: &'static str = "id";

    fn columns() -> Vec<Column> {
        vec![
            Column::text("id", "/id"),
            Column::text("name", "/name"),
            Column::text("role", "/role"),
            Column::text("organization", "/organization"),
            Column::text("created", "/created_at"),
        ]
    }

    fn write(&self, fields: &mut Map<String, Value>) -> Result<(), String> {
        put(fields, "name", self.name.as_ref());
        let role = self
            .role
            .and_then(|role| role.to_possible_value())
            .map(|value| value.get_name().to_owned());
        put(fields, "role", role.as_ref());
        for (name, value) in [
            ("organization", &self.organization),
            ("team", &self.team),
            ("project", &self.project),
            ("user", &self.user),
        ] {
            put(fields, name, value.as_ref());
        }
        Ok(())
    }

    fn remark(_created: &Value) -> Option<String> {
        Some("the key is shown this once; keep it now".to_owned())
    }
}
