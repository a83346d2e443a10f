//! A process that is killed while many place and settle loses no hold that it acknowledged, and nothing is overshot.
//!
//! The test starts itself again as the process that is killed: that one writes a line for each step that the engine has
//! acknowledged. After each kill the record is opened and looked through: every acknowledged hold is open or ended as
//! acknowledged, balances are what events and open holds come to, and no limit was passed.

use crate::kill::{rounds, start, told};
use crate::{OnDisk, no_checkpoints, small_bounds};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinSet;
use tollgate_core::event::Draft;
use tollgate_core::hold::{Found, Hold, HoldState};
use tollgate_core::limit::Amount;
use tollgate_core::period::Period;
use tollgate_core::scope::Scope;
use tollgate_core::zone::Zone;
use tollgate_engine::clock::{Clock, SimulatedClock};
use tollgate_engine::store::{Expected, Store, StoredEvent};
use tollgate_engine::{Access, Engine, HoldDraft, LimitDraft, Options};
use tollgate_store::Embedded;
use tollgate_testkit::conformance::in_runtime;
use tollgate_testkit::fixture::{CHAT, NOON, at, category};
use tollgate_testkit::site::{Opener, recorded};

/// Who place and settle at once.
const CALLERS: usize = 48;
/// What a day allows, in dollars: some thousand holds of up to seven cents.
const LIMITS: [&str; 2] = [
    r#"{"name": "all", "organization": "acme", "limit": "50", "period": "day"}"#,
    r#"{"name": "each", "organization": "acme", "limit": "7.5", "period": "day", "scope": {"kind": "user", "id": "*"}}"#,
];
const CENT: i128 = 10_000_000_000;
const FOLDER: &str = "TOLLGATE_KILL_HOLDS_FOLDER";
const ROUND: &str = "TOLLGATE_KILL_HOLDS_ROUND";

#[test]
fn a_killed_process_keeps_the_holds_that_it_acknowledged() {
    kill(
        "kill_holds::a_killed_process_keeps_the_holds_that_it_acknowledged",
        no_checkpoints(),
    );
}

#[test]
fn a_process_killed_among_checkpoints_keeps_the_holds_that_it_acknowledged() {
    kill(
        "kill_holds::a_process_killed_among_checkpoints_keeps_the_holds_that_it_acknowledged",
        small_bounds(),
    );
}

fn kill(test: &str, options: tollgate_store::Options) {
    if let Some(folder) = told(FOLDER) {
        let round = told(ROUND).unwrap().parse().unwrap();
        return in_runtime(hold_until_killed(Path::new(&folder), options, round));
    }
    let home = OnDisk::new(options);
    in_runtime(prepare(&home));
    for round in 0..rounds() {
        let environment = [
            (FOLDER, home.path().display().to_string()),
            (ROUND, round.to_string()),
        ];
        let (mut child, lines) = start(test, &environment);
        // The moments differ from round to round, and what the others are at differs by itself.
        let most = usize::try_from(1 + round * 131 % 900).unwrap();
        let mut acknowledged: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut count = 0;
        for line in lines {
            let Some((id, how)) = line
                .strip_prefix("acknowledged ")
                .and_then(|rest| rest.split_once(' '))
            else {
                continue;
            };
            acknowledged
                .entry(id.to_owned())
                .or_default()
                .push(how.to_owned());
            count += 1;
            if count == most {
                // What is still in the pipe was acknowledged too.
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(count >= most, "the process ended by itself");
        in_runtime(look_through(&home, round, &acknowledged));
    }
}

async fn prepare(home: &OnDisk) {
    let (engine, _) = open(home.open(clock(0)).await, 0).await;
    let parts = category(CHAT).parts().clone();
    engine.save_category(parts, Expected::Absent).await.unwrap();
    for json in LIMITS {
        let budget = LimitDraft::Budget(serde_json::from_str(json).unwrap());
        engine.create_limit(budget, &Access::default()).await.unwrap();
    }
    engine.close().await.unwrap();
}

/// Each round is a day of its own, so that limits begin anew and holds of the day before have ended.
fn clock(round: u64) -> Arc<SimulatedClock> {
    let day = i64::try_from(round).unwrap() * 86_400;
    Arc::new(SimulatedClock::at(at(NOON).plus_seconds(day)))
}

async fn open(store: Arc<dyn Store>, round: u64) -> (Arc<Engine>, Arc<dyn Store>) {
    let options = Options {
        defaults: false,
        ..Options::default()
    };
    let engine = Engine::open(store.clone(), clock(round), options).await.unwrap();
    (Arc::new(engine), store)
}

/// What a hold of this number claims and what its use comes to, in cents.
fn cents(n: u64) -> (u64, u64) {
    (1 + n % 7, n % (2 + n % 7))
}

fn usage(caller: usize, cents: u64) -> Draft<'static> {
    Draft {
        category: Some(CHAT.into()),
        organization: Some("acme".into()),
        user: Some(format!("u{}", caller % 8).into()),
        cost: Some(format!("0.{cents:02}").into()),
        ..Draft::default()
    }
}

/// Places and ends holds until the process ends, saying each step that was acknowledged.
async fn hold_until_killed(folder: &Path, options: tollgate_store::Options, round: u64) {
    let store = Embedded::open(folder, clock(round), options).unwrap();
    let (engine, _) = open(store, round).await;
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let engine = engine.clone();
        callers.spawn(async move {
            for n in 0.. {
                one_hold(&engine, (round, caller, n)).await;
            }
        });
    }
    callers.join_all().await;
}

async fn one_hold(engine: &Engine, (round, caller, n): (u64, usize, u64)) {
    let (id, access) = (format!("{round}-{caller}-{n}"), Access::default());
    let (claimed, used) = cents(n);
    let draft = HoldDraft {
        usage: Draft {
            id: Some(id.clone().into()),
            ..usage(caller, claimed)
        },
        ttl_seconds: Some(86_400),
        ..HoldDraft::default()
    };
    let Some(hold) = engine.place(&draft, &access).await.unwrap().hold else {
        return say(&id, "denied");
    };
    say(&id, "placed");
    match n % 5 {
        0..=2 => {
            let actual = Draft {
                cost: Some(format!("0.{used:02}").into()),
                ..Draft::default()
            };
            engine.settle(hold.id, actual, &access).await.unwrap();
            say(&id, "settled");
        }
        3 => {
            engine.release(hold.id, &access).await.unwrap();
            say(&id, "released");
        }
        // It stays open.
        _ => {}
    }
}

fn say(id: &str, how: &str) {
    writeln!(std::io::stdout().lock(), "acknowledged {id} {how}").unwrap();
}

/// Looks through what the process left.
async fn look_through(home: &OnDisk, round: u64, acknowledged: &BTreeMap<String, Vec<String>>) {
    let (engine, store) = open(home.open(clock(round)).await, round).await;
    for (id, how) in acknowledged {
        let hold = store
            .holds()
            .hold(store.identity_key().hold_id("acme", id))
            .await
            .unwrap();
        is_as_acknowledged(id, how, hold.as_ref());
    }
    let stored = recorded(store.as_ref()).await;
    let events: BTreeSet<_> = stored.iter().map(|stored| stored.event.event).collect();
    assert_eq!(events.len(), stored.len(), "an event is there twice");
    let open_holds = store.holds().open_holds().await.unwrap();
    // Holds of the day before have ended with it.
    let today = Period::Day.window(&Zone::UTC, clock(round).now());
    assert!(open_holds.iter().all(|hold| today.contains(hold.placed_at)));
    let stored: Vec<StoredEvent> = stored
        .into_iter()
        .filter(|stored| today.contains(stored.event.at))
        .collect();
    for caller in 0..8 {
        compare(&engine, caller, (&stored, &open_holds)).await;
    }
    let verification = engine.verify(false).await.unwrap();
    assert!(
        verification.is_clean() && verification.balances > 0,
        "{verification:#?}"
    );
    engine.close().await.unwrap();
}

/// The balances of a caller's limits are what events and open holds come to, and no more than the limits.
async fn compare(engine: &Engine, caller: usize, (stored, open_holds): (&[StoredEvent], &[Hold])) {
    let check = HoldDraft {
        usage: usage(caller, 1),
        ..HoldDraft::default()
    };
    let answer = engine.check(&check, &Access::default()).await.unwrap();
    assert_eq!(answer.decision.limits.len(), LIMITS.len());
    let user = format!("u{caller}");
    for looked in &answer.decision.limits {
        let is_mine = |scope: &Scope| {
            looked.name.as_str() == "all" || scope.user.as_ref().is_some_and(|own| own.as_str() == user)
        };
        let settled = stored.iter().filter(|stored| is_mine(&stored.event.scope));
        let settled = settled.map(|stored| stored.charge.cost.unwrap().pico()).sum();
        // Each hold claims the same of both limits.
        let held = open_holds.iter().filter(|hold| is_mine(&hold.scope));
        let held = held.map(|hold| hold.claims[0].amount.0).sum();
        let balance = looked.balance.unwrap();
        assert_eq!(
            (balance.settled, balance.held),
            (Amount(settled), Amount(held)),
            "{user} {looked:?}"
        );
        assert!(
            balance.committed() <= looked.ceiling,
            "{user} was overshot: {looked:?}"
        );
    }
}

/// A hold is open or ended as it was acknowledged; an end that was not acknowledged may have come about.
fn is_as_acknowledged(id: &str, how: &[String], hold: Option<&Hold>) {
    let how: Vec<&str> = how.iter().map(String::as_str).collect();
    let (_, n) = id.rsplit_once('-').unwrap();
    let n: u64 = n.parse().unwrap();
    let claimed = i128::from(cents(n).0) * CENT;
    let state = hold.map(|hold| hold.state);
    let is_settled = matches!(
        state,
        Some(HoldState::Settled {
            found: Found::Held,
            ..
        })
    );
    let is_right = match how.as_slice() {
        ["denied"] => hold.is_none(),
        ["placed"] => match n % 5 {
            0..=2 => is_settled || state == Some(HoldState::Open),
            3 => matches!(state, Some(HoldState::Open | HoldState::Released)),
            _ => state == Some(HoldState::Open),
        },
        ["placed", "settled"] => is_settled,
        ["placed", "released"] => state == Some(HoldState::Released),
        _ => false,
    };
    assert!(is_right, "{id} was {how:?} and is {state:?}");
    assert!(hold.is_none_or(|hold| hold.claims.iter().all(|claim| claim.amount.0 == claimed)));
}
