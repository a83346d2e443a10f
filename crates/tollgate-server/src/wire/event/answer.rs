//! What is answered for each event.
//!
//! A thousand of these are written per request, so nothing here builds a tree or a string per field: ids and amounts are printed
//! into buffers on the stack.

use super::batch::{Origin, Refused};
use super::cloud::Envelope;
use crate::problem::{Code, Problem};
use crate::wire::printed::Printed;
use crate::wire::problem::ProblemBody;
use serde::{Serialize, Serializer};
use tollgate_core::charge::{Charge, CostSource, Unpriced};
use tollgate_core::flaw::Flaw;
use tollgate_core::money::Currency;
use tollgate_engine::{Receipt, Status};
use utoipa::ToSchema;

/// What became of the events of a request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventsAnswer, example = json!({
    "recorded": 1, "duplicate": 0, "conflict": 0, "rejected": 0,
    "results": [{"index": 0, "id": "req-1", "event": "evt_5f1d7a0c9b3e48d2a6c4e8f00b1d2c3a", "status": "recorded",
                 "cost": "0.00423", "currency": "USD", "price": "prc_0192a1b2c3d47e5f8a9b0c1d2e3f4a5b",
                 "cost_source": "priced"}]
}))]
pub(crate) struct Answer<'a> {
    /// How many are new and counted.
    recorded: usize,
    /// How many were recorded before; they changed nothing.
    duplicate: usize,
    /// How many used the id of another event; they changed nothing.
    conflict: usize,
    /// How many are no valid events.
    rejected: usize,
    /// One for each event in order, or with `?results=errors` only conflicts and rejections.
    #[schema(value_type = Vec<EventResult>)]
    results: Results<'a>,
}

#[derive(Debug)]
struct Results<'a> {
    lines: Vec<Line<'a>>,
    only_errors: bool,
}

/// One event of the body: what the engine said, or what was wrong before it was asked.
#[derive(Debug)]
struct Line<'a> {
    id: Option<&'a str>,
    receipt: Option<&'a Receipt>,
    problem: Option<Problem>,
}

impl<'a> Answer<'a> {
    /// The answer for a body whose drafts got these receipts.
    pub(crate) fn new(origin: &'a Origin<'_>, receipts: &'a [Receipt], only_errors: bool) -> Self {
        let mut lines: Vec<Line<'a>> = Vec::with_capacity(receipts.len() + origin.refused.len());
        let mut refused = origin.refused.iter().peekable();
        let mut counts = Counts::default();
        for (place, receipt) in receipts.iter().enumerate() {
            while let Some(item) = refused.next_if(|item| item.index == lines.len()) {
                lines.push(Line::refused(item));
            }
            counts.add(&receipt.status);
            lines.push(Line::received(receipt, origin.envelopes.get(place)));
        }
        lines.extend(refused.map(Line::refused));
        Self {
            recorded: counts.recorded,
            duplicate: counts.duplicate,
            conflict: counts.conflict,
            rejected: counts.rejected + origin.refused.len(),
            results: Results { lines, only_errors },
        }
    }

    /// How many events ended so, by status.
    pub(crate) fn counts(&self) -> [(&'static str, usize); 4] {
        [
            ("recorded", self.recorded),
            ("duplicate", self.duplicate),
            ("conflict", self.conflict),
            ("rejected", self.rejected),
        ]
    }
}

#[derive(Default)]
struct Counts {
    recorded: usize,
    duplicate: usize,
    conflict: usize,
    rejected: usize,
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
    fn refused(item: &'a Refused) -> Self {
        Self {
            id: item.id.as_deref(),
            receipt: None,
            problem: Some(Problem::event(item.flaws.clone())),
        }
    }

    fn received(receipt: &'a Receipt, envelope: Option<&Envelope<'_>>) -> Self {
        let place = |flaw: &Flaw| match envelope {
            Some(envelope) => Flaw {
                pointer: envelope.place(&flaw.pointer),
                ..flaw.clone()
            },
            None => flaw.clone(),
        };
        let problem = match &receipt.status {
            Status::Rejected(flaws) => Some(Problem::event(flaws.iter().map(place).collect())),
            Status::Conflict => Some(conflict(receipt)),
            Status::Recorded { .. } | Status::Duplicate { .. } => None,
        };
        Self {
            id: Some(&receipt.id),
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

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, line)| !self.only_errors || line.problem.is_some());
        serializer.collect_seq(shown.map(|(index, line)| line.result(index)))
    }
}

/// What became of one event.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct EventResult<'a> {
    /// Its place in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    /// The caller's id, or the one that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    /// The server's id; not there when rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^evt_[0-9a-f]{32}$")]
    event: Option<Printed>,
    /// `recorded`, `duplicate`, `conflict` or `rejected`.
    status: &'static str,
    /// What it cost; `null` when nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cost: Option<Option<Printed>>,
    /// The currency of the cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    currency: Option<Printed>,
    /// The price that gave the cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^prc_[0-9a-f]{32}$")]
    price: Option<Printed>,
    /// How the cost is known: `priced`, `asserted` or `unpriced`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_source: Option<&'static str>,
    /// Why there is no cost: `no_price`, `no_component`, `cost_too_large` or `raw_expired`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The measure that no component prices, for `no_component`.
    #[serde(skip_serializing_if = "Option::is_none")]
    measure: Option<&'a str>,
    /// The event that this one takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    corrects: Option<Printed>,
    /// Why it was not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemBody<'a>>,
}

impl Line<'_> {
    fn result(&self, index: usize) -> EventResult<'_> {
        let problem = self
            .problem
            .as_ref()
            .map(|problem| ProblemBody::new(problem, None));
        let result = match self.receipt {
            Some(receipt) => EventResult::new(receipt),
            None => EventResult {
                status: "rejected",
                ..EventResult::default()
            },
        };
        EventResult {
            index: Some(index),
            id: self.id,
            problem,
            ..result
        }
    }
}

impl<'a> EventResult<'a> {
    /// What became of a single event.
    pub(crate) fn new(receipt: &'a Receipt) -> Self {
        let bare = Self {
            id: Some(&receipt.id),
            event: receipt.event.map(Printed::event),
            ..Self::default()
        };
        match &receipt.status {
            Status::Recorded { charge, currency } => Self {
                status: "recorded",
                ..bare
            }
            .charged(Some(charge), *currency),
            Status::Duplicate { charge, currency } => Self {
                status: "duplicate",
                ..bare
            }
            .charged(charge.as_ref(), *currency),
            Status::Conflict => Self {
                status: "conflict",
                ..bare
            },
            Status::Rejected(_) => Self {
                status: "rejected",
                ..bare
            },
        }
    }

    /// Says which event this one takes back.
    pub(crate) fn correcting(self, event: tollgate_core::id::EventId) -> Self {
        Self {
            corrects: Some(Printed::event(event)),
            ..self
        }
    }

    fn charged(self, charge: Option<&'a Charge>, currency: Currency) -> Self {
        let with_currency = Self {
            currency: Some(Printed::text(currency.as_str())),
            ..self
        };
        let Some(charge) = charge else {
            return Self {
                cost: Some(None),
                reason: Some("raw_expired"),
                ..with_currency
            };
        };
        let cost = Some(charge.cost.map(Printed::money));
        match &charge.source {
            CostSource::Priced(price) => Self {
                cost,
                price: Some(Printed::price(*price)),
                cost_source: Some("priced"),
                ..with_currency
            },
            CostSource::Asserted => Self {
                cost,
                cost_source: Some("asserted"),
                ..with_currency
            },
            CostSource::Unpriced(reason) => {
                let measure = match reason {
                    Unpriced::NoComponent(measure) => Some(measure.as_str()),
                    Unpriced::NoPrice | Unpriced::TooLarge => None,
                };
                let reason = Some(reason.as_str());
                Self {
                    cost,
                    cost_source: Some("unpriced"),
                    reason,
                    measure,
                    ..with_currency
                }
            }
        }
    }
}
