//! Limits said a second time, as plainly as can be: everything recorded and every hold in a list, read from end to end for
//! every question, in fractions of big integers. Nothing is remembered that can be computed.
//!
//! From the core it takes instants, windows and names, and no rule of limits, decisions or holds.

use crate::fixture::{CHAT, Sent, at};
use crate::model::number::{Exact, exact, whole};
use num_traits::{Signed, Zero};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tollgate_core::id::{EventId, HoldId};
use tollgate_core::period::{Period, Window};
use tollgate_core::time::Timestamp;
use tollgate_core::zone::Zone;

/// What someone says was or will be used.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    pub(super) sent: Sent,
    /// When: as it was sent, or filled in.
    pub(super) at: Timestamp,
    /// Whether the time was sent.
    pub(super) is_timed: bool,
}

/// Something recorded.
#[derive(Clone, Debug)]
pub(super) struct Used {
    pub(super) said: Said,
    pub(super) event: EventId,
    /// −1 for what takes another back.
    pub(super) sign: i32,
    pub(super) corrects: Option<EventId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Settled(EventId, &'static str),
    Released,
    Expired,
}

/// A cell: the number of the limit, the instance, the first instant of the window.
pub(super) type Cell = (usize, String, Timestamp);

#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) id: HoldId,
    /// Everything that was asked.
    pub(super) asked: String,
    pub(super) said: Said,
    pub(super) claims: Vec<(Cell, Exact)>,
    pub(super) placed_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) state: State,
    pub(super) answer: Answer,
}

/// A limit: its fields as they were written, and nothing else.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) fields: Value,
    pub(super) is_deleted: bool,
}

/// What one limit says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) limit: usize,
    pub(super) settled: Exact,
    pub(super) held: Exact,
    pub(super) adds: Option<Exact>,
    pub(super) refusal: Option<&'static str>,
    pub(super) action: &'static str,
}

/// What all limits say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Answer {
    pub(super) refusal: Option<&'static str>,
    pub(super) action: &'static str,
    pub(super) delay_ms: Option<u32>,
    pub(super) lines: Vec<Line>,
}

const ACTIONS: [&str; 8] = [
    "none",
    "warn",
    "notify",
    "throttle",
    "downgrade",
    "switch",
    "queue",
    "block",
];
const REFUSALS: [&str; 4] = ["no_price", "budget_exceeded", "quota_exceeded", "rate_limited"];
const PRIORITIES: [&str; 3] = ["deferrable", "normal", "critical"];

fn rank(of: &[&str], name: &str) -> usize {
    of.iter()
        .position(|other| *other == name)
        .unwrap_or_else(|| panic!("{name} is not in {of:?}"))
}

/// Everything there is.
#[derive(Clone, Debug, Default)]
pub(super) struct Naive {
    pub(super) rules: Vec<Rule>,
    pub(super) used: Vec<Used>,
    pub(super) holds: Vec<Held>,
}

/// What is used of a measure, or what it costs where that is known.
pub(super) fn amount(said: &Said, measure: &str) -> Option<Exact> {
    let measured = |name: &str| said.sent.measures.get(name).map(|text| exact(text));
    match (measure, &said.sent.cost) {
        ("cost", Some(cost)) => Some(exact(cost)),
        ("cost", None) if said.sent.category == CHAT => {
            let of = |name: &str| measured(name).unwrap_or_else(Exact::zero);
            Some(of("input") + of("output") * whole(2))
        }
        ("cost", None) => None,
        ("requests", _) => Some(measured("requests").unwrap_or_else(|| whole(1))),
        (measure, _) => Some(measured(measure).unwrap_or_else(Exact::zero)),
    }
}

impl Rule {
    fn text(&self, field: &str, otherwise: &'static str) -> &str {
        self.fields
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or(otherwise)
    }

    pub(super) fn is_budget(&self) -> bool {
        self.fields.get("measure").is_none()
    }

    pub(super) fn measure(&self) -> &str {
        self.text("measure", "cost")
    }

    pub(super) fn mode(&self) -> &str {
        self.text("mode", "hard")
    }

    pub(super) fn ceiling(&self) -> Exact {
        exact(self.fields["limit"].as_str().unwrap())
    }

    pub(super) fn window(&self, at: Timestamp) -> Window {
        let name = self.fields.get("window").or(self.fields.get("period")).unwrap();
        let period: Period = serde_json::from_value(name.clone()).unwrap();
        period.window(&Zone::parse(self.text("timezone", "UTC")).unwrap(), at)
    }

    /// Under which instance a use is counted.
    pub(super) fn instance(&self, sent: &Sent) -> Option<String> {
        let scope = &self.fields["scope"];
        let name = match scope["kind"].as_str().unwrap() {
            "organization" => Some(sent.organization.clone()),
            "team" => sent.team.clone(),
            "project" => sent.project.clone(),
            _ => sent.user.clone(),
        }?;
        let wanted = scope["id"].as_str().unwrap();
        let selector = self.text("selector", "*");
        let is_selected = selector == "*"
            || selector == sent.category
            || selector
                .strip_suffix('*')
                .is_some_and(|family| sent.category.starts_with(family));
        let matches = self.fields.get("match").and_then(Value::as_object);
        let fits = matches.is_none_or(|pairs| {
            let mut pairs = pairs.iter();
            pairs.all(|(key, value)| sent.dimensions.get(key).map(String::as_str) == value.as_str())
        });
        let is_meant =
            (wanted == "*" || wanted == name) && sent.organization == self.text("organization", "");
        (is_meant && is_selected && fits).then_some(name)
    }

    fn percents(&self, field: &str, otherwise: &[u32]) -> Vec<Exact> {
        match self.fields.get(field).and_then(Value::as_array) {
            Some(texts) => texts.iter().map(|text| exact(text.as_str().unwrap())).collect(),
            None => otherwise.iter().map(|percent| whole(*percent)).collect(),
        }
    }

    pub(super) fn thresholds(&self) -> Vec<Exact> {
        self.percents("thresholds", &[75, 90, 100])
    }

    /// Whether an amount has come to a percentage of the ceiling.
    pub(super) fn reaches(&self, committed: &Exact, percent: &Exact) -> bool {
        match self.ceiling().is_zero() {
            true => committed.is_positive(),
            false => committed * whole(100) >= self.ceiling() * percent,
        }
    }

    /// The standard ladder: where, what, and up to which priority.
    fn ladder(&self) -> Vec<(Exact, &'static str, &'static str)> {
        let rungs = [
            (70, "warn", "critical"),
            (80, "notify", "critical"),
            (90, "throttle", "critical"),
            (95, "downgrade", "critical"),
            (98, "switch", "critical"),
            (100, "queue", "deferrable"),
            (105, "block", "normal"),
            (110, "block", "critical"),
        ];
        rungs
            .into_iter()
            .map(|(at, action, up_to)| (whole(at), action, up_to))
            .collect()
    }

    /// What it refuses above, for a priority.
    fn refused_above(&self, priority: &str) -> Option<Exact> {
        let concerns = |up_to: &str| rank(&PRIORITIES, priority) <= rank(&PRIORITIES, up_to);
        match self.mode() {
            "hard" | "shadow" => Some(self.ceiling()),
            "ladder" => {
                let blocks = self
                    .ladder()
                    .into_iter()
                    .filter(|(_, action, up_to)| *action == "block" && concerns(up_to));
                blocks.map(|(at, ..)| self.ceiling() * at / whole(100)).min()
            }
            _ => None,
        }
    }

    /// What it advises, and how long to wait.
    fn advice(&self, committed: &Exact, priority: &str) -> (&'static str, Option<u32>) {
        let warns = self
            .thresholds()
            .iter()
            .any(|percent| self.reaches(committed, percent));
        let mut advice = (if warns { "warn" } else { "none" }, None);
        if self.mode() != "ladder" {
            return advice;
        }
        for (at, action, up_to) in self.ladder() {
            let concerns = rank(&PRIORITIES, priority) <= rank(&PRIORITIES, up_to);
            if action == "block" || !concerns || !self.reaches(committed, &at) {
                continue;
            }
            if action == "throttle" {
                let over = committed * whole(100) - self.ceiling() * &at;
                let points = match self.ceiling().is_zero() {
                    true => whole(0),
                    false => (over / self.ceiling()).floor(),
                };
                let delay = ((points + whole(1)) * whole(1000)).min(whole(30_000));
                advice.1 = Some(u32::try_from(delay.to_integer()).unwrap());
            }
            if rank(&ACTIONS, action) > rank(&ACTIONS, advice.0) {
                advice.0 = action;
            }
        }
        advice
    }
}

impl Naive {
    /// The limits that concern a use, and the cell of an instant.
    pub(super) fn cells(&self, sent: &Sent, at: Timestamp) -> Vec<Cell> {
        let numbered = self.rules.iter().enumerate().filter(|(_, rule)| !rule.is_deleted);
        let found = numbered.filter_map(|(n, rule)| Some((n, rule.instance(sent)?, rule.window(at).start)));
        found.collect()
    }

    /// S: what is settled in a cell.
    pub(super) fn settled(&self, (limit, instance, start): &Cell) -> Exact {
        let rule = &self.rules[*limit];
        let counts = |used: &&Used| {
            rule.instance(&used.said.sent).as_ref() == Some(instance)
                && rule.window(used.said.at).start == *start
        };
        let amounts =
            self.used.iter().filter(counts).map(|used| {
                amount(&used.said, rule.measure()).unwrap_or_else(Exact::zero) * whole(used.sign)
            });
        amounts.sum()
    }

    /// H: what open holds claim of a cell.
    pub(super) fn held(&self, cell: &Cell) -> Exact {
        let open = self.holds.iter().filter(|hold| hold.state == State::Open);
        open.flat_map(|hold| &hold.claims)
            .filter(|(own, _)| own == cell)
            .map(|(_, amount)| amount.clone())
            .sum()
    }

    /// What limits say to a use.
    pub(super) fn decide(&self, said: &Said, priority: &str, now: Timestamp) -> Answer {
        let mut answer = Answer {
            action: "none",
            ..Answer::default()
        };
        for cell in self.cells(&said.sent, now) {
            let rule = &self.rules[cell.0];
            let (settled, held) = (self.settled(&cell), self.held(&cell));
            let committed = &settled + &held;
            let adds = amount(said, rule.measure());
            let passes = |adds: &Exact| {
                let above = rule.refused_above(priority);
                !adds.is_zero() && above.is_some_and(|above| &committed + adds > above)
            };
            let refusal = match &adds {
                None if rule.mode() == "hard" => Some("no_price"),
                Some(adds) if passes(adds) => Some(match (rule.measure(), rule.text("window", "")) {
                    ("cost", _) => "budget_exceeded",
                    ("requests", "minute") => "rate_limited",
                    _ => "quota_exceeded",
                }),
                _ => None,
            };
            let (advice, delay_ms) = rule.advice(&committed, priority);
            let is_shadow = rule.mode() == "shadow";
            let action = if refusal.is_some() && !is_shadow {
                "block"
            } else {
                advice
            };
            if !is_shadow {
                answer.action = [answer.action, action]
                    .into_iter()
                    .max_by_key(|name| rank(&ACTIONS, name))
                    .unwrap();
                answer.delay_ms = answer.delay_ms.max(delay_ms);
                let refusals = [answer.refusal, refusal].into_iter().flatten();
                answer.refusal = refusals.min_by_key(|name| rank(&REFUSALS, name));
            }
            answer.lines.push(Line {
                limit: cell.0,
                settled,
                held,
                adds,
                refusal,
                action,
            });
        }
        answer
    }

    /// Ends the holds whose time is over.
    pub(super) fn expire(&mut self, now: Timestamp) {
        for hold in &mut self.holds {
            if hold.state == State::Open && now >= hold.expires_at {
                hold.state = State::Expired;
            }
        }
    }

    /// What becomes of something sent: recorded, duplicate or conflict.
    pub(super) fn admit(&mut self, said: &Said, event: EventId) -> &'static str {
        match self.used.iter().find(|used| used.event == event) {
            Some(used) if is_same(&used.said, said) => "duplicate",
            Some(_) => "conflict",
            None => {
                self.used.push(Used {
                    said: said.clone(),
                    event,
                    sign: 1,
                    corrects: None,
                });
                "recorded"
            }
        }
    }

    /// Every cell that was ever used or held.
    pub(super) fn every_cell(&self) -> BTreeSet<Cell> {
        let used = self
            .used
            .iter()
            .flat_map(|used| self.cells(&used.said.sent, used.said.at));
        let held = self
            .holds
            .iter()
            .flat_map(|hold| hold.claims.iter().map(|(cell, _)| cell.clone()));
        used.chain(held).collect()
    }
}

impl Said {
    /// Whether two statements under one id say the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        is_same(self, other)
    }
}

/// Numbers by value, the time only where it was sent.
fn is_same(one: &Said, other: &Said) -> bool {
    let numbers = |said: &Said| -> BTreeMap<String, Exact> {
        said.sent
            .measures
            .iter()
            .map(|(name, text)| (name.clone(), exact(text)))
            .collect()
    };
    let words = |said: &Said| {
        let Sent {
            category,
            team,
            project,
            user,
            dimensions,
            ..
        } = said.sent.clone();
        (
            category,
            team,
            project,
            user,
            dimensions,
            said.sent.cost.as_deref().map(exact),
        )
    };
    let time = |said: &Said| said.is_timed.then_some(said.at);
    numbers(one) == numbers(other) && words(one) == words(other) && time(one) == time(other)
}

/// So many seconds before an instant.
pub(super) fn ago(now: Timestamp, seconds: i64) -> Timestamp {
    at(&now.to_string()).plus_seconds(-seconds)
}
