//! `tollgate organizations`: the flags of an organization.

use super::{Everything, Fields, Kind};
use crate::output::Column;
use clap::Args;

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
    type Only = Everything;

    fn columns() -> Vec<Column> {
        vec![
            Column::text("id", "/id"),
            Column::text("name", "/name"),
            Column::text("currency", "/currency"),
        ]
    }

    fn write(&self, fields: &mut Fields) -> Result<(), String> {
        fields.put("id", self.id.as_ref())?;
        fields.put("name", self.name.as_ref())?;
        fields.put("currency", self.currency.as_ref())?;
        Ok(())
    }
}
