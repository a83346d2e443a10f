//! Usage is recorded without a hold, and taken back.

use super::super::naive::{Cell, Said, Used};
use super::compare::kind;
use super::{Teller, draft};
use crate::fixture::Sent;
use crate::model::number::Exact;
use proptest::sample::Index;
use tollgate_engine::EngineError;

impl Teller<'_> {
    pub(super) async fn record(&mut self, batch: &[(Sent, Option<i64>)]) {
        let said: Vec<Said> = batch.iter().map(|(sent, ago)| self.said(sent, *ago)).collect();
        let receipts = self
            .engine()
            .record(said.iter().map(draft).collect(), &self.access)
            .await
            .unwrap();
        assert_eq!(receipts.len(), said.len());
        for (said, receipt) in said.iter().zip(&receipts) {
            let (before, event) = (self.passed(said), self.event_id(&said.sent));
            assert_eq!(receipt.event, Some(event));
            assert_eq!(kind(&receipt.status), self.naive.admit(said, event), "{said:?}");
            self.note_passed(said, before);
            self.spoken.push(said.sent.clone());
        }
    }

    pub(super) async fn void(&mut self, which: Index) {
        if self.naive.used.is_empty() {
            return;
        }
        let original = which.get(&self.naive.used).clone();
        let answer = self.engine().void(original.event, None, &self.access).await;
        if original.corrects.is_some() {
            assert!(matches!(answer, Err(EngineError::Invalid(_))), "{answer:?}");
            return;
        }
        let receipt = answer.unwrap();
        let is_first = self
            .naive
            .used
            .iter()
            .all(|used| used.corrects != Some(original.event));
        assert_eq!(
            kind(&receipt.status),
            if is_first { "recorded" } else { "duplicate" }
        );
        if is_first {
            self.naive.used.push(Used {
                event: receipt.event.unwrap(),
                sign: -1,
                corrects: Some(original.event),
                ..original
            });
        }
    }

    /// Which thresholds are passed in the cells of a use whose windows are not over.
    pub(super) fn passed(&self, said: &Said) -> Vec<(Cell, Exact)> {
        let mut passed = Vec::new();
        for cell in self.naive.cells(&said.sent, said.at) {
            let rule = &self.naive.rules[cell.0];
            let settled = self.naive.settled(&cell);
            let is_over = rule.window(said.at).end <= self.now();
            let reached = rule
                .thresholds()
                .into_iter()
                .filter(|percent| !is_over && rule.reaches(&settled, percent));
            passed.extend(reached.map(|percent| (cell.clone(), percent)));
        }
        passed
    }

    /// Notes thresholds that a use has passed: the next tending has told of them at the latest.
    pub(super) fn note_passed(&mut self, said: &Said, before: Vec<(Cell, Exact)>) {
        let after = self.passed(said).into_iter();
        self.due.extend(after.filter(|passed| !before.contains(passed)));
    }
}
