//! What settings may become, and what they may no longer once events depend on them: keys and organizations here.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod category;
mod price;

use std::sync::Arc;
use tollgate_core::event::{Attribution, Draft};
use tollgate_core::id::{IdentityKey, PriceId};
use tollgate_core::price::PriceParts;
use tollgate_core::text::Label;
use tollgate_engine::clock::SimulatedClock;
use tollgate_engine::settings::Role;
use tollgate_engine::store::{EventPage, Expected, MemoryStore};
use tollgate_engine::{Engine, EngineError, KeyDraft, Options, OrganizationDraft, Status};

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
