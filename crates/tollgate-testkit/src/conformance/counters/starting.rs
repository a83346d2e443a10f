//! Starting and counting: each event is in a balance once, whether it came before the store was asked, meanwhile or after.

use super::{Ground, balance, cell, counted, counting, taking};
use tollgate_core::limit::Amount;
use tollgate_engine::counters::{Taken, Tallied};

pub async fn a_cell_begins_with_what_the_store_had(ground: Ground) {
    assert_eq!(ground.balance(1).await, None);
    ground.prepare(1).await;
    assert_eq!(ground.balance(1).await, None);
    assert_eq!(ground.start(1, 7, 100).await, balance(7, 0));
    ground.has(1, 7, 0).await;
    assert_eq!(ground.balance(2).await, None);
}

pub async fn what_arrived_before_the_sum_is_in_it(ground: Ground) {
    let ground = ground.started(&[(1, 7)]).await;
    // Told late of what the sum had: nothing.
    let late = ground.count(&[counting(1, 3, 99), counting(1, 4, 0)]).await;
    assert_eq!(late, Tallied::default());
    ground.has(1, 7, 0).await;
    let next = ground.count(&[counting(1, 3, 100)]).await;
    assert_eq!(next.counted, [counted(1, 7, 10)]);
    ground.has(1, 10, 0).await;
}

pub async fn what_is_counted_before_the_sum_is_known_is_counted_once(ground: Ground) {
    ground.prepare(1).await;
    // The store was asked when a hundred events had arrived: 98 and 99 are in its sum, 100 and 101 are not.
    let meanwhile = [
        counting(1, 1, 98),
        counting(1, 10, 101),
        counting(1, 100, 99),
        counting(1, 1_000, 100),
    ];
    assert_eq!(ground.count(&meanwhile).await, Tallied::default());
    assert_eq!(ground.start(1, 101, 100).await, balance(1_111, 0));
    // Their count may come after that of the start, too.
    ground.count(&[counting(1, 10_000, 102)]).await;
    ground.has(1, 11_111, 0).await;
}

pub async fn a_started_cell_stays_as_it_is(ground: Ground) {
    let ground = ground.started(&[(1, 7)]).await;
    ground.count(&[counting(1, 1, 100)]).await;
    ground.prepare(1).await;
    assert_eq!(ground.start(1, 500, 500).await, balance(8, 0));
    ground.count(&[counting(1, 1, 101)]).await;
    ground.has(1, 9, 0).await;
}

pub async fn preparing_again_forgets_nothing(ground: Ground) {
    ground.prepare(1).await;
    ground.count(&[counting(1, 5, 100)]).await;
    ground.prepare(1).await;
    ground.count(&[counting(1, 6, 101)]).await;
    assert_eq!(ground.start(1, 0, 100).await, balance(11, 0));
}

pub async fn a_cell_that_was_not_prepared_is_not_started(ground: Ground) {
    assert!(ground.0.start(&cell(1), Amount(5), 100).await.is_err());
    assert_eq!(ground.balance(1).await, None);
    // Nor one that is known by the claims of a hold alone.
    ground.0.restore(&taking(1, &[(2, 3, None)])).await.unwrap();
    assert!(ground.0.start(&cell(2), Amount(5), 100).await.is_err());
    assert_eq!(ground.balance(2).await, None);
}

pub async fn what_is_counted_is_told_cell_by_cell(ground: Ground) {
    let ground = ground.started(&[(1, 1), (2, 2)]).await;
    ground.prepare(3).await;
    let tallied = ground
        .count(&[
            counting(1, 10, 100),
            counting(4, 1, 100),
            counting(2, 20, 100),
            counting(3, 30, 100),
            counting(1, -5, 101),
            counting(4, 1, 101),
        ])
        .await;
    assert_eq!(tallied.counted, [counted(1, 1, 6), counted(2, 2, 22)]);
    assert_eq!(tallied.unstarted, [cell(4)]);
    assert_eq!(ground.balance(4).await, None);
}

pub async fn a_correction_makes_room(ground: Ground) {
    let ground = ground.started(&[(1, 10)]).await;
    assert!(matches!(
        ground.take(1, &[(1, 1, Some(10))]).await,
        Taken::Refused(_)
    ));
    ground.count(&[counting(1, -12, 100)]).await;
    ground.has(1, -2, 0).await;
    assert!(matches!(
        ground.take(1, &[(1, 12, Some(10))]).await,
        Taken::All(_)
    ));
    assert!(matches!(
        ground.take(2, &[(1, 1, Some(10))]).await,
        Taken::Refused(_)
    ));
}

pub async fn an_abandoned_cell_keeps_its_claims_and_is_started_anew(ground: Ground) {
    let ground = ground.started(&[(2, 5)]).await;
    ground
        .0
        .restore(&taking(1, &[(1, 3, None), (2, 3, None)]))
        .await
        .unwrap();
    ground.prepare(1).await;
    ground.count(&[counting(1, 1_000, 100)]).await;
    for n in [1, 2, 9] {
        ground.0.abandon(&cell(n)).await.unwrap();
    }
    ground.has(2, 5, 3).await;
    assert_eq!(ground.count(&[counting(1, 1, 101)]).await.unstarted, [cell(1)]);
    assert!(ground.0.start(&cell(1), Amount(5), 100).await.is_err());
    ground.prepare(1).await;
    assert_eq!(ground.start(1, 6, 102).await, balance(6, 3));
    ground.finish(1, &[]).await;
    ground.has(1, 6, 0).await;
}

pub async fn started_cells_are_listed_in_their_order(ground: Ground) {
    let ground = ground.started(&[(3, 30), (1, 10), (2, 20)]).await;
    ground.prepare(4).await;
    ground.take(1, &[(2, 5, None)]).await;
    let list = async |after: Option<u128>, at_most| {
        let after = after.map(cell);
        ground.0.started(after.as_ref(), at_most).await.unwrap()
    };
    let (one, two, three) = (
        (cell(1), balance(10, 0)),
        (cell(2), balance(20, 5)),
        (cell(3), balance(30, 0)),
    );
    assert_eq!(list(None, 10).await, [one.clone(), two.clone(), three.clone()]);
    assert_eq!(list(None, 2).await, [one, two]);
    assert_eq!(list(Some(2), 2).await, [three]);
    assert_eq!(list(Some(3), 2).await, []);
}

pub async fn a_corrected_cell_has_what_was_put_there(ground: Ground) {
    let ground = ground.started(&[(1, 10)]).await;
    ground.0.correct(&cell(1), balance(7, 3), 200).await.unwrap();
    ground.has(1, 7, 3).await;
    ground.count(&[counting(1, 1, 199), counting(1, 2, 200)]).await;
    ground.has(1, 9, 3).await;
}
