//! The sums over receipts: how many became what, what it costs, and the first things that went wrong.

use super::{Receipt, Status};
use crate::failure::Exit;
use crate::output::{Column, Row, Sheet};
use anyhow::Context;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tollgate_core::money::Money;

/// Problems that are kept to be shown; the rest is only counted.
const PROBLEMS_MAX: usize = 10;

/// Sums over receipts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) recorded: u64,
    pub(crate) duplicate: u64,
    pub(crate) conflict: u64,
    pub(crate) rejected: u64,
    /// Recorded events without a price.
    pub(crate) unpriced: u64,
    costs: BTreeMap<String, Money>,
    problems: Vec<(u64, String)>,
}

impl Tally {
    /// Counts a receipt.
    pub(crate) fn add(&mut self, receipt: &Receipt) -> anyhow::Result<()> {
        match receipt.status {
            Status::Recorded => {
                self.recorded += 1;
                self.add_cost(receipt)?;
            }
            Status::Duplicate => self.duplicate += 1,
            Status::Conflict => self.conflict += 1,
            Status::Rejected => self.rejected += 1,
        }
        if let Some(problem) = &receipt.problem
            && self.problems.len() < PROBLEMS_MAX
        {
            self.problems.push((receipt.position, problem.clone()));
        }
        Ok(())
    }

    /// Events counted so far.
    pub(crate) fn events(&self) -> u64 {
        self.recorded + self.duplicate + self.conflict + self.rejected
    }

    /// What the process exits with: conflicts weigh more than rejections, because they contradict what is recorded.
    pub(crate) fn exit(&self) -> Exit {
        match (self.conflict, self.rejected) {
            (0, 0) => Exit::Ok,
            (0, _) => Exit::Failure,
            _ => Exit::Conflict,
        }
    }

    /// The first problems, each with the row or line it stands in.
    pub(crate) fn problems(&self, position: &str) -> Vec<String> {
        let mut lines: Vec<String> = self
            .problems
            .iter()
            .map(|(at, problem)| format!("{position} {at}: {problem}"))
            .collect();
        let all = self.conflict + self.rejected;
        let more = all.saturating_sub(lines.len() as u64);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines
    }

    /// The counts and the exact cost of what was recorded, per currency.
    pub(crate) fn answer(&self) -> Value {
        let costs: BTreeMap<&str, String> = self
            .costs
            .iter()
            .map(|(currency, cost)| (currency.as_str(), cost.to_string()))
            .collect();
        json!({
            "events": self.events(), "recorded": self.recorded, "duplicate": self.duplicate,
            "conflict": self.conflict, "rejected": self.rejected, "unpriced": self.unpriced, "cost": costs,
        })
    }

    /// The same as one row.
    pub(crate) fn sheet(&self) -> anyhow::Result<Sheet> {
        let counts = [
            "events",
            "recorded",
            "duplicate",
            "conflict",
            "rejected",
            "unpriced",
        ];
        let mut columns: Vec<Column> = counts
            .iter()
            .map(|name| Column::number(name, &format!("/{name}")))
            .collect();
        columns.push(Column::text("cost of recorded", "/cost"));
        let answer = self.answer().to_string();
        let mut row = Row::parse(RawValue::from_string(answer.clone())?)?;
        let costs = self
            .costs
            .iter()
            .map(|(currency, cost)| format!("{cost} {currency}"));
        row.show_as("cost", costs.collect::<Vec<_>>().join(", "));
        Ok(Sheet {
            answer,
            columns,
            rows: vec![row],
            total: None,
        })
    }

    fn add_cost(&mut self, receipt: &Receipt) -> anyhow::Result<()> {
        let Some((cost, currency)) = &receipt.cost else {
            self.unpriced += 1;
            return Ok(());
        };
        let sum = self.costs.entry(currency.clone()).or_default();
        *sum = sum
            .checked_add(*cost)
            .context("the cost is beyond what can be summed")?;
        Ok(())
    }
}
