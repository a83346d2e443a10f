//! What the engine says and keeps, beside what the naive words come to.

use super::super::naive::{Answer, Cell as Place, Line, State};
use super::super::story::{Asked, Step};
use super::Teller;
use crate::model::number::{Exact, ten_to, whole};
use crate::site::recorded;
use num_traits::Zero;
use std::collections::{BTreeMap, BTreeSet};
use tollgate_core::decision::{Decision, Looked, Refusal};
use tollgate_core::hold::{Found, HoldState};
use tollgate_core::limit::{Amount, Balance, Cell};
use tollgate_core::text::Label;
use tollgate_engine::Status;
use tollgate_engine::counters::Counters;
use tollgate_engine::store::ViolationPage;

/// An amount of so many decimal places.
pub(super) fn exact_of(amount: Amount, scale: u8) -> Exact {
    whole(amount.0) / whole(ten_to(scale.into()))
}

/// What became of something sent, in a word.
pub(super) fn kind(status: &Status) -> &'static str {
    match status {
        Status::Recorded { .. } => "recorded",
        Status::Duplicate { .. } => "duplicate",
        Status::Conflict => "conflict",
        Status::Rejected(flaws) => panic!("{flaws:?}"),
    }
}

/// How a hold stands.
pub(super) fn state(state: HoldState) -> State {
    match state {
        HoldState::Open => State::Open,
        HoldState::Released => State::Released,
        HoldState::Expired => State::Expired,
        HoldState::Settled { event, found } => State::Settled(
            event,
            match found {
                Found::Held => "held",
                Found::Late => "late",
                Found::Unheld => "unheld",
            },
        ),
    }
}

impl Teller<'_> {
    /// Compares an answer; one that took room shows balances with its claims in them.
    pub(super) fn compare_answer(&self, got: &Decision, want: &Answer, has_claims: bool) {
        let line = |looked: &Looked| {
            let limit = self.ids.iter().position(|id| *id == looked.limit).unwrap();
            let of = |amount| exact_of(amount, looked.scale);
            let adds = looked.amount.map(of);
            let balance = looked.balance.unwrap();
            let claimed = adds.clone().filter(|_| has_claims).unwrap_or_else(Exact::zero);
            Line {
                limit,
                settled: of(balance.settled),
                held: of(balance.held) - claimed,
                adds,
                refusal: looked.refusal.map(Refusal::as_str),
                action: looked.action.as_str(),
            }
        };
        let mut lines: Vec<Line> = got.limits.iter().map(line).collect();
        lines.sort_by_key(|line| line.limit);
        let shown = Answer {
            refusal: got.refusal.map(Refusal::as_str),
            action: got.action.as_str(),
            delay_ms: got.delay_ms,
            lines,
        };
        assert_eq!(shown, *want);
        assert!(!got.is_unverified);
        for looked in &got.limits {
            let rule = &self.naive.rules[self.ids.iter().position(|id| *id == looked.limit).unwrap()];
            assert_eq!(looked.measure, rule.measure());
            assert!(looked.resets_at.is_none_or(|at| rule.window(at).start == at));
        }
    }

    fn cell(&self, (limit, instance, start): &Place) -> Cell {
        Cell {
            limit: self.ids[*limit],
            instance: Label::parse(instance).unwrap(),
            start: *start,
        }
    }

    /// What the counters know of every cell there is.
    pub(super) async fn balances(&self) -> BTreeMap<Place, Option<Balance>> {
        let places = self.naive.every_cell();
        let cells: Vec<Cell> = places.iter().map(|place| self.cell(place)).collect();
        let balances = self
            .open
            .as_ref()
            .unwrap()
            .counters
            .balances(&cells)
            .await
            .unwrap();
        places.into_iter().zip(balances).collect()
    }

    /// I5 and I8, after every step: a balance that is known is what was recorded and what open holds claim.
    pub(super) async fn compare_balances(&self, step: &Step) {
        for (place, balance) in self.balances().await {
            let rule = &self.naive.rules[place.0];
            let Some(balance) = balance.filter(|_| !rule.is_deleted) else {
                continue;
            };
            let scale = if rule.is_budget() { 12 } else { 9 };
            let got = (exact_of(balance.settled, scale), exact_of(balance.held, scale));
            let want = (self.naive.settled(&place), self.naive.held(&place));
            assert_eq!(got, want, "settled and held of {place:?} after {step:?}");
        }
    }

    /// Thresholds that were passed are in the outbox, each once.
    pub(super) async fn compare_crossings(&mut self) {
        let outbox = self.store().journal().outbox(0, 10_000).await.unwrap();
        let mut told = BTreeSet::new();
        for (_, crossing) in &outbox {
            assert!(
                crossing.threshold.is_reached(crossing.settled, crossing.ceiling),
                "{crossing:?}"
            );
            let percent = crate::model::number::exact(&crossing.threshold.to_string());
            assert!(
                told.insert((crossing.cell.clone(), percent)),
                "told twice: {crossing:?}"
            );
        }
        for (place, percent) in std::mem::take(&mut self.due) {
            let rule = &self.naive.rules[place.0];
            let is_over = rule.window(place.2).end <= self.now();
            if !is_over && rule.reaches(&self.naive.settled(&place), &percent) {
                assert!(
                    told.contains(&(self.cell(&place), percent.clone())),
                    "{percent} % of {place:?} is not told"
                );
            }
        }
    }

    pub(super) async fn conclude(&mut self) {
        self.tend().await;
        self.compare_holds().await;
        let spoken = std::mem::take(&mut self.spoken);
        for sent in spoken {
            let asked = Asked {
                sent,
                is_named: false,
                priority: "normal",
                ttl_seconds: 1,
                ago_seconds: None,
            };
            self.check(&asked).await;
        }
        self.compare_balances(&Step::Tend).await;
        let page = ViolationPage {
            limit: 10_000,
            ..ViolationPage::default()
        };
        let violations = self.store().journal().violations(page).await.unwrap();
        assert_eq!(violations.len(), self.denials, "denials kept for audit");
        let verification = self.store().verify().await.unwrap();
        assert!(verification.is_clean(), "{:#?}", verification.differences);
    }

    /// I5 and I6: each hold stands as it ended, and was settled by one event that is recorded once.
    async fn compare_holds(&self) {
        let stored = recorded(self.store()).await;
        assert_eq!(stored.len(), self.naive.used.len());
        let events: BTreeSet<_> = stored.iter().map(|stored| stored.event.event).collect();
        assert_eq!(events.len(), stored.len());
        let mut open = BTreeSet::new();
        for held in &self.naive.holds {
            let hold = self.store().holds().hold(held.id).await.unwrap().unwrap();
            assert_eq!(
                (state(hold.state), hold.expires_at),
                (held.state, held.expires_at)
            );
            match held.state {
                State::Open => drop(open.insert(held.id)),
                State::Settled(event, _) => assert!(events.contains(&event)),
                State::Released | State::Expired => {}
            }
        }
        let kept = self.store().holds().open_holds().await.unwrap();
        assert_eq!(kept.iter().map(|hold| hold.id).collect::<BTreeSet<_>>(), open);
    }
}
