//! The sample really has what it promises.

mod filling;

use super::acme::ACME;
use super::character::{Character, Choice};
use super::globex::OWN_MODEL;
use super::history::{CHARACTERS, HOURS, History};
use super::story::{REPRICED_MODEL, Story};
use expect_test::expect;
use jiff::civil::{Date, DateTime};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use tollgate_core::charge::Charge;
use tollgate_core::event::{Acceptance, Draft, Intake};
use tollgate_core::id::IdentityKey;
use tollgate_core::time::Timestamp;
use tollgate_core::zone::Zone;
use tollgate_engine::clock::SimulatedClock;
use tollgate_engine::store::MemoryStore;
use tollgate_engine::{Access, Engine, Options, Status};

/// A Sunday, so that the history ends at a weekend and in the middle of a month.
const NOW: &str = "2026-11-22T09:41:07.5Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn history() -> History {
    History::until(now()).unwrap()
}

fn drafts(history: &History) -> impl Iterator<Item = Draft<'static>> {
    (0..HOURS).flat_map(|hour| history.hour(hour).unwrap())
}

async fn engine() -> (Engine, Arc<SimulatedClock>) {
    let clock = Arc::new(SimulatedClock::at(now()));
    let store = MemoryStore::new(IdentityKey::from_bytes([7; 16]), clock.clone());
    (
        Engine::open(Arc::new(store), clock.clone(), Options::default())
            .await
            .unwrap(),
        clock,
    )
}

async fn charges(engine: &Engine, drafts: Vec<Draft<'static>>) -> Vec<Charge> {
    let receipts = engine.record(drafts, &Access::default()).await.unwrap();
    let charges = receipts.into_iter().filter_map(|receipt| match receipt.status {
        Status::Recorded { charge, .. } => Some(charge),
        _ => None,
    });
    charges.collect()
}

fn text<'d>(field: &'d Option<std::borrow::Cow<'static, str>>) -> &'d str {
    field.as_deref().unwrap_or_default()
}

fn dimension<'d>(draft: &'d Draft<'static>, name: &str) -> &'d str {
    draft
        .dimensions
        .iter()
        .find(|(key, _)| key == name)
        .map_or("", |(_, value)| value)
}

#[test]
fn the_same_end_gives_the_same_events() {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for draft in drafts(&history()) {
        hash = fields(&draft).fold(hash, fnv);
        *counts
            .entry(format!("{} {}", text(&draft.organization), text(&draft.category)))
            .or_default() += 1;
    }
    let total: u64 = counts.values().sum();
    let lines: String = counts
        .iter()
        .map(|(name, count)| format!("{name} {count}\n"))
        .collect();
    expect![[r#"
        107444 3863fd822bb64ec3
        acme ai.completion 17098
        acme api.github 1281
        acme api.request 2578
        acme collab.active_users 3237
        acme compute.agent 2579
        acme compute.build 1958
        acme mcp.execution 1958
        acme search.code 1964
        acme storage.knowledge 360
        acme storage.project 720
        globex ai.completion 11386
        globex ai.vision 2809
        globex api.request 4250
        globex bandwidth.transfer 2830
        globex collab.active_users 2881
        globex compute.agent 2822
        globex compute.cpu 4255
        globex functions.invocation 2775
        globex mcp.execution 2801
        globex storage.project 720
        northwind ai.completion 6431
        northwind ai.embedding 5104
        northwind ai.vision 1304
        northwind api.request 6900
        northwind bandwidth.transfer 1291
        northwind collab.active_users 3219
        northwind database.query 3896
        northwind functions.invocation 2409
        northwind search.semantic 4548
        northwind storage.knowledge 720
        northwind storage.project 360
    "#]]
    .assert_eq(&format!("{total} {hash:016x}\n{lines}"));
}

/// Every text of a draft.
fn fields<'d>(draft: &'d Draft<'static>) -> impl Iterator<Item = &'d str> {
    let Draft {
        id,
        source,
        category,
        organization,
        team,
        project,
        user,
        timestamp,
        quantity,
        metadata,
        cost,
        ..
    } = draft;
    let single = [
        id,
        source,
        category,
        organization,
        team,
        project,
        user,
        timestamp,
        quantity,
        metadata,
        cost,
    ];
    let paired = draft.measures.iter().chain(&draft.dimensions);
    single
        .into_iter()
        .map(text)
        .chain(paired.flat_map(|(key, value)| [key.as_ref(), value.as_ref()]))
}

/// FNV-1a: the snapshot must not change with a library.
fn fnv(hash: u64, text: &str) -> u64 {
    text.bytes().fold(hash, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn a_history_ends_with_the_hour_that_now_is_in() {
    let history = history();
    assert_eq!(history.start(HOURS).to_string(), "2026-11-22T09:00:00Z");
    assert_eq!(history.start(0).to_string(), "2026-08-24T09:00:00Z");
    let times: Vec<Timestamp> = drafts(&history)
        .map(|draft| text(&draft.timestamp).parse().unwrap())
        .collect();
    assert!(
        times
            .iter()
            .all(|at| (history.start(0)..history.start(HOURS)).contains(at))
    );
}

#[tokio::test]
async fn every_event_is_accepted_and_only_resends_repeat_an_id() {
    let (engine, _) = engine().await;
    let settings = engine.settings();
    let intake = Intake {
        catalog: &settings.catalog,
        identity: &IdentityKey::from_bytes([7; 16]),
        attribution: &Access::default(),
        acceptance: Acceptance::default(),
        now: now(),
    };
    let mut seen = HashMap::new();
    let mut resends = 0;
    for draft in drafts(&history()) {
        let event = draft.validate(&intake, "").unwrap();
        if let Some(payload) = seen.insert(event.event, event.payload) {
            assert_eq!(
                payload, event.payload,
                "{} is no resend but another event",
                event.id
            );
            resends += 1;
        }
    }
    assert!((100..1_000).contains(&resends), "{resends} resends");
    assert!((60_000..120_000).contains(&seen.len()), "{} events", seen.len());
}

#[tokio::test]
async fn everything_has_a_price_but_the_model_that_has_none_on_purpose() {
    let (engine, _) = engine().await;
    super::prepare(&engine, &history()).await.unwrap();
    let mut unpriced = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    // One event of each kind from the first day and one from the last: prices change over the history.
    let history = history();
    for (when, hours) in [("first", 0..24), ("last", HOURS - 24..HOURS)] {
        for draft in hours.flat_map(|hour| history.hour(hour).unwrap()) {
            let model = dimension(&draft, "model").to_owned();
            if kinds.insert((
                when,
                text(&draft.organization).to_owned(),
                text(&draft.category).to_owned(),
                model.clone(),
            )) {
                let charge = charges(&engine, vec![draft]).await.pop().unwrap();
                if charge.cost.is_none() {
                    unpriced.insert(model);
                }
            }
        }
    }
    assert_eq!(unpriced, BTreeSet::from([OWN_MODEL.to_owned()]));
    let models: BTreeSet<&str> = CHARACTERS
        .iter()
        .flat_map(|character| choices(character))
        .flat_map(model)
        .collect();
    let seen: BTreeSet<&str> = kinds
        .iter()
        .map(|(_, _, _, model)| model.as_str())
        .filter(|model| !model.is_empty())
        .collect();
    assert_eq!(seen, models, "both days have every model");
}

fn choices(character: &Character) -> impl Iterator<Item = &'static Choice> {
    character
        .teams
        .iter()
        .flat_map(|team| team.streams)
        .flat_map(|stream| stream.choices)
}

fn model(choice: &'static Choice) -> Option<&'static str> {
    choice
        .dimensions
        .iter()
        .find(|(key, _)| *key == "model")
        .map(|(_, value)| *value)
}

#[test]
fn weekends_are_quieter_and_the_last_month_is_busier() {
    let mut days: BTreeMap<(String, Date), usize> = BTreeMap::new();
    for draft in drafts(&history()) {
        let character = CHARACTERS
            .iter()
            .find(|character| character.id == text(&draft.organization))
            .unwrap();
        let date = local(character, text(&draft.timestamp).parse().unwrap()).date();
        *days.entry((character.id.to_owned(), date)).or_default() += 1;
    }
    for character in CHARACTERS {
        let counts = |rests: bool| -> Vec<usize> {
            let own = days
                .iter()
                .filter(|((id, date), _)| id == character.id && is_weekend(*date) == rests);
            own.map(|(_, count)| *count).collect()
        };
        let mean = |days: &[usize]| days.iter().sum::<usize>() / days.len();
        let (working, resting) = (counts(false), counts(true));
        assert!(
            mean(&resting) * 5 < mean(&working) * 4,
            "{}: {resting:?} {working:?}",
            character.id
        );
        // Four weeks each, without the days that the ends of the history cut.
        let (begin, end) = (
            mean(&working[1..21]),
            mean(&working[working.len() - 21..working.len() - 1]),
        );
        assert!(begin * 11 < end * 10, "{}: {begin} {end}", character.id);
    }
}

fn local(character: &Character, at: Timestamp) -> DateTime {
    Zone::parse(character.zone)
        .unwrap()
        .rules()
        .to_datetime(at.to_jiff().unwrap())
}

fn is_weekend(date: Date) -> bool {
    date.weekday().to_monday_zero_offset() >= 5
}

#[tokio::test]
async fn the_agent_that_runs_away_costs_eight_times_an_ordinary_afternoon() {
    let (engine, _) = engine().await;
    let history = history();
    let Story { runaway, .. } = &history.story;
    assert_eq!(
        format!("{}/{}", runaway.start, runaway.end),
        "2026-11-10T21:00:00Z/2026-11-11T02:00:00Z"
    );
    let day = 24 * 3600;
    let (mut days, mut afternoons) = (BTreeMap::new(), BTreeMap::new());
    for hour in (0..HOURS).filter(|hour| history.start(*hour) >= runaway.start.plus_seconds(-15 * day)) {
        let mut drafts = history.hour(hour).unwrap();
        drafts.retain(|draft| text(&draft.organization) == ACME.id);
        let cost: i128 = charges(&engine, drafts)
            .await
            .iter()
            .filter_map(|charge| charge.cost)
            .map(|cost| cost.pico())
            .sum();
        let local = local(&ACME, history.start(hour));
        if !is_weekend(local.date()) {
            *days.entry(local.date()).or_insert(0) += cost;
            if (13..18).contains(&local.hour()) {
                *afternoons.entry(local.date()).or_insert(0) += cost;
            }
        }
    }
    let times = |costs: &BTreeMap<_, i128>| {
        let mut sorted: Vec<i128> = costs.values().copied().collect();
        sorted.sort_unstable();
        let ordinary = sorted[sorted.len() / 2];
        let date = jiff::civil::date(2026, 11, 10);
        assert_eq!(costs[&date], *sorted.last().unwrap(), "it is the dearest of all");
        costs[&date] * 10 / ordinary
    };
    let (afternoon, day) = (times(&afternoons), times(&days));
    assert!(
        (70..90).contains(&afternoon),
        "{afternoon} tenths of an ordinary afternoon"
    );
    assert!(day > 15, "{day} tenths of an ordinary day");
}

#[tokio::test]
async fn acme_pays_its_own_price_from_the_first_of_a_month() {
    let (engine, _) = engine().await;
    let history = history();
    assert_eq!(history.story.price_from.to_string(), "2026-10-01T07:00:00Z");
    super::prepare(&engine, &history).await.unwrap();
    let mut amounts: BTreeMap<(bool, &str, String), BTreeSet<i128>> = BTreeMap::new();
    for hour in (0..HOURS).filter(|hour| hour.is_multiple_of(5)) {
        let mut drafts = history.hour(hour).unwrap();
        drafts.retain(|draft| dimension(draft, "model") == REPRICED_MODEL);
        for charge in charges(&engine, drafts).await {
            for line in &charge.lines {
                let key = (
                    history.start(hour) >= history.story.price_from,
                    "pico per token",
                    line.measure.to_string(),
                );
                amounts
                    .entry(key)
                    .or_default()
                    .insert(line.amount.pico() * 1_000_000_000 / line.quantity.nano());
            }
        }
    }
    let lines: String = amounts
        .iter()
        .map(|((after, unit, measure), amounts)| format!("{after} {measure} {amounts:?} {unit}\n"))
        .collect();
    expect![[r#"
        false cache_read_tokens {100000} pico per token
        false cache_write_5m_tokens {2500000} pico per token
        false input_tokens {2000000} pico per token
        false output_tokens {10000000} pico per token
        true cache_read_tokens {80000} pico per token
        true cache_write_5m_tokens {2000000} pico per token
        true input_tokens {1600000} pico per token
        true output_tokens {8000000} pico per token
    "#]]
    .assert_eq(&lines);
}
