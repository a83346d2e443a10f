//! Decisions: the one comparison in every mode, and which refusal outweighs which.

use crate::ground::{Stand, budget, decided, quota};
use expect_test::{Expect, expect};
use serde_json::json;
use std::fmt::Write;
use tollgate_core::decision::{Decision, Refusal};
use tollgate_core::limit::{Action, Amount, Priority};

/// The answer as a whole, and a line for each limit.
fn shown(decision: &Decision) -> String {
    let refusal = |refusal: Option<Refusal>| refusal.map_or("allow", Refusal::as_str);
    let unverified = if decision.is_unverified { " unverified" } else { "" };
    let mut text = format!(
        "{} {}{unverified}\n",
        refusal(decision.refusal),
        decision.action.as_str()
    );
    for looked in &decision.limits {
        let said = match (looked.refusal, looked.refuses()) {
            (Some(refusal), true) => refusal.as_str().to_owned(),
            (Some(refusal), false) => format!("would be {}", refusal.as_str()),
            (None, _) => "-".to_owned(),
        };
        let remaining = looked
            .remaining()
            .map_or("?".to_owned(), |left| left.0.to_string());
        writeln!(
            text,
            "  {} {} {said}, left {remaining}",
            looked.name,
            looked.action.as_str()
        )
        .unwrap();
    }
    text
}

fn check(stands: &[Stand], want: Expect) {
    let decision = decided(stands, Priority::Normal);
    assert_eq!(decision.is_allowed(), decision.refusing().count() == 0);
    assert_eq!(
        decision.refusal,
        decision.refusing().filter_map(|looked| looked.refusal).min()
    );
    want.assert_eq(&shown(&decision));
}

#[test]
fn a_use_is_admitted_if_it_is_nothing_or_fits() {
    for (settled_and_held, adds, fits) in [
        ("0+0", "10", true),
        ("0+0", "10.000000001", false),
        ("9.999999999+0", "0.000000001", true),
        ("9.999999999+0", "0.000000002", false),
        ("4+6", "0.000000001", false),
        ("4+5.5", "0.5", true),
        // What was taken back makes room.
        ("-5+0", "15", true),
        ("-5+10", "5", true),
        ("-5+10", "5.1", false),
        // Nothing is admitted anywhere, also beyond the ceiling.
        ("10+0", "0", true),
        ("100+100", "0", true),
    ] {
        for limit in [
            quota(1, json!({"limit": "10"})),
            budget(1, json!({"limit": "10"})),
        ] {
            let hard = decided(
                &[Stand(limit.clone(), settled_and_held, adds)],
                Priority::Critical,
            );
            assert_eq!(hard.is_allowed(), fits, "{settled_and_held} {adds}");
            assert_eq!(hard.action == Action::Block, !fits);
            for (mode, would) in [("soft", false), ("shadow", true)] {
                let other = quota(1, json!({"limit": "10", "mode": mode}));
                let decision = decided(&[Stand(other, settled_and_held, adds)], Priority::Normal);
                assert!(decision.is_allowed());
                assert_eq!(
                    decision.limits[0].refusal.is_some(),
                    would && !fits,
                    "{mode} {settled_and_held} {adds}"
                );
            }
        }
    }
}

#[test]
fn a_limit_of_zero_denies_any_amount() {
    let none = || quota(1, json!({"limit": 0}));
    check(
        &[Stand(none(), "0+0", "0")],
        expect![[r#"
            allow none
              q1 none -, left 0
        "#]],
    );
    check(
        &[Stand(none(), "0+0", "0.000000001")],
        expect![[r#"
            quota_exceeded block
              q1 block quota_exceeded, left 0
        "#]],
    );
    // Only what was taken back makes room, for as much again.
    check(
        &[Stand(none(), "-1+0", "1")],
        expect![[r#"
            allow none
              q1 none -, left 1000000000
        "#]],
    );
    let ladder = quota(1, json!({"limit": 0, "mode": "ladder"}));
    for (adds, is_allowed) in [("0", true), ("1", false)] {
        let decision = decided(&[Stand(ladder.clone(), "0+0", adds)], Priority::Critical);
        assert_eq!(decision.is_allowed(), is_allowed);
    }
    assert_eq!(
        decided(&[Stand(none(), "0+0", "1")], Priority::Normal).limits[0].amount,
        Some(Amount(1_000_000_000))
    );
}

#[test]
fn without_a_price_only_a_hard_budget_refuses() {
    let with = |mode: &str| budget(1, json!({"mode": mode}));
    check(
        &[
            Stand(with("hard"), "0+0", "?"),
            Stand(quota(2, json!({})), "0+0", "1"),
        ],
        expect![[r#"
            no_price block
              b1 block no_price, left 10000000000000000
              q2 none -, left 10000000000000
        "#]],
    );
    for mode in ["soft", "shadow", "ladder"] {
        assert!(
            decided(&[Stand(with(mode), "0+0", "?")], Priority::Normal).is_allowed(),
            "{mode}"
        );
    }
}

#[test]
fn the_refusal_that_outweighs_is_given_and_every_limit_that_denies_is_named() {
    let rate = || quota(4, json!({"window": "minute", "limit": 1}));
    let unknown = || budget(5, json!({}));
    let full = |n, window: &str| quota(n, json!({"window": window, "limit": 1}));
    check(
        &[
            Stand(budget(1, json!({"limit": 5})), "4+1", "0.01"),
            Stand(budget(2, json!({"limit": 5})), "4+0", "0.01"),
            Stand(full(3, "hour"), "1+0", "1"),
            Stand(rate(), "0+1", "1"),
            Stand(unknown(), "?", "1"),
            Stand(quota(6, json!({"mode": "shadow", "limit": 0})), "0+0", "1"),
        ],
        expect![[r#"
            budget_exceeded block
              b1 block budget_exceeded, left 0
              b2 warn -, left 1000000000000
              q3 block quota_exceeded, left 0
              q4 block rate_limited, left 0
              b5 block limit_unavailable, left ?
              q6 none would be quota_exceeded, left 0
        "#]],
    );
    let order = [
        Stand(unknown(), "?", "1"),
        Stand(rate(), "1+0", "1"),
        Stand(full(3, "day"), "1+0", "1"),
        Stand(budget(1, json!({"limit": 5})), "5+0", "1"),
        Stand(budget(2, json!({})), "0+0", "?"),
    ];
    let want = [
        "limit_unavailable",
        "rate_limited",
        "quota_exceeded",
        "budget_exceeded",
        "no_price",
    ];
    for (place, want) in want.into_iter().enumerate() {
        let decision = decided(&order[..=place], Priority::Normal);
        assert_eq!(decision.refusal.unwrap().as_str(), want);
        assert_eq!(decision.refusing().count(), place + 1, "all that deny are named");
    }
    // A minute of something else, or an hour of requests, is no rate.
    for (fields, want) in [
        (
            json!({"window": "minute", "measure": "tokens", "limit": 0}),
            "quota_exceeded",
        ),
        (json!({"window": "hour", "limit": 0}), "quota_exceeded"),
        (json!({"window": "minute", "limit": 0}), "rate_limited"),
    ] {
        let decision = decided(&[Stand(quota(1, fields), "0+0", "1")], Priority::Normal);
        assert_eq!(decision.refusal.unwrap().as_str(), want);
    }
}

#[test]
fn while_a_balance_is_not_known_each_limit_does_as_it_says() {
    for (mode, on_unavailable, want) in [
        ("hard", None, "limit_unavailable"),
        ("hard", Some("deny"), "limit_unavailable"),
        ("hard", Some("allow"), "allow unverified"),
        ("soft", None, "allow unverified"),
        ("ladder", None, "allow unverified"),
        ("ladder", Some("deny"), "limit_unavailable"),
        ("soft", Some("deny"), "limit_unavailable"),
        // A shadow decides nothing, so nothing hangs on it.
        ("shadow", None, "allow"),
        ("shadow", Some("deny"), "allow"),
    ] {
        let limit = budget(1, json!({"mode": mode, "on_unavailable": on_unavailable}));
        let decision = decided(&[Stand(limit, "?", "1")], Priority::Normal);
        let unverified = if decision.is_unverified { " unverified" } else { "" };
        let got = format!(
            "{}{unverified}",
            decision.refusal.map_or("allow", Refusal::as_str)
        );
        assert_eq!(got, want, "{mode} {on_unavailable:?}");
    }
    // A use without a price is refused by a hard budget whatever its balance is.
    let limit = budget(1, json!({"on_unavailable": "allow"}));
    let decision = decided(&[Stand(limit, "?", "?")], Priority::Normal);
    assert_eq!(decision.refusal, Some(Refusal::NoPrice));
}

#[test]
fn waiting_helps_until_the_last_refusing_limit_begins_anew() {
    let full = |n, window: &str| Stand(quota(n, json!({"window": window, "limit": 1})), "1+0", "1");
    let retry = |stands: &[Stand]| {
        decided(stands, Priority::Normal)
            .retry_at()
            .map(|at| at.to_string())
    };
    let minute = Some("2026-01-15T12:01:00Z".to_owned());
    assert_eq!(retry(&[full(1, "minute")]), minute);
    assert_eq!(
        retry(&[full(1, "minute"), full(2, "month")]).as_deref(),
        Some("2026-02-01T00:00:00Z")
    );
    assert_eq!(
        retry(&[full(1, "minute"), full(2, "total"), full(3, "day")]),
        None
    );
    let fits = quota(1, json!({"window": "minute"}));
    assert_eq!(retry(&[Stand(fits, "0+0", "1")]), None);
    // A limit that refuses nothing has no say.
    let shadow = quota(2, json!({"window": "year", "limit": 0, "mode": "shadow"}));
    assert_eq!(retry(&[full(1, "minute"), Stand(shadow, "0+0", "1")]), minute);
    // What is more than the whole ceiling never fits, and what has no price does not get one by waiting.
    let small = quota(2, json!({"window": "day", "limit": "0.5"}));
    assert_eq!(retry(&[full(1, "minute"), Stand(small, "0+0", "1")]), None);
    let budget = budget(2, json!({"period": "day"}));
    assert_eq!(retry(&[full(1, "minute"), Stand(budget, "0+0", "?")]), None);
}
