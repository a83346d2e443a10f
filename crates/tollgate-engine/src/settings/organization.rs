//! Organizations: the paying customers and their currency.

use serde::{Deserialize, Serialize};
use tollgate_core::money::Currency;
use tollgate_core::text::Label;
use tollgate_core::time::Timestamp;

/// A paying customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id, as events name it.
    pub id: Label,
    /// Its name for people.
    pub name: String,
    /// The currency of all its costs.
    #[serde(with = "currency_text")]
    pub currency: Currency,
    /// When it was created.
    pub created_at: Timestamp,
}

mod currency_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use tollgate_core::money::Currency;

    pub(super) fn serialize<S: Serializer>(currency: &Currency, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(currency)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Currency, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
