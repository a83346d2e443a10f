//! Settings: versioned documents, changed all or none.

use crate::site::{Site, change};
use tokio::task::JoinSet;
use tollgate_engine::store::{Expected, SaveError, Setting, SettingChange, SettingKind};

const PRICE: SettingKind = SettingKind::Price;
const KEY: SettingKind = SettingKind::Key;

fn put(kind: SettingKind, id: &str, expected: Expected, body: &str) -> SettingChange {
    change(kind, id, expected, Some(body.to_owned()))
}

/// The settings apart from the categories that every test begins with.
async fn settings(site: &Site) -> Vec<(SettingKind, String, u64, String)> {
    let mut settings: Vec<_> = site
        .store
        .settings()
        .await
        .unwrap()
        .into_iter()
        .filter(|setting| setting.kind != SettingKind::Category)
        .map(
            |Setting {
                 kind,
                 id,
                 version,
                 body,
             }| (kind, id, version, body),
        )
        .collect();
    settings.sort();
    settings
}

fn stale(result: Result<Vec<u64>, SaveError>) -> String {
    match result {
        Err(SaveError::Stale { id, .. }) => id,
        other => panic!("not stale but {other:?}"),
    }
}

pub async fn a_new_store_has_no_settings(site: Site) {
    assert_eq!(settings(&site).await, []);
    assert_eq!(site.recorded().await, []);
}

pub async fn settings_are_saved_all_or_none(site: Site) {
    let save = async |changes: Vec<SettingChange>| site.store.save_settings(changes).await;
    let both = vec![
        put(PRICE, "a", Expected::Absent, "1"),
        put(KEY, "a", Expected::Absent, "{\"é\": 2}"),
    ];
    assert_eq!(save(both.clone()).await.unwrap(), [1, 1]);
    let as_saved = [
        (PRICE, "a".to_owned(), 1, "1".to_owned()),
        (KEY, "a".to_owned(), 1, "{\"é\": 2}".to_owned()),
    ];
    assert_eq!(settings(&site).await, as_saved);
    // Repeating it finds the expectation unmet.
    assert_eq!(stale(save(both).await), "a");
    for unmet in [
        put(PRICE, "a", Expected::Absent, "9"),
        put(PRICE, "a", Expected::Version(2), "9"),
        put(PRICE, "b", Expected::Version(1), "9"),
        change(PRICE, "b", Expected::Version(1), None),
    ] {
        let id = unmet.id.clone();
        let first = put(KEY, "b", Expected::Any, "9");
        assert_eq!(stale(save(vec![first.clone(), unmet.clone()]).await), id);
        assert_eq!(stale(save(vec![unmet, first]).await), id);
    }
    assert_eq!(settings(&site).await, as_saved);
    assert_eq!(save(Vec::new()).await.unwrap(), [0_u64; 0]);
}

pub async fn versions_count_from_one(site: Site) {
    let save = async |expected, body: &str| {
        site.store
            .save_settings(vec![put(PRICE, "a", expected, body)])
            .await
            .unwrap()
    };
    assert_eq!(save(Expected::Any, "1").await, [1]);
    assert_eq!(save(Expected::Version(1), "2").await, [2]);
    assert_eq!(save(Expected::Any, "3").await, [3]);
    assert_eq!(
        settings(&site).await,
        [(PRICE, "a".to_owned(), 3, "3".to_owned())]
    );
}

pub async fn a_removed_setting_is_gone(site: Site) {
    site.store
        .save_settings(vec![
            put(PRICE, "a", Expected::Absent, "1"),
            put(KEY, "a", Expected::Absent, "1"),
        ])
        .await
        .unwrap();
    site.store
        .save_settings(vec![change(PRICE, "a", Expected::Version(1), None)])
        .await
        .unwrap();
    assert_eq!(settings(&site).await, [(KEY, "a".to_owned(), 1, "1".to_owned())]);
    assert_eq!(
        stale(
            site.store
                .save_settings(vec![change(PRICE, "a", Expected::Version(1), None)])
                .await
        ),
        "a"
    );
    site.store
        .save_settings(vec![put(PRICE, "a", Expected::Absent, "2")])
        .await
        .unwrap();
    assert_eq!(settings(&site).await.len(), 2);
}

pub async fn of_changes_that_expect_the_same_version_one_is_saved(site: Site) {
    site.store
        .save_settings(vec![put(PRICE, "a", Expected::Absent, "0")])
        .await
        .unwrap();
    let mut callers = JoinSet::new();
    for caller in 1..=8 {
        let store = site.store.clone();
        callers.spawn(async move {
            let change = put(PRICE, "a", Expected::Version(1), &caller.to_string());
            store
                .save_settings(vec![change])
                .await
                .ok()
                .map(|versions| (caller.to_string(), versions))
        });
    }
    let saved: Vec<_> = callers.join_all().await.into_iter().flatten().collect();
    let [(body, versions)] = saved.as_slice() else {
        panic!("not one but {saved:?}")
    };
    assert_eq!(*versions, [2]);
    assert_eq!(settings(&site).await, [(PRICE, "a".to_owned(), 2, body.clone())]);
}
