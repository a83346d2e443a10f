//! What the server answered for each event.

use super::Item;
use crate::client::Problem;
use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;
use tollgate_core::money::Money;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Recorded,
    Duplicate,
    Conflict,
    Rejected,
}

/// The answer for one event.
#[derive(Clone, Debug)]
pub(crate) struct Receipt {
    /// Its row or line in the input.
    pub(crate) position: u64,
    pub(crate) status: Status,
    /// Exact cost and currency; nothing where it has no price.
    pub(crate) cost: Option<(Money, String)>,
    /// Why it was not recorded.
    pub(crate) problem: Option<String>,
    /// The answer as it came; nothing where the event never left this machine.
    pub(crate) raw: Option<Box<RawValue>>,
}

impl Receipt {
    /// A receipt for an event that could not be sent.
    pub(crate) fn refused(position: u64, problem: String) -> Self {
        Self {
            position,
            status: Status::Rejected,
            cost: None,
            problem: Some(problem),
            raw: None,
        }
    }

    fn read(raw: Box<RawValue>, items: &[Item]) -> anyhow::Result<Self> {
        let wire: Wire = serde_json::from_str(raw.get())?;
        let item = items
            .get(wire.index)
            .context("it names an event that was not sent")?;
        let cost = match (wire.cost, wire.currency) {
            (Some(cost), Some(currency)) => Some((
                cost.parse().with_context(|| format!("its cost `{cost}`"))?,
                currency,
            )),
            _ => None,
        };
        let problem = match wire.status {
            Status::Recorded | Status::Duplicate => None,
            Status::Conflict | Status::Rejected => Some(wire.problem.map_or_else(
                || "the same id is recorded with another content".to_owned(),
                |problem| problem.line(),
            )),
        };
        Ok(Self {
            position: item.position,
            status: wire.status,
            cost,
            problem,
            raw: Some(raw),
        })
    }
}

/// Reads one receipt for each item out of an answer.
pub(super) fn read(body: &str, items: &[Item]) -> anyhow::Result<Vec<Receipt>> {
    let answer: Results = serde_json::from_str(body).context("the server's answer cannot be read")?;
    let receipts = answer.results.into_iter().map(|raw| Receipt::read(raw, items));
    let receipts: Vec<Receipt> = receipts
        .collect::<anyhow::Result<_>>()
        .context("the server's answer makes no sense")?;
    ensure!(
        receipts.len() == items.len(),
        "the server answered for {} of {} events; nothing more was sent",
        receipts.len(),
        items.len()
    );
    Ok(receipts)
}

#[derive(Deserialize)]
struct Results {
    results: Vec<Box<RawValue>>,
}

/// One item of `results`, as far as the command line needs it.
#[derive(Deserialize)]
struct Wire {
    index: usize,
    status: Status,
    cost: Option<String>,
    currency: Option<String>,
    problem: Option<Problem>,
}
