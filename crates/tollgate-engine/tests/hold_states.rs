//! Every state that two holds under one small limit can come to, whatever is done with them in whatever order.
//!
//! A state is what the record, the balances and the time say of both holds. From each one every step is taken, on an
//! engine that has been brought there anew, until no step leads to a state that was not seen before.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use tollgate_core::event::{Attribution, Draft};
use tollgate_core::hold::{Found, HoldState};
use tollgate_core::id::{HoldId, IdentityKey};
use tollgate_core::limit::{Amount, Balance, Cell};
use tollgate_engine::clock::{Clock, SimulatedClock};
use tollgate_engine::counters::{Counters, MemoryCounters};
use tollgate_engine::store::{EventPage, Expected, MemoryStore, Store};
use tollgate_engine::{Engine, EngineError, HoldDraft, LimitDraft, Options, Status};

const LIMIT: i128 = 10;
/// What each hold claims: either fits alone, and together they do not.
const CLAIMS: [(&str, i128); 2] = [("6", 6), ("5", 5)];
/// What their uses come to: less than claimed, and more.
const USED: [(&str, i128); 2] = [("4", 4), ("9", 9)];
const UNIT: i128 = 1_000_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Place(usize),
    /// By its own event, or by another one.
    Settle(usize, bool),
    Release(usize),
    Extend(usize),
    /// The time of every open hold is over.
    Pass,
    Tend,
    /// The process ends and another begins.
    Restart,
}

fn steps() -> Vec<Step> {
    let of_one = |n| {
        [
            Step::Place(n),
            Step::Settle(n, true),
            Step::Settle(n, false),
            Step::Release(n),
            Step::Extend(n),
        ]
    };
    let both = [0, 1].into_iter().flat_map(of_one);
    both.chain([Step::Pass, Step::Tend, Step::Restart]).collect()
}

/// How a hold stands, and whether its time is over.
type Standing = Option<(&'static str, bool)>;

/// All that tells one state from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    holds: [Standing; 2],
    settled: i128,
    /// `None` while nobody has asked for the balance.
    balance: Option<(i128, i128)>,
    events: Vec<String>,
}

struct World {
    clock: Arc<SimulatedClock>,
    store: Arc<MemoryStore>,
    counters: Arc<MemoryCounters>,
    engine: Engine,
}

fn instance() -> Attribution {
    Attribution::default()
}

fn number(of: usize) -> String {
    format!("h{of}")
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(SimulatedClock::at("2026-01-15T12:00:00Z".parse().unwrap()));
        let store = Arc::new(MemoryStore::new(IdentityKey::from_bytes([7; 16]), clock.clone()));
        let world = Self::on(clock, store).await;
        let category = r#"{"name": "lab.chat", "unit": "tokens", "primary": "input", "measures": {"input": {"unit": "token"}}}"#;
        let category = serde_json::from_str(category).unwrap();
        world
            .engine
            .save_category(category, Expected::Absent)
            .await
            .unwrap();
        let json = r#"{"name": "b", "organization": "acme", "limit": 10, "period": "total"}"#;
        let budget = LimitDraft::Budget(serde_json::from_str(json).unwrap());
        world.engine.create_limit(budget, &instance()).await.unwrap();
        world
    }

    async fn on(clock: Arc<SimulatedClock>, store: Arc<MemoryStore>) -> Self {
        let counters = Arc::new(MemoryCounters::new());
        let options = Options {
            defaults: false,
            ..Options::default()
        };
        let opening = Engine::open_with(store.clone(), counters.clone(), clock.clone(), options);
        let engine = opening.await.unwrap();
        Self {
            clock,
            store,
            counters,
            engine,
        }
    }

    fn id(&self, of: usize) -> HoldId {
        self.store.identity_key().hold_id("acme", &number(of))
    }

    async fn balance(&self) -> Option<Balance> {
        let (limit, _) = self
            .engine
            .settings()
            .limit_records
            .iter()
            .next()
            .map(|(id, record)| (*id, record.clone()))?;
        let cell = Cell {
            limit,
            instance: "acme".parse().unwrap(),
            start: tollgate_core::period::Window::total().start,
        };
        self.counters.balances(&[cell]).await.unwrap().remove(0)
    }

    async fn state(&self) -> State {
        let mut holds = [None, None];
        for (of, standing) in holds.iter_mut().enumerate() {
            let hold = self.store.holds().hold(self.id(of)).await.unwrap();
            *standing = hold.map(|hold| {
                let how = match hold.state {
                    HoldState::Open => "open",
                    HoldState::Released => "released",
                    HoldState::Expired => "expired",
                    HoldState::Settled {
                        found: Found::Held, ..
                    } => "settled",
                    HoldState::Settled {
                        found: Found::Late, ..
                    } => "settled late",
                    HoldState::Settled {
                        found: Found::Unheld, ..
                    } => "settled unheld",
                };
                (how, hold.state.is_open() && hold.is_past(self.clock.now()))
            });
        }
        let page = EventPage {
            limit: 100,
            ..EventPage::default()
        };
        let stored = self.store.events(page).await.unwrap();
        let mut events: Vec<String> = stored.iter().map(|stored| stored.event.id.to_string()).collect();
        events.sort();
        State {
            holds,
            settled: stored
                .iter()
                .filter_map(|stored| stored.charge.cost)
                .map(|cost| cost.pico() / UNIT)
                .sum(),
            balance: self
                .balance()
                .await
                .map(|balance| (balance.settled.0 / UNIT, balance.held.0 / UNIT)),
            events,
        }
    }

    async fn step(&mut self, step: Step) -> String {
        let by = instance();
        match step {
            Step::Place(of) => {
                let id = number(of);
                let draft = HoldDraft {
                    usage: Draft {
                        id: Some(id.into()),
                        category: Some("lab.chat".into()),
                        organization: Some("acme".into()),
                        cost: Some(CLAIMS[of].0.into()),
                        ..Draft::default()
                    },
                    ..HoldDraft::default()
                };
                let answer = self.engine.place(&draft, &by).await.unwrap();
                match answer.hold {
                    Some(_) => "admitted".to_owned(),
                    None => "denied".to_owned(),
                }
            }
            Step::Settle(of, is_own) => {
                let draft = Draft {
                    id: (!is_own).then(|| format!("other{of}").into()),
                    cost: Some(USED[of].0.into()),
                    ..Draft::default()
                };
                match self.engine.settle(self.id(of), draft, &by).await {
                    Ok(settled) => match settled.receipt.status {
                        Status::Recorded { .. } => "recorded".to_owned(),
                        Status::Duplicate { .. } => "duplicate".to_owned(),
                        Status::Conflict => "conflict".to_owned(),
                        Status::Rejected(flaws) => panic!("{flaws:?}"),
                    },
                    Err(error) => told(&error),
                }
            }
            Step::Release(of) => match self.engine.release(self.id(of), &by).await {
                Ok(hold) => hold.state.as_str().to_owned(),
                Err(error) => told(&error),
            },
            Step::Extend(of) => match self.engine.extend(self.id(of), 60, &by).await {
                Ok(_) => "extended".to_owned(),
                Err(error) => told(&error),
            },
            Step::Pass => {
                self.clock.set(self.clock.now().plus_seconds(61));
                "later".to_owned()
            }
            Step::Tend => {
                self.engine.tend().await.unwrap();
                "tended".to_owned()
            }
            Step::Restart => {
                let (clock, store) = (self.clock.clone(), self.store.clone());
                *self = Self::on(clock, store).await;
                "restarted".to_owned()
            }
        }
    }
}

fn told(error: &EngineError) -> String {
    match error {
        EngineError::NotFound { .. } => "not found".to_owned(),
        EngineError::InUse(_) => "ended".to_owned(),
        other => panic!("{other:?}"),
    }
}

/// What holds in every state.
fn check_state(state: &State, path: &[Step]) {
    let open = |of: &usize| state.holds[*of].is_some_and(|(how, _)| how == "open");
    let claimed: i128 = [0, 1].iter().filter(|of| open(of)).map(|of| CLAIMS[*of].1).sum();
    if let Some((settled, held)) = state.balance {
        assert_eq!(held, claimed, "I5: {state:?} after {path:?}");
        assert_eq!(settled, state.settled, "I8: {state:?} after {path:?}");
    }
    for of in [0, 1] {
        let is_settled = state.holds[of].is_some_and(|(how, _)| how.starts_with("settled"));
        let others = state
            .events
            .iter()
            .filter(|id| **id == format!("other{of}"))
            .count();
        assert!(
            others == 0 || others == 1 && is_settled,
            "I6: {state:?} after {path:?}"
        );
    }
    let settled = [0, 1]
        .iter()
        .filter(|of| state.holds[**of].is_some_and(|(how, _)| how.starts_with("settled")))
        .count();
    assert_eq!(
        state.events.len(),
        settled,
        "I6: one event for each settled hold: {state:?} after {path:?}"
    );
}

/// What holds of every step from one state to the next.
fn check_step(before: &State, (step, answer): (Step, &str), after: &State, path: &[Step]) {
    let context = || format!("{step:?} is {answer} after {path:?}: {before:?} → {after:?}");
    let same =
        |before: &State, after: &State| (&before.holds, &before.events) == (&after.holds, &after.events);
    match (step, answer) {
        (Step::Place(of), "admitted") if before.holds[of].is_none() => {
            let (settled, held) = after.balance.unwrap();
            assert!(settled + held <= LIMIT, "I1: {}", context());
            assert_eq!(after.holds[of], Some(("open", false)), "{}", context());
        }
        (Step::Place(of), "denied") => {
            let (settled, held) = after.balance.unwrap();
            assert!(
                settled + held + CLAIMS[of].1 > LIMIT,
                "denied with room: {}",
                context()
            );
            assert!(same(before, after), "I3: {}", context());
        }
        (Step::Place(_), _) | (_, "not found" | "ended" | "conflict" | "duplicate") => {
            assert!(same(before, after), "I4: {}", context());
        }
        _ => {}
    }
    for of in [0, 1] {
        let rank = |standing: Standing| match standing {
            None => 0,
            Some(("open", _)) => 1,
            Some(("released" | "expired", _)) => 2,
            Some(_) => 3,
        };
        assert!(
            rank(before.holds[of]) <= rank(after.holds[of]),
            "an ended hold lives: {}",
            context()
        );
    }
}

async fn told_from_the_beginning(path: &[Step]) -> World {
    let mut world = World::new().await;
    for step in path {
        world.step(*step).await;
    }
    world
}

#[tokio::test]
async fn every_state_that_two_holds_can_come_to_is_right() {
    let mut seen: BTreeMap<State, Vec<Step>> = BTreeMap::new();
    let mut answers: BTreeSet<(&'static str, String)> = BTreeSet::new();
    let mut queue = VecDeque::from([Vec::new()]);
    let first = World::new().await.state().await;
    seen.insert(first, Vec::new());
    while let Some(path) = queue.pop_front() {
        for step in steps() {
            let mut world = told_from_the_beginning(&path).await;
            let before = world.state().await;
            let answer = world.step(step).await;
            let after = world.state().await;
            check_state(&after, &path);
            check_step(&before, (step, &answer), &after, &path);
            answers.insert((name(step), answer));
            let mut longer = path.clone();
            longer.push(step);
            // I4: once more changes nothing, except that time goes on.
            if step != Step::Pass {
                world.step(step).await;
                assert_eq!(
                    world.state().await,
                    after,
                    "I4: {step:?} once more after {path:?}"
                );
            }
            assert!(seen.len() < 10_000, "no end of states: {after:?}");
            if let Entry::Vacant(place) = seen.entry(after) {
                place.insert(longer.clone());
                queue.push_back(longer);
            }
        }
    }
    println!("{} states", seen.len());
    assert!(seen.len() > 100, "{} states are hardly all", seen.len());
    let held_all = seen
        .keys()
        .filter_map(|state| state.balance)
        .map(|(_, held)| Amount(held))
        .max();
    assert_eq!(held_all, Some(Amount(6)), "both claims together never fit");
    for answer in [
        ("place", "admitted"),
        ("place", "denied"),
        ("settle", "recorded"),
        ("settle", "duplicate"),
        ("settle", "conflict"),
        ("settle", "not found"),
        ("release", "released"),
        ("release", "expired"),
        ("release", "settled"),
        ("extend", "extended"),
        ("extend", "ended"),
    ] {
        let (step, answer) = answer;
        assert!(
            answers.contains(&(step, answer.to_owned())),
            "nothing led to {step} {answer}"
        );
    }
}

fn name(step: Step) -> &'static str {
    match step {
        Step::Place(_) => "place",
        Step::Settle(..) => "settle",
        Step::Release(_) => "release",
        Step::Extend(_) => "extend",
        Step::Pass => "pass",
        Step::Tend => "tend",
        Step::Restart => "restart",
    }
}
