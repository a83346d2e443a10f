//! The journal: denials for audit, and thresholds that others are to be told of, once each.

use super::hold::{cell, decision};
use crate::fixture::{NOON, at, usage};
use crate::site::Site;
use tokio::task::JoinSet;
use tollgate_core::limit::{Amount, Cell, Percent};
use tollgate_engine::store::{Crossing, Violation, ViolationPage};

/// A denial to a user of an organization, the n-th.
fn violation(organization: &str, n: i64) -> Violation {
    let event = usage(organization)
        .user(&format!("u{n}"))
        .event(&crate::fixture::catalog(), &crate::fixture::identity());
    Violation {
        at: at(NOON).plus_seconds(n),
        scope: event.scope,
        category: event.category,
        decision: decision(),
    }
}

fn crossing(n: u128, threshold: u32, settled: i128) -> Crossing {
    Crossing {
        cell: cell(n),
        threshold: Percent::whole(threshold),
        settled: Amount(settled),
        ceiling: Amount(100),
        at: at(NOON),
    }
}

impl Site {
    async fn violations(
        &self,
        organization: Option<&str>,
        before: Option<u64>,
        limit: usize,
    ) -> Vec<(u64, Violation)> {
        let page = ViolationPage {
            organization: organization.map(|name| name.parse().unwrap()),
            before,
            limit,
        };
        self.store.journal().violations(page).await.unwrap()
    }

    async fn emit(&self, crossings: &[Crossing]) {
        self.store.journal().emit(crossings.to_vec()).await.unwrap();
    }
}

fn users(page: &[(u64, Violation)]) -> Vec<String> {
    page.iter()
        .map(|(_, violation)| violation.scope.user.as_ref().unwrap().to_string())
        .collect()
}

pub async fn denials_are_listed_newest_first_and_page_by_page(site: Site) {
    assert_eq!(site.violations(None, None, 10).await, []);
    for n in 1..=5 {
        let organization = if n == 3 { "beta" } else { "acme" };
        site.store
            .journal()
            .note_violation(violation(organization, n))
            .await
            .unwrap();
    }
    let all = site.violations(None, None, 10).await;
    assert_eq!(users(&all), ["u5", "u4", "u3", "u2", "u1"]);
    assert_eq!(all[4].1, violation("acme", 1));
    assert!(all.windows(2).all(|pair| pair[0].0 > pair[1].0), "{all:?}");
    let first = site.violations(Some("acme"), None, 2).await;
    assert_eq!(users(&first), ["u5", "u4"]);
    let second = site.violations(Some("acme"), Some(first[1].0), 2).await;
    assert_eq!(users(&second), ["u2", "u1"]);
    assert_eq!(site.violations(Some("acme"), Some(second[1].0), 2).await, []);
    assert_eq!(users(&site.violations(Some("beta"), None, 2).await), ["u3"]);
    assert_eq!(site.violations(Some("gamma"), None, 2).await, []);
    assert_eq!(site.violations(None, None, 0).await, []);
}

pub async fn the_same_denial_twice_is_two(site: Site) {
    for _ in 0..2 {
        site.store
            .journal()
            .note_violation(violation("acme", 1))
            .await
            .unwrap();
    }
    assert_eq!(users(&site.violations(None, None, 10).await), ["u1", "u1"]);
}

pub async fn a_passed_threshold_is_told_once(site: Site) {
    assert_eq!(site.store.journal().outbox(0, 10).await.unwrap(), []);
    site.emit(&[crossing(1, 75, 80), crossing(1, 90, 95), crossing(1, 75, 81)])
        .await;
    site.emit(&[crossing(1, 75, 82)]).await;
    let next_window = Cell {
        start: at("2026-02-01T00:00:00Z"),
        ..cell(1)
    };
    let others = [
        crossing(2, 75, 1),
        Crossing {
            cell: next_window,
            ..crossing(1, 75, 83)
        },
    ];
    site.emit(&others).await;
    let outbox = site.store.journal().outbox(0, 10).await.unwrap();
    let want = [
        crossing(1, 75, 80),
        crossing(1, 90, 95),
        others[0].clone(),
        others[1].clone(),
    ];
    assert_eq!(
        outbox
            .iter()
            .map(|(_, crossing)| crossing.clone())
            .collect::<Vec<_>>(),
        want
    );
    assert!(outbox.windows(2).all(|pair| pair[0].0 < pair[1].0));
    site.emit(&[]).await;
}

pub async fn the_outbox_is_read_from_where_one_was(site: Site) {
    for n in 1..=5 {
        site.emit(&[crossing(n, 75, 80)]).await;
        // What is there already takes no number from what comes.
        site.emit(&[crossing(1, 75, 80)]).await;
    }
    let mut seen = Vec::new();
    let mut after = 0;
    loop {
        let page = site.store.journal().outbox(after, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some((last, _)) = page.last() else { break };
        after = *last;
        seen.extend(page.into_iter().map(|(_, crossing)| crossing.cell));
    }
    assert_eq!(seen, (1..=5).map(cell).collect::<Vec<_>>());
}

pub async fn of_many_who_see_a_threshold_passed_one_tells(site: Site) {
    let mut callers = JoinSet::new();
    for caller in 0..16 {
        let store = site.store.clone();
        callers.spawn(async move {
            store
                .journal()
                .emit(vec![crossing(1, 75, caller), crossing(2, 90, caller)])
                .await
        });
    }
    callers
        .join_all()
        .await
        .into_iter()
        .for_each(|told| told.unwrap());
    assert_eq!(site.store.journal().outbox(0, 10).await.unwrap().len(), 2);
}
