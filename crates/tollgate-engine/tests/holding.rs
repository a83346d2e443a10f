//! Checking and holding through the engine, on the in-memory store.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use std::sync::Arc;
use tokio::task::JoinSet;
use tollgate_core::decision::Refusal;
use tollgate_core::event::{Attribution, Draft};
use tollgate_core::hold::{Found, HoldState};
use tollgate_core::id::IdentityKey;
use tollgate_core::limit::{Action, BudgetParts, QuotaParts};
use tollgate_core::time::Timestamp;
use tollgate_engine::clock::SimulatedClock;
use tollgate_engine::store::MemoryStore;
use tollgate_engine::{Engine, HoldDraft, LimitDraft, Options, Status};

struct Ground {
    engine: Arc<Engine>,
    clock: Arc<SimulatedClock>,
}

fn instance() -> Attribution {
    Attribution::default()
}

async fn ground() -> Ground {
    let clock = Arc::new(SimulatedClock::at("2026-01-15T12:00:00Z".parse().unwrap()));
    let store = Arc::new(MemoryStore::new(IdentityKey::from_bytes([7; 16]), clock.clone()));
    let engine = Engine::open(store, clock.clone(), Options::default())
        .await
        .unwrap();
    Ground {
        engine: Arc::new(engine),
        clock,
    }
}

impl Ground {
    async fn budget(&self, json: &str) {
        let parts: BudgetParts = serde_json::from_str(json).unwrap();
        self.engine
            .create_limit(LimitDraft::Budget(parts), &instance())
            .await
            .unwrap();
    }

    async fn quota(&self, json: &str) {
        let parts: QuotaParts = serde_json::from_str(json).unwrap();
        self.engine
            .create_limit(LimitDraft::Quota(parts), &instance())
            .await
            .unwrap();
    }

    fn pass(&self, seconds: i64) {
        use tollgate_engine::clock::Clock;
        self.clock.set(self.clock.now().plus_seconds(seconds));
    }
}

fn costing(cost: &'static str) -> HoldDraft<'static> {
    HoldDraft {
        usage: Draft {
            category: Some("ai.completion".into()),
            organization: Some("acme".into()),
            team: Some("t".into()),
            user: Some("new-user".into()),
            cost: Some(cost.into()),
            ..Draft::default()
        },
        ..HoldDraft::default()
    }
}

const THREE: [&str; 3] = [
    r#"{"name": "a", "organization": "acme", "scope": {"kind": "organization", "id": "acme"}, "limit": "5.00", "period": "month"}"#,
    r#"{"name": "b", "organization": "acme", "scope": {"kind": "team", "id": "t"}, "limit": "5.00", "period": "month"}"#,
    r#"{"name": "c", "organization": "acme", "scope": {"kind": "user", "id": "*"}, "limit": 5, "period": "day"}"#,
];

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_at_once_as_many_are_admitted_as_there_is_room() {
    let ground = ground().await;
    for json in THREE {
        ground.budget(json).await;
    }
    let mut callers = JoinSet::new();
    for _ in 0..1_000 {
        let engine = ground.engine.clone();
        callers.spawn(async move { engine.place(&costing("0.10"), &instance()).await.unwrap() });
    }
    let mut admitted = 0;
    for answer in callers.join_all().await {
        match answer.decision.refusal {
            None => admitted += 1,
            Some(refusal) => {
                assert_eq!(refusal, Refusal::BudgetExceeded);
                assert_eq!(answer.decision.refusing().count(), 3);
                assert!(answer.hold.is_none());
            }
        }
    }
    assert_eq!(admitted, 50);
}

#[tokio::test]
async fn a_hold_gives_way_to_what_was_used() {
    let ground = ground().await;
    ground.budget(THREE[0]).await;
    let placed = ground.engine.place(&costing("4"), &instance()).await.unwrap();
    let hold = placed.hold.unwrap();
    let shown = |answer: &tollgate_engine::HoldAnswer| {
        let looked = &answer.decision.limits[0];
        let balance = looked.balance.unwrap();
        (
            balance.settled.0 / 1_000_000_000_000,
            balance.held.0 / 1_000_000_000_000,
        )
    };
    let check = ground.engine.check(&costing("1"), &instance()).await.unwrap();
    assert_eq!(shown(&check), (0, 4));
    assert!(
        !ground
            .engine
            .check(&costing("1.01"), &instance())
            .await
            .unwrap()
            .decision
            .is_allowed()
    );
    let draft = || Draft {
        cost: Some("3".into()),
        ..Draft::default()
    };
    let settled = ground.engine.settle(hold.id, draft(), &instance()).await.unwrap();
    assert_eq!(settled.found, Found::Held);
    assert!(matches!(settled.receipt.status, Status::Recorded { .. }));
    assert!(matches!(settled.hold.unwrap().state, HoldState::Settled { .. }));
    let check = ground.engine.check(&costing("2"), &instance()).await.unwrap();
    assert_eq!(shown(&check), (3, 0));
    assert!(check.decision.is_allowed());
    let again = ground.engine.settle(hold.id, draft(), &instance()).await.unwrap();
    assert!(matches!(again.receipt.status, Status::Duplicate { .. }));
    let check = ground.engine.check(&costing("2"), &instance()).await.unwrap();
    assert_eq!(shown(&check), (3, 0));
}

#[tokio::test]
async fn a_hold_whose_time_is_over_gives_its_room_back_once_and_its_use_is_counted_late() {
    let ground = ground().await;
    ground.budget(THREE[0]).await;
    let hold = ground
        .engine
        .place(&costing("5"), &instance())
        .await
        .unwrap()
        .hold
        .unwrap();
    assert!(
        !ground
            .engine
            .check(&costing("1"), &instance())
            .await
            .unwrap()
            .decision
            .is_allowed()
    );
    ground.pass(61);
    ground.engine.tend().await.unwrap();
    assert!(
        ground
            .engine
            .check(&costing("5"), &instance())
            .await
            .unwrap()
            .decision
            .is_allowed()
    );
    let draft = Draft {
        cost: Some("2".into()),
        ..Draft::default()
    };
    let settled = ground.engine.settle(hold.id, draft, &instance()).await.unwrap();
    assert_eq!(settled.found, Found::Late);
    assert!(
        ground
            .engine
            .check(&costing("3"), &instance())
            .await
            .unwrap()
            .decision
            .is_allowed()
    );
    assert!(
        !ground
            .engine
            .check(&costing("3.01"), &instance())
            .await
            .unwrap()
            .decision
            .is_allowed()
    );
}

#[tokio::test]
async fn recorded_usage_counts_and_a_new_window_begins_at_nothing() {
    let ground = ground().await;
    ground
        .quota(r#"{"name": "calls", "organization": "acme", "scope": {"kind": "user", "id": "*"}, "measure": "requests", "limit": 3, "window": "day", "timezone": "Europe/Berlin"}"#)
        .await;
    for id in ["1", "2"] {
        let draft = Draft {
            id: Some(id.into()),
            ..costing("0.01").usage
        };
        ground.engine.record(vec![draft], &instance()).await.unwrap();
    }
    let place = async || ground.engine.place(&costing("0"), &instance()).await.unwrap();
    let first = place().await;
    assert_eq!(first.decision.action, Action::None);
    let refused = place().await;
    assert_eq!(refused.decision.refusal, Some(Refusal::QuotaExceeded));
    let resets: Timestamp = "2026-01-15T23:00:00Z".parse().unwrap();
    assert_eq!(refused.decision.retry_at(), Some(resets));
    ground.clock.set(resets);
    assert!(place().await.decision.is_allowed());
}
