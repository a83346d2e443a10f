//! A store's life: what stays the same, what it says of itself, and its end.

use crate::fixture::{CHAT, DISK, Sent, price, usage};
use crate::site::{Site, change};
use std::sync::Arc;
use tollgate_engine::store::{Expected, SaveError, SettingKind, StoreError};

fn chat(id: impl ToString, input: &str) -> Sent {
    usage("acme").category(CHAT).id(id).measure("input", input)
}

pub async fn the_identity_key_stays(site: Site) {
    let key = site.store.identity_key();
    site.record(&[chat(1, "1")]).await;
    site.void(&chat(1, "1")).await;
    assert!(site.store.identity_key() == key);
}

pub async fn an_empty_batch_changes_nothing(site: Site) {
    assert_eq!(site.record(&[]).await, []);
    assert_eq!(site.recorded().await, []);
    assert_eq!(site.store.state().events, 0);
}

pub async fn every_kind_of_step_verifies_clean(site: Site) {
    site.verify().await;
    let site = site
        .price(
            1,
            &price(CHAT).graduated("input", &[(Some("3"), "1"), (None, "2")], "month"),
        )
        .await;
    let site = site.price(2, &price(DISK).per_unit("bytes", "0.001")).await;
    let level =
        |id: u8, at: &str, bytes: &str| usage("acme").category(DISK).id(id).at(at).measure("bytes", bytes);
    site.record(&[chat(1, "2"), chat(1, "2"), chat(1, "3"), chat(2, "5").cost("1")])
        .await;
    site.record(&[
        chat(3, "2").at("2025-12-31T23:45:00Z"),
        chat(4, "2").user("u1").dimension("session_id", "s"),
    ])
    .await;
    site.record(&[
        level(5, "2026-01-02T00:00:00Z", "10"),
        level(6, "2026-01-01T00:00:00Z", "20"),
    ])
    .await;
    site.verify().await;
    site.void(&chat(1, "2")).await;
    site.void(&level(6, "2026-01-01T00:00:00Z", "20")).await;
    let verification = site.store.verify().await.unwrap();
    assert!(verification.is_clean(), "{:#?}", verification.differences);
    assert_eq!(verification.events, 8);
}

pub async fn a_closed_store_has_stopped(site: Site) {
    site.record(&[chat(1, "1")]).await;
    site.store.close().await.unwrap();
    site.store.close().await.unwrap();
    let batch = Arc::new(vec![site.submission(&chat(2, "1"))]);
    let recorded = site.store.record(batch, site.settings.clone()).await;
    assert!(matches!(recorded, Err(StoreError::Stopped(_))), "{recorded:?}");
    let saved = site
        .store
        .save_settings(vec![change(
            SettingKind::Key,
            "k",
            Expected::Any,
            Some("1".to_owned()),
        )])
        .await;
    assert!(
        matches!(saved, Err(SaveError::Store(StoreError::Stopped(_)))),
        "{saved:?}"
    );
    assert!(site.store.state().stopped.is_some());
}

pub async fn the_state_counts_what_was_recorded(site: Site) {
    assert_eq!(site.store.state().stopped, None);
    site.record(&[chat(1, "1"), chat(2, "1"), chat(1, "1")]).await;
    site.record(&[chat(2, "1")]).await;
    site.void(&chat(1, "1")).await;
    let state = site.store.state();
    assert_eq!((state.events, state.queued_events), (3, 0));
}
