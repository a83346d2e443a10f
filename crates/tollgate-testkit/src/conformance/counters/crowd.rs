//! Many at once: no two are given the same room, and nobody waits for ever.

use super::{Ground, counting, hold, noon};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;
use tollgate_engine::counters::{Pinned, Taken};

/// What each of so many callers at once came to.
async fn at_once<T, F>(ground: &Ground, callers: u128, call: impl Fn(Ground, u128) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut set = JoinSet::new();
    (1..=callers).for_each(|n| drop(set.spawn(call(ground.clone(), n))));
    set.join_all().await
}

pub async fn of_a_thousand_at_once_fifty_are_admitted(ground: Ground) {
    let ground = ground.started(&[(1, 0), (2, 0), (3, 0)]).await;
    let taken = at_once(&ground, 1_000, async |ground, n| {
        ground
            .take(n, &[(1, 10, Some(500)), (2, 10, Some(700)), (3, 10, None)])
            .await
    })
    .await;
    let admitted = taken
        .iter()
        .filter(|taken| matches!(taken, Taken::All(_)))
        .count();
    assert_eq!(admitted, 50);
    for n in 1..=3 {
        ground.has(n, 0, 500).await;
    }
}

pub async fn of_eight_first_calls_as_many_are_admitted_as_fit(ground: Ground) {
    // Nobody has started the cell: each caller does what an engine does.
    let taken = at_once(&ground, 8, async |ground, n| {
        loop {
            match ground.take(n, &[(1, 10, Some(30))]).await {
                Taken::Unstarted(_) => {
                    ground.prepare(1).await;
                    ground.start(1, 5, 100).await;
                }
                taken => return matches!(taken, Taken::All(_)),
            }
        }
    })
    .await;
    assert_eq!(taken.into_iter().filter(|is_admitted| *is_admitted).count(), 2);
    ground.has(1, 5, 20).await;
}

pub async fn holds_that_take_two_cells_in_opposite_order_all_end(ground: Ground) {
    let ground = ground.started(&[(1, 0), (2, 0)]).await;
    let taken = at_once(&ground, 1_000, async |ground, n| {
        let (one, other) = ((1, 1, Some(50)), (2, 1, Some(60)));
        let wants = if n % 2 == 0 { [one, other] } else { [other, one] };
        matches!(ground.take(n, &wants).await, Taken::All(_))
    })
    .await;
    assert_eq!(taken.into_iter().filter(|is_admitted| *is_admitted).count(), 50);
    for n in 1..=2 {
        ground.has(n, 0, 50).await;
    }
}

pub async fn every_hold_ends_once_however_many_end_it(ground: Ground) {
    let ground = ground.started(&[(1, 0)]).await;
    for n in 1..=100 {
        assert!(matches!(
            ground.take(n, &[(1, 1, Some(100))]).await,
            Taken::All(_)
        ));
    }
    // Each hold is ended by one who settles and one who gives it back, while others end whatever is past its time.
    let ends = at_once(&ground, 300, async |ground, n| {
        let which = n % 100 + 1;
        if n > 200 {
            return ground
                .expire(60)
                .await
                .into_iter()
                .map(|hold| (hold, "expired"))
                .collect();
        }
        match ground.0.pin(hold(which), noon(59)).await.unwrap() {
            Pinned::Gone => Vec::new(),
            Pinned::Held => {
                ground.finish(which, &[]).await;
                vec![(hold(which), "finished")]
            }
        }
    })
    .await;
    let ends: Vec<_> = ends.into_iter().flatten().collect();
    let expired: Vec<_> = ends
        .iter()
        .filter(|(_, how)| *how == "expired")
        .map(|(hold, _)| hold)
        .collect();
    let finished: BTreeSet<_> = ends
        .iter()
        .filter(|(_, how)| *how == "finished")
        .map(|(hold, _)| hold)
        .collect();
    let distinct: BTreeSet<_> = expired.iter().copied().collect();
    assert_eq!(expired.len(), distinct.len(), "a hold expired twice");
    assert!(distinct.is_disjoint(&finished), "a pinned hold expired");
    assert_eq!(distinct.len() + finished.len(), 100);
    ground.has(1, 0, 0).await;
}

/// Recorders put an event into the record and count it then; somebody starts the cell from the record meanwhile. Whoever
/// comes first: every event is in the balance once.
pub async fn what_is_counted_while_a_cell_is_started_is_counted_once(ground: Ground) {
    for number in 1..=20 {
        let record: Arc<Mutex<Vec<i128>>> = Arc::default();
        at_once(&ground, 101, |ground, n| {
            let record = record.clone();
            async move {
                if n % 25 == 1 {
                    ground.prepare(number).await;
                    let (settled, arrivals) = {
                        let record = record.lock().unwrap();
                        (record.iter().sum(), record.len())
                    };
                    ground
                        .start(number, settled, u64::try_from(arrivals).unwrap())
                        .await;
                }
                let amount = i128::try_from(n).unwrap();
                let arrival = {
                    let mut record = record.lock().unwrap();
                    record.push(amount);
                    record.len() - 1
                };
                let arrival = u64::try_from(arrival).unwrap();
                ground.count(&[counting(number, amount, arrival)]).await;
            }
        })
        .await;
        ground.has(number, (1..=101).sum(), 0).await;
    }
}
