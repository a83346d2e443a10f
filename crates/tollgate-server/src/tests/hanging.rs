//! Clients that close their connection in the middle of a change of settings.

use super::client::Call;
use super::ground::{Ground, NOW, price};
use crate::options::Options;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tollgate_core::time::Timestamp;
use tollgate_engine::clock::SimulatedClock;
use tollgate_engine::store::Expected;
use tollgate_engine::{Engine, OrganizationDraft};
use tollgate_testkit::gate::{Gate, Gated};
use tollgate_testkit::site::{in_force, stored};

/// One connection at a time: the next is answered when the one before is gone, and so is whatever it waited for.
const ONE_BY_ONE: usize = 1;

/// A client that hangs up when its request has come to this gate. Its change is made all the same: it is saved, in
/// force, and there when the store is opened again.
async fn check(gate: Gate, method: &str, path: impl Fn(&Value) -> String, body: &Value) {
    let mut gated = None;
    let options = Options {
        connections_max: ONE_BY_ONE,
        ..Options::default()
    };
    let ground = Ground::over(options, |store| gated.insert(Gated::over(store)).clone()).await;
    let gated = gated.unwrap();
    let made = ground.post("/v1/prices", &price()).await.ok();
    let before = stored(gated.as_ref()).await;
    let mut stop = gated.close_gate(gate);
    let call = Call::new(method, &path(&made)).key(&ground.admin).json(body);
    let mut client = TcpStream::connect(ground.address).await.unwrap();
    client.write_all(&call.wire()).await.unwrap();
    stop.reached().await;
    drop(client);
    assert_eq!(ground.get("/healthz").await.status, 200);
    drop(stop);
    // Whoever changes settings next waits until the change before is made.
    let next = OrganizationDraft {
        id: "next".to_owned(),
        ..OrganizationDraft::default()
    };
    ground
        .engine
        .save_organization(next, Expected::Absent)
        .await
        .unwrap();
    let kept = stored(gated.as_ref()).await;
    assert_eq!(in_force(&ground.engine.settings()), kept, "{method} at {gate:?}");
    let changed = kept.iter().filter(|setting| !before.contains(setting)).count();
    assert_eq!(
        changed, 2,
        "{method} at {gate:?}: what was asked for, and the next"
    );
    let clock = Arc::new(SimulatedClock::at(Timestamp::parse(NOW).unwrap()));
    let opened = Engine::open(gated, clock, Default::default()).await.unwrap();
    assert_eq!(in_force(&opened.settings()), kept, "{method} at {gate:?}");
}

#[tokio::test]
async fn a_category_is_replaced_although_its_client_hangs_up() {
    let body = json!({"name": "mcp.execution", "unit": "calls", "primary": "requests", "measures": {"seconds": {"unit": "second", "billable": false}},
        "dimensions": ["server"]});
    for gate in [Gate::Saving, Gate::Saved] {
        check(gate, "PUT", |_| "/v1/categories/mcp.execution".to_owned(), &body).await;
    }
}

#[tokio::test]
async fn a_price_is_made_although_its_client_hangs_up() {
    let mut own = price();
    own["organization"] = "acme".into();
    for gate in [Gate::Saving, Gate::Saved] {
        check(gate, "POST", |_| "/v1/prices".to_owned(), &own).await;
    }
}

#[tokio::test]
async fn a_price_is_replaced_although_its_client_hangs_up_before_it_is_saved() {
    let mut dearer = price();
    dearer["components"]["input_tokens"]["amount"] = "3".into();
    for gate in [Gate::PriceAsked, Gate::Saving, Gate::Saved] {
        check(
            gate,
            "PUT",
            |made| format!("/v1/prices/{}", made["id"].as_str().unwrap()),
            &dearer,
        )
        .await;
    }
}
