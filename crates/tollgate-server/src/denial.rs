//! Denials: what a hold that limits refuse is to its caller, in words, as data and in headers.
//!
//! The headers speak of the limits that refuse: `RateLimit-Policy` and `RateLimit` (draft 11) of each of them, `Retry-After`
//! and the classic `X-RateLimit-…` of the one that begins anew last, since waiting for less is of no use. A budget stands in
//! percent: headers reach places that no amount of money should.

use crate::problem::{Code, Problem};
use crate::wire::limit::decision::LookedView;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderName, HeaderValue};
use std::fmt::Write as _;
use tollgate_core::decimal::Decimal;
use tollgate_core::decision::{Looked, Refusal};
use tollgate_core::limit::{Amount, LimitId};
use tollgate_core::time::{MICROS_PER_SECOND, Timestamp};
use tollgate_engine::HoldAnswer;

/// Largest integer of a structured field (RFC 9651).
const INTEGER_MAX: i128 = 999_999_999_999_999;
/// Refusing limits that are told in words; `limits` has them all.
const TOLD_MAX: usize = 3;

/// What limits said, beside the problem.
#[derive(Debug)]
pub(crate) struct Denial {
    /// Every limit looked at.
    pub(crate) limits: Vec<LookedView>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// The problem of a hold that was refused for this reason.
    pub(crate) fn denied(answer: &HoldAnswer, refusal: Refusal) -> Self {
        let denial = Denial {
            limits: answer.decision.limits.iter().map(LookedView::from).collect(),
            headers: headers(answer),
        };
        Self::new(code(refusal), told(answer)).with_denial(denial)
    }
}

fn code(refusal: Refusal) -> Code {
    match refusal {
        Refusal::NoPrice => Code::NoPrice,
        Refusal::BudgetExceeded => Code::BudgetExceeded,
        Refusal::QuotaExceeded => Code::QuotaExceeded,
        Refusal::RateLimited => Code::RateLimited,
        Refusal::LimitUnavailable => Code::LimitUnavailable,
    }
}

/// What refuses, and what would help.
fn told(answer: &HoldAnswer) -> String {
    let refusing: Vec<&Looked> = answer.decision.refusing().collect();
    let mut told: Vec<String> = refusing.iter().take(TOLD_MAX).map(|looked| why(looked)).collect();
    if refusing.len() > TOLD_MAX {
        told.push(format!("{} more refuse, see limits", refusing.len() - TOLD_MAX));
    }
    if let Some(at) = answer.decision.retry_at() {
        told.push(format!("there is room again at {at} at the latest"));
    }
    told.join("; ")
}

fn why(looked: &Looked) -> String {
    let of = format!(
        "the {} {} of {} {}",
        looked.limit.kind(),
        looked.name,
        looked.kind.as_str(),
        looked.instance
    );
    let number = |amount: Amount| Decimal::from_parts(amount.0, looked.scale);
    match (looked.refusal, looked.remaining(), looked.amount) {
        (Some(Refusal::NoPrice), ..) => {
            format!("{of} holds cost, and no price fits this use; send its cost, or write a price")
        }
        (Some(Refusal::LimitUnavailable), ..) | (_, None, _) => {
            format!("what {of} has come to cannot be known now")
        }
        (_, Some(left), wanted) => format!(
            "{of} has {} of {} left, and this takes {}",
            number(left),
            number(looked.ceiling),
            number(wanted.unwrap_or_default())
        ),
    }
}

fn headers(answer: &HoldAnswer) -> Vec<(HeaderName, HeaderValue)> {
    let (mut policies, mut states) = (String::new(), String::new());
    let refusing: Vec<&Looked> = answer.decision.refusing().collect();
    for looked in &refusing {
        let Share { quota, remaining } = Share::of(looked);
        let name = policy_name(looked, &refusing);
        let separator = if policies.is_empty() { "" } else { ", " };
        let _ = write!(policies, "{separator}\"{name}\";q={quota}");
        if let Some(unit) = unit(looked) {
            let _ = write!(policies, ";qu=\"{unit}\"");
        }
        if let Some(seconds) = looked.window_seconds {
            let _ = write!(policies, ";w={seconds}");
        }
        let _ = write!(states, "{separator}\"{name}\";r={remaining}");
        if let Some(at) = looked.resets_at {
            let _ = write!(states, ";t={}", seconds_until(at, answer.at));
        }
    }
    let mut headers = Vec::new();
    let mut put = |name, value: &str| {
        // What stands in a value was cut down to plain ASCII.
        headers.extend(
            HeaderValue::from_str(value)
                .ok()
                .map(|value| (HeaderName::from_static(name), value)),
        );
    };
    put("ratelimit-policy", &policies);
    put("ratelimit", &states);
    // No reset is later than any.
    let last = refusing
        .iter()
        .max_by_key(|looked| looked.resets_at.map_or(i64::MAX, Timestamp::micros));
    if let Some(looked) = last {
        let Share { quota, remaining } = Share::of(looked);
        put("x-ratelimit-limit", &quota.to_string());
        put("x-ratelimit-remaining", &remaining.to_string());
        if let Some(at) = looked.resets_at {
            put("x-ratelimit-reset", &ceiling_seconds(at.micros()).to_string());
        }
    }
    if let Some(at) = answer.decision.retry_at() {
        put(RETRY_AFTER.as_str(), &seconds_until(at, answer.at).to_string());
    }
    headers
}

/// A ceiling and what is left of it, in whole units: of a quota its own, of a budget percent.
struct Share {
    quota: i128,
    remaining: i128,
}

impl Share {
    fn of(looked: &Looked) -> Self {
        let remaining = looked.remaining().unwrap_or_default();
        let (quota, remaining) = match looked.limit {
            LimitId::Budget(_) => (100, percent_left(remaining, looked.ceiling)),
            LimitId::Quota(_) => {
                let whole = |amount: Amount| amount.0 / 10_i128.pow(u32::from(looked.scale));
                (whole(looked.ceiling), whole(remaining))
            }
        };
        Self {
            quota: quota.min(INTEGER_MAX),
            remaining: remaining.min(INTEGER_MAX),
        }
    }
}

/// What is left in whole percent, rounded down; of nothing, nothing.
fn percent_left(remaining: Amount, ceiling: Amount) -> i128 {
    match remaining.0.checked_mul(100) {
        Some(hundredfold) => hundredfold.checked_div(ceiling.0).unwrap_or_default(),
        None => remaining.0.checked_div(ceiling.0 / 100).unwrap_or_default(),
    }
}

/// What the quota of a policy counts; `None` for requests, which the draft means where nothing is said.
fn unit(looked: &Looked) -> Option<&str> {
    match (looked.limit, looked.measure.as_str()) {
        (LimitId::Budget(_), _) => Some("percent"),
        (LimitId::Quota(_), "requests") => None,
        (LimitId::Quota(_), measure) => Some(measure),
    }
}

/// The limit's name where a header can carry it and no other has it, else its id.
fn policy_name(looked: &Looked, others: &[&Looked]) -> String {
    let name = looked.name.as_str();
    let is_plain = name
        .bytes()
        .all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\');
    let is_shared = others.iter().filter(|other| other.name == looked.name).count() > 1;
    match is_plain && !is_shared {
        true => name.to_owned(),
        false => looked.limit.to_string(),
    }
}

/// Seconds to wait, rounded up: coming earlier would be of no use.
fn seconds_until(at: Timestamp, now: Timestamp) -> i64 {
    ceiling_seconds(at.micros().saturating_sub(now.micros())).max(1)
}

fn ceiling_seconds(micros: i64) -> i64 {
    micros.div_euclid(MICROS_PER_SECOND) + i64::from(micros.rem_euclid(MICROS_PER_SECOND) > 0)
}
