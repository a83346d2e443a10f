//! Prices as settings: what was written, and when.

use serde::{Deserialize, Serialize};
use tollgate_core::catalog::Catalog;
use tollgate_core::price::{Price, PriceParts};
use tollgate_core::time::Timestamp;

/// A price as a setting.
#[derive(Clone, Debug)]
pub struct PriceRecord {
    /// The price.
    pub price: Price,
    /// When it was written first.
    pub created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Body {
    price: PriceParts,
    created_at: Timestamp,
}

impl PriceRecord {
    pub(super) fn load(id: &str, body: &str, catalog: &Catalog) -> Result<Self, String> {
        let Body { price, created_at } = serde_json::from_str(body).map_err(|e| e.to_string())?;
        let id = id
            .parse()
            .map_err(|e: tollgate_core::id::IdError| e.to_string())?;
        let category = catalog
            .category(&price.category)
            .ok_or_else(|| format!("no category {}", price.category))?;
        let price = Price::new(id, price, category).map_err(|flaws| {
            flaws
                .iter()
                .map(|f| format!("{} {}", f.pointer, f.detail))
                .collect::<Vec<_>>()
                .join("; ")
        })?;
        Ok(Self { price, created_at })
    }

    /// The record as a store keeps it.
    pub fn body(&self) -> String {
        let body = Body {
            price: self.price.parts().clone(),
            created_at: self.created_at,
        };
        serde_json::to_string(&body)
            .expect("a price's parts are plain strings, numbers and maps with string keys")
    }
}
