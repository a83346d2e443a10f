//! Random stories of limits and holds. What a step refers to is found when it is told, so that a shorter story still makes
//! sense.

use crate::fixture::{CHAT, Sent, usage};
use crate::strategy::maybe;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use std::fmt;

/// JSON that a failing test shows on one line.
#[derive(Clone, PartialEq)]
pub struct Fields(pub Value);

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What is asked for, and how.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The use.
    pub sent: Sent,
    /// Whether the caller names an id.
    pub is_named: bool,
    /// How much it matters.
    pub priority: &'static str,
    /// How long it holds.
    pub ttl_seconds: i64,
    /// How long ago the use is said to have been, if that is said.
    pub ago_seconds: Option<i64>,
}

/// What a hold's use came to.
#[derive(Clone, Debug)]
pub struct Actual {
    /// What it cost, if that is said.
    pub cost: Option<&'static str>,
    /// Its input, otherwise.
    pub input: &'static str,
    /// The event's id, where it is not the hold's.
    pub id: Option<String>,
    /// Another user than the hold's.
    pub user: Option<&'static str>,
    /// How long ago it was, if that is said.
    pub ago_seconds: Option<i64>,
}

/// One step.
#[derive(Clone, Debug)]
pub enum Step {
    /// A limit more.
    Limit(Fields),
    /// A limit's ceiling and mode changed.
    Edit(Index, &'static str, &'static str),
    /// A limit gone.
    Delete(Index),
    /// A question without a hold.
    Check(Asked),
    /// A hold.
    Place(Asked),
    /// A hold asked for again under its id: in the same words, or in others.
    Again(Index, bool),
    /// A hold's use.
    Settle(Index, Actual),
    /// The use of a hold that nobody knows.
    SettleUnknown(Actual),
    /// A hold given back.
    Release(Index),
    /// A hold extended.
    Extend(Index, i64),
    /// Usage without a hold; how long ago each is said to have been, if that is said.
    Record(Vec<(Sent, Option<i64>)>),
    /// Something recorded taken back.
    Void(Index),
    /// The next step is told twice.
    Twice,
    /// Holds past their time are ended.
    Tend,
    /// The clock goes on.
    Pass(i64),
    /// The process ends and another begins.
    Reopen,
}

/// A story.
#[derive(Clone, Debug)]
pub struct Story {
    /// The limits to begin with.
    pub limits: Vec<Fields>,
    /// The steps.
    pub steps: Vec<Step>,
}

/// What most steps of a story are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// Something of everything.
    Any,
    /// Many holds under few hard limits.
    Tight,
    /// Everything told twice.
    Repeating,
    /// Holds that end in every way.
    Ending,
    /// Usage recorded and taken back, early, late and in between.
    Recording,
    /// Limits changed under open holds.
    Editing,
}

/// A random story.
pub fn story(mix: Mix) -> impl Strategy<Value = Story> {
    let limits = prop::collection::vec(limit(mix), if mix == Mix::Tight { 2..5 } else { 0..5 });
    (limits, prop::collection::vec(step(mix), 1..40)).prop_map(|(limits, steps)| Story { limits, steps })
}

fn step(mix: Mix) -> impl Strategy<Value = Step> {
    let is = |which: Mix, more: u32| if mix == which { more } else { 1 };
    let edit = (any::<Index>(), select(CEILINGS), select(&MODES[..]));
    let record = prop::collection::vec((sent(), maybe(0.6, select(AGO))), 1..4);
    prop_oneof![
        6 * is(Mix::Tight, 3) => asked().prop_map(Step::Place),
        2 => asked().prop_map(Step::Check),
        is(Mix::Repeating, 4) => (any::<Index>(), prop::bool::weighted(0.7)).prop_map(|(which, same)| Step::Again(which, same)),
        5 * is(Mix::Ending, 2) => (any::<Index>(), actual()).prop_map(|(which, actual)| Step::Settle(which, actual)),
        1 => actual().prop_map(Step::SettleUnknown),
        2 * is(Mix::Ending, 2) => any::<Index>().prop_map(Step::Release),
        is(Mix::Ending, 2) => (any::<Index>(), select(&[1_i64, 30, 86_400][..])).prop_map(|(which, ttl)| Step::Extend(which, ttl)),
        2 * is(Mix::Recording, 4) => record.prop_map(Step::Record),
        is(Mix::Recording, 4) => any::<Index>().prop_map(Step::Void),
        is(Mix::Repeating, 12) => Just(Step::Twice),
        2 => Just(Step::Tend),
        2 => select(&[1_i64, 30, 61, 3_600, 86_400, 2_700_000][..]).prop_map(Step::Pass),
        is(Mix::Editing, 3) => limit(mix).prop_map(Step::Limit),
        is(Mix::Editing, 6) => edit.prop_map(|(which, ceiling, mode)| Step::Edit(which, ceiling, mode)),
        is(Mix::Editing, 2) => any::<Index>().prop_map(Step::Delete),
        1 => Just(Step::Reopen),
    ]
}

const CEILINGS: &[&str] = &["10", "5", "2", "0", "7.5", "100"];
const MODES: [&str; 4] = ["hard", "ladder", "soft", "shadow"];
const COSTS: &[&str] = &["1", "0", "2", "0.5", "2.5", "5", "0.000000000001"];
const AMOUNTS: &[&str] = &["1", "0", "2", "0.5", "3"];
/// Within the hour, the day, the month, longer ago, and a little ahead.
const AGO: &[i64] = &[0, 60, 4_000, 90_000, 3_000_000, -1_800];

fn limit(mix: Mix) -> impl Strategy<Value = Fields> {
    let scope = (
        select(&["user", "organization", "team", "project"][..]),
        select(&["*", "a", "b"][..]),
    );
    let mode = select(if mix == Mix::Tight {
        &MODES[..1]
    } else {
        &MODES[..]
    });
    let what = (
        select(&["cost", "requests", "input"][..]),
        select(CEILINGS),
        select(&["day", "month", "total", "hour", "minute"][..]),
    );
    let whose = (
        select(&["acme", "acme", "acme", "beta"][..]),
        select(&["*", CHAT, "lab.*", "api.request"][..]),
        maybe(0.2, Just("m1")),
    );
    let how = (
        maybe(0.3, select(&["Europe/Berlin", "Australia/Lord_Howe"][..])),
        maybe(0.3, Just(json!(["50", "100.01"]))),
    );
    (scope, mode, what, whose, how).prop_map(
        |((kind, id), mode, (measure, ceiling, window), (organization, selector, model), (zone, thresholds))| {
            let id = if kind == "organization" { "*" } else { id };
            let mut fields = json!({
                "name": "l", "organization": organization, "scope": {"kind": kind, "id": id}, "selector": selector,
                "mode": mode, "limit": ceiling,
            });
            let window_field = if measure == "cost" { "period" } else { "window" };
            fields[window_field] = json!(window);
            if measure != "cost" {
                fields["measure"] = json!(measure);
            }
            for (field, value) in [
                ("timezone", zone.map(Value::from)),
                ("thresholds", thresholds),
                ("match", model.map(|model| json!({"model": model}))),
            ] {
                if let Some(value) = value {
                    fields[field] = value;
                }
            }
            Fields(fields)
        },
    )
}

/// A use, or what one will be: of a category with a price, or without.
fn sent() -> impl Strategy<Value = Sent> {
    let what = (
        select(&[CHAT, CHAT, CHAT, "api.request"][..]),
        select(AMOUNTS),
        maybe(0.3, select(AMOUNTS)),
        maybe(0.3, select(COSTS)),
        maybe(0.1, select(AMOUNTS)),
    );
    let name = |chance| maybe(chance, select(&["a", "b"][..]));
    let who = (
        select(&["acme", "acme", "acme", "acme", "beta"][..]),
        name(0.8),
        name(0.5),
        name(0.2),
        maybe(0.4, select(&["m1", "m2"][..])),
    );
    (what, who, 0..12_u8).prop_map(
        |((category, input, output, cost, requests), (organization, user, team, project, model), id)| {
            let mut sent = usage(organization).category(category).id(format!("e{id}"));
            if category == CHAT {
                sent = sent.measure("input", input);
                sent = output.map_or(sent.clone(), |output| sent.measure("output", output));
            }
            sent = requests.map_or(sent.clone(), |requests| sent.measure("requests", requests));
            sent = model.map_or(sent.clone(), |model| sent.model(model));
            let own = |text: Option<&str>| text.map(str::to_owned);
            Sent {
                user: own(user),
                team: own(team),
                project: own(project),
                cost: own(cost),
                ..sent
            }
        },
    )
}

fn asked() -> impl Strategy<Value = Asked> {
    let how = (
        prop::bool::weighted(0.6),
        select(&["normal", "normal", "critical", "deferrable"][..]),
        select(&[60_i64, 1, 86_400][..]),
        maybe(0.1, select(&AGO[..3])),
    );
    (sent(), how).prop_map(|(sent, (is_named, priority, ttl_seconds, ago_seconds))| Asked {
        sent,
        is_named,
        priority,
        ttl_seconds,
        ago_seconds,
    })
}

fn actual() -> impl Strategy<Value = Actual> {
    let id = maybe(0.2, (0..12_u8).prop_map(|id| format!("e{id}")));
    (
        maybe(0.5, select(COSTS)),
        select(AMOUNTS),
        id,
        maybe(0.1, select(&["a", "b"][..])),
        maybe(0.2, select(AGO)),
    )
        .prop_map(|(cost, input, id, user, ago_seconds)| Actual {
            cost,
            input,
            id,
            user,
            ago_seconds,
        })
}
