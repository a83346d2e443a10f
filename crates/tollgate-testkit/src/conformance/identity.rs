//! Identity: every statement is recorded once, whatever is sent again and by how many at once.

use crate::fixture::{Sent, price, usage};
use crate::site::{Site, cost_of};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;
use tollgate_engine::store::{Outcome, Submission};

/// One letter for each outcome of a batch.
fn letters(outcomes: &[Outcome]) -> String {
    let letter = |outcome: &Outcome| match outcome {
        Outcome::Recorded { .. } => 'r',
        Outcome::Duplicate(_) => 'd',
        Outcome::Conflict => 'c',
    };
    outcomes.iter().map(letter).collect()
}

fn tokens(id: impl ToString, input: u64) -> Sent {
    usage("acme").id(id).tokens(input, 0).model("m")
}

pub async fn a_resend_is_a_duplicate_with_the_first_charge(site: Site) {
    let site = site
        .price(
            1,
            &price("ai.completion")
                .per_million("input_tokens", "2.5")
                .per_unit("output_tokens", "1"),
        )
        .await;
    let sent = tokens(1, 812).user("u1").metadata(r#"{"a": 1, "b": [2.50]}"#);
    let first = site.record_one(&sent).await;
    let respelled = tokens(1, 812)
        .user("u1")
        .metadata(r#"{"b": [2.5], "a": 1.0}"#)
        .measure("input_tokens", "812.0");
    for resend in [sent, respelled] {
        let again = site.record_one(&resend).await;
        assert_eq!(letters(std::slice::from_ref(&again)), "d");
        assert_eq!(cost_of(&again), cost_of(&first));
    }
    assert_eq!(cost_of(&first).unwrap().amount.as_deref(), Some("0.00203"));
    assert_eq!(site.ids().await, ["1"]);
}

pub async fn another_statement_under_the_same_id_is_a_conflict_and_changes_nothing(site: Site) {
    let site = site
        .price(
            1,
            &price("ai.completion").graduated("input_tokens", &[(Some("10"), "1"), (None, "3")], "total"),
        )
        .await;
    let sent = tokens(1, 8);
    assert_eq!(site.cost(&sent).await, "8");
    let others = [
        tokens(1, 9),
        tokens(1, 8).at("2026-01-15T12:00:01Z"),
        tokens(1, 8).user("u1"),
        tokens(1, 8).model("n"),
        tokens(1, 8).metadata("1"),
        tokens(1, 8).cost("8"),
        tokens(1, 8).measure("requests", 2),
        usage("acme")
            .id(1)
            .category("ai.embedding")
            .measure("input_tokens", 8)
            .model("m"),
    ];
    for other in &others {
        assert_eq!(
            letters(&site.record(std::slice::from_ref(other)).await),
            "c",
            "{other:?}"
        );
    }
    assert_eq!(site.ids().await, ["1"]);
    // No tier has moved: the next two units are the last at the first price.
    assert_eq!(site.cost(&tokens(2, 4)).await, "8");
}

pub async fn duplicates_and_conflicts_inside_one_batch_are_told_apart(site: Site) {
    let batch = [
        tokens(1, 1),
        tokens(1, 1),
        tokens(1, 2),
        tokens(2, 1),
        tokens(1, 1),
        tokens(2, 5),
    ];
    assert_eq!(letters(&site.record(&batch).await), "rdcrdc");
    assert_eq!(letters(&site.record(&batch).await), "ddcddc");
    assert_eq!(site.ids().await, ["1", "2"]);
    assert_eq!(
        site.stored(&tokens(2, 1))
            .await
            .event
            .quantity("input_tokens")
            .to_string(),
        "1"
    );
}

pub async fn the_same_id_from_another_source_or_organization_is_another_event(site: Site) {
    let sent = tokens(1, 1);
    let elsewhere = Sent {
        organization: "beta".to_owned(),
        ..sent.clone()
    };
    let batch = [
        sent.clone(),
        sent.clone().source("ide"),
        elsewhere.clone(),
        elsewhere.source("ide"),
    ];
    assert_eq!(letters(&site.record(&batch).await), "rrrr");
    // No source is the default one.
    assert_eq!(letters(&site.record(&[sent.source("api")]).await), "d");
}

pub async fn a_resend_after_a_price_change_is_answered_with_the_first_charge(site: Site) {
    let before = price("ai.completion").per_unit("input_tokens", "1");
    let site = site.price(1, &before).await;
    let sent = tokens(1, 3);
    assert_eq!(site.cost(&sent).await, "3");
    let site = site.rewrite_price(1, &before.until("2026-01-15T00:00:00Z")).await;
    let after = price("ai.completion")
        .from("2026-01-15T00:00:00Z")
        .per_unit("input_tokens", "7");
    let site = site.price(2, &after).await;
    let again = site.record_one(&sent).await;
    assert_eq!(letters(std::slice::from_ref(&again)), "d");
    assert_eq!(cost_of(&again).unwrap().amount.as_deref(), Some("3"));
    assert_eq!(site.cost(&tokens(2, 3)).await, "21");
}

/// Lets several callers record their batches at once and gives what became of each.
async fn record_at_once(site: &Site, batches: Vec<Vec<Sent>>) -> Vec<(Sent, Outcome)> {
    let mut callers = JoinSet::new();
    for batch in batches {
        let (store, settings) = (site.store.clone(), site.settings.clone());
        let submissions: Vec<Submission> = batch.iter().map(|sent| site.submission(sent)).collect();
        callers.spawn(async move {
            let outcomes = store.record(Arc::new(submissions), settings).await.unwrap();
            batch.into_iter().zip(outcomes).collect::<Vec<_>>()
        });
    }
    callers.join_all().await.into_iter().flatten().collect()
}

pub async fn concurrent_callers_record_each_event_once(site: Site) {
    // Each caller sends the same forty events, beginning at another one, in batches of eight.
    let batch = |caller: usize, part: usize| {
        (0..8)
            .map(|n| tokens((caller * 5 + part * 8 + n) % 40, 1))
            .collect()
    };
    let batches = (0..6)
        .flat_map(|caller| (0..5).map(move |part| batch(caller, part)))
        .collect();
    let ends = record_at_once(&site, batches).await;
    let mut recorded: BTreeMap<String, usize> = BTreeMap::new();
    for (sent, outcome) in &ends {
        assert_ne!(*outcome, Outcome::Conflict, "{sent:?}");
        *recorded.entry(sent.id.clone()).or_default() +=
            usize::from(matches!(outcome, Outcome::Recorded { .. }));
    }
    assert_eq!(recorded.len(), 40);
    assert!(recorded.values().all(|times| *times == 1), "{recorded:?}");
    assert_eq!(site.recorded().await.len(), 40);
    site.verify().await;
}

pub async fn of_concurrent_statements_under_one_id_exactly_one_is_recorded(site: Site) {
    let batches = (1..=8)
        .map(|caller| (0..20).map(|n| tokens(n, caller)).collect())
        .collect();
    let ends = record_at_once(&site, batches).await;
    for id in 0..20 {
        let mine: Vec<_> = ends
            .iter()
            .filter(|(sent, _)| sent.id == id.to_string())
            .collect();
        let outcomes: Vec<Outcome> = mine.iter().map(|(_, outcome)| outcome.clone()).collect();
        let mut letters: Vec<char> = letters(&outcomes).chars().collect();
        letters.sort_unstable();
        assert_eq!(letters, ['c', 'c', 'c', 'c', 'c', 'c', 'c', 'r'], "{mine:#?}");
        let (winner, _) = mine
            .iter()
            .find(|(_, outcome)| matches!(outcome, Outcome::Recorded { .. }))
            .unwrap();
        assert_eq!(site.stored(winner).await.event, site.submission(winner).event);
    }
}
