//! What is answered for each event.
//!
//! A thousand results are written per request, so they go straight from receipts into bytes.

use super::cloud::Envelope;
use super::origin::{Origin, Refused, placed};
use crate::problem::{Code, Problem};
use crate::wire::printed::Object;
use crate::wire::problem::ProblemBody;
use tollgate_core::charge::{Charge, CostSource, Unpriced};
use tollgate_core::flaw::Flaw;
use tollgate_core::id::EventId;
use tollgate_core::money::Currency;
use tollgate_engine::{Receipt, Status};

/// Bytes of a usual result, set aside before writing.
const RESULT_BYTES_USUAL: usize = 240;

/// What became of the events of a request, ready to be written.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    counts: Counts,
    lines: Vec<Line<'a>>,
}

/// One event of the body: what the engine said, or what was wrong before it was asked.
#[derive(Debug)]
struct Line<'a> {
    id: Option<&'a str>,
    receipt: Option<&'a Receipt>,
    problem: Option<Problem>,
}

#[derive(Debug, Default)]
struct Counts {
    recorded: usize,
    duplicate: usize,
    conflict: usize,
    rejected: usize,
}

impl<'a> Answer<'a> {
    /// The answer for a body whose drafts got these receipts.
    pub(crate) fn new(origin: &'a Origin<'_>, receipts: &'a [Receipt]) -> Self {
        let mut lines: Vec<Line<'a>> = Vec::with_capacity(receipts.len() + origin.refused.len());
        let mut refused = origin.refused.iter().peekable();
        let mut counts = Counts {
            rejected: origin.refused.len(),
            ..Counts::default()
        };
        for (place, receipt) in receipts.iter().enumerate() {
            while let Some(item) = refused.next_if(|item| item.index == lines.len()) {
                lines.push(Line::refused(item));
            }
            counts.add(&receipt.status);
            lines.push(Line::received(receipt, origin.envelopes.get(place)));
        }
        lines.extend(refused.map(Line::refused));
        Self { counts, lines }
    }

    /// How many events ended so, by status.
    pub(crate) fn counts(&self) -> [(&'static str, usize); 4] {
        let Counts {
            recorded,
            duplicate,
            conflict,
            rejected,
        } = self.counts;
        [
            ("recorded", recorded),
            ("duplicate", duplicate),
            ("conflict", conflict),
            ("rejected", rejected),
        ]
    }

    /// The answer as JSON, with all results or only conflicts and rejections.
    pub(crate) fn json(&self, only_errors: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(RESULT_BYTES_USUAL * (self.lines.len() + 1));
        let mut object = Object::begin(&mut out);
        self.write(only_errors, &mut object);
        object.end();
        out
    }

    /// Writes the answer into an object that may have more.
    pub(in crate::wire) fn write(&self, only_errors: bool, object: &mut Object<'_>) {
        for (status, count) in self.counts() {
            object.json(status, &count);
        }
        let results = object.field("results");
        results.push(b'[');
        let shown = self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, line)| !only_errors || line.problem.is_some());
        for (number, (index, line)) in shown.enumerate() {
            if number > 0 {
                results.push(b',');
            }
            line.write(index, results);
        }
        results.push(b']');
    }

    /// Says of a conflict what it is with, where that is no event of the same id.
    pub(crate) fn explain_conflict(&mut self, detail: &str) {
        for line in &mut self.lines {
            if matches!(
                line.receipt.map(|receipt| &receipt.status),
                Some(Status::Conflict)
            ) {
                line.problem = Some(Problem::new(Code::Conflict, detail));
            }
        }
    }
}

impl Counts {
    fn add(&mut self, status: &Status) {
        match status {
            Status::Recorded { .. } => self.recorded += 1,
            Status::Duplicate { .. } => self.duplicate += 1,
            Status::Conflict => self.conflict += 1,
            Status::Rejected(_) => self.rejected += 1,
        }
    }
}

impl<'a> Line<'a> {
    fn refused(item: &'a Refused<'_>) -> Self {
        Self {
            id: item.id.as_deref(),
            receipt: None,
            problem: Some(Problem::event(item.flaws.clone())),
        }
    }

    fn received(receipt: &'a Receipt, envelope: Option<&Envelope<'_>>) -> Self {
        let place = |flaw: &Flaw| placed(flaw.clone(), envelope);
        let problem = match &receipt.status {
            Status::Rejected(flaws) => Some(Problem::event(flaws.iter().map(place).collect())),
            Status::Conflict => Some(conflict(receipt)),
            Status::Recorded { .. } | Status::Duplicate { .. } => None,
        };
        Self {
            id: receipt.id.as_deref(),
            receipt: Some(receipt),
            problem,
        }
    }
}

fn conflict(receipt: &Receipt) -> Problem {
    let there = receipt
        .event
        .map(|event| format!("; GET /v1/events/{event} shows it"))
        .unwrap_or_default();
    Problem::new(
        Code::Conflict,
        format!(
            "another event is recorded under this organization, source and id{there}; send this one under a new id"
        ),
    )
}

impl Line<'_> {
    fn write(&self, index: usize, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.json("index", &index);
        if let Some(id) = self.id {
            object.text("id", id);
        }
        match self.receipt {
            Some(receipt) => write_receipt(receipt, &mut object),
            None => object.plain("status", "rejected"),
        }
        if let Some(problem) = &self.problem {
            object.json("problem", &ProblemBody::new(problem, None));
        }
        object.end();
    }
}

/// The answer for a void: what became of the event that takes another one back.
pub(crate) fn void_json(receipt: &Receipt, corrects: EventId) -> Vec<u8> {
    let mut out = Vec::with_capacity(RESULT_BYTES_USUAL);
    let mut object = Object::begin(&mut out);
    if let Some(id) = &receipt.id {
        object.text("id", id);
    }
    write_receipt(receipt, &mut object);
    object.event("corrects", corrects);
    object.end();
    out
}

fn write_receipt(receipt: &Receipt, object: &mut Object<'_>) {
    if let Some(event) = receipt.event {
        object.event("event", event);
    }
    match &receipt.status {
        Status::Recorded { charge, currency } => {
            object.plain("status", "recorded");
            write_charge(Some(charge), *currency, object);
        }
        Status::Duplicate { charge, currency } => {
            object.plain("status", "duplicate");
            write_charge(charge.as_ref(), *currency, object);
        }
        Status::Conflict => object.plain("status", "conflict"),
        Status::Rejected(_) => object.plain("status", "rejected"),
    }
    if let Some(near_miss) = &receipt.near_miss {
        object.text("detail", &near_miss.to_string());
    }
}

fn write_charge(charge: Option<&Charge>, currency: Currency, object: &mut Object<'_>) {
    object.money("cost", charge.and_then(|charge| charge.cost));
    object.plain("currency", currency.as_str());
    match charge.map(|charge| &charge.source) {
        None => object.plain("reason", "raw_expired"),
        Some(CostSource::Priced(price)) => {
            object.price("price", *price);
            object.plain("cost_source", "priced");
        }
        Some(CostSource::Asserted) => object.plain("cost_source", "asserted"),
        Some(CostSource::Unpriced(reason)) => {
            object.plain("cost_source", "unpriced");
            object.plain("reason", reason.as_str());
            if let Unpriced::NoComponent(measure) = reason {
                object.text("measure", measure.as_str());
            }
        }
    }
}
