//! A store whose process is killed at any moment keeps what it acknowledged, once, at the price it said.
//!
//! The test starts itself again as the process that is killed: that one writes a line for each step that the store has
//! acknowledged. Afterwards the record is told to the reference model in the order of arrival, charge by charge.

use crate::{OnDisk, no_checkpoints, small_bounds};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use tokio::task::JoinSet;
use tollgate_engine::clock::SimulatedClock;
use tollgate_engine::settings::Settings;
use tollgate_engine::store::{Store, StoredEvent};
use tollgate_store::{Embedded, Options};
use tollgate_testkit::conformance::in_runtime;
use tollgate_testkit::fixture::{CHAT, DISK, NOON, PriceDraft, Sent, at, price, price_id, usage};
use tollgate_testkit::model::charge::Cost;
use tollgate_testkit::model::{End, Model};
use tollgate_testkit::site::{Opener, Site};

const WRITERS: usize = 4;
/// Asks for another number of kills than [`KILLS`].
const ROUNDS: &str = "TOLLGATE_KILL_ROUNDS";
const KILLS: u64 = 20;
/// Says to a process that it is the one to be killed, where it writes and where each writer goes on.
const FOLDER: &str = "TOLLGATE_KILL_FOLDER";
const FROM: &str = "TOLLGATE_KILL_FROM";

#[test]
fn a_killed_store_keeps_what_it_acknowledged() {
    kill(
        "kill::a_killed_store_keeps_what_it_acknowledged",
        no_checkpoints(),
    );
}

#[test]
fn a_store_killed_among_checkpoints_keeps_what_it_acknowledged() {
    kill(
        "kill::a_store_killed_among_checkpoints_keeps_what_it_acknowledged",
        small_bounds(),
    );
}

fn kill(test: &str, options: Options) {
    if let Some(folder) = told(FOLDER) {
        let from = told(FROM)
            .unwrap()
            .split(',')
            .map(|n| n.parse().unwrap())
            .collect();
        return in_runtime(write_until_killed(Path::new(&folder), options, from));
    }
    let home = OnDisk::new(options);
    in_runtime(async {
        let mut site = Site::open(&home).await;
        for (n, draft) in (1..).zip(prices()) {
            site = site.price(n, &draft).await;
        }
        site.store.close().await.unwrap();
    });
    // The first step of each writer that was not acknowledged.
    let mut next = [0_u64; WRITERS];
    for round in 0..rounds() {
        let from: Vec<String> = next.iter().map(ToString::to_string).collect();
        let environment = [
            (FOLDER, home.path().display().to_string()),
            (FROM, from.join(",")),
        ];
        let (mut child, lines) = start(test, &environment);
        let acknowledged = lines.filter_map(|line| {
            let (writer, step) = line.strip_prefix("acknowledged ")?.split_once(' ')?;
            Some((writer.parse::<usize>().unwrap(), step.parse::<u64>().unwrap()))
        });
        // The moments differ from round to round, and what the other writers are at differs by itself.
        let most = usize::try_from(1 + round * 7 % 40).unwrap();
        let mut count = 0;
        for (writer, step) in acknowledged {
            assert_eq!(step, next[writer]);
            next[writer] += 1;
            count += 1;
            if count == most {
                // What is still in the pipe was acknowledged too.
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(count >= most, "the process ended by itself");
    }
    in_runtime(settle(&home, &next));
}

/// How often a process is killed.
pub(crate) fn rounds() -> u64 {
    told(ROUNDS).map_or(KILLS, |rounds| rounds.parse().unwrap())
}

/// Starts this test as another process, with what it is told; gives the lines that it says.
pub(crate) fn start(
    test: &str,
    environment: &[(&str, String)],
) -> (Child, impl Iterator<Item = String> + use<>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::<ChildStdout>::new(child.stdout.take().unwrap()).lines();
    (child, lines.map_while(Result::ok))
}

#[allow(
    clippy::disallowed_methods,
    reason = "how this test speaks to itself as another process"
)]
pub(crate) fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn prices() -> [PriceDraft; 2] {
    let tiers = [(Some("50"), "1"), (Some("1000"), "0.5"), (None, "0.333333333333")];
    [
        price(CHAT)
            .graduated("input", &tiers, "total")
            .per_million("output", "10"),
        price(DISK).per_unit("bytes", "0.001"),
    ]
}

fn organization(writer: usize) -> String {
    format!("o{writer}")
}

/// What a writer does at a step: it records a batch, part of it sent at the step before, or takes something back.
enum Step {
    Record(Vec<Sent>),
    Void(Box<Sent>),
}

fn step(writer: usize, n: u64) -> Step {
    if n % 5 == 4 {
        return Step::Void(Box::new(uses(writer, n - 3).remove(0)));
    }
    let again = n
        .checked_sub(1)
        .filter(|before| before % 5 != 4)
        .map(|before| uses(writer, before));
    Step::Record(
        uses(writer, n)
            .into_iter()
            .chain(again.into_iter().flatten().take(2))
            .collect(),
    )
}

/// The new uses of a step; readings of the gauge come late as often as not.
fn uses(writer: usize, n: u64) -> Vec<Sent> {
    let organization = organization(writer);
    let level = usage(&organization).category(DISK).id(format!("{n}-level"));
    let seconds = i64::try_from(n * 7919 % 100_000).unwrap();
    let level = level
        .at(&at(NOON).plus_seconds(seconds).to_string())
        .measure("bytes", n % 13);
    let chat = |i: u64| {
        usage(&organization)
            .category(CHAT)
            .id(format!("{n}-{i}"))
            .measure("input", 1 + n % 4)
            .measure("output", i)
    };
    (0..=n % 6).map(chat).chain([level]).collect()
}

/// Opens the store and records until the process ends, saying each step that was acknowledged.
async fn write_until_killed(folder: &Path, options: Options, from: Vec<u64>) {
    let clock = Arc::new(SimulatedClock::at(at(NOON)));
    let store: Arc<dyn Store> = Embedded::open(folder, clock.clone(), options).unwrap();
    let settings = Arc::new(Settings::load(&store.settings().await.unwrap()).unwrap());
    let mut writers = JoinSet::new();
    for (writer, from) in from.into_iter().enumerate() {
        let site = Site {
            store: store.clone(),
            clock: clock.clone(),
            settings: settings.clone(),
        };
        writers.spawn(async move {
            for n in from.. {
                match step(writer, n) {
                    Step::Record(batch) => drop(site.record(&batch).await),
                    Step::Void(sent) => drop(site.void(&sent).await),
                }
                let mut out = std::io::stdout().lock();
                writeln!(out, "acknowledged {writer} {n}").unwrap();
            }
        });
    }
    writers.join_all().await;
}

/// Finds everything that was acknowledged in the record, and each organization's record as the model has it.
async fn settle(home: &OnDisk, next: &[u64]) {
    let clock = Arc::new(SimulatedClock::at(at(NOON)));
    let store = home.open(clock.clone()).await;
    let settings = Arc::new(Settings::load(&store.settings().await.unwrap()).unwrap());
    let site = Site {
        store,
        clock,
        settings,
    };
    let stored = site.recorded().await;
    let arrivals: Vec<u64> = stored.iter().map(|stored| stored.arrival).collect();
    assert_eq!(arrivals, (0..).take(stored.len()).collect::<Vec<_>>());
    for (writer, next) in next.iter().enumerate() {
        let organization = organization(writer);
        let mine: Vec<&StoredEvent> = stored
            .iter()
            .filter(|stored| stored.event.scope.organization.as_str() == organization)
            .collect();
        is_complete(writer, *next, &mine, &site);
        let question = serde_json::json!({
            "measures": ["cost", "requests", "input", "output"], "group_by": ["category"], "bucket": "day",
            "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z",
            "filters": [{"field": "organization", "op": "eq", "value": organization}],
        });
        let want = told_again(writer, &mine, &site).answer(&question, at("2027-01-01T00:00:00Z"));
        assert_eq!(site.ask(&question).await, want);
    }
    site.verify().await;
}

/// Everything that was acknowledged is there.
fn is_complete(writer: usize, next: u64, mine: &[&StoredEvent], site: &Site) {
    let there: BTreeSet<_> = mine.iter().map(|stored| stored.event.event).collect();
    let voided: BTreeSet<_> = mine.iter().filter_map(|stored| stored.event.corrects).collect();
    for n in 0..next {
        match step(writer, n) {
            Step::Record(batch) => {
                let lost = batch.iter().find(|sent| !there.contains(&site.event_id(sent)));
                assert_eq!(lost, None, "acknowledged at step {n} and lost");
            }
            Step::Void(sent) => assert!(
                voided.contains(&site.event_id(&sent)),
                "the void at step {n} is lost"
            ),
        }
    }
}

/// Tells the model what is recorded, in the order of arrival; panics when a charge is another one.
fn told_again(writer: usize, mine: &[&StoredEvent], site: &Site) -> Model {
    let mut model = Model::new(site.settings.catalog.clone(), site.store.identity_key());
    for (n, draft) in (1..).zip(prices()) {
        model.price(price_id(n), &draft);
    }
    for stored in mine {
        let end = match stored.event.corrects {
            Some(original) => model.void(original).unwrap(),
            None => model.record(&sent(writer, stored)),
        };
        assert_eq!(End::Recorded(Cost::from(&stored.charge)), end, "{stored:#?}");
    }
    model
}

/// The use that was sent as this event; panics when none was.
fn sent(writer: usize, stored: &StoredEvent) -> Sent {
    let (n, _) = stored.event.id.as_str().split_once('-').unwrap();
    let mut uses = uses(writer, n.parse().unwrap()).into_iter();
    uses.find(|sent| sent.id == stored.event.id.as_str()).unwrap()
}
