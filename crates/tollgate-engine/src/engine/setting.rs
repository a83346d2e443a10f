//! Changing categories and prices.
//!
//! Every change is checked against the snapshot while `changing` is held for writing, so that two changes cannot each
//! be right alone and wrong together (two prices that tie, say), and so that no event is being priced meanwhile: a
//! price found unused cannot be used a moment later.

use super::limit::check_limits_still_count;
use super::{Access, Changing, Engine, sees};
use crate::error::EngineError;
use crate::settings::{PriceRecord, Settings};
use crate::store::{Expected, SettingChange, SettingKind};
use std::sync::Arc;
use tollgate_core::category::{Category, CategoryParts, Measure};
use tollgate_core::flaw::{Flaw, FlawCode};
use tollgate_core::id::PriceId;
use tollgate_core::price::{Price, PriceParts};
use tollgate_core::query::{Field, Filter};
use tollgate_core::text::Key;
use tollgate_core::time::Timestamp;

impl Engine {
    /// Creates or replaces a category; returns it with its version.
    ///
    /// Its measures stay as they are, since recorded amounts keep their meaning; new ones may join them.
    pub async fn save_category(
        &self,
        parts: CategoryParts,
        expected: Expected,
    ) -> Result<(Category, u64), EngineError> {
        let category = Category::try_from(parts).map_err(|flaws| EngineError::Invalid(flaws.0))?;
        let changing = self.changing().await;
        let settings = self.settings();
        let name = category.name().to_string();
        check_expected(&settings, SettingKind::Category, &name, expected)?;
        if let Some(before) = settings.catalog.category(&name) {
            check_measures(before, &category)?;
            check_prices_still_fit(&settings, &category)?;
        }
        check_limits_still_count(&settings, &category)?;
        let body =
            serde_json::to_string(&category).expect("a category is plain strings and maps with string keys");
        let change = SettingChange {
            kind: SettingKind::Category,
            id: name.clone(),
            expected,
            body: Some(body),
        };
        let settings = self.save(changing, vec![change]).await?;
        Ok((
            category,
            settings.version(SettingKind::Category, &name).unwrap_or_default(),
        ))
    }

    /// Removes a category under which nothing was recorded and that no price needs.
    pub async fn delete_category(&self, name: &str, expected: Expected) -> Result<(), EngineError> {
        let unrecorded = self.unrecorded(Filter::is(Field::Category, name)).await?;
        let changing = self.changing().await;
        let settings = self.settings();
        check_expected(&settings, SettingKind::Category, name, expected)?;
        if settings.catalog.category(name).is_none() {
            return Err(EngineError::NotFound {
                what: "category",
                id: name.to_owned(),
            });
        }
        if let Some(record) = settings
            .prices
            .values()
            .find(|record| record.price.parts().category == name)
        {
            return Err(EngineError::InUse(format!(
                "price {} belongs to category {name}",
                record.price.id()
            )));
        }
        if unrecorded.is_none_or(|watch| watch.has_seen()) {
            return Err(EngineError::InUse(format!(
                "events are recorded under category {name}; it stays"
            )));
        }
        let change = SettingChange {
            kind: SettingKind::Category,
            id: name.to_owned(),
            expected,
            body: None,
        };
        self.save(changing, vec![change]).await.map(drop)
    }

    /// Writes a new price; a tie with an existing one is refused.
    pub async fn create_price(
        &self,
        parts: PriceParts,
        access: &Access,
    ) -> Result<(PriceRecord, u64), EngineError> {
        let changing = self.changing().await;
        let settings = self.settings();
        let id = PriceId::from_bits(uuid::Uuid::now_v7().as_u128());
        let price = checked_price(id, parts, &settings, access)?;
        settings
            .book
            .check(&price)
            .map_err(|flaw| EngineError::Invalid(vec![flaw]))?;
        let record = PriceRecord {
            price,
            created_at: self.clock.now(),
        };
        self.save_price(changing, record, Expected::Absent).await
    }

    /// Replaces a price; of one that has priced something only the `effective_until` may change, to none or to an instant
    /// after everything it has priced.
    ///
    /// So what is recorded stays as the price says it is priced. An event that this makes another price's, because it comes
    /// late, is that one's; what is recorded already is not priced again.
    pub async fn update_price(
        &self,
        id: PriceId,
        parts: PriceParts,
        expected: Expected,
        access: &Access,
    ) -> Result<(PriceRecord, u64), EngineError> {
        let changing = self.changing().await;
        let settings = self.settings();
        let before = owned_price(&settings, id, access)?;
        check_expected(&settings, SettingKind::Price, &id.to_string(), expected)?;
        let price = checked_price(id, parts, &settings, access)?;
        if let Some(last) = self.store.price_used_until(id).await? {
            check_used(&before.price, &price, last)?;
        }
        settings
            .book
            .check(&price)
            .map_err(|flaw| EngineError::Invalid(vec![flaw]))?;
        let record = PriceRecord {
            price,
            created_at: before.created_at,
        };
        self.save_price(changing, record, expected).await
    }

    /// Deletes a price that has priced nothing.
    pub async fn delete_price(
        &self,
        id: PriceId,
        expected: Expected,
        access: &Access,
    ) -> Result<(), EngineError> {
        let changing = self.changing().await;
        let settings = self.settings();
        owned_price(&settings, id, access)?;
        check_expected(&settings, SettingKind::Price, &id.to_string(), expected)?;
        if self.store.price_used_until(id).await?.is_some() {
            let detail = "this price has priced events; give it an effective_until instead";
            return Err(EngineError::InUse(detail.to_owned()));
        }
        let change = SettingChange {
            kind: SettingKind::Price,
            id: id.to_string(),
            expected,
            body: None,
        };
        self.save(changing, vec![change]).await.map(drop)
    }

    async fn save_price(
        &self,
        changing: Changing,
        record: PriceRecord,
        expected: Expected,
    ) -> Result<(PriceRecord, u64), EngineError> {
        let id = record.price.id().to_string();
        let change = SettingChange {
            kind: SettingKind::Price,
            id: id.clone(),
            expected,
            body: Some(record.body()),
        };
        let settings = self.save(changing, vec![change]).await?;
        let version = settings.version(SettingKind::Price, &id).unwrap_or_default();
        Ok((record, version))
    }
}

pub(super) fn check_expected(
    settings: &Arc<Settings>,
    kind: SettingKind,
    id: &str,
    expected: Expected,
) -> Result<(), EngineError> {
    let (what, id) = (kind.as_str(), id.to_owned());
    match (expected, settings.version(kind, &id)) {
        (Expected::Absent, Some(_)) => Err(EngineError::Exists { what, id }),
        (Expected::Version(_), None) => Err(EngineError::NotFound { what, id }),
        (Expected::Version(wanted), Some(there)) if wanted != there => Err(EngineError::Stale { what, id }),
        _ => Ok(()),
    }
}

/// Refuses to make a price that has priced something until `last` into one that would not have.
fn check_used(before: &Price, after: &Price, last: Timestamp) -> Result<(), EngineError> {
    let only_ends = PriceParts {
        effective_until: before.parts().effective_until.clone(),
        ..after.parts().clone()
    } == *before.parts();
    if !only_ends {
        let detail = "this price has priced events; give it an effective_until and write a new one";
        return Err(EngineError::InUse(detail.to_owned()));
    }
    if after.effective_until().is_some_and(|until| until <= last) {
        let detail =
            format!("this price has priced an event at {last}; its effective_until must be after that");
        return Err(EngineError::InUse(detail));
    }
    Ok(())
}

/// Recorded amounts keep their meaning: a measure that is there stays as it is.
fn check_measures(before: &Category, after: &Category) -> Result<(), EngineError> {
    let changed = before.measures().iter().find(|measure| {
        let now = after.measure(measure.name.as_str());
        // `requests` is billable exactly where it is the primary measure, which may change.
        let same = |now: &Measure| {
            now.kind == measure.kind
                && now.unit == measure.unit
                && now.parent == measure.parent
                && (now.billable == measure.billable || measure.name == Key::requests())
        };
        !now.is_some_and(same)
    });
    let Some(measure) = changed else { return Ok(()) };
    let detail = format!(
        "{} may have recorded amounts: it stays, with its kind, unit, parent and billable; add a new measure instead",
        measure.name
    );
    let at = tollgate_core::flaw::pointer(&["measures", measure.name.as_str()]);
    Err(EngineError::Invalid(vec![Flaw::at(
        at,
        FlawCode::Combination,
        detail,
    )]))
}

/// Prices go on to mean what they say: a new measure must not be what a condition of one meant otherwise.
fn check_prices_still_fit(settings: &Settings, category: &Category) -> Result<(), EngineError> {
    let prices = settings.prices.values().map(|record| &record.price);
    for price in prices.filter(|price| price.parts().category == category.name().as_str()) {
        let why = match Price::new(price.id(), price.parts().clone(), category) {
            Ok(again) if again == *price => continue,
            Ok(_) => "a condition would mean another measure".to_owned(),
            Err(flaws) => flaws.first().map_or(String::new(), |flaw| flaw.pointer.clone()),
        };
        return Err(EngineError::InUse(format!(
            "price {} needs the category as it is ({why})",
            price.id()
        )));
    }
    Ok(())
}

fn checked_price(
    id: PriceId,
    mut parts: PriceParts,
    settings: &Settings,
    access: &Access,
) -> Result<Price, EngineError> {
    // An organization's key writes that organization's overrides, whether it says so or not.
    if let Some(own) = &access.organization {
        match &parts.organization {
            Some(named) if named != own.as_str() => {
                let detail = format!("the key belongs to {own}; leave the field out or name {own}");
                return Err(EngineError::Invalid(vec![Flaw::at(
                    "/organization",
                    FlawCode::WrongOrganization,
                    detail,
                )]));
            }
            _ => parts.organization = Some(own.to_string()),
        }
    }
    let Some(category) = settings.catalog.category(&parts.category) else {
        let detail = format!(
            "no category {:?}; GET /v1/categories lists those that exist",
            parts.category
        );
        return Err(EngineError::Invalid(vec![Flaw::at(
            "/category",
            FlawCode::UnknownCategory,
            detail,
        )]));
    };
    Price::new(id, parts, category).map_err(EngineError::Invalid)
}

/// The price, if this caller may change it: an instance key any, an organization's key that organization's own.
fn owned_price<'s>(
    settings: &'s Settings,
    id: PriceId,
    access: &Access,
) -> Result<&'s PriceRecord, EngineError> {
    let missing = || EngineError::NotFound {
        what: "price",
        id: id.to_string(),
    };
    let record = settings.prices.get(&id).ok_or_else(missing)?;
    match record.price.organization() {
        None if access.organization.is_some() => Err(EngineError::Forbidden(
            "this price holds for every organization; an instance key changes it".to_owned(),
        )),
        Some(owner) if !sees(access, owner) => Err(missing()),
        _ => Ok(record),
    }
}
