//! What settling a hold came to: the answer of events, with the hold.

use super::hold::HoldView;
use crate::wire::event::{Answer, EventResult};
use crate::wire::printed::Object;
use serde::Serialize;
use tollgate_core::decimal::Decimal;
use tollgate_core::hold::{Found, Hold};
use tollgate_core::limit::{Amount, LimitId};
use tollgate_engine::Settlement;
use utoipa::ToSchema;

/// By how much a use was more than its hold claimed of a limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Overrun)]
struct OverrunView {
    /// The limit.
    #[schema(value_type = String)]
    id: LimitId,
    /// `quota` or `budget`.
    kind: &'static str,
    /// How much more.
    amount: String,
}

impl From<&(LimitId, Amount, u8)> for OverrunView {
    fn from((limit, amount, scale): &(LimitId, Amount, u8)) -> Self {
        Self {
            id: *limit,
            kind: limit.kind(),
            amount: Decimal::from_parts(amount.0, *scale).to_string(),
        }
    }
}

/// The answer to a settle, as JSON.
pub(crate) fn settled_json(answer: &Answer<'_>, settlement: &Settlement) -> Vec<u8> {
    let overrun: Vec<OverrunView> = settlement.overrun.iter().map(OverrunView::from).collect();
    written(answer, settlement.hold.as_ref(), (settlement.found, &overrun))
}

/// The answer to a settle whose body cannot be read as an event: nothing has become of the hold.
pub(crate) fn unsettled_json(answer: &Answer<'_>, hold: &Hold) -> Vec<u8> {
    written(answer, Some(hold), (Found::Held, &[]))
}

fn written(answer: &Answer<'_>, hold: Option<&Hold>, (found, overrun): (Found, &[OverrunView])) -> Vec<u8> {
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    answer.write(false, &mut object);
    object.json("hold", &hold.map(HoldView::from));
    object.json("late", &(found == Found::Late));
    object.json("unheld", &(found == Found::Unheld));
    object.json("overrun", overrun);
    object.end();
    out
}

/// What settling a hold came to.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "describes in the API document what is written by hand")]
#[schema(as = SettleAnswer)]
pub(crate) struct SettleBody {
    /// 1 when the use is new and counted.
    recorded: usize,
    /// 1 when it was recorded before; nothing changed.
    duplicate: usize,
    /// 1 when the hold was settled, or the id taken, by another event; nothing changed.
    conflict: usize,
    /// 1 when the body is no valid event; nothing changed.
    rejected: usize,
    /// The one result.
    results: Vec<EventResult>,
    /// The hold as it stands now; `null` where there is none and the event was recorded by itself.
    hold: Option<HoldView>,
    /// Whether the hold had expired.
    late: bool,
    /// Whether there was no hold, or it had been released.
    unheld: bool,
    /// By how much the use was more than the hold claimed, limit by limit; it is recorded in full.
    overrun: Vec<OverrunView>,
}
