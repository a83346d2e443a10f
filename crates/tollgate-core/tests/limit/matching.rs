//! Which limits concern a use: organization, scope, selector and dimensions.

use crate::ground::{book, budget, quota, usage};
use serde_json::{Value, json};
use tollgate_core::limit::Limit;

/// Under which instance a limit counts a use; `-` when it does not.
fn check(limit: Value, uses: &[(&str, &str)]) {
    let limits: [Limit; 2] = [quota(7, limit.clone()), budget(7, limit.clone())];
    for limit in limits {
        let mut book = book([limit.clone()]);
        for (words, want) in uses {
            let event = usage(words);
            let found = book.concerned(&event, event.at);
            let got = found
                .first()
                .map_or("-", |concerned| concerned.cell.instance.as_str());
            assert_eq!(got, *want, "{words} under {limit:#?}");
            assert_eq!(
                limit.concerns(&event).is_some() && event.scope.organization == limit.organization,
                got != "-"
            );
        }
        assert_eq!(book.remove(limit.id).as_deref(), Some(&limit));
        let event = usage(uses[0].0);
        assert!(book.concerned(&event, event.at).is_empty() && !book.has("acme"));
    }
}

fn scope(kind: &str, id: &str) -> Value {
    json!({"scope": {"kind": kind, "id": id}})
}

#[test]
fn a_limit_counts_one_instance_or_each_one_separately() {
    check(
        json!({}),
        &[("", "acme"), ("user=u", "acme"), ("org=globex", "-")],
    );
    check(scope("organization", "*"), &[("", "acme"), ("org=globex", "-")]);
    check(
        scope("organization", "acme"),
        &[("", "acme"), ("org=globex", "-")],
    );
    for kind in ["team", "project", "user"] {
        let one = |id: &str| format!("{kind}={id}");
        let (a, b, foreign) = (one("a"), one("b"), format!("org=globex {}", one("a")));
        check(
            scope(kind, "a"),
            &[(&a, "a"), (&b, "-"), ("", "-"), (&foreign, "-")],
        );
        check(
            scope(kind, "*"),
            &[(&a, "a"), (&b, "b"), ("", "-"), (&foreign, "-")],
        );
    }
    // A name is told by its class: a team is no user.
    check(
        scope("user", "a"),
        &[("team=a project=a", "-"), ("team=b user=a", "a")],
    );
}

#[test]
fn a_limit_counts_what_its_selector_and_its_dimensions_fit() {
    let selector = |text: &str| json!({"selector": text});
    check(
        selector("*"),
        &[("cat=ai.completion", "acme"), ("cat=api", "acme")],
    );
    check(
        selector("ai.*"),
        &[
            ("cat=ai.completion", "acme"),
            ("cat=ai.x.y", "acme"),
            ("cat=ai", "-"),
            ("cat=aix.y", "-"),
        ],
    );
    check(selector("ai.x"), &[("cat=ai.x", "acme"), ("cat=ai.x.y", "-")]);
    check(
        json!({"match": {"model": "m", "region": "eu"}}),
        &[
            ("model=m region=eu", "acme"),
            ("model=m region=eu tier=1", "acme"),
            ("model=m", "-"),
            ("model=m region=us", "-"),
        ],
    );
}

#[test]
fn every_limit_that_concerns_a_use_is_found_once_in_the_order_of_ids() {
    let limits = [
        quota(4, scope("user", "u")),
        quota(2, scope("user", "*")),
        quota(3, scope("team", "t")),
        quota(1, json!({})),
        budget(1, scope("user", "u")),
        quota(5, scope("user", "v")),
    ];
    let names = |limits: &[Limit]| {
        let event = usage("user=u team=t");
        let book = book(limits.to_vec());
        let found = book.concerned(&event, event.at);
        found
            .iter()
            .map(|concerned| concerned.limit.name.to_string())
            .collect::<Vec<_>>()
    };
    let want = ["q1", "q2", "q3", "q4", "b1"];
    assert_eq!(names(&limits), want);
    let mut other = limits;
    other.reverse();
    assert_eq!(names(&other), want);
}

#[test]
fn a_limit_that_is_put_in_again_takes_the_place_of_the_first() {
    let mut book = book([quota(1, scope("user", "a"))]);
    book.insert(quota(1, json!({"limit": 7})));
    let event = usage("user=a");
    let found = book.concerned(&event, event.at);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].cell.instance.as_str(), "acme");
    assert_eq!(book.iter().count(), 1);
}
