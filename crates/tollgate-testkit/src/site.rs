//! A store under test with its clock and settings, and the words that cases are written in.

use crate::fixture::{NOON, PriceDraft, Sent, at, catalog, price_id};
use crate::model::charge::Cost;
use crate::model::query::Answered;
use async_trait::async_trait;
use serde_json::Value;
use std::sync::Arc;
use tollgate_core::id::EventId;
use tollgate_core::price::Price;
use tollgate_core::query::UsageQuery;
use tollgate_engine::clock::{Clock, SimulatedClock};
use tollgate_engine::settings::{Organization, PriceRecord, Settings};
use tollgate_engine::store::{
    EventPage, Expected, Outcome, Setting, SettingChange, SettingKind, Store, StoredEvent, Submission,
};

/// Where the stores of a test come from.
#[async_trait]
pub trait Opener: Send + Sync + 'static {
    /// Opens the test's store: empty at first, later with what it kept.
    async fn open(&self, clock: Arc<dyn Clock>) -> Arc<dyn Store>;

    /// Whether a store that is closed and opened again still has what it recorded.
    fn keeps(&self) -> bool {
        true
    }
}

/// A store with its clock and settings.
#[derive(Debug)]
pub struct Site {
    /// The store under test.
    pub store: Arc<dyn Store>,
    /// Its clock, which stands at [`NOON`].
    pub clock: Arc<SimulatedClock>,
    /// The settings as they are stored.
    pub settings: Arc<Settings>,
}

impl Site {
    /// A new store with the fixtures' categories.
    pub async fn open(opener: &dyn Opener) -> Self {
        let site = Self::bare(opener).await;
        let categories = catalog();
        let changes = categories.iter().map(|category| {
            let body = serde_json::to_string(category).unwrap();
            change(
                SettingKind::Category,
                category.name().as_str(),
                Expected::Absent,
                Some(body),
            )
        });
        site.store.save_settings(changes.collect()).await.unwrap();
        site.reload().await
    }

    /// A new store with nothing in it.
    pub async fn bare(opener: &dyn Opener) -> Self {
        let clock = Arc::new(SimulatedClock::at(at(NOON)));
        let store = opener.open(clock.clone()).await;
        Self {
            store,
            clock,
            settings: Arc::default(),
        }
    }

    async fn reload(mut self) -> Self {
        self.settings = Arc::new(Settings::load(&self.store.settings().await.unwrap()).unwrap());
        self
    }

    /// With a price more, of the n-th id.
    pub async fn price(self, n: u128, draft: &PriceDraft) -> Self {
        self.save_price(n, draft, Expected::Absent).await
    }

    /// With the n-th price written anew.
    pub async fn rewrite_price(self, n: u128, draft: &PriceDraft) -> Self {
        self.save_price(n, draft, Expected::Any).await
    }

    async fn save_price(self, n: u128, draft: &PriceDraft, expected: Expected) -> Self {
        let parts: tollgate_core::price::PriceParts =
            serde_json::from_str(&draft.json().to_string()).unwrap();
        let category = self.settings.catalog.category(&parts.category).unwrap();
        let price =
            Price::new(price_id(n), parts, category).unwrap_or_else(|flaws| panic!("{draft:?}: {flaws:#?}"));
        self.settings.book.check(&price).unwrap();
        let record = PriceRecord {
            price,
            created_at: at(NOON),
        };
        let change = change(
            SettingKind::Price,
            &price_id(n).to_string(),
            expected,
            Some(record.body()),
        );
        self.store.save_settings(vec![change]).await.unwrap();
        self.reload().await
    }

    /// With an organization that has this currency.
    pub async fn organization(self, id: &str, currency: &str) -> Self {
        let organization = Organization {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            currency: currency.parse().unwrap(),
            created_at: at(NOON),
        };
        let body = serde_json::to_string(&organization).unwrap();
        let change = change(SettingKind::Organization, id, Expected::Absent, Some(body));
        self.store.save_settings(vec![change]).await.unwrap();
        self.reload().await
    }

    /// What is submitted to the store for something sent.
    pub fn submission(&self, sent: &Sent) -> Submission {
        Submission::from(sent.event(&self.settings.catalog, &self.store.identity_key()))
    }

    /// The server id of something sent.
    pub fn event_id(&self, sent: &Sent) -> EventId {
        self.submission(sent).event.event
    }

    /// Records a batch.
    pub async fn record(&self, batch: &[Sent]) -> Vec<Outcome> {
        let submissions = batch.iter().map(|sent| self.submission(sent)).collect();
        self.store
            .record(Arc::new(submissions), self.settings.clone())
            .await
            .unwrap()
    }

    /// Records one and gives what became of it.
    pub async fn record_one(&self, sent: &Sent) -> Outcome {
        self.record(std::slice::from_ref(sent)).await.remove(0)
    }

    /// Records one that is new, and gives its cost as text, `unpriced` when nobody knows it.
    pub async fn cost(&self, sent: &Sent) -> String {
        match self.record_one(sent).await {
            Outcome::Recorded { charge, .. } => {
                charge.cost.map_or("unpriced".to_owned(), |cost| cost.to_string())
            }
            other => panic!("{sent:?} is not new: {other:?}"),
        }
    }

    /// Takes back something recorded.
    pub async fn void(&self, sent: &Sent) -> Outcome {
        let original = self.stored(sent).await;
        let event = original.event.void(&self.store.identity_key());
        let submission = Submission {
            event,
            voids: Some(Arc::new(original)),
        };
        self.store
            .record(Arc::new(vec![submission]), self.settings.clone())
            .await
            .unwrap()
            .remove(0)
    }

    /// Something recorded, as it is stored.
    pub async fn stored(&self, sent: &Sent) -> StoredEvent {
        let event = self.store.event(self.event_id(sent)).await.unwrap();
        event.unwrap_or_else(|| panic!("{sent:?} is not recorded"))
    }

    /// Everything recorded, in the order of arrival.
    pub async fn recorded(&self) -> Vec<StoredEvent> {
        recorded(self.store.as_ref()).await
    }

    /// The ids that callers gave to everything recorded, in the order of arrival.
    pub async fn ids(&self) -> Vec<String> {
        self.recorded()
            .await
            .into_iter()
            .map(|stored| stored.event.id.to_string())
            .collect()
    }

    /// Answers the body of a `POST /v1/query`, asked when all fixtures have happened.
    pub async fn ask(&self, question: &Value) -> Answered {
        let parts = serde_json::from_value(question.clone()).unwrap();
        let now = at("2027-01-01T00:00:00Z");
        let query = UsageQuery::new(&parts, &self.settings.catalog, now)
            .unwrap_or_else(|flaws| panic!("{question}: {flaws:#?}"));
        let answer = self.store.usage(Arc::new(query), self.settings.clone()).await;
        Answered::from(&answer.unwrap_or_else(|error| panic!("{question}: {error}")))
    }

    /// Recomputes everything derived and panics when something differs.
    pub async fn verify(&self) {
        let verification = self.store.verify().await.unwrap();
        assert!(verification.is_clean(), "{:#?}", verification.differences);
    }
}

/// Everything a store has recorded, in the order of arrival, read in small pages.
pub async fn recorded(store: &dyn Store) -> Vec<StoredEvent> {
    let mut all: Vec<StoredEvent> = Vec::new();
    loop {
        let before = all.last().map(|stored| stored.arrival);
        let page = store
            .events(EventPage {
                before,
                limit: 7,
                ..EventPage::default()
            })
            .await
            .unwrap();
        if page.is_empty() {
            all.reverse();
            return all;
        }
        all.extend(page);
    }
}

/// The settings that a store keeps, in the order of kinds and ids.
pub async fn stored(store: &dyn Store) -> Vec<Setting> {
    let mut settings = store.settings().await.unwrap();
    settings.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    settings
}

/// The settings of a snapshot as a store would keep them, in the order of kinds and ids.
pub fn in_force(settings: &Settings) -> Vec<Setting> {
    let json = |body: serde_json::Result<String>| body.unwrap();
    let categories = settings.catalog.iter().map(|category| {
        let body = json(serde_json::to_string(category));
        (SettingKind::Category, category.name().to_string(), body)
    });
    let prices = settings
        .prices
        .values()
        .map(|record| (SettingKind::Price, record.price.id().to_string(), record.body()));
    let organizations = settings.organizations.values().map(|organization| {
        let body = json(serde_json::to_string(organization));
        (SettingKind::Organization, organization.id.to_string(), body)
    });
    let keys = settings.keys.values().map(|key| {
        let body = json(serde_json::to_string(key));
        (SettingKind::Key, key.id.to_string(), body)
    });
    let of_version = |(kind, id, body): (SettingKind, String, String)| Setting {
        kind,
        version: settings.version(kind, &id).unwrap(),
        id,
        body,
    };
    let all = categories.chain(prices).chain(organizations).chain(keys);
    let mut all: Vec<Setting> = all.map(of_version).collect();
    all.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    all
}

/// A change of a setting.
pub fn change(kind: SettingKind, id: &str, expected: Expected, body: Option<String>) -> SettingChange {
    SettingChange {
        kind,
        id: id.to_owned(),
        expected,
        body,
    }
}

/// The cost of what was recorded or recorded before.
pub fn cost_of(outcome: &Outcome) -> Option<Cost> {
    match outcome {
        Outcome::Recorded { charge, .. } | Outcome::Duplicate(Some(charge)) => Some(charge.into()),
        Outcome::Duplicate(None) | Outcome::Conflict => None,
    }
}
