//! Settling: what a hold's use came to is recorded, whatever became of the hold.

use super::balance::countings;
use super::hold::missing;
use super::record::{NEAR_MISS_LOOKS_MAX, near_miss};
use super::task::to_its_end;
use super::{Engine, Receipt, Status};
use crate::counters::Pinned;
use crate::error::EngineError;
use crate::settings::Settings;
use crate::store::{Outcome, SettleHold, Submission};
use smol_str::SmolStr;
use std::borrow::Cow;
use std::sync::Arc;
use tollgate_core::charge::Charge;
use tollgate_core::event::{Attribution, Draft, Event};
use tollgate_core::hold::{Found, Hold, HoldState};
use tollgate_core::id::HoldId;
use tollgate_core::limit::{Amount, LimitId};

/// What a settle came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Settlement {
    /// What became of the event.
    pub receipt: Receipt,
    /// The hold as it stands now; `None` when there is none of this id and the event was recorded by itself.
    pub hold: Option<Hold>,
    /// How the settle that ended the hold found it; [`Found::Unheld`] when there is none.
    pub found: Found,
    /// By how much the use was more than the hold claimed, where it was: the limit, the amount and its decimal places.
    pub overrun: Vec<(LimitId, Amount, u8)>,
}

impl Engine {
    /// Records what a hold's use came to and ends the hold by it.
    ///
    /// What the draft leaves out is the hold's: who, what, with which dimensions, when, under which id. A use is recorded
    /// also when its hold has ended or it is more than was held. Idempotent: the same settle again is a duplicate.
    pub async fn settle(
        &self,
        id: HoldId,
        draft: Draft<'_>,
        by: &Attribution,
    ) -> Result<Settlement, EngineError> {
        let Some(hold) = self.store.holds().hold(id).await? else {
            return self.settle_unknown(id, draft, by).await;
        };
        let hold = Some(hold)
            .filter(|hold| super::read::may_see(by, &hold.scope))
            .ok_or_else(|| missing(id))?;
        let draft = completed(draft, &hold);
        let event_id = SmolStr::new(draft.id.as_deref().unwrap_or_default());
        let intake_settings = self.settings();
        let event = match draft.validate(&self.intake(&intake_settings, by), &event_id) {
            Ok(event) => event,
            Err(flaws) => {
                let receipt = Receipt {
                    id: Some(event_id),
                    event: None,
                    status: Status::Rejected(flaws),
                    near_miss: None,
                };
                return Ok(Settlement {
                    receipt,
                    found: Found::Held,
                    overrun: Vec::new(),
                    hold: Some(hold),
                });
            }
        };
        self.settle_with(id, event).await
    }

    async fn settle_with(&self, id: HoldId, event: Event) -> Result<Settlement, EngineError> {
        let unchanging = self.changing.clone().read_owned().await;
        let (settings, now) = (self.settings(), self.now());
        let (store, balances, watches) = (self.store.clone(), self.balances.clone(), self.watches.clone());
        let (recorded, with) = (event.clone(), settings.clone());
        let settled = to_its_end(async move {
            let pinned = balances.counters().pin(id, now).await;
            let submission = Submission::from(recorded);
            let settle = SettleHold {
                hold: id,
                submission: submission.clone(),
                is_held: !matches!(pinned, Ok(Pinned::Gone)),
                settings: with.clone(),
            };
            let settled = store.holds().settle_hold(settle).await;
            watches.note(std::slice::from_ref(&submission));
            let step = match &settled {
                Ok(Some(settled)) if !settled.hold.state.is_open() => {
                    let fresh = fresh(&settled.outcome, &submission.event);
                    balances
                        .counters()
                        .finish(id, countings(fresh.into_iter(), &with))
                        .await
                }
                // It conflicts, or nothing was recorded: the hold goes on as it was.
                Ok(Some(_)) | Ok(None) | Err(_) => {
                    let unpinned = balances.counters().unpin(id, None).await;
                    unpinned.map(|()| Default::default())
                }
            };
            match step {
                Ok(tallied) => balances.take_note(tallied, &with, now).await,
                Err(error) => tracing::warn!(%error, hold = %id, "a settled use was not counted"),
            }
            drop(unchanging);
            settled
        })
        .await??;
        let settled = settled.ok_or_else(|| missing(id))?;
        let found = match settled.hold.state {
            HoldState::Settled { found, .. } => found,
            HoldState::Open | HoldState::Released | HoldState::Expired => Found::Held,
        };
        let overrun = match found {
            Found::Held => overrun(&settled.outcome, &event, &settled.hold, &settings),
            // Without a claim all of it is counted as any other use is, and none of it is more than was held.
            Found::Late | Found::Unheld => Vec::new(),
        };
        let status = super::record::status(settled.outcome, &event, &settings);
        let (charge, mut looks) = (status.charge(), NEAR_MISS_LOOKS_MAX);
        let near_miss = charge.and_then(|charge| near_miss(&event, charge, &settings, &mut looks));
        Ok(Settlement {
            receipt: Receipt {
                id: Some(event.id.as_smol().clone()),
                event: Some(event.event),
                status,
                near_miss,
            },
            hold: Some(settled.hold),
            found,
            overrun,
        })
    }

    /// Records a whole event although its hold is not known: usage that happened is never dropped.
    async fn settle_unknown(
        &self,
        id: HoldId,
        mut draft: Draft<'_>,
        by: &Attribution,
    ) -> Result<Settlement, EngineError> {
        let is_whole =
            draft.category.is_some() && (draft.organization.is_some() || by.organization.is_some());
        if !is_whole {
            return Err(missing(id));
        }
        draft.id.get_or_insert_with(|| Cow::Owned(id.to_string()));
        let receipt = self
            .record(vec![draft], by)
            .await?
            .pop()
            .ok_or_else(|| missing(id))?;
        Ok(Settlement {
            receipt,
            hold: None,
            found: Found::Unheld,
            overrun: Vec::new(),
        })
    }
}

/// The draft with what it leaves out taken from its hold.
fn completed<'d>(mut draft: Draft<'d>, hold: &Hold) -> Draft<'d> {
    fn put(field: &mut Option<Cow<'_, str>>, value: Option<impl ToString>) {
        if field.is_none() {
            *field = value.map(|value| Cow::Owned(value.to_string()));
        }
    }
    put(&mut draft.organization, Some(&hold.scope.organization));
    put(&mut draft.team, hold.scope.team.as_ref());
    put(&mut draft.project, hold.scope.project.as_ref());
    put(&mut draft.user, hold.scope.user.as_ref());
    put(&mut draft.category, Some(&hold.category));
    put(&mut draft.id, Some(hold.id));
    put(&mut draft.timestamp, Some(hold.placed_at));
    if draft.dimensions.is_empty() {
        let pairs = hold.dimensions.iter();
        draft.dimensions = pairs
            .map(|(key, value)| (Cow::Owned(key.to_string()), Cow::Owned(value.to_string())))
            .collect();
    }
    draft
}

/// The event with its charge and place, when it was recorded now.
pub(super) fn fresh<'e>(outcome: &'e Outcome, event: &'e Event) -> Option<(&'e Event, &'e Charge, u64)> {
    match outcome {
        Outcome::Recorded { charge, arrival } => Some((event, charge, *arrival)),
        Outcome::Duplicate(_) | Outcome::Conflict => None,
    }
}

/// By how much a use was more than its hold claimed, limit by limit.
fn overrun(
    outcome: &Outcome,
    event: &Event,
    hold: &Hold,
    settings: &Arc<Settings>,
) -> Vec<(LimitId, Amount, u8)> {
    let charge = match outcome {
        Outcome::Recorded { charge, .. } | Outcome::Duplicate(Some(charge)) => charge,
        Outcome::Duplicate(None) | Outcome::Conflict => return Vec::new(),
    };
    let used = countings(std::iter::once((event, charge, 0)), settings);
    let over = used.into_iter().filter_map(|used| {
        let claimed = hold.claims.iter().find(|claim| claim.cell == used.cell);
        let over = used
            .amount
            .minus(claimed.map_or(Amount::ZERO, |claim| claim.amount));
        let scale = settings.limits.limit(used.cell.limit)?.counted.scale();
        (over > Amount::ZERO).then_some((used.cell.limit, over, scale))
    });
    over.collect()
}
