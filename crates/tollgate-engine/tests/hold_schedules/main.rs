//! Steps of holds that happen at once: every order of their calls, the record refusing once, the process ending anywhere.
//!
//! A schedule is which of the waiting calls goes on, one after another. The test tries every schedule of each pair of
//! steps, from the beginning each time; and for each beginning of each schedule it ends the process there.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed expectation must stop the test where it fails"
)]
#![allow(clippy::print_stdout, reason = "how many schedules there were is wanted")]

mod turn;

use std::sync::Arc;
use tokio::task::JoinSet;
use tollgate_core::event::{Attribution, Draft};
use tollgate_core::hold::HoldState;
use tollgate_core::limit::Amount;
use tollgate_engine::clock::{Clock, SimulatedClock};
use tollgate_engine::counters::{Counters, MemoryCounters};
use tollgate_engine::store::{EventPage, Expected, MemoryStore, Store};
use tollgate_engine::{Engine, EngineError, HoldDraft, LimitDraft, Options};
use tollgate_testkit::fixture::{CHAT, NOON, at, category, identity};
use turn::{TurnCounters, TurnStore, Turns, Waiting, Word};

const UNIT: i128 = 1_000_000_000_000;
const LIMIT: i128 = 10;

/// A step of the hold of a name, in words: `place a 6`, `settle a 4`, `settle a 4 as x`, `record 4`, `release a`,
/// `extend a`, `tend`, and `later tend` when the time of what was placed by then is over.
type Told = &'static str;

#[derive(Debug)]
struct World {
    clock: Arc<SimulatedClock>,
    record: Arc<MemoryStore>,
    counters: Arc<MemoryCounters>,
    turns: Arc<Turns>,
    engine: Arc<Engine>,
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(SimulatedClock::at(at(NOON)));
        let record = Arc::new(MemoryStore::new(identity(), clock.clone()));
        let world = Self::on(clock, record).await;
        let parts = category(CHAT).parts().clone();
        world.engine.save_category(parts, Expected::Absent).await.unwrap();
        let json = r#"{"name": "b", "organization": "acme", "limit": 10, "period": "total"}"#;
        let budget = LimitDraft::Budget(serde_json::from_str(json).unwrap());
        world
            .engine
            .create_limit(budget, &Attribution::default())
            .await
            .unwrap();
        world
    }

    async fn on(clock: Arc<SimulatedClock>, record: Arc<MemoryStore>) -> Self {
        let (turns, counters) = (Arc::<Turns>::default(), Arc::new(MemoryCounters::new()));
        let store = Arc::new(TurnStore {
            store: record.clone(),
            turns: turns.clone(),
        });
        let waiting = Arc::new(TurnCounters {
            counters: counters.clone(),
            turns: turns.clone(),
        });
        let options = Options {
            defaults: false,
            ..Options::default()
        };
        let engine = Engine::open_with(store, waiting, clock.clone(), options)
            .await
            .unwrap();
        Self {
            clock,
            record,
            counters,
            turns,
            engine: Arc::new(engine),
        }
    }

    /// What holds whenever nothing is under way.
    async fn check(&self, context: &dyn Fn() -> String) {
        let open = self.record.holds().open_holds().await.unwrap();
        let claimed: i128 = open
            .iter()
            .flat_map(|hold| &hold.claims)
            .map(|claim| claim.amount.0)
            .sum();
        let page = EventPage {
            limit: 100,
            ..EventPage::default()
        };
        let events = self.record.events(page).await.unwrap();
        let settled: i128 = events
            .iter()
            .filter_map(|stored| stored.charge.cost)
            .map(|cost| cost.pico())
            .sum();
        for (_, balance) in self.counters.started(None, 10).await.unwrap() {
            assert_eq!(balance.held, Amount(claimed), "I5: {}", context());
            assert_eq!(balance.settled, Amount(settled), "I8: {}", context());
        }
        for name in ["a", "b"] {
            let id = self.record.identity_key().hold_id("acme", name);
            let hold = self.record.holds().hold(id).await.unwrap();
            let Some(hold) = hold else { continue };
            match hold.state {
                HoldState::Settled { event, .. } => {
                    let found = events.iter().filter(|stored| stored.event.event == event).count();
                    assert_eq!(found, 1, "I6: {}", context());
                }
                HoldState::Expired => {
                    assert!(
                        hold.is_past(self.clock.now()),
                        "expired before its time: {}",
                        context()
                    );
                }
                HoldState::Open | HoldState::Released => {}
            }
        }
        // I1: uses are never more than their claims here, so nothing may pass the limit.
        assert!(claimed + settled <= LIMIT * UNIT, "I1: {}", context());
    }

    /// Whatever happened, every hold ends with its time and its room comes back.
    async fn check_ends(&self, context: &dyn Fn() -> String) {
        self.clock.set(self.clock.now().plus_seconds(200_000));
        self.engine.tend().await.unwrap();
        let open = self.record.holds().open_holds().await.unwrap();
        assert!(
            open.is_empty(),
            "a hold stays open for ever: {open:?}: {}",
            context()
        );
        self.check(context).await;
    }
}

fn draft(cost: &str) -> Draft<'static> {
    Draft {
        cost: Some(cost.to_owned().into()),
        ..Draft::default()
    }
}

fn placing(name: &str, cost: &str, ttl_seconds: i64) -> HoldDraft<'static> {
    HoldDraft {
        usage: Draft {
            id: Some(name.to_owned().into()),
            category: Some(CHAT.into()),
            organization: Some("acme".into()),
            ..draft(cost)
        },
        ttl_seconds: Some(ttl_seconds),
        ..HoldDraft::default()
    }
}

/// What a step came to: its answer does not matter here, except that it is one that callers can deal with.
async fn step(world: Arc<World>, told: Told) {
    let by = Attribution::default();
    let engine = &world.engine;
    let identity = world.record.identity_key();
    let hold = |name: &str| identity.hold_id("acme", name);
    let words: Vec<&str> = told.split(' ').collect();
    let answer: Result<(), EngineError> = match words.as_slice() {
        ["place", name, cost] => engine.place(&placing(name, cost, 60), &by).await.map(drop),
        ["settle", name, cost] => engine.settle(hold(name), draft(cost), &by).await.map(drop),
        ["settle", name, cost, "as", id] => {
            let draft = Draft {
                id: Some((*id).to_owned().into()),
                ..draft(cost)
            };
            engine.settle(hold(name), draft, &by).await.map(drop)
        }
        ["record", cost] => {
            let event = placing("e", cost, 1).usage;
            engine.record(vec![event], &by).await.map(drop)
        }
        ["release", name] => engine.release(hold(name), &by).await.map(drop),
        ["extend", name] => engine.extend(hold(name), 60, &by).await.map(drop),
        ["tend"] => engine.tend().await,
        ["later", "tend"] => {
            world.turns.turn(false).await;
            world.clock.set(world.clock.now().plus_seconds(61));
            engine.tend().await
        }
        _ => panic!("{told:?} is no step"),
    };
    match answer {
        Ok(()) | Err(EngineError::NotFound { .. } | EngineError::InUse(_) | EngineError::Store(_)) => {}
        Err(other) => panic!("{told:?} is {other:?}"),
    }
}

/// What there is before, and what happens at once.
#[derive(Clone, Copy, Debug)]
struct Scene {
    before: &'static [Told],
    /// Seconds that pass before what happens at once.
    pass: i64,
    at_once: &'static [Told],
}

/// A choice at each turn: how many there were, and which was taken.
type Choices = Vec<(usize, usize)>;

/// Plays a scene by a schedule, the first choice where it says nothing; ends the process after so many turns.
fn play(scene: Scene, schedule: &[usize], turns_max: Option<usize>) -> Choices {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (world, choices) = runtime.block_on(async {
        let world = Arc::new(World::new().await);
        for told in scene.before {
            step(world.clone(), told).await;
        }
        world.clock.set(world.clock.now().plus_seconds(scene.pass));
        *world.turns.are_on.lock().unwrap() = true;
        let mut set = JoinSet::new();
        for told in scene.at_once {
            set.spawn(step(world.clone(), told));
        }
        let choices = run(&world, &mut set, schedule, turns_max).await;
        if turns_max.is_none() {
            *world.turns.are_on.lock().unwrap() = false;
            let context = || format!("{scene:?} by {choices:?}");
            set.join_all().await;
            // What the record refused to end once ends the next time.
            world.engine.tend().await.unwrap();
            world.check(&context).await;
            world.check_ends(&context).await;
        }
        (world, choices)
    });
    // Whatever was under way is gone with the runtime.
    drop(runtime);
    if turns_max.is_some() {
        let context = || format!("{scene:?} ended by {choices:?}");
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(async {
                let again = World::on(world.clock.clone(), world.record.clone()).await;
                // Somebody asks, and the balance is built anew.
                again
                    .engine
                    .check(&placing("c", "1", 1), &Attribution::default())
                    .await
                    .unwrap();
                again.check(&context).await;
                again.check_ends(&context).await;
            });
    }
    choices
}

/// Lets waiting calls go on, one after another, until nothing is under way.
async fn run(world: &World, set: &mut JoinSet<()>, schedule: &[usize], turns_max: Option<usize>) -> Choices {
    let mut choices = Choices::new();
    let mut was_refused = false;
    loop {
        settle_down(world).await;
        while let Some(done) = set.try_join_next() {
            done.unwrap();
        }
        let mut waiting = world.turns.waiting.lock().unwrap();
        if waiting.is_empty() {
            assert!(
                set.is_empty(),
                "nobody waits for a turn and something is under way: a deadlock by {choices:?}"
            );
            return choices;
        }
        if turns_max == Some(choices.len()) {
            return choices;
        }
        let mut options: Vec<(usize, Word)> = (0..waiting.len()).map(|place| (place, Word::Go)).collect();
        if !was_refused {
            let refusable = waiting.iter().enumerate().filter(|(_, one)| one.is_refusable);
            options.extend(refusable.map(|(place, _)| (place, Word::Busy)));
        }
        let choice = schedule.get(choices.len()).copied().unwrap_or(0);
        choices.push((options.len(), choice));
        let (place, word) = options[choice];
        was_refused |= word == Word::Busy;
        let next: Waiting = waiting.remove(place);
        next.tell(word);
    }
}

/// Lets everything that can go on go on. On one thread each yield gives every other task its turn.
async fn settle_down(world: &World) {
    let mut quiet = 0;
    let mut last = usize::MAX;
    while quiet < 12 {
        tokio::task::yield_now().await;
        let waiting = world.turns.waiting.lock().unwrap().len();
        quiet = if waiting == last { quiet + 1 } else { 0 };
        last = waiting;
    }
}

/// Plays a scene by every schedule, and ends the process after every beginning of one; gives how many there were.
fn play_all(scene: Scene) -> (usize, usize) {
    let (mut schedules, mut ends) = (0, 0);
    let mut schedule: Vec<usize> = Vec::new();
    // Beginnings up to here were ended before.
    let mut known = 0;
    loop {
        let choices = play(scene, &schedule, None);
        schedules += 1;
        let taken: Vec<usize> = choices.iter().map(|(_, choice)| *choice).collect();
        for turns in known..=choices.len() {
            play(scene, &taken, Some(turns));
            ends += 1;
        }
        let Some(place) = choices
            .iter()
            .rposition(|(options, choice)| choice + 1 < *options)
        else {
            return (schedules, ends);
        };
        schedule = taken[..place].to_vec();
        schedule.push(taken[place] + 1);
        known = place + 1;
        assert!(schedules < 100_000, "{scene:?} has too many schedules");
    }
}

#[track_caller]
fn check(before: &'static [Told], pass: i64, at_once: &'static [Told]) {
    let scene = Scene {
        before,
        pass,
        at_once,
    };
    let (schedules, ends) = play_all(scene);
    println!("{at_once:?} after {before:?}: {schedules} schedules, {ends} ends");
    assert!(schedules > 1, "nothing happens at once in {scene:?}");
}

#[test]
fn holds_are_placed_at_once() {
    check(&[], 0, &["place a 6", "place a 6"]);
    check(&["record 0"], 0, &["place a 6", "place b 5"]);
}

#[test]
fn a_hold_is_placed_while_others_end() {
    check(&["place b 5"], 0, &["place a 6", "release b"]);
    check(&["place b 5"], 61, &["place a 6", "tend"]);
    check(&["record 0"], 0, &["place a 6", "later tend"]);
}

#[test]
fn a_hold_is_settled_twice_at_once() {
    check(&["place a 6"], 0, &["settle a 4", "settle a 4"]);
    check(&["place a 6"], 0, &["settle a 4", "settle a 3 as x"]);
}

#[test]
fn a_hold_is_settled_while_it_is_given_back() {
    check(&["place a 6"], 0, &["settle a 4", "release a"]);
}

#[test]
fn a_hold_is_settled_while_its_time_is_over() {
    check(&["place a 6"], 60, &["settle a 4", "tend"]);
    check(&["place a 6"], 0, &["settle a 4", "later tend"]);
    check(&["place a 6"], 0, &["release a", "later tend"]);
    check(&["place a 6"], 0, &["extend a", "later tend"]);
}

#[test]
fn a_hold_is_extended_while_it_ends() {
    check(&["place a 6"], 59, &["extend a", "settle a 4"]);
    check(&["place a 6"], 59, &["extend a", "release a"]);
    check(&["place a 6"], 60, &["extend a", "tend"]);
    check(&["place a 6"], 59, &["extend a", "extend a"]);
}

#[test]
fn a_settle_conflicts_while_its_hold_is_extended() {
    check(&["place a 6", "record 3"], 59, &["settle a 2 as e", "extend a"]);
}

#[test]
fn usage_is_recorded_while_its_balance_is_started() {
    check(&[], 0, &["place a 6", "record 3"]);
}
