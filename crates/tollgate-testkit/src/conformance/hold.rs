//! Holds: each is placed once, ends once, and is settled by one event in the same step that records it.

use crate::fixture::{NOON, Sent, at, price, usage};
use crate::site::Site;
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinSet;
use tollgate_core::decision::{Decision, Looked, Refusal};
use tollgate_core::hold::{Claim, Found, Hold, HoldState};
use tollgate_core::id::{BudgetId, HoldId, PayloadHash, QuotaId};
use tollgate_core::limit::{Action, Amount, Balance, Cell, LimitId, Mode};
use tollgate_core::period::Window;
use tollgate_core::query::UsageQuery;
use tollgate_core::scope::ScopeKind;
use tollgate_core::text::Label;
use tollgate_core::time::Timestamp;
use tollgate_engine::store::{Ending, HoldSettled, Outcome, Placing, SettleHold, StoreError};

fn label(text: &str) -> Label {
    text.parse().unwrap()
}

fn noon(seconds: i64) -> Timestamp {
    at(NOON).plus_seconds(seconds)
}

/// A cell of the n-th quota; those of even numbers count all of time.
pub(super) fn cell(n: u128) -> Cell {
    let start = match n % 2 {
        0 => Window::total().start,
        _ => at("2026-01-01T00:00:00Z"),
    };
    Cell {
        limit: LimitId::Quota(QuotaId::from_bits(n)),
        instance: label("u1"),
        start,
    }
}

/// A decision with a limit that knows everything, and one that knows nothing.
pub(super) fn decision() -> Decision {
    let known = Looked {
        limit: LimitId::Quota(QuotaId::from_bits(1)),
        name: label("quota"),
        kind: ScopeKind::User,
        instance: label("u1"),
        selector: "ai.*".into(),
        measure: "input_tokens".into(),
        scale: 9,
        mode: Mode::Ladder,
        ceiling: Amount(i128::MAX),
        balance: Some(Balance {
            settled: Amount(-7),
            held: Amount(3),
        }),
        amount: Some(Amount(1)),
        resets_at: Some(noon(60)),
        window_seconds: Some(60),
        action: Action::Throttle,
        refusal: Some(Refusal::RateLimited),
    };
    let unknown = Looked {
        limit: LimitId::Budget(BudgetId::from_bits(2)),
        balance: None,
        amount: None,
        resets_at: None,
        window_seconds: None,
        refusal: None,
        ..known.clone()
    };
    Decision {
        action: Action::Switch,
        refusal: Some(Refusal::NoPrice),
        delay_ms: Some(1_000),
        estimated_cost: Some("0.000000000001".parse().unwrap()),
        is_unverified: true,
        limits: vec![known, unknown],
    }
}

/// The n-th hold of `acme`, open from noon for a minute.
fn hold(n: u128) -> Hold {
    let event = usage("acme").team("t").user("u1").model("m");
    let catalog = crate::fixture::catalog();
    let event = event.event(&catalog, &crate::fixture::identity());
    let claim = |n| Claim {
        cell: cell(n),
        amount: Amount(i128::MAX - i128::try_from(n).unwrap()),
    };
    Hold {
        id: HoldId::from_bits(n),
        payload: PayloadHash(u64::MAX - 1),
        scope: event.scope,
        category: event.category,
        dimensions: event.dimensions,
        claims: vec![claim(1), claim(2)],
        placed_at: noon(0),
        expires_at: noon(60),
        decision: decision(),
        state: HoldState::Open,
    }
}

fn used(id: impl ToString, input: u64) -> Sent {
    usage("acme").id(id).tokens(input, 0)
}

impl Site {
    async fn place(&self, hold: &Hold) -> Placing {
        self.store
            .holds()
            .place_hold(Arc::new(hold.clone()))
            .await
            .unwrap()
    }

    async fn placed(self, holds: std::ops::RangeInclusive<u128>) -> Self {
        for n in holds {
            assert_eq!(self.place(&hold(n)).await, Placing::Placed);
        }
        self
    }

    async fn settle(&self, n: u128, sent: &Sent, is_held: bool) -> Option<HoldSettled> {
        let settle = SettleHold {
            hold: HoldId::from_bits(n),
            submission: self.submission(sent),
            is_held,
            settings: self.settings.clone(),
        };
        self.store.holds().settle_hold(settle).await.unwrap()
    }

    async fn end(&self, holds: &[u128], ending: Ending) -> Vec<Option<HoldState>> {
        let holds = holds.iter().map(|n| HoldId::from_bits(*n)).collect();
        let ended = self.store.holds().end_holds(holds, ending).await.unwrap();
        ended.into_iter().map(|hold| Some(hold?.state)).collect()
    }

    async fn state_of(&self, n: u128) -> Option<HoldState> {
        let hold = self.store.holds().hold(HoldId::from_bits(n)).await.unwrap();
        hold.map(|hold| hold.state)
    }

    async fn open_holds(&self) -> Vec<u128> {
        let open = self.store.holds().open_holds().await.unwrap();
        let mut open: Vec<u128> = open.iter().map(|hold| hold.id.bits()).collect();
        open.sort_unstable();
        open
    }

    fn settled_by(&self, sent: &Sent, found: Found) -> HoldState {
        HoldState::Settled {
            event: self.event_id(sent),
            found,
        }
    }
}

pub async fn a_hold_is_placed_once_and_kept_whole(site: Site) {
    let first = hold(1);
    assert_eq!(site.place(&first).await, Placing::Placed);
    let other = Hold {
        payload: PayloadHash(5),
        claims: Vec::new(),
        ..hold(1)
    };
    assert_eq!(site.place(&other).await, Placing::Known(Box::new(first.clone())));
    assert_eq!(
        site.store.holds().hold(first.id).await.unwrap(),
        Some(first.clone())
    );
    assert_eq!(site.store.holds().open_holds().await.unwrap(), [first]);
    // As little as a hold can be.
    let least = Hold {
        claims: Vec::new(),
        decision: Decision::default(),
        dimensions: Default::default(),
        ..hold(u128::MAX)
    };
    assert_eq!(site.place(&least).await, Placing::Placed);
    assert_eq!(site.store.holds().hold(least.id).await.unwrap(), Some(least));
}

pub async fn a_hold_that_was_never_placed_is_not_there(site: Site) {
    assert_eq!(site.state_of(1).await, None);
    assert_eq!(site.settle(1, &used(1, 5), true).await, None);
    assert_eq!(site.end(&[1, 2], Ending::Released).await, [None, None]);
    let extended = site
        .store
        .holds()
        .extend_hold(HoldId::from_bits(1), noon(100))
        .await;
    assert_eq!(extended.unwrap(), None);
    assert_eq!(site.recorded().await, []);
}

pub async fn a_settle_records_its_event_and_ends_its_hold(site: Site) {
    let site = site
        .price(
            1,
            &price("ai.completion")
                .per_unit("input_tokens", "2")
                .per_unit("output_tokens", "1"),
        )
        .await;
    let site = site.placed(1..=2).await;
    let settled = site.settle(1, &used("a", 5), true).await.unwrap();
    let Outcome::Recorded { charge, arrival: 0 } = settled.outcome else {
        panic!("{:?}", settled.outcome)
    };
    assert_eq!(charge.cost.unwrap().to_string(), "10");
    let state = site.settled_by(&used("a", 5), Found::Held);
    assert_eq!(settled.hold, Hold { state, ..hold(1) });
    assert_eq!(site.state_of(1).await, Some(state));
    assert_eq!(site.open_holds().await, [2]);
    assert_eq!(site.stored(&used("a", 5)).await.charge, charge);
    site.verify().await;
}

pub async fn a_hold_is_settled_by_one_event(site: Site) {
    let site = site.placed(1..=1).await;
    let first = site.settle(1, &used("a", 5), true).await.unwrap();
    let again = site.settle(1, &used("a", 5), false).await.unwrap();
    assert!(matches!(again.outcome, Outcome::Duplicate(Some(_))), "{again:?}");
    assert_eq!(again.hold, first.hold);
    // Another event, and another statement under the id of the first.
    for other in [used("b", 5), used("a", 6)] {
        let refused = site.settle(1, &other, true).await.unwrap();
        assert_eq!((refused.outcome, &refused.hold), (Outcome::Conflict, &first.hold));
    }
    assert_eq!(site.ids().await, ["a"]);
}

pub async fn a_settle_whose_event_conflicts_leaves_its_hold_open(site: Site) {
    let site = site.placed(1..=1).await;
    site.record(&[used("a", 5)]).await;
    let refused = site.settle(1, &used("a", 6), true).await.unwrap();
    assert_eq!((refused.outcome, refused.hold), (Outcome::Conflict, hold(1)));
    assert_eq!(site.open_holds().await, [1]);
    // An event that was recorded before by itself settles it, and is not recorded again.
    let settled = site.settle(1, &used("a", 5), true).await.unwrap();
    assert!(matches!(settled.outcome, Outcome::Duplicate(Some(_))));
    assert_eq!(settled.hold.state, site.settled_by(&used("a", 5), Found::Held));
    assert_eq!(site.ids().await, ["a"]);
}

pub async fn a_use_is_recorded_whatever_became_of_its_hold(site: Site) {
    let site = site.placed(1..=5).await;
    assert_eq!(
        site.end(&[1], Ending::Released).await,
        [Some(HoldState::Released)]
    );
    assert_eq!(
        site.end(&[2, 3], Ending::Expired).await,
        [Some(HoldState::Expired); 2]
    );
    for (n, is_held, found) in [
        (1, false, Found::Unheld),
        (2, false, Found::Late),
        // The record decides: the claims of what has ended are gone, whatever the caller thinks.
        (3, true, Found::Late),
        (4, false, Found::Late),
        (5, true, Found::Held),
    ] {
        let sent = used(n, 5);
        let settled = site.settle(n, &sent, is_held).await.unwrap();
        assert!(matches!(settled.outcome, Outcome::Recorded { .. }));
        assert_eq!(settled.hold.state, site.settled_by(&sent, found), "hold {n}");
        assert_eq!(site.settle(n, &sent, !is_held).await.unwrap().hold, settled.hold);
    }
    assert_eq!(site.ids().await.len(), 5);
    assert_eq!(site.open_holds().await, [0; 0]);
}

pub async fn a_hold_ends_once(site: Site) {
    let site = site.placed(1..=4).await;
    site.settle(3, &used(3, 1), true).await.unwrap();
    let settled = Some(site.settled_by(&used(3, 1), Found::Held));
    let (released, expired) = (Some(HoldState::Released), Some(HoldState::Expired));
    assert_eq!(
        site.end(&[1, 3, 9], Ending::Released).await,
        [released, settled, None]
    );
    // The same one twice in one step, and what has ended otherwise.
    assert_eq!(
        site.end(&[1, 2, 2, 3], Ending::Expired).await,
        [released, expired, expired, settled]
    );
    assert_eq!(site.end(&[2], Ending::Released).await, [expired]);
    assert_eq!(site.open_holds().await, [4]);
    // Its id stays taken.
    assert_eq!(
        site.place(&hold(1)).await,
        Placing::Known(Box::new(Hold {
            state: HoldState::Released,
            ..hold(1)
        }))
    );
    assert_eq!(site.end(&[], Ending::Expired).await, []);
}

pub async fn an_open_hold_is_extended(site: Site) {
    let site = site.placed(1..=2).await;
    let extend = async |n: u128, seconds| {
        let holds = site.store.holds();
        holds
            .extend_hold(HoldId::from_bits(n), noon(seconds))
            .await
            .unwrap()
            .unwrap()
    };
    assert_eq!(
        extend(1, 500).await,
        Hold {
            expires_at: noon(500),
            ..hold(1)
        }
    );
    assert_eq!(extend(1, 100).await.expires_at, noon(100));
    assert_eq!(
        site.store
            .holds()
            .hold(HoldId::from_bits(1))
            .await
            .unwrap()
            .unwrap()
            .expires_at,
        noon(100)
    );
    site.end(&[2], Ending::Released).await;
    assert_eq!(
        extend(2, 500).await,
        Hold {
            state: HoldState::Released,
            ..hold(2)
        }
    );
}

pub async fn what_is_settled_is_told_with_how_many_events_had_arrived(site: Site) {
    let ask = async |user: &str| {
        let question = json!({
            "measures": ["input_tokens"], "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z",
            "filters": [{"field": "organization", "op": "eq", "value": "acme"}, {"field": "user", "op": "eq", "value": user}],
        });
        let parts = serde_json::from_str(&question.to_string()).unwrap();
        let query = UsageQuery::new(&parts, &site.settings.catalog, noon(0)).unwrap();
        let settled = site
            .store
            .holds()
            .settled(Arc::new(query), site.settings.clone())
            .await
            .unwrap();
        let sum = crate::model::query::Answered::from(&settled.answer).total["input_tokens"].clone();
        (sum, settled.arrivals)
    };
    assert_eq!(ask("u1").await.1, 0);
    site.record(&[used(1, 5).user("u1"), used(2, 7), used(1, 5).user("u1")])
        .await;
    site.place(&hold(1)).await;
    assert_eq!(ask("u1").await, ("5".to_owned(), 2));
    site.settle(1, &used(3, 11).user("u1"), true).await.unwrap();
    assert_eq!(ask("u1").await, ("16".to_owned(), 3));
    site.void(&used(1, 5).user("u1")).await;
    assert_eq!(ask("u1").await, ("11".to_owned(), 4));
}

pub async fn of_concurrent_placings_of_one_hold_one_is_the_first(site: Site) {
    let mut callers = JoinSet::new();
    for caller in 0..16_u64 {
        let store = site.store.clone();
        let hold = Hold {
            payload: PayloadHash(caller),
            ..hold(1)
        };
        callers.spawn(async move { (caller, store.holds().place_hold(Arc::new(hold)).await.unwrap()) });
    }
    let placings = callers.join_all().await;
    let kept = site
        .store
        .holds()
        .hold(HoldId::from_bits(1))
        .await
        .unwrap()
        .unwrap();
    for (caller, placing) in &placings {
        match placing {
            Placing::Placed => assert_eq!(kept.payload, PayloadHash(*caller)),
            Placing::Known(known) => assert_eq!(**known, kept),
        }
    }
    assert_eq!(
        placings
            .iter()
            .filter(|(_, placing)| *placing == Placing::Placed)
            .count(),
        1
    );
}

/// Two settles by different events, a release and an expiry of each hold, all at once.
pub async fn of_concurrent_ends_of_one_hold_one_is_its_end(site: Site) {
    let site = Arc::new(site.placed(1..=20).await);
    let mut callers = JoinSet::new();
    for n in 1..=20 {
        for way in 0..4_u64 {
            let site = site.clone();
            callers.spawn(async move {
                match way {
                    0 | 1 => drop(
                        site.settle(n, &used(format!("{n}-{way}"), way), true)
                            .await
                            .unwrap(),
                    ),
                    2 => drop(site.end(&[n], Ending::Released).await),
                    _ => drop(site.end(&[n], Ending::Expired).await),
                }
            });
        }
    }
    callers.join_all().await;
    let recorded = site.recorded().await;
    assert_eq!(recorded.len(), 20, "one event for each hold");
    for n in 1..=20 {
        // Whoever came first: a settle always ends as the hold's end, for what was used is recorded.
        let Some(HoldState::Settled { event, .. }) = site.state_of(n).await else {
            panic!("hold {n} is not settled")
        };
        let mine = recorded.iter().find(|stored| stored.event.event == event);
        assert!(mine.is_some_and(|stored| stored.event.id.as_str().starts_with(&format!("{n}-"))));
    }
    site.verify().await;
}

pub async fn a_closed_store_holds_nothing_more(site: Site) {
    let site = site.placed(1..=1).await;
    site.store.close().await.unwrap();
    let placing = site.store.holds().place_hold(Arc::new(hold(2))).await;
    assert!(matches!(placing, Err(StoreError::Stopped(_))), "{placing:?}");
    let ended = site
        .store
        .holds()
        .end_holds(vec![HoldId::from_bits(1)], Ending::Released)
        .await;
    assert!(matches!(ended, Err(StoreError::Stopped(_))), "{ended:?}");
}
