//! Crowds: how many limits can meet in one request.
//!
//! A request has one organization, one team, one project, one user, one category and one value for each dimension. Two
//! limits that ask for different ones never meet, so forty quotas for forty models are one cell and not forty. Limits
//! that can meet two by two can all meet (selectors hold each other or are apart), so the question is the largest set
//! without such a difference. It is answered by taking the differences apart one after another, which ends as soon as
//! few enough are left.

use super::{Limit, Selector};
use crate::scope::ScopeKind;
use crate::text::{Key, Label};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Most cells that one request may meet: each is looked up, compared and answered for every request.
pub const CELLS_MAX: usize = 32;
/// Steps after which a set of limits counts as too tangled. Real ones take a handful.
const STEPS_MAX: u32 = 20_000;

/// Why a limit is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crowd {
    /// More than [`CELLS_MAX`] could meet.
    TooMany,
    /// Nobody can say within reasonable time.
    Tangled,
}

impl fmt::Display for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(
                f,
                "one request could meet more than {CELLS_MAX} limits with this one; narrow its selector or match, or \
                 delete others"
            ),
            Self::Tangled => f.write_str(
                "too many limits overlap in too many ways to tell how many one request could meet; delete some",
            ),
        }
    }
}

/// Whether a limit could meet too many of the others in one request.
pub(super) fn crowd_of<'l>(limit: &'l Limit, others: impl Iterator<Item = &'l Limit>) -> Result<(), Crowd> {
    let mut met: Vec<&Limit> = others.filter(|other| can_meet(limit, other)).collect();
    met.push(limit);
    let mut steps = 0;
    take_apart(&met, &mut steps)
}

fn can_meet(a: &Limit, b: &Limit) -> bool {
    let same_subject = a.subject.kind != b.subject.kind
        || match (&a.subject.instance, &b.subject.instance) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
    let same_dimensions = a
        .matches
        .iter()
        .all(|(key, value)| b.matches.value(key.as_str()).is_none_or(|other| other == value));
    a.organization == b.organization && same_subject && same_dimensions && a.selector.meets(&b.selector)
}

/// Something of which a request has but one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Instance(ScopeKind),
    Value(Key),
}

fn take_apart(limits: &[&Limit], steps: &mut u32) -> Result<(), Crowd> {
    *steps = steps.saturating_add(1);
    if limits.len() <= CELLS_MAX || at_most(limits) <= CELLS_MAX {
        return Ok(());
    }
    if *steps > STEPS_MAX {
        return Err(Crowd::Tangled);
    }
    if let Some(question) = asked_differently(limits) {
        let mut wanting: BTreeMap<&Label, Vec<&Limit>> = BTreeMap::new();
        let mut content: Vec<&Limit> = Vec::new();
        for limit in limits {
            match answer(limit, &question) {
                Some(wanted) => wanting.entry(wanted).or_default().push(limit),
                None => content.push(limit),
            }
        }
        // Of a hundred thousand limits for single users nearly all end here, without being looked at again.
        wanting.retain(|_, wanting| wanting.len().saturating_add(content.len()) > CELLS_MAX);
        for mut left in wanting.into_values() {
            left.extend(&content);
            take_apart(&left, steps)?;
        }
        return Ok(());
    }
    // Only selectors tell them apart now.
    match in_one_category(limits.iter().copied()) {
        met if met > CELLS_MAX => Err(Crowd::TooMany),
        _ => Ok(()),
    }
}

/// A number that can not be exceeded, found by looking at each limit once: it counts under the first question that it
/// answers, and under each question no more than one answer's limits meet. Where every limit asks for one team, one
/// model or one category, it is the number itself; taking teams and models apart would look at each pair of them.
fn at_most(limits: &[&Limit]) -> usize {
    let mut under: BTreeMap<Question, BTreeMap<&Label, usize>> = BTreeMap::new();
    let mut content = Vec::new();
    for limit in limits {
        let instance = limit.subject.instance.as_ref();
        let first = instance
            .map(|wanted| (Question::Instance(limit.subject.kind), wanted))
            .or_else(|| {
                let (key, wanted) = limit.matches.iter().next()?;
                Some((Question::Value(key.clone()), wanted))
            });
        match first {
            Some((question, wanted)) => {
                let count = under.entry(question).or_default().entry(wanted).or_default();
                *count = count.saturating_add(1);
            }
            None => content.push(*limit),
        }
    }
    let most = under.values().filter_map(|answers| answers.values().max());
    most.fold(in_one_category(content.into_iter()), |sum, most| {
        sum.saturating_add(*most)
    })
}

/// How many of these selectors meet in one category: those that hold the narrowest of them.
fn in_one_category<'l>(limits: impl Iterator<Item = &'l Limit>) -> usize {
    let mut counts: BTreeMap<&str, (&Selector, usize)> = BTreeMap::new();
    for limit in limits {
        let (_, count) = counts
            .entry(limit.selector.as_str())
            .or_insert((&limit.selector, 0));
        *count = count.saturating_add(1);
    }
    let holding = |inner: &Selector| {
        let outer = counts.values().filter(|(outer, _)| holds(outer, inner));
        outer.fold(0, |sum: usize, (_, count)| sum.saturating_add(*count))
    };
    let held = counts.values().map(|(inner, _)| holding(inner));
    held.max().unwrap_or(0)
}

/// Whether a selector takes in every category that another does.
fn holds(outer: &Selector, inner: &Selector) -> bool {
    outer == inner
        || outer.meets(inner)
            && match (outer.as_str(), inner.as_str()) {
                ("*", _) => true,
                (_, "*") => false,
                (outer, inner) => outer.ends_with(".*") && outer.len() <= inner.len(),
            }
}

/// A question to which the limits want different answers.
fn asked_differently(limits: &[&Limit]) -> Option<Question> {
    let instances = ScopeKind::ALL.into_iter().map(Question::Instance);
    let keys: BTreeSet<&Key> = limits
        .iter()
        .flat_map(|limit| limit.matches.iter().map(|(key, _)| key))
        .collect();
    let values = keys.into_iter().cloned().map(Question::Value);
    instances.chain(values).find(|question| {
        let mut answers = limits.iter().filter_map(|limit| answer(limit, question));
        let first = answers.next();
        answers.any(|other| Some(other) != first)
    })
}

fn answer<'l>(limit: &'l Limit, question: &Question) -> Option<&'l Label> {
    match question {
        Question::Instance(kind) if limit.subject.kind == *kind => limit.subject.instance.as_ref(),
        Question::Instance(_) => None,
        Question::Value(key) => limit.matches.value(key.as_str()),
    }
}
