//! Ending: a hold's room comes back once, whoever ends it.

use super::{Ground, balance, counted, counting, hold, noon, taking};
use tollgate_engine::counters::{Pinned, Taken, Tallied};

async fn with_a_hold(ground: Ground) -> Ground {
    let ground = ground.started(&[(1, 10), (2, 20)]).await;
    assert!(matches!(
        ground.take(1, &[(1, 3, None), (2, 4, None)]).await,
        Taken::All(_)
    ));
    ground
}

pub async fn a_finished_hold_gives_its_room_back_once(ground: Ground) {
    let ground = with_a_hold(ground).await;
    for _ in 0..2 {
        assert_eq!(ground.finish(1, &[]).await, Tallied::default());
        ground.has(1, 10, 0).await;
        ground.has(2, 20, 0).await;
    }
    assert_eq!(ground.expire(1_000).await, []);
    ground.has(1, 10, 0).await;
}

pub async fn a_use_takes_the_place_of_its_claim_in_one_step(ground: Ground) {
    let ground = with_a_hold(ground).await.started(&[(3, 0)]).await;
    // Less than was claimed in one cell, more in another, and in a third nothing was claimed.
    let used = [counting(1, 2, 100), counting(2, 9, 100), counting(3, 1, 100)];
    let tallied = ground.finish(1, &used).await;
    assert_eq!(
        tallied.counted,
        [counted(1, 10, 12), counted(2, 20, 29), counted(3, 0, 1)]
    );
    for (n, settled) in [(1, 12), (2, 29), (3, 1)] {
        ground.has(n, settled, 0).await;
    }
    // A use whose hold is gone is counted all the same.
    ground.finish(1, &[counting(1, 1, 101)]).await;
    ground.has(1, 13, 0).await;
}

pub async fn a_hold_whose_time_is_over_gives_its_room_back_once(ground: Ground) {
    let ground = with_a_hold(ground).await;
    assert_eq!(ground.expire(59).await, []);
    ground.has(1, 10, 3).await;
    assert_eq!(ground.expire(60).await, [hold(1)]);
    ground.has(1, 10, 0).await;
    ground.has(2, 20, 0).await;
    assert_eq!(ground.expire(61).await, []);
    ground.finish(1, &[]).await;
    ground.has(1, 10, 0).await;
}

pub async fn a_pinned_hold_does_not_expire(ground: Ground) {
    let ground = with_a_hold(ground).await;
    assert_eq!(ground.0.pin(hold(1), noon(59)).await.unwrap(), Pinned::Held);
    assert_eq!(ground.expire(1_000).await, []);
    ground.has(1, 10, 3).await;
    // Who pins it later finds it, too.
    assert_eq!(ground.0.pin(hold(1), noon(1_000)).await.unwrap(), Pinned::Held);
    ground.finish(1, &[]).await;
    ground.has(1, 10, 0).await;
    assert_eq!(ground.expire(1_000).await, []);
}

pub async fn a_hold_pinned_twice_is_unpinned_twice(ground: Ground) {
    let ground = with_a_hold(ground).await;
    for _ in 0..2 {
        ground.0.pin(hold(1), noon(0)).await.unwrap();
    }
    ground.0.unpin(hold(1), None).await.unwrap();
    assert_eq!(ground.expire(1_000).await, []);
    ground.has(1, 10, 3).await;
    ground.0.unpin(hold(1), None).await.unwrap();
    assert_eq!(ground.expire(1_000).await, [hold(1)]);
    ground.has(1, 10, 0).await;
}

pub async fn an_unpinned_hold_ends_with_its_time_or_another(ground: Ground) {
    let ground = with_a_hold(ground).await;
    let pin = async || assert_eq!(ground.0.pin(hold(1), noon(0)).await.unwrap(), Pinned::Held);
    pin().await;
    ground.0.unpin(hold(1), Some(noon(100))).await.unwrap();
    assert_eq!(ground.expire(99).await, []);
    pin().await;
    ground.0.unpin(hold(1), None).await.unwrap();
    assert_eq!(ground.expire(99).await, []);
    // An earlier end counts as well, and one that was set while others pin it.
    pin().await;
    pin().await;
    ground.0.unpin(hold(1), Some(noon(50))).await.unwrap();
    assert_eq!(ground.expire(1_000).await, []);
    ground.0.unpin(hold(1), None).await.unwrap();
    assert_eq!(ground.expire(49).await, []);
    assert_eq!(ground.expire(50).await, [hold(1)]);
    // What is gone stays gone.
    ground.0.unpin(hold(1), Some(noon(100))).await.unwrap();
    assert_eq!(ground.expire(1_000).await, []);
}

pub async fn what_has_ended_cannot_be_pinned(ground: Ground) {
    let ground = with_a_hold(ground).await;
    assert_eq!(ground.0.pin(hold(2), noon(0)).await.unwrap(), Pinned::Gone);
    // Its time decides, not whether somebody has looked.
    assert_eq!(ground.0.pin(hold(1), noon(60)).await.unwrap(), Pinned::Gone);
    assert_eq!(ground.expire(60).await, [hold(1)]);
    assert_eq!(ground.0.pin(hold(1), noon(0)).await.unwrap(), Pinned::Gone);
}

pub async fn so_many_holds_expire_at_once_and_the_first_come_first(ground: Ground) {
    let ground = ground.started(&[(1, 0)]).await;
    for n in 1..=5 {
        let mut taking = taking(n, &[(1, 1, None)]);
        taking.expires_at = noon(100 - i64::try_from(n).unwrap());
        assert!(matches!(ground.0.take(&taking).await.unwrap(), Taken::All(_)));
    }
    assert_eq!(ground.0.expire(noon(98), 2).await.unwrap(), [hold(5), hold(4)]);
    ground.has(1, 0, 3).await;
    assert_eq!(ground.0.expire(noon(98), 2).await.unwrap(), [hold(3), hold(2)]);
    assert_eq!(ground.0.expire(noon(98), 2).await.unwrap(), []);
    ground.has(1, 0, 1).await;
}

pub async fn a_restored_hold_refuses_nothing_and_is_there_once(ground: Ground) {
    let restored = taking(1, &[(1, 30, Some(10))]);
    for _ in 0..2 {
        ground.0.restore(&restored).await.unwrap();
    }
    assert_eq!(ground.balance(1).await, None);
    ground.prepare(1).await;
    assert_eq!(ground.start(1, 5, 100).await, balance(5, 30));
    assert_eq!(ground.take(1, &[(1, 1, None)]).await, Taken::Again);
    assert_eq!(ground.0.pin(hold(1), noon(0)).await.unwrap(), Pinned::Held);
    ground.0.unpin(hold(1), None).await.unwrap();
    assert_eq!(ground.expire(60).await, [hold(1)]);
    ground.has(1, 5, 0).await;
}

pub async fn a_hold_may_take_again_once_its_claims_are_gone(ground: Ground) {
    let ground = with_a_hold(ground).await;
    ground.finish(1, &[]).await;
    assert!(matches!(ground.take(1, &[(1, 5, None)]).await, Taken::All(_)));
    ground.has(1, 10, 5).await;
    ground.expire(60).await;
    assert!(matches!(ground.take(1, &[(1, 6, None)]).await, Taken::All(_)));
    ground.has(1, 10, 6).await;
}
