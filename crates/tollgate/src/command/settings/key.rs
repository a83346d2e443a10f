//! `tollgate keys`: the flags of an API key.

use super::{Fields, Kind, Narrow};
use crate::client::Path;
use crate::output::Column;
use clap::{Args, ValueEnum};
use serde_json::Value;

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

/// Flags that narrow the list of keys.
#[derive(Args, Debug)]
pub(crate) struct OnlyKeys {
    /// Keys of this organization
    #[arg(long)]
    organization: Option<String>,
}

impl Narrow for OnlyKeys {
    fn narrow(&self, path: Path) -> Path {
        path.with("organization", self.organization.as_ref())
    }
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
    type Only = OnlyKeys;

    fn columns() -> Vec<Column> {
        vec![
            Column::text("id", "/id"),
            Column::text("name", "/name"),
            Column::text("role", "/role"),
            Column::text("organization", "/organization"),
            Column::text("created", "/created_at"),
        ]
    }

    fn write(&self, fields: &mut Fields) -> Result<(), String> {
        fields.put("name", self.name.as_ref())?;
        let role = self
            .role
            .and_then(|role| role.to_possible_value())
            .map(|value| value.get_name().to_owned());
        fields.put("role", role.as_ref())?;
        for (name, value) in [
            ("organization", &self.organization),
            ("team", &self.team),
            ("project", &self.project),
            ("user", &self.user),
        ] {
            if value.is_some() && fields.has("id") {
                return Err(format!("--{name}: a key stays where it is; create another one"));
            }
            fields.put(name, value.as_ref())?;
        }
        Ok(())
    }

    fn remarks(written: &Value) -> Vec<String> {
        let shown = written["secret"].is_string();
        shown
            .then(|| "the secret is shown this once; keep it now".to_owned())
            .into_iter()
            .collect()
    }
}
