//! What prices may become once they have priced something.

use super::{cost_of, created, engine, instance, of, price, shown, tokens};
use tollgate_core::event::Draft;
use tollgate_core::price::PriceParts;
use tollgate_core::text::Label;
use tollgate_engine::store::Expected;

#[tokio::test]
async fn a_price_that_has_priced_something_can_only_be_closed() {
    let engine = engine().await;
    let id = created(&engine, price("m", "1"), &instance()).await;
    assert_eq!(
        shown(
            engine
                .update_price(id, price("m", "3"), Expected::Any, &instance())
                .await
        ),
        "done"
    );
    assert_eq!(cost_of(&engine, tokens("acme", "1")).await, "6");
    assert_eq!(
        shown(
            engine
                .update_price(id, price("m", "4"), Expected::Any, &instance())
                .await
        ),
        "in use"
    );
    assert_eq!(
        shown(engine.delete_price(id, Expected::Any, &instance()).await),
        "in use"
    );
}

#[tokio::test]
async fn a_price_ends_after_everything_that_it_has_priced() {
    let engine = engine().await;
    let id = created(&engine, price("m", "3"), &instance()).await;
    let ends = async |until: Option<&str>| {
        let ending = PriceParts {
            effective_until: until.map(str::to_owned),
            ..price("m", "3")
        };
        shown(engine.update_price(id, ending, Expected::Any, &instance()).await)
    };
    let at = |id: &'static str, at: &'static str| Draft {
        timestamp: Some(at.into()),
        ..tokens("acme", id)
    };
    // Nothing is priced yet: any end will do, and the one before it does not count.
    assert_eq!(ends(Some("2026-01-01T00:00:00Z")).await, "done");
    assert_eq!(
        cost_of(&engine, at("1", "2026-01-01T00:00:00Z")).await,
        "unpriced"
    );
    assert_eq!(ends(None).await, "done");
    assert_eq!(cost_of(&engine, at("2", "2026-05-01T00:00:00Z")).await, "6");
    assert_eq!(cost_of(&engine, at("3", "2026-04-01T00:00:00Z")).await, "6");
    // It is the latest that counts, and not the last.
    assert_eq!(ends(Some("2026-04-15T00:00:00Z")).await, "in use");
    assert_eq!(ends(Some("2026-05-01T00:00:00Z")).await, "in use");
    assert_eq!(ends(Some("2026-05-01T00:00:00.000001Z")).await, "done");
    assert_eq!(
        cost_of(&engine, at("4", "2026-05-01T00:00:00.000001Z")).await,
        "unpriced"
    );
    // Later, earlier again, or never: as long as it is after what it has priced.
    assert_eq!(ends(Some("2026-05-20T00:00:00Z")).await, "done");
    assert_eq!(cost_of(&engine, at("5", "2026-05-10T00:00:00Z")).await, "6");
    assert_eq!(ends(Some("2026-05-10T00:00:00Z")).await, "in use");
    assert_eq!(ends(Some("2026-05-11T00:00:00Z")).await, "done");
    assert_eq!(ends(None).await, "done");
    assert_eq!(cost_of(&engine, at("6", "2026-05-30T00:00:00Z")).await, "6");
    // What it has priced counts, also when it was taken back.
    let last = engine
        .record(vec![at("6", "2026-05-30T00:00:00Z")], &instance())
        .await
        .unwrap();
    engine
        .void(last[0].event.unwrap(), None, &instance())
        .await
        .unwrap();
    assert_eq!(ends(Some("2026-05-30T00:00:00Z")).await, "in use");
}

#[tokio::test]
async fn an_end_that_would_tie_with_a_successor_is_refused() {
    let engine = engine().await;
    let until = |until: Option<&str>| PriceParts {
        effective_until: until.map(str::to_owned),
        ..price("m", "3")
    };
    let first = created(&engine, until(Some("2026-05-01T00:00:00Z")), &instance()).await;
    // On other dimensions, so that not even the later start decides.
    let mut other = price("m", "5");
    other.matches = [
        ("provider".to_owned(), "p".to_owned()),
        ("region".to_owned(), "eu".to_owned()),
    ]
    .into();
    other.effective_from = "2026-05-01T00:00:00Z".to_owned();
    created(&engine, other, &instance()).await;
    let early = Draft {
        timestamp: Some("2026-04-01T00:00:00Z".into()),
        ..tokens("acme", "1")
    };
    assert_eq!(cost_of(&engine, early).await, "6");
    for (end, expected) in [
        (None, "/match price_tie"),
        (Some("2026-05-02T00:00:00Z"), "/match price_tie"),
        (Some("2026-04-02T00:00:00Z"), "done"),
    ] {
        let ended = engine
            .update_price(first, until(end), Expected::Any, &instance())
            .await;
        assert_eq!(shown(ended), expected, "{end:?}");
    }
}

#[tokio::test]
async fn an_unused_price_can_be_deleted_and_then_prices_nothing() {
    let engine = engine().await;
    let id = created(&engine, price("m", "1"), &instance()).await;
    assert_eq!(
        shown(engine.delete_price(id, Expected::Version(2), &instance()).await),
        format!("the price {id} has changed since it was read")
    );
    assert_eq!(
        shown(engine.delete_price(id, Expected::Version(1), &instance()).await),
        "done"
    );
    assert_eq!(
        shown(engine.delete_price(id, Expected::Any, &instance()).await),
        format!("there is no price {id}")
    );
    assert_eq!(cost_of(&engine, tokens("acme", "1")).await, "unpriced");
}

#[tokio::test]
async fn a_tie_is_refused_and_an_organizations_own_price_wins() {
    let engine = engine().await;
    created(&engine, price("m", "1"), &instance()).await;
    let tie = engine.create_price(price("m", "2"), &instance()).await;
    assert!(shown(tie).ends_with("price_tie"));
    let own = engine.create_price(price("m", "5"), &of("acme")).await.unwrap().0;
    assert_eq!(own.price.organization().map(Label::as_str), Some("acme"));
    assert_eq!(cost_of(&engine, tokens("acme", "1")).await, "10");
    assert_eq!(cost_of(&engine, tokens("other", "1")).await, "2");
}
