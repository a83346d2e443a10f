//! Verification across changed categories: no false alarm, and no difference that goes unseen.

use crate::{OnDisk, no_checkpoints, small_bounds};
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use tollgate_core::category::MeasureParts;
use tollgate_core::time::Timestamp;
use tollgate_engine::clock::Clock;
use tollgate_engine::settings::Settings;
use tollgate_engine::store::{Expected, SettingKind, Store};
use tollgate_engine::{Access, Engine, Options as EngineOptions};
use tollgate_store::{Embedded, Options};
use tollgate_testkit::conformance::in_runtime;
use tollgate_testkit::fixture::{CHAT, DISK, NOON, Sent, at, price, price_id, usage};
use tollgate_testkit::site::{Opener, Site};

/// What may be done to a category that has events.
#[derive(Clone, Copy, Debug)]
enum Edit {
    Dimensions(&'static [&'static str]),
    /// A measure more, a part of another.
    Measure(&'static str, Option<&'static str>),
    /// `requests` that every event must have a price for from now on.
    BillableRequests,
}

const EDITS: [Edit; 6] = [
    Edit::Dimensions(&[]),
    Edit::Measure("reasoning", Some("output")),
    Edit::Dimensions(&["session_id", "model"]),
    Edit::Measure("images", None),
    Edit::BillableRequests,
    Edit::Dimensions(&["region"]),
];

impl Edit {
    async fn make(self, engine: &Engine) {
        let mut parts = engine.settings().catalog.category(CHAT).unwrap().parts().clone();
        match self {
            Self::Dimensions(names) => parts.dimensions = names.iter().map(ToString::to_string).collect(),
            Self::Measure(name, parent) => {
                let part = serde_json::json!({"unit": "token", "parent": parent});
                let part: MeasureParts = serde_json::from_value(part).unwrap();
                parts.measures.insert(name.to_owned(), part);
            }
            Self::BillableRequests => parts.primary = Some("requests".to_owned()),
        }
        engine.save_category(parts, Expected::Any).await.unwrap();
    }
}

/// A store with cumulative prices of a counter and of a gauge.
async fn priced(opener: &dyn Opener) -> Site {
    let tiers = [(Some("7"), "1"), (None, "2")];
    let chat = price(CHAT)
        .graduated("input", &tiers, "total")
        .per_unit("output", "1");
    let disk = price(DISK).graduated("bytes", &tiers, "month");
    Site::open(opener)
        .await
        .price(1, &chat)
        .await
        .price(2, &disk)
        .await
}

async fn engine(site: &Site) -> Engine {
    let options = EngineOptions {
        defaults: false,
        ..EngineOptions::default()
    };
    Engine::open(site.store.clone(), site.clock.clone(), options)
        .await
        .unwrap()
}

fn chat(id: u32) -> Sent {
    let sent = usage("acme").category(CHAT).id(id).measure("input", id % 5);
    sent.model("m").dimension("region", "eu").user("u")
}

fn level(id: u32) -> Sent {
    let at = at(NOON).plus_seconds(-60 * i64::from(id % 7)).to_string();
    usage("acme")
        .category(DISK)
        .id(format!("level {id}"))
        .at(&at)
        .measure("bytes", id)
}

async fn record(engine: &Engine, batch: &[Sent]) {
    let drafts = batch.iter().map(Sent::draft).collect();
    engine.record(drafts, &Access::default()).await.unwrap();
}

async fn edits_raise_no_alarm(options: Options) {
    let opener = OnDisk::new(options);
    let site = priced(&opener).await;
    let engine = engine(&site).await;
    let mut id = 0;
    for edit in EDITS {
        for _ in 0..3 {
            id += 2;
            let batch = [chat(id), chat(id + 1), level(id)];
            // Beside recording, and when it is done.
            let (verification, ()) = tokio::join!(site.store.verify(), record(&engine, &batch));
            let differences = verification.unwrap().differences;
            assert!(differences.is_empty(), "beside {edit:?}: {differences:#?}");
        }
        let (verification, ()) = tokio::join!(site.store.verify(), edit.make(&engine));
        let differences = verification.unwrap().differences;
        assert!(differences.is_empty(), "beside {edit:?}: {differences:#?}");
        // Of what was recorded before the last edit or two.
        for sent in [chat(id - 3), level(id)] {
            engine
                .void(site.event_id(&sent), None, &Access::default())
                .await
                .unwrap();
        }
        site.verify().await;
    }
}

#[test]
fn an_edited_category_raises_no_alarm() {
    in_runtime(async {
        for options in [Options::default(), small_bounds(), no_checkpoints()] {
            edits_raise_no_alarm(options).await;
        }
    });
}

/// A clock at which its reader can be held.
#[derive(Debug)]
struct HeldClock(Mutex<Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>>);

impl Clock for HeldClock {
    fn now(&self) -> Timestamp {
        let held = self.0.lock().unwrap().take();
        if let Some((reached, go)) = held {
            reached.send(()).unwrap();
            // Goes on when the other side is dropped.
            _ = go.recv();
        }
        at(NOON)
    }

    fn elapsed(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
}

#[test]
fn a_commit_of_events_from_before_and_after_an_edit_raises_no_alarm() {
    in_runtime(async {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(HeldClock(Mutex::default()));
        let store: Arc<dyn Store> =
            Embedded::open(directory.path(), clock.clone(), Options::default()).unwrap();
        let opener = Given(store.clone());
        let site = priced(&opener).await;
        let engine = engine(&site).await;
        record(&engine, &[chat(1)]).await;
        let before = engine.settings();
        Edit::BillableRequests.make(&engine).await;
        Edit::Dimensions(&["session_id"]).make(&engine).await;
        let commits = store.state().commits;
        // While the writer is held in a commit, two more callers come; the next commit takes both.
        let ((reached, is_reached), (go, held)) = (mpsc::channel(), mpsc::channel::<()>());
        *clock.0.lock().unwrap() = Some((reached, held));
        let submit = |sent: Sent, settings: &Arc<Settings>| {
            store.record(Arc::new(vec![site.submission(&sent)]), settings.clone())
        };
        let (mut first, mut old, mut new) = (
            pin!(submit(chat(2), &before)),
            pin!(submit(chat(3), &before)),
            pin!(submit(chat(4), &engine.settings())),
        );
        let first_waits = std::future::poll_fn(|cx| Poll::Ready(first.as_mut().poll(cx).is_pending()));
        assert!(first_waits.await);
        is_reached.recv().unwrap();
        let both_wait = std::future::poll_fn(|cx| {
            Poll::Ready(old.as_mut().poll(cx).is_pending() && new.as_mut().poll(cx).is_pending())
        });
        assert!(both_wait.await);
        drop(go);
        let (first, old, new) = tokio::join!(first, old, new);
        assert!(first.is_ok() && old.is_ok() && new.is_ok());
        assert!(
            store.state().commits <= commits + 2,
            "each came into a commit of its own"
        );
        site.verify().await;
    });
}

/// A store that is open already.
struct Given(Arc<dyn Store>);

#[async_trait::async_trait]
impl Opener for Given {
    async fn open(&self, _: Arc<dyn Clock>) -> Arc<dyn Store> {
        self.0.clone()
    }
}

/// The settings with another amount in the first price.
async fn forged(store: &dyn Store) -> Arc<Settings> {
    let mut stored = store.settings().await.unwrap();
    let id = price_id(1).to_string();
    let setting = stored
        .iter_mut()
        .find(|setting| setting.kind == SettingKind::Price && setting.id == id);
    let setting = setting.unwrap();
    let forged = setting
        .body
        .replace("\"unit_amount\":\"2\"", "\"unit_amount\":\"5\"");
    assert_ne!(forged, setting.body);
    setting.body = forged;
    Arc::new(Settings::load(&stored).unwrap())
}

/// Runs a statement on a store that is closed.
fn tamper(directory: &Path, statement: &str) {
    let connection = rusqlite::Connection::open(directory.join("tollgate.db")).unwrap();
    assert!(connection.execute(statement, []).unwrap() > 0, "{statement}");
}

/// After edits of the category, something wrong in it is found, in these words.
#[track_caller]
fn check(statement: Option<&'static str>, is_forged: bool, found: &'static str) {
    let opener = OnDisk::new(Options::default());
    in_runtime(async {
        let site = priced(&opener).await;
        let engine = engine(&site).await;
        let first: Vec<Sent> = (0..9).map(chat).collect();
        record(&engine, &first).await;
        for edit in EDITS
            .into_iter()
            .filter(|edit| !matches!(edit, Edit::BillableRequests))
        {
            edit.make(&engine).await;
        }
        let settings = match is_forged {
            true => forged(site.store.as_ref()).await,
            false => engine.settings(),
        };
        let later = Arc::new(vec![site.submission(&chat(9))]);
        site.store.record(later, settings).await.unwrap();
        site.store.close().await.unwrap();
        drop((engine, site));
        if let Some(statement) = statement {
            tamper(opener.path(), statement);
        }
        let store = opener.open(Arc::new(HeldClock(Mutex::default()))).await;
        let verification = store.verify().await.unwrap();
        let is_found = verification.differences.iter().any(|what| what.contains(found));
        assert!(is_found, "{found:?} is not in {:#?}", verification.differences);
    });
}

#[test]
fn what_is_wrong_in_an_edited_category_is_found() {
    check(None, true, "is charged 20, rated again 8");
    check(
        Some("DELETE FROM totals"),
        false,
        "the running total of acme at price prc_",
    );
    check(Some("DELETE FROM rollups"), false, "raw and rollup of lab.chat");
}
