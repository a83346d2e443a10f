//! `tollgate organizations`: the flags of an organization.

use super::settings::{Kind, put};
use crate::output::Column;
use clap::Args;
use serde_json::{Map, Value};

/// Flags that describe an organization.
#[derive(Args, Debug, Default)]
#[command(
    after_long_help = "Example: tollgate organizations create --id acme --name 'Acme Corp' --currency EUR"
)]
pub(crate) struct Organization {
    /// Its id, as events name it
    #[arg(long = "id", id = "organization_id")]
    id: Option<String>,
    /// Its name for people
    #[arg(long)]
    name: Option<String>,
    /// Currency all its costs are in
    #[arg(long)]
    currency: Option<String>,
}

impl Kind for Organization {
    const PATH: &'static str = "organizations";
    const ID: &'static str = "id";

    fn columns() -> Vec<Column> {
        vec![
            Column::text("id", "/id"),
            Column::text("name", "/name"),
            Column::text("currency", "/currency"),
        ]
    }

    fn write(&self, fields: &mut Map<String, Value>) -> Result<(), String> {
        put(fields, "id", self.id.as_ref());
        put(fields, "name", self.name.as_ref());
        put(fields, "currency", self.currency.as_ref());
        Ok(())
    }
}
