//! Checking and holding: take before the use, settle after it.
//!
//! Room is taken in the counters first and the hold made durable second, so that nobody is told of room that is not there;
//! a hold that cannot be made durable gives its room back. It ends the other way round: durable first, then counted, and
//! pinned meanwhile, so that its room is not given to another while its own use is being recorded.

use super::request::{HoldDraft, Request, Suggestion, check_ttl};
use super::task::to_its_end;
use super::{Access, Engine};
use crate::counters::{CountersError, Pinned, Taken, Taking, Want};
use crate::error::EngineError;
use crate::store::{Ending, Placing, StoreError, Violation};
use std::sync::Arc;
use tokio::sync::OwnedRwLockReadGuard;
use tollgate_core::decision::Decision;
use tollgate_core::event::Attribution;
use tollgate_core::hold::{Claim, Hold, HoldState};
use tollgate_core::id::HoldId;
use tollgate_core::limit::Amount;
use tollgate_core::time::Timestamp;

/// Times that a hold looks for its cells before it gives up: each is started at the first.
const TAKES_MAX: usize = 8;

/// The answer to a check or a hold.
#[derive(Clone, Debug, PartialEq)]
pub struct HoldAnswer {
    /// The decision.
    pub decision: Decision,
    /// The hold, when one was placed.
    pub hold: Option<Hold>,
    /// What would do instead, or when.
    pub suggestion: Option<Suggestion>,
    /// The time by which it was decided.
    pub at: Timestamp,
}

impl Engine {
    /// Says what limits think of a use. Changes nothing.
    pub async fn check(&self, draft: &HoldDraft<'_>, by: &Attribution) -> Result<HoldAnswer, EngineError> {
        let request = self.request(draft, by)?;
        let decision = self.decision(&request).await?;
        Ok(answer(&request, decision, None))
    }

    /// Takes room for a use in every limit that it concerns, or in none.
    ///
    /// Idempotent by the caller's id: the same request again is answered with the first hold, another is a conflict. A
    /// denial is not remembered. When a hold is answered it is durable.
    pub async fn place(&self, draft: &HoldDraft<'_>, by: &Attribution) -> Result<HoldAnswer, EngineError> {
        let request = self.request(draft, by)?;
        // Repetitions of one hold come one after another, so that the later ones find the first.
        let _alone = match request.is_named {
            true => Some(self.placing.of(&request.hold).lock().await),
            false => None,
        };
        if request.is_named
            && let Some(known) = self.store.holds().hold(request.hold).await?
        {
            return repeated(&request, known);
        }
        let organization = request.usage.scope.organization.clone();
        let request = if request.settings.organizations.contains_key(organization.as_str()) {
            request
        } else {
            self.create_missing_organizations(vec![organization]).await?;
            // A new organization may have the default budget.
            self.request(draft, by)?
        };
        let unchanging = self.changing.clone().read_owned().await;
        let decision = self.take(&request).await?;
        if !decision.is_allowed() {
            self.note_violation(&request, &decision).await;
            return Ok(answer(&request, decision, None));
        }
        self.keep(request, decision, unchanging).await
    }

    /// Takes room in the counters.
    async fn take(&self, request: &Request) -> Result<Decision, EngineError> {
        // What is not priced cannot be compared, so there is nothing to take.
        let is_unpriced = request.amounts().any(|amount| amount.is_none());
        if is_unpriced {
            let decision = self.decision(request).await?;
            if !decision.is_allowed() {
                return Ok(decision);
            }
        }
        let taking = request.taking();
        for _ in 0..TAKES_MAX {
            match self.balances.counters().take(&taking).await {
                Ok(Taken::All(balances) | Taken::Refused(balances)) => {
                    return Ok(request.decide(Some(&balances)));
                }
                Ok(Taken::Unstarted(_)) => {
                    let decision = self.decision(request).await?;
                    if decision.limits.iter().any(|looked| looked.balance.is_none()) {
                        return Ok(decision);
                    }
                }
                Ok(Taken::Again) => {
                    return Err(StoreError::Busy("the same hold is being placed elsewhere").into());
                }
                Ok(Taken::TooMany) => {
                    return Err(StoreError::Busy(
                        "the organization has too many open holds; settle or release some",
                    )
                    .into());
                }
                Err(error) => {
                    tracing::warn!(%error, "limits are decided without balances");
                    return Ok(request.decide(None));
                }
            }
        }
        Err(StoreError::Busy("the balances of limits change too fast to be read").into())
    }

    /// Makes a hold durable whose room was taken.
    async fn keep(
        &self,
        request: Request,
        decision: Decision,
        unchanging: OwnedRwLockReadGuard<()>,
    ) -> Result<HoldAnswer, EngineError> {
        let decision = decision.with_claims();
        let hold = Arc::new(request.hold(decision.clone()));
        let (store, balances, kept) = (self.store.clone(), self.balances.clone(), hold.clone());
        let unverified = hold.decision.is_unverified.then(|| request.taking());
        let placing = to_its_end(async move {
            let counters = balances.counters();
            if let Some(taking) = &unverified
                && let Err(error) = counters.restore(taking).await
            {
                tracing::warn!(%error, hold = %kept.id, "a hold claims no room before the balances are built anew");
            }
            // Its time may be over before it is durable; then it must end after it has begun.
            let pinned = counters.pin(kept.id, kept.placed_at).await;
            if matches!(pinned, Ok(Pinned::Gone)) && unverified.is_none() {
                return Err(StoreError::Busy("the hold's time was over before it was placed"));
            }
            let placing = store.holds().place_hold(kept.clone()).await;
            // A failed store has stopped and counts for nothing; in the other cases the room is not this hold's.
            let is_ours = matches!(placing, Ok(Placing::Placed) | Err(StoreError::Stopped(_)));
            let step = match is_ours {
                true => counters.unpin(kept.id, None).await,
                false => counters.finish(kept.id, Vec::new()).await.map(drop),
            };
            if let Err(error) = step {
                tracing::warn!(%error, hold = %kept.id, "the room of a hold comes back with its time");
            }
            drop(unchanging);
            placing
        });
        match placing.await?? {
            Placing::Placed => Ok(answer(&request, decision, Some(hold.as_ref().clone()))),
            Placing::Known(known) => repeated(&request, *known),
        }
    }

    async fn note_violation(&self, request: &Request, decision: &Decision) {
        let violation = Violation {
            at: request.now,
            scope: request.usage.scope.clone(),
            category: request.usage.category.clone(),
            decision: decision.clone(),
        };
        if let Err(error) = self.store.journal().note_violation(violation).await {
            tracing::warn!(%error, "a denial could not be kept for audit");
        }
    }

    /// Gives a hold back. Repeating it, or releasing what has ended, changes nothing.
    pub async fn release(&self, hold: HoldId, access: &Access) -> Result<Hold, EngineError> {
        self.hold(hold, access).await?;
        let (store, balances, now) = (self.store.clone(), self.balances.clone(), self.now());
        let unchanging = self.changing.clone().read_owned().await;
        to_its_end(async move {
            let _unchanging = unchanging;
            let pinned = balances.counters().pin(hold, now).await;
            let ending = match pinned {
                Ok(Pinned::Held) | Err(_) => Ending::Released,
                Ok(Pinned::Gone) => Ending::Expired,
            };
            let ended = store.holds().end_holds(vec![hold], ending).await;
            let step = match &ended {
                Ok(_) => balances.counters().finish(hold, Vec::new()).await.map(drop),
                Err(_) => balances.counters().unpin(hold, None).await,
            };
            if let Err(error) = step {
                tracing::warn!(%error, %hold, "the room of a hold comes back with its time");
            }
            ended?.pop().flatten().ok_or_else(|| missing(hold))
        })
        .await?
    }

    /// Gives an open hold so many seconds more from now on.
    pub async fn extend(&self, hold: HoldId, ttl_seconds: i64, access: &Access) -> Result<Hold, EngineError> {
        let mut flaws = Vec::new();
        check_ttl(ttl_seconds, &mut flaws);
        if !flaws.is_empty() {
            return Err(EngineError::Invalid(flaws));
        }
        let before = self.hold(hold, access).await?;
        let (store, balances, now) = (self.store.clone(), self.balances.clone(), self.now());
        let unchanging = self.changing.clone().read_owned().await;
        to_its_end(async move {
            let _unchanging = unchanging;
            let counters = balances.counters();
            if counters.pin(hold, now).await.map_err(unreachable)? == Pinned::Gone {
                return Err(ended(&before));
            }
            let expires_at = now.plus_seconds(ttl_seconds);
            let extended = store.holds().extend_hold(hold, expires_at).await;
            let expires_at = match &extended {
                Ok(Some(hold)) => Some(hold.expires_at),
                Ok(None) | Err(_) => None,
            };
            counters.unpin(hold, expires_at).await.map_err(unreachable)?;
            match extended?.ok_or_else(|| missing(hold))? {
                open if open.state.is_open() => Ok(open),
                other => Err(ended(&other)),
            }
        })
        .await?
    }

    /// The hold, if this caller may see it.
    pub async fn hold(&self, hold: HoldId, access: &Access) -> Result<Hold, EngineError> {
        let found = self.store.holds().hold(hold).await?;
        found
            .filter(|found| super::read::may_see(access, &found.scope))
            .ok_or_else(|| missing(hold))
    }
}

impl Request {
    fn taking(&self) -> Taking {
        let wants = self.concerned.iter().zip(self.amounts());
        let wants = wants.map(|(one, amount)| Want {
            cell: one.cell.clone(),
            until: one.window.end,
            amount: amount.unwrap_or(Amount::ZERO),
            ceiling: one.limit.refused_above(self.priority),
        });
        Taking {
            hold: self.hold,
            organization: self.usage.scope.organization.clone(),
            wants: wants.collect(),
            expires_at: self.now.plus_seconds(self.ttl_seconds),
        }
    }

    fn hold(&self, decision: Decision) -> Hold {
        let taking = self.taking();
        let claims = taking.wants.into_iter().map(|want| Claim {
            cell: want.cell,
            amount: want.amount,
        });
        Hold {
            id: self.hold,
            payload: self.payload,
            scope: self.usage.scope.clone(),
            category: self.usage.category.clone(),
            dimensions: self.usage.dimensions.clone(),
            claims: claims.collect(),
            placed_at: self.now,
            expires_at: taking.expires_at,
            decision,
            state: HoldState::Open,
        }
    }
}

fn answer(request: &Request, decision: Decision, hold: Option<Hold>) -> HoldAnswer {
    let suggestion = request.suggestion(&decision);
    HoldAnswer {
        decision,
        hold,
        suggestion,
        at: request.now,
    }
}

/// Answers a request whose id was placed before.
fn repeated(request: &Request, known: Hold) -> Result<HoldAnswer, EngineError> {
    if known.payload != request.payload {
        return Err(EngineError::Exists {
            what: "hold",
            id: format!("{} with another content", known.id),
        });
    }
    Ok(answer(request, known.decision.clone(), Some(known)))
}

pub(super) fn unreachable(error: CountersError) -> EngineError {
    EngineError::Store(StoreError::Stopped(error.to_string()))
}

pub(super) fn missing(hold: HoldId) -> EngineError {
    EngineError::NotFound {
        what: "hold",
        id: hold.to_string(),
    }
}

fn ended(hold: &Hold) -> EngineError {
    let how = match hold.state {
        HoldState::Open => "expired",
        state => state.as_str(),
    };
    EngineError::InUse(format!(
        "the hold {} has ended ({how}); place another one",
        hold.id
    ))
}
