//! With every reader busy: whoever records or changes settings waits for none of them.
#![allow(
    clippy::unwrap_used,
    reason = "a failed expectation must stop the test where it fails"
)]

use super::{Embedded, Options};
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tollgate_core::price::PriceParts;
use tollgate_engine::clock::SimulatedClock;
use tollgate_engine::settings::Role;
use tollgate_engine::store::{Expected, StoreError};
use tollgate_engine::{Access, Engine, EngineError, KeyDraft, Options as EngineOptions, Status};
use tollgate_testkit::conformance::in_runtime;
use tollgate_testkit::fixture::{CHAT, DISK, NOON, PriceDraft, Sent, at, price, usage};

const READERS: usize = 3;
/// What would not end at all is a failure with a name after this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Scans that go on for as long as this is kept: every reader is in one.
struct Scans {
    _going_on: Vec<mpsc::Sender<()>>,
    done: JoinSet<Result<(), StoreError>>,
}

impl Scans {
    async fn begin(store: &Arc<Embedded>) -> Self {
        let (mut going_on, mut done) = (Vec::new(), JoinSet::new());
        for _ in 0..READERS {
            let ((end, ended), (begun, has_begun)) = (mpsc::channel::<()>(), oneshot::channel());
            let store = store.clone();
            done.spawn(async move {
                let scan = store.read(move |_, _| {
                    _ = begun.send(());
                    // Ends when the other side is dropped.
                    _ = ended.recv();
                    Ok(())
                });
                scan.await
            });
            going_on.push(end);
            has_begun.await.unwrap();
        }
        Self {
            _going_on: going_on,
            done,
        }
    }

    async fn end(self) {
        let Self { _going_on, done } = self;
        drop(_going_on);
        done.join_all().await.into_iter().for_each(Result::unwrap);
    }
}

struct Ground {
    _directory: tempfile::TempDir,
    store: Arc<Embedded>,
    engine: Arc<Engine>,
}

impl Ground {
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(SimulatedClock::at(at(NOON)));
        // No charge is kept in memory: a resend must read it.
        let options = Options {
            readers: READERS,
            charge_cache_bytes: 0,
            ..Options::default()
        };
        let store = Embedded::open(directory.path(), clock.clone(), options).unwrap();
        let engine = Engine::open(store.clone(), clock, EngineOptions::default())
            .await
            .unwrap();
        for category in [CHAT, DISK].map(tollgate_testkit::fixture::category) {
            let parts = category.parts().clone();
            engine.save_category(parts, Expected::Absent).await.unwrap();
        }
        Self {
            _directory: directory,
            store,
            engine: Arc::new(engine),
        }
    }

    async fn record(&self, sent: &Sent) -> Status {
        let access = Access::default();
        let recorded = self.engine.record(vec![sent.draft()], &access);
        let mut receipts = soon(recorded).await.unwrap();
        receipts.remove(0).status
    }
}

async fn soon<T>(step: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, step).await;
    done.expect("it waits for a reader")
}

fn chat(id: &str) -> Sent {
    usage("acme").category(CHAT).id(id).measure("input", 2)
}

fn parts(draft: &PriceDraft) -> PriceParts {
    serde_json::from_value(draft.json().clone()).unwrap()
}

#[test]
fn recording_and_changes_of_settings_wait_for_no_reader() {
    in_runtime(async {
        let ground = Ground::open().await;
        let (engine, access) = (&ground.engine, Access::default());
        ground.record(&chat("first")).await;
        let scans = Scans::begin(&ground.store).await;
        let (made, _) = soon(engine.create_price(parts(&price(CHAT).per_unit("input", "1")), &access))
            .await
            .unwrap();
        let id = made.price.id();
        let dearer = parts(&price(CHAT).per_unit("input", "3"));
        soon(engine.update_price(id, dearer, Expected::Any, &access))
            .await
            .unwrap();
        let status = ground.record(&chat("second")).await;
        assert!(
            matches!(&status, Status::Recorded { charge, .. } if charge.cost.unwrap().to_string() == "6")
        );
        let resent = ground.record(&chat("second")).await;
        assert!(
            matches!(&resent, Status::Duplicate { charge: Some(charge), .. } if charge.cost.unwrap().to_string() == "6")
        );
        let of_another = ground
            .record(&Sent {
                organization: "new".to_owned(),
                ..chat("third")
            })
            .await;
        assert!(matches!(of_another, Status::Recorded { .. }));
        let refused = soon(engine.delete_price(id, Expected::Any, &access)).await;
        assert!(matches!(refused, Err(EngineError::InUse(_))), "{refused:?}");
        let mut category = engine.settings().catalog.category(CHAT).unwrap().parts().clone();
        category.dimensions.clear();
        soon(engine.save_category(category, Expected::Any)).await.unwrap();
        let key = KeyDraft {
            name: "k".to_owned(),
            role: Role::Admin,
            organization: None,
            team: None,
            project: None,
            user: None,
            secret_hash: "k".to_owned(),
        };
        soon(engine.create_key(key, &access)).await.unwrap();
        scans.end().await;
        soon(engine.close()).await.unwrap();
    });
}

#[test]
fn a_deletion_that_must_read_holds_nobody_up_and_sees_what_is_recorded_meanwhile() {
    in_runtime(async {
        for (category, is_used) in [(CHAT, true), (DISK, false)] {
            let ground = Ground::open().await;
            let scans = Scans::begin(&ground.store).await;
            let engine = ground.engine.clone();
            let mut deleted = pin!(engine.delete_category(category, Expected::Any));
            let waits = std::future::poll_fn(|cx| Poll::Ready(deleted.as_mut().poll(cx).is_pending()));
            assert!(waits.await, "the deletion does not read");
            let status = ground.record(&chat("meanwhile")).await;
            assert!(matches!(status, Status::Recorded { .. }), "{status:?}");
            scans.end().await;
            let deleted = soon(deleted).await;
            let expected = match is_used {
                true => matches!(deleted, Err(EngineError::InUse(_))),
                false => deleted.is_ok(),
            };
            assert!(expected, "{category}: {deleted:?}");
        }
    });
}
