//! Holds are placed and end.

use super::super::naive::{Answer, Held, Said, State};
use super::super::story::{Actual, Asked};
use super::compare::{kind, state};
use super::{Teller, hold_draft};
use crate::fixture::{CHAT, Sent, usage};
use crate::model::number::Exact;
use num_traits::{Signed, Zero};
use proptest::sample::Index;
use std::borrow::Cow;
use tollgate_core::event::Draft;
use tollgate_core::id::HoldId;
use tollgate_engine::{EngineError, HoldAnswer, Settlement};

impl Teller<'_> {
    pub(super) async fn check(&mut self, asked: &Asked) {
        let said = self.said(&asked.sent, asked.ago_seconds);
        let want = self.naive.decide(&said, asked.priority, self.now());
        let answer = self
            .engine()
            .check(&hold_draft(&said, asked), &self.access)
            .await
            .unwrap();
        assert_eq!(answer.hold, None);
        self.compare_answer(&answer.decision, &want, false);
        self.spoken.push(asked.sent.clone());
    }

    pub(super) async fn place(&mut self, asked: &Asked) {
        let said = self.said(&asked.sent, asked.ago_seconds);
        self.place_said(said, asked).await;
    }

    async fn place_said(&mut self, said: Said, asked: &Asked) {
        let id = self.identity.hold_id(&said.sent.organization, &said.sent.id);
        let known = self
            .naive
            .holds
            .iter()
            .find(|hold| asked.is_named && hold.id == id)
            .cloned();
        let answer = self.engine().place(&hold_draft(&said, asked), &self.access).await;
        let how = format!("{} {}", asked.priority, asked.ttl_seconds);
        self.spoken.push(said.sent.clone());
        match known {
            Some(known) if known.asked == how && known.said.is_same(&said) => {
                let answer = answer.unwrap();
                self.compare_answer(&answer.decision, &known.answer, true);
                let hold = answer.hold.unwrap();
                assert_eq!((hold.id, state(hold.state)), (known.id, known.state));
            }
            Some(_) => assert!(matches!(answer, Err(EngineError::Exists { .. })), "{answer:?}"),
            None => self.placed(said, asked, (id, how), answer.unwrap()),
        }
    }

    fn placed(&mut self, said: Said, asked: &Asked, (id, how): (HoldId, String), answer: HoldAnswer) {
        let now = self.now();
        let want = self.naive.decide(&said, asked.priority, now);
        let is_allowed = want.refusal.is_none();
        self.compare_answer(&answer.decision, &want, is_allowed);
        if !is_allowed {
            assert_eq!(answer.hold, None);
            self.denials += 1;
            return;
        }
        self.is_within(&want);
        let hold = answer.hold.unwrap();
        assert!(!asked.is_named || hold.id == id);
        assert_eq!(
            (hold.placed_at, hold.expires_at),
            (now, now.plus_seconds(asked.ttl_seconds))
        );
        let cells = self.naive.cells(&said.sent, now);
        let claims = cells.into_iter().map(|cell| {
            let line = want.lines.iter().find(|line| line.limit == cell.0).unwrap();
            (cell, line.adds.clone().unwrap_or_else(Exact::zero))
        });
        self.naive.holds.push(Held {
            id: hold.id,
            asked: how,
            claims: claims.collect(),
            said,
            placed_at: now,
            expires_at: hold.expires_at,
            state: State::Open,
            answer: want,
        });
    }

    /// I1: what is admitted stays within every hard limit that it adds to.
    fn is_within(&self, want: &Answer) {
        for line in &want.lines {
            let rule = &self.naive.rules[line.limit];
            let adds = line.adds.clone().unwrap_or_else(Exact::zero);
            if rule.mode() == "hard" && !adds.is_zero() {
                let after = &line.settled + &line.held + adds;
                assert!(after <= rule.ceiling(), "I1: {line:?} under {rule:?}");
            }
        }
    }

    /// Asks for a hold again under its id, in the same words or in others.
    pub(super) async fn place_again(&mut self, which: Index, is_same: bool) {
        if self.naive.holds.is_empty() {
            return;
        }
        let hold = which.get(&self.naive.holds).clone();
        if hold.id
            != self
                .identity
                .hold_id(&hold.said.sent.organization, &hold.said.sent.id)
        {
            // It came without an id, so nobody can ask for it again.
            return;
        }
        let (priority, ttl) = hold.asked.split_once(' ').unwrap();
        let other = if priority == "normal" {
            "critical"
        } else {
            "normal"
        };
        let asked = Asked {
            sent: hold.said.sent.clone(),
            is_named: true,
            priority: ["normal", "critical", "deferrable"]
                .into_iter()
                .find(|name| *name == if is_same { priority } else { other })
                .unwrap(),
            ttl_seconds: ttl.parse().unwrap(),
            ago_seconds: None,
        };
        self.place_said(hold.said, &asked).await;
    }

    pub(super) async fn settle(&mut self, which: Index, actual: &Actual) {
        if self.naive.holds.is_empty() {
            return;
        }
        let place = which.index(self.naive.holds.len());
        let hold = self.naive.holds[place].clone();
        let said = self.actual(&hold, actual);
        let draft = partial(&said, actual);
        let settled = self.engine().settle(hold.id, draft, &self.access).await.unwrap();
        let event = self.event_id(&said.sent);
        assert_eq!(settled.receipt.event, Some(event));
        let now = self.now();
        let before = self.passed(&said);
        let outcome = match hold.state {
            State::Settled(first, _) if first != event => "conflict",
            _ => self.naive.admit(&said, event),
        };
        let found = match hold.state {
            State::Open if now < hold.expires_at => "held",
            State::Open | State::Expired => "late",
            State::Released => "unheld",
            State::Settled(_, found) => found,
        };
        if outcome != "conflict" {
            self.naive.holds[place].state = State::Settled(event, found);
        }
        self.note_passed(&said, before);
        assert_eq!(kind(&settled.receipt.status), outcome, "{settled:#?}");
        assert_eq!(
            state(settled.hold.as_ref().unwrap().state),
            self.naive.holds[place].state
        );
        // What is counted without a claim is more than nothing that was held.
        let is_held = found == "held" && outcome != "conflict";
        self.compare_overrun(&hold, &said, is_held, &settled);
        self.spoken.push(said.sent);
    }

    /// What is said of a hold's use: what is left out is the hold's.
    fn actual(&self, hold: &Held, actual: &Actual) -> Said {
        let own = &hold.said.sent;
        let mut sent = Sent {
            id: actual.id.clone().unwrap_or_else(|| hold.id.to_string()),
            user: actual.user.map(str::to_owned).or(own.user.clone()),
            cost: actual.cost.map(str::to_owned),
            measures: Default::default(),
            ..own.clone()
        };
        if own.category == CHAT {
            sent = sent.measure("input", actual.input);
        }
        let at = match actual.ago_seconds {
            Some(seconds) => self.now().plus_seconds(-seconds),
            None => hold.placed_at,
        };
        Said {
            sent: sent.at(&at.to_string()),
            at,
            is_timed: true,
        }
    }

    /// I2: by how much a use is more than what its hold claimed is told, limit by limit.
    fn compare_overrun(&self, hold: &Held, said: &Said, is_held: bool, settled: &Settlement) {
        let mut want = Vec::new();
        for cell in self.naive.cells(&said.sent, said.at) {
            let used = super::super::naive::amount(said, self.naive.rules[cell.0].measure());
            let claimed = hold
                .claims
                .iter()
                .find(|(own, _)| *own == cell)
                .map(|(_, amount)| amount.clone());
            let over = used.unwrap_or_else(Exact::zero) - claimed.unwrap_or_else(Exact::zero);
            if over.is_positive() && is_held {
                want.push((self.ids[cell.0], over));
            }
        }
        want.sort();
        let mut got: Vec<_> = settled
            .overrun
            .iter()
            .map(|(limit, amount, scale)| (*limit, super::compare::exact_of(*amount, *scale)))
            .collect();
        got.sort();
        assert_eq!(got, want, "I2: the overrun of {said:?}");
    }

    pub(super) async fn settle_unknown(&mut self, actual: &Actual) {
        let id = HoldId::from_bits(0x00dd);
        let mut sent = usage("acme").category(CHAT).measure("input", actual.input);
        sent.user = actual.user.map(str::to_owned);
        sent.cost = actual.cost.map(str::to_owned);
        sent.id = actual.id.clone().unwrap_or_else(|| id.to_string());
        let said = self.said(&sent, actual.ago_seconds);
        let draft = super::draft(&said);
        let draft = Draft {
            id: actual.id.clone().map(Cow::Owned),
            ..draft
        };
        let settled = self.engine().settle(id, draft, &self.access).await;
        let settled = settled.unwrap();
        assert_eq!(settled.hold, None);
        let before = self.passed(&said);
        let event = self.event_id(&said.sent);
        assert_eq!(kind(&settled.receipt.status), self.naive.admit(&said, event));
        self.note_passed(&said, before);
    }

    pub(super) async fn release(&mut self, which: Index) {
        if self.naive.holds.is_empty() {
            return;
        }
        let (now, place) = (self.now(), which.index(self.naive.holds.len()));
        let released = self
            .engine()
            .release(self.naive.holds[place].id, &self.access)
            .await
            .unwrap();
        let hold = &mut self.naive.holds[place];
        hold.state = match hold.state {
            State::Open if now < hold.expires_at => State::Released,
            State::Open => State::Expired,
            ended => ended,
        };
        assert_eq!(state(released.state), hold.state);
    }

    pub(super) async fn extend(&mut self, which: Index, ttl_seconds: i64) {
        if self.naive.holds.is_empty() {
            return;
        }
        let (now, place) = (self.now(), which.index(self.naive.holds.len()));
        let extended = self
            .engine()
            .extend(self.naive.holds[place].id, ttl_seconds, &self.access)
            .await;
        let hold = &mut self.naive.holds[place];
        if hold.state == State::Open && now < hold.expires_at {
            hold.expires_at = now.plus_seconds(ttl_seconds);
            assert_eq!(extended.unwrap().expires_at, hold.expires_at);
        } else {
            assert!(matches!(extended, Err(EngineError::InUse(_))), "{extended:?}");
        }
    }
}

/// The body of a settle, which leaves out what is the hold's.
fn partial<'s>(said: &'s Said, actual: &Actual) -> Draft<'s> {
    let whole = said.sent.draft();
    Draft {
        id: whole.id.filter(|_| actual.id.is_some()),
        user: whole.user.filter(|_| actual.user.is_some()),
        timestamp: whole.timestamp.filter(|_| actual.ago_seconds.is_some()),
        measures: whole.measures,
        cost: whole.cost,
        ..Draft::default()
    }
}
