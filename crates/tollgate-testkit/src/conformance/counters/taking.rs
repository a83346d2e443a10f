//! Taking: room is given to a hold in every cell or in none, once.

use super::{Ground, balance, cell, taking};
use tollgate_engine::counters::Taken;

pub async fn what_fits_is_taken_and_what_does_not_changes_nothing(ground: Ground) {
    let ground = ground.started(&[(1, 4)]).await;
    assert_eq!(
        ground.take(1, &[(1, 3, Some(10))]).await,
        Taken::All(vec![balance(4, 0)])
    );
    assert_eq!(
        ground.take(2, &[(1, 4, Some(10))]).await,
        Taken::Refused(vec![balance(4, 3)])
    );
    ground.has(1, 4, 3).await;
    assert_eq!(
        ground.take(2, &[(1, 3, Some(10))]).await,
        Taken::All(vec![balance(4, 3)])
    );
    ground.has(1, 4, 6).await;
    // A ceiling is the hold's own: another priority may go further.
    assert_eq!(
        ground.take(3, &[(1, 1, Some(10))]).await,
        Taken::Refused(vec![balance(4, 6)])
    );
    assert_eq!(
        ground.take(3, &[(1, 1, Some(11))]).await,
        Taken::All(vec![balance(4, 6)])
    );
}

pub async fn a_hold_takes_of_every_cell_or_of_none(ground: Ground) {
    let ground = ground.started(&[(1, 0), (2, 0), (3, 9)]).await;
    let wants = [(1, 5, Some(10)), (2, 5, None), (3, 5, Some(10))];
    assert_eq!(
        ground.take(1, &wants).await,
        Taken::Refused(vec![balance(0, 0), balance(0, 0), balance(9, 0)])
    );
    for (n, settled) in [(1, 0), (2, 0), (3, 9)] {
        ground.has(n, settled, 0).await;
    }
    // What was refused may be asked for again under its id.
    let wants = [(1, 5, Some(10)), (2, 5, None), (3, 1, Some(10))];
    assert!(matches!(ground.take(1, &wants).await, Taken::All(_)));
    for (n, settled, held) in [(1, 0, 5), (2, 0, 5), (3, 9, 1)] {
        ground.has(n, settled, held).await;
    }
}

pub async fn a_hold_takes_once(ground: Ground) {
    let ground = ground.started(&[(1, 0)]).await;
    assert!(matches!(ground.take(1, &[(1, 3, Some(10))]).await, Taken::All(_)));
    assert_eq!(ground.take(1, &[(1, 3, Some(10))]).await, Taken::Again);
    assert_eq!(ground.take(1, &[(1, 300, Some(10))]).await, Taken::Again);
    ground.has(1, 0, 3).await;
}

pub async fn nothing_always_fits(ground: Ground) {
    let ground = ground.started(&[(1, 500), (2, 10)]).await;
    let wants = [(1, 0, Some(10)), (2, 0, Some(0))];
    assert_eq!(
        ground.take(1, &wants).await,
        Taken::All(vec![balance(500, 0), balance(10, 0)])
    );
    assert!(matches!(
        ground.take(2, &[(2, 1, Some(10))]).await,
        Taken::Refused(_)
    ));
}

pub async fn a_limit_that_refuses_nothing_is_counted(ground: Ground) {
    let ground = ground.started(&[(1, 5)]).await;
    assert!(matches!(ground.take(1, &[(1, 1_000, None)]).await, Taken::All(_)));
    ground.has(1, 5, 1_000).await;
}

pub async fn a_hold_without_cells_is_a_hold(ground: Ground) {
    assert_eq!(ground.take(1, &[]).await, Taken::All(vec![]));
    assert_eq!(ground.take(1, &[]).await, Taken::Again);
    assert_eq!(ground.expire(60).await.len(), 1);
}

pub async fn cells_that_are_not_started_are_named_and_nothing_is_taken(ground: Ground) {
    let ground = ground.started(&[(2, 0)]).await;
    ground.prepare(3).await;
    let wants = [(1, 1, None), (2, 1, Some(10)), (3, 1, Some(10))];
    assert_eq!(
        ground.take(1, &wants).await,
        Taken::Unstarted(vec![cell(1), cell(3)])
    );
    ground.has(2, 0, 0).await;
    assert_eq!([ground.balance(1).await, ground.balance(3).await], [None, None]);
    // Which cells are not known outweighs that another one is full.
    assert!(matches!(
        ground.take(1, &[(1, 1, None), (2, 11, Some(10))]).await,
        Taken::Unstarted(_)
    ));
}

pub async fn an_organization_has_so_many_holds_at_most(ground: Ground) {
    let ground = ground.started(&[(1, 0)]).await;
    let mut n = 0;
    // I20: whatever the bound is, there is one.
    let refused = loop {
        n += 1;
        assert!(n <= 1_000_000, "a million open holds and no end");
        match ground.take(n, &[(1, 1, None)]).await {
            Taken::All(_) => {}
            other => break other,
        }
    };
    assert_eq!(refused, Taken::TooMany);
    let open = i128::try_from(n - 1).unwrap();
    ground.has(1, 0, open).await;
    let mut foreign = taking(n, &[(1, 1, None)]);
    foreign.organization = "globex".parse().unwrap();
    assert!(matches!(ground.0.take(&foreign).await.unwrap(), Taken::All(_)));
    // One that ends makes room for one.
    ground.finish(1, &[]).await;
    assert!(matches!(ground.take(n + 1, &[(1, 1, None)]).await, Taken::All(_)));
    assert_eq!(ground.take(n + 2, &[(1, 1, None)]).await, Taken::TooMany);
}
