//! The categories and prices that an empty store is given: data, editable afterwards like any other.

use crate::store::{Expected, SettingChange, SettingKind};
use serde::Deserialize;
use tollgate_core::catalog::Catalog;
use tollgate_core::category::Category;
use tollgate_core::id::PriceId;
use tollgate_core::price::{Price, PriceParts};
use tollgate_core::time::Timestamp;

use crate::settings::PriceRecord;

const CATEGORIES: &str = include_str!("../defaults/categories.json");
const PRICES: [&str; 2] = [
    include_str!("../defaults/prices-platform.json"),
    include_str!("../defaults/prices-ai.json"),
];

/// A file of prices with its provenance.
#[derive(Deserialize)]
struct PriceFile {
    prices: Vec<PriceParts>,
}

/// The changes that make the defaults.
pub(crate) fn changes(now: Timestamp) -> Vec<SettingChange> {
    let categories: Vec<Category> =
        serde_json::from_str(CATEGORIES).expect("the shipped categories are checked by a test");
    let catalog: Catalog = categories.iter().cloned().collect();
    let categories = categories.into_iter().map(|category| SettingChange {
        kind: SettingKind::Category,
        id: category.name().to_string(),
        expected: Expected::Absent,
        body: Some(
            serde_json::to_string(&category).expect("a category is plain strings and maps with string keys"),
        ),
    });
    let prices = prices()
        .into_iter()
        .map(|parts| price_change(parts, &catalog, now));
    categories.chain(prices).collect()
}

fn prices() -> Vec<PriceParts> {
    let file = |text| {
        serde_json::from_str::<PriceFile>(text)
            .expect("the shipped prices are checked by a test")
            .prices
    };
    PRICES.into_iter().flat_map(file).collect()
}

fn price_change(parts: PriceParts, catalog: &Catalog, now: Timestamp) -> SettingChange {
    let id = default_id(&parts);
    let category = catalog
        .category(&parts.category)
        .expect("the shipped prices are checked by a test");
    let price = Price::new(id, parts, category).expect("the shipped prices are checked by a test");
    let record = PriceRecord {
        price,
        created_at: now,
    };
    SettingChange {
        kind: SettingKind::Price,
        id: id.to_string(),
        expected: Expected::Absent,
        body: Some(record.body()),
    }
}

/// The same default price has the same id everywhere, so that stores, demos and documents agree.
fn default_id(parts: &PriceParts) -> PriceId {
    let matches: Vec<String> = parts
        .matches
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let name = format!(
        "{} {} {}",
        parts.category,
        matches.join(","),
        parts.effective_from
    );
    let mut bits = tollgate_core::id::IdentityKey::from_bytes(*b"tollgate-default")
        .event_id("", "price", &name)
        .bits();
    // Stamped as a version 8 (custom) UUID, which no id made at run time is.
    bits = (bits & !(0xf << 76)) | (8 << 76);
    PriceId::from_bits((bits & !(0b11 << 62)) | (0b10 << 62))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use crate::store::Setting;
    use std::collections::BTreeMap;

    #[test]
    fn the_shipped_defaults_load_and_no_two_prices_tie() {
        let stored: Vec<Setting> = changes(Timestamp::from_micros(0))
            .into_iter()
            .map(|change| Setting {
                kind: change.kind,
                id: change.id,
                version: 1,
                body: change.body.unwrap(),
            })
            .collect();
        let settings = Settings::load(&stored).unwrap();
        assert_eq!(settings.catalog.iter().count(), 19);
        let ids: BTreeMap<PriceId, &str> = settings
            .prices
            .values()
            .map(|r| (r.price.id(), r.price.parts().category.as_str()))
            .collect();
        assert_eq!(ids.len(), prices().len(), "two default prices share an id");
        for record in settings.prices.values() {
            settings.book.check(&record.price).unwrap();
        }
    }
}
