//! A store is filled once, whatever interrupts.

use super::super::acme::ACME;
use super::super::history::HOURS;
use super::super::{Filling, Reached, begin, fill, prepare};
use super::{charges, drafts, engine, history, now, text};
use std::collections::BTreeSet;
use tollgate_engine::Access;

#[tokio::test]
async fn an_empty_store_is_filled_once() {
    let (engine, clock) = engine().await;
    let mut reached = Vec::new();
    let filled = fill(&engine, &mut |step: Reached| reached.push(step))
        .await
        .unwrap();
    let last = *reached.last().unwrap();
    assert_eq!(filled, Filling::Filled(last.tally));
    assert_eq!(last.percent, 100);
    assert!(reached.is_sorted_by_key(|step| (step.percent, step.tally.recorded)));
    assert_eq!(engine.state().events, last.tally.recorded);
    assert!(last.tally.duplicate > 100, "the outage has resends");
    clock.set(now().plus_seconds(7 * 24 * 3600));
    assert_eq!(
        fill(&engine, &mut |_| panic!("nothing is sent")).await.unwrap(),
        Filling::Complete
    );
    assert_eq!(engine.state().events, last.tally.recorded);
    let names: Vec<String> = engine
        .settings()
        .organizations
        .values()
        .map(|organization| organization.name.clone())
        .collect();
    assert_eq!(
        names,
        [
            "Acme Editor (sample)",
            "Globex Studio (sample)",
            "Northwind Search (sample)"
        ]
    );
}

#[tokio::test]
async fn a_fill_that_was_cut_off_goes_on_with_the_same_events() {
    let (engine, clock) = engine().await;
    begin(&engine).await.unwrap();
    let history = history();
    prepare(&engine, &history).await.unwrap();
    for hour in 0..HOURS / 3 {
        engine
            .record(history.hour(hour).unwrap(), &Access::default())
            .await
            .unwrap();
    }
    let before = engine.state().events;
    clock.set(now().plus_seconds(30 * 3600));
    let Filling::Filled(tally) = fill(&engine, &mut |_| {}).await.unwrap() else {
        panic!("it goes on")
    };
    let ids: BTreeSet<(String, String)> = drafts(&history)
        .map(|draft| (text(&draft.organization).to_owned(), text(&draft.id).to_owned()))
        .collect();
    assert_eq!(engine.state().events, u64::try_from(ids.len()).unwrap());
    assert_eq!(before + tally.recorded, engine.state().events);
    assert!(tally.duplicate >= before);
    assert_eq!(fill(&engine, &mut |_| {}).await.unwrap(), Filling::Complete);
    let prices = engine.settings().prices.len();
    prepare(&engine, &history).await.unwrap();
    assert_eq!(
        engine.settings().prices.len(),
        prices,
        "no price is written twice"
    );
}

#[tokio::test]
async fn a_store_that_holds_something_else_is_left_alone() {
    for organization in ["mine", ACME.id] {
        let (engine, _) = engine().await;
        let mut draft = history().hour(HOURS - 1).unwrap().swap_remove(0);
        draft.organization = Some(organization.into());
        charges(&engine, vec![draft]).await;
        assert_eq!(fill(&engine, &mut |_| {}).await.unwrap(), Filling::Occupied);
        assert_eq!(engine.state().events, 1);
    }
}
