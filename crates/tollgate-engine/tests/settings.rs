//! What settings may become, and what they may no longer once events depend on them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::sync::Arc;
use tollgate_core::event::{Attribution, Draft};
use tollgate_core::id::{IdentityKey, PriceId};
use tollgate_core::price::PriceParts;
use tollgate_core::text::Label;
use tollgate_engine::clock::SimulatedClock;
use tollgate_engine::settings::Role;
use tollgate_engine::store::{EventPage, Expected, MemoryStore};
use tollgate_engine::{Engine, EngineError, KeyDraft, Options, OrganizationDraft, Status};
use tollgate_testkit::gate::{Gate, Gated};

const NOW: &str = "2026-06-01T12:00:00Z";

async fn engine() -> Engine {
    let clock = Arc::new(SimulatedClock::at(NOW.parse().unwrap()));
    let store = Arc::new(MemoryStore::new(IdentityKey::from_bytes([1; 16]), clock.clone()));
    Engine::open(store, clock, Options::default()).await.unwrap()
}

fn instance() -> Attribution {
    Attribution::default()
}

fn of(organization: &str) -> Attribution {
    Attribution {
        organization: Some(Label::parse(organization).unwrap()),
        ..Attribution::default()
    }
}

fn parts(json: &str) -> PriceParts {
    serde_json::from_str(json).unwrap()
}

fn price(model: &str, amount: &str) -> PriceParts {
    parts(&format!(
        r#"{{"category": "ai.embedding", "match": {{"provider": "p", "model": "{model}"}}, "currency": "USD",
            "effective_from": "2020-01-01T00:00:00Z", "components": {{"input_tokens": {{"model": "per_unit", "amount": "{amount}"}}}}}}"#
    ))
}

fn tokens(organization: &'static str, id: &'static str) -> Draft<'static> {
    Draft {
        id: Some(id.into()),
        category: Some("ai.embedding".into()),
        organization: Some(organization.into()),
        measures: [("input_tokens".into(), "2".into())].into_iter().collect(),
        dimensions: [("provider".into(), "p".into()), ("model".into(), "m".into())]
            .into_iter()
            .collect(),
        ..Draft::default()
    }
}

async fn cost_of(engine: &Engine, draft: Draft<'_>) -> String {
    let receipts = engine.record(vec![draft], &instance()).await.unwrap();
    match &receipts[0].status {
        Status::Recorded { charge, .. } => charge.cost.map_or("unpriced".to_owned(), |cost| cost.to_string()),
        other => format!("{other:?}"),
    }
}

fn shown<T: std::fmt::Debug>(result: Result<T, EngineError>) -> String {
    match result {
        Ok(_) => "done".to_owned(),
        Err(EngineError::Invalid(flaws)) => flaws
            .iter()
            .map(|flaw| format!("{} {}", flaw.pointer, flaw.code.as_str()))
            .collect::<Vec<_>>()
            .join(", "),
        Err(EngineError::InUse(_)) => "in use".to_owned(),
        Err(EngineError::Forbidden(_)) => "forbidden".to_owned(),
        Err(error) => error.to_string(),
    }
}

async fn created(engine: &Engine, parts: PriceParts, by: &Attribution) -> PriceId {
    engine.create_price(parts, by).await.unwrap().0.price.id()
}

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

#[tokio::test]
async fn what_belongs_to_another_organization_is_not_there() {
    let engine = engine().await;
    let global = created(&engine, price("m", "1"), &instance()).await;
    let acme = created(&engine, price("m", "2"), &of("acme")).await;
    assert_eq!(
        shown(engine.delete_price(global, Expected::Any, &of("acme")).await),
        "forbidden"
    );
    assert_eq!(
        shown(engine.delete_price(acme, Expected::Any, &of("other")).await),
        format!("there is no price {acme}")
    );
    let mut foreign = price("x", "1");
    foreign.organization = Some("other".to_owned());
    assert_eq!(
        shown(engine.create_price(foreign, &of("acme")).await),
        "/organization wrong_organization"
    );
    engine
        .record(vec![tokens("acme", "1")], &instance())
        .await
        .unwrap();
    let listed = engine
        .events(
            EventPage {
                limit: 10,
                ..EventPage::default()
            },
            &of("other"),
        )
        .await
        .unwrap();
    assert_eq!(listed, vec![]);
    let own = engine
        .events(
            EventPage {
                limit: 10,
                ..EventPage::default()
            },
            &of("acme"),
        )
        .await
        .unwrap();
    assert_eq!(own.len(), 1);
}

#[tokio::test]
async fn a_category_that_prices_need_stays_as_it_is() {
    let engine = engine().await;
    let settings = engine.settings();
    let mut parts = settings.catalog.category("ai.embedding").unwrap().parts().clone();
    assert_eq!(
        shown(engine.delete_category("ai.embedding", Expected::Any).await),
        "in use"
    );
    parts.measures.remove("input_tokens");
    parts.primary = None;
    assert_eq!(
        shown(engine.save_category(parts.clone(), Expected::Any).await),
        "/measures/input_tokens invalid_combination"
    );
    parts = settings
        .catalog
        .category("mcp.execution")
        .unwrap()
        .parts()
        .clone();
    parts.measures.get_mut("seconds").unwrap().unit = Some("hour".to_owned());
    assert_eq!(
        shown(engine.save_category(parts, Expected::Any).await),
        "/measures/seconds invalid_combination"
    );
    let call = Draft {
        category: Some("mcp.execution".into()),
        organization: Some("acme".into()),
        ..Draft::default()
    };
    engine.record(vec![call], &instance()).await.unwrap();
    assert_eq!(
        shown(engine.delete_category("mcp.execution", Expected::Any).await),
        "in use"
    );
    assert_eq!(
        shown(engine.delete_category("api.github", Expected::Any).await),
        "done"
    );
}

#[tokio::test]
async fn a_new_measure_does_not_change_what_a_price_says() {
    let engine = engine().await;
    let body = r#"{"category": "ai.completion", "match": {"provider": "p", "model": "m"}, "currency": "USD",
        "effective_from": "2020-01-01T00:00:00Z", "components": {"input_tokens": [
            {"model": "per_unit", "amount": "2", "when": {"total_input_tokens": {"above": "10"}}},
            {"model": "per_unit", "amount": "1"}]}}"#;
    created(&engine, parts(body), &instance()).await;
    let category = engine
        .settings()
        .catalog
        .category("ai.completion")
        .unwrap()
        .parts()
        .clone();
    let with = |name: &str| {
        let mut category = category.clone();
        let token = category.measures["output_tokens"].clone();
        category.measures.insert(name.to_owned(), token);
        category
    };
    assert_eq!(
        shown(
            engine
                .save_category(with("total_input_tokens"), Expected::Any)
                .await
        ),
        "in use"
    );
    assert_eq!(
        shown(engine.save_category(with("other_tokens"), Expected::Any).await),
        "done"
    );
}

#[tokio::test]
async fn what_was_recorded_and_taken_back_was_recorded() {
    let engine = engine().await;
    let call = Draft {
        category: Some("mcp.execution".into()),
        organization: Some("acme".into()),
        ..Draft::default()
    };
    let receipts = engine.record(vec![call], &instance()).await.unwrap();
    let event = receipts[0].event.unwrap();
    engine.void(event, None, &instance()).await.unwrap();
    assert_eq!(
        shown(engine.delete_category("mcp.execution", Expected::Any).await),
        "in use"
    );
    assert_eq!(
        shown(engine.delete_organization("acme", Expected::Any).await),
        "in use"
    );
}

#[tokio::test]
async fn what_is_recorded_after_a_deletion_has_looked_is_seen() {
    for (category, is_used) in [("mcp.execution", true), ("api.github", false)] {
        let clock = Arc::new(SimulatedClock::at(NOW.parse().unwrap()));
        let store = MemoryStore::new(IdentityKey::from_bytes([1; 16]), clock.clone());
        let gated = Gated::over(Arc::new(store));
        let engine = Engine::open(gated.clone(), clock, Options::default())
            .await
            .unwrap();
        let mut stop = gated.close_gate(Gate::Answered);
        let delete = engine.delete_category(category, Expected::Any);
        let record = async {
            stop.reached().await;
            let call = Draft {
                category: Some("mcp.execution".into()),
                organization: Some("acme".into()),
                ..Draft::default()
            };
            engine.record(vec![call], &instance()).await.unwrap();
            drop(stop);
        };
        let (deleted, ()) = tokio::join!(delete, record);
        assert_eq!(shown(deleted), if is_used { "in use" } else { "done" });
    }
}

#[tokio::test]
async fn an_organization_keeps_its_currency_and_is_priced_in_it() {
    let engine = engine().await;
    let draft = OrganizationDraft {
        id: "euro".to_owned(),
        currency: Some("EUR".to_owned()),
        name: None,
    };
    assert_eq!(
        shown(engine.save_organization(draft.clone(), Expected::Absent).await),
        "done"
    );
    assert_eq!(
        shown(engine.save_organization(draft, Expected::Absent).await),
        "the organization euro exists already"
    );
    created(&engine, price("m", "1"), &instance()).await;
    assert_eq!(cost_of(&engine, tokens("euro", "1")).await, "unpriced");
    created(
        &engine,
        PriceParts {
            currency: "EUR".to_owned(),
            ..price("m", "7")
        },
        &instance(),
    )
    .await;
    assert_eq!(cost_of(&engine, tokens("euro", "2")).await, "14");
    let turned = OrganizationDraft {
        id: "euro".to_owned(),
        currency: Some("USD".to_owned()),
        name: None,
    };
    assert_eq!(
        shown(engine.save_organization(turned, Expected::Any).await),
        "/currency invalid_combination"
    );
}

#[tokio::test]
async fn the_name_that_stands_for_each_one_is_nobodys() {
    let engine = engine().await;
    let draft = OrganizationDraft {
        id: "*".to_owned(),
        ..OrganizationDraft::default()
    };
    assert_eq!(
        shown(engine.save_organization(draft, Expected::Absent).await),
        "/id reserved_name"
    );
    let each = || Some("*".to_owned());
    let draft = KeyDraft {
        name: "k".to_owned(),
        role: Role::Ingest,
        organization: each(),
        team: each(),
        project: each(),
        user: each(),
        secret_hash: String::new(),
    };
    assert_eq!(
        shown(engine.create_key(draft, &instance()).await),
        "/organization reserved_name, /team reserved_name, /project reserved_name, /user reserved_name"
    );
    let unpriced = PriceParts {
        organization: each(),
        ..price("m", "1")
    };
    let refused = engine.create_price(unpriced, &instance()).await;
    assert_eq!(shown(refused), "/organization reserved_name");
}

#[tokio::test]
async fn a_key_cannot_make_one_that_reaches_further() {
    let engine = engine().await;
    let draft = |organization: Option<&str>| KeyDraft {
        name: "k".to_owned(),
        role: Role::Ingest,
        organization: organization.map(str::to_owned),
        team: None,
        project: None,
        user: None,
        secret_hash: format!("{organization:?}"),
    };
    let (own, _) = engine.create_key(draft(None), &of("acme")).await.unwrap();
    assert_eq!(own.organization.as_ref().map(Label::as_str), Some("acme"));
    assert_eq!(
        shown(engine.create_key(draft(Some("other")), &of("acme")).await),
        "/organization wrong_organization"
    );
    assert_eq!(
        shown(engine.create_key(draft(Some("other")), &instance()).await),
        "done"
    );
    assert_eq!(
        shown(engine.delete_key(own.id, Expected::Any, &of("other")).await),
        format!("there is no key {}", own.id)
    );
    assert_eq!(
        shown(engine.delete_key(own.id, Expected::Any, &of("acme")).await),
        "done"
    );
    let pinned = KeyDraft {
        user: Some("u".to_owned()),
        ..draft(None)
    };
    assert_eq!(
        shown(engine.create_key(pinned, &instance()).await),
        "/organization missing_field"
    );
}
