//! The works that are measured, one module for each.

mod dashboard;
mod hold;
mod ingest;
mod record;
mod single;

pub(crate) use dashboard::dashboard;
pub(crate) use hold::{decide, hold};
pub(crate) use ingest::ingest;
pub(crate) use record::record;
pub(crate) use single::single;

use crate::traffic::Times;

/// Events of the last hour, as a product in use sends them.
fn last_hour() -> Times {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Times {
        from: since.as_secs() as i64 - 3600,
        seconds: 3600,
    }
}
