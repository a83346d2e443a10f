//! How many limits one request may meet, against every request there could be.

use crate::ground::{book, quota, usage};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cell::Cell;
use tollgate_core::event::Event;
use tollgate_core::flaw::FlawCode;
use tollgate_core::limit::{CELLS_MAX, Limit};

/// The limits made of these fields, which are written one after the other; how many were written before one was refused.
fn written(fields: impl IntoIterator<Item = Value>) -> usize {
    let mut book = book([]);
    let mut count = 0;
    for (n, fields) in (1..).zip(fields) {
        let limit = quota(n, fields);
        match book.check(&limit) {
            Ok(()) => book.insert(limit),
            Err(flaw) => {
                assert_eq!((flaw.pointer.as_str(), flaw.code), ("/scope", FlawCode::TooMany));
                return count;
            }
        }
        count += 1;
    }
    count
}

fn repeated(times: usize, fields: Value) -> impl Iterator<Item = Value> {
    (0..times).map(move |_| fields.clone())
}

#[test]
fn the_thirty_third_limit_that_one_request_could_meet_is_refused_when_it_is_written() {
    assert_eq!(CELLS_MAX, 32);
    assert_eq!(written(repeated(40, json!({}))), 32);
    assert_eq!(
        written(repeated(40, json!({"scope": {"kind": "user", "id": "*"}}))),
        32
    );
    // Each one separately and one of them by name meet in that one's requests.
    let everybody = repeated(31, json!({"scope": {"kind": "user", "id": "*"}}));
    let one = repeated(3, json!({"scope": {"kind": "user", "id": "u1"}}));
    assert_eq!(written(everybody.chain(one)), 32);
    // Families, categories in them and all of them meet in the category.
    let selectors =
        ["*", "ai.*", "ai.x.*", "ai.x.y"].map(|selector| repeated(9, json!({"selector": selector})));
    assert_eq!(written(selectors.into_iter().flatten()), 32);
}

#[test]
fn forty_quotas_for_forty_models_are_one_cell() {
    let models = || (0..40).map(|n| json!({"match": {"model": format!("m{n}")}}));
    let teams = || (0..40).map(|n| json!({"scope": {"kind": "team", "id": format!("t{n}")}}));
    let categories = || (0..40).map(|n| json!({"selector": format!("ai.c{n}")}));
    for each in [
        models().collect::<Vec<_>>(),
        teams().collect(),
        categories().collect(),
    ] {
        assert_eq!(written(each), 40);
    }
    // One model's, one team's and one category's meet in one request: room for 29 more that meet everything.
    let apart = || models().chain(teams()).chain(categories());
    assert_eq!(written(apart().chain(repeated(40, json!({})))), 120 + 29);
    // However many there are of each, it can be told.
    let many =
        |kind: &'static str| (0..200).map(move |n| json!({"scope": {"kind": kind, "id": format!("i{n}")}}));
    let models = (0..200).map(|n| json!({"match": {"model": format!("m{n}")}}));
    let many = many("team").chain(many("project")).chain(models);
    assert_eq!(written(many.chain(repeated(40, json!({})))), 600 + 29);
    // Limits of another organization meet none of these.
    let others = repeated(32, json!({"organization": "globex"}));
    assert_eq!(written(others.chain(repeated(33, json!({})))), 64);
}

#[test]
fn thirty_thousand_limits_for_single_users_can_be_written_and_one_for_all_beside_them() {
    let user = |n: u128| quota(n, json!({"scope": {"kind": "user", "id": format!("u{n}")}}));
    let mut book = book((1..=30_000).map(user));
    book.check(&user(30_001)).unwrap();
    let all = quota(200_000, json!({}));
    book.check(&all).unwrap();
    book.insert(all);
    book.check(&quota(200_001, json!({"scope": {"kind": "user", "id": "*"}})))
        .unwrap();
}

#[test]
fn writing_a_limit_again_does_not_count_it_twice() {
    let limits: Vec<Limit> = (1..=32).map(|n| quota(n, json!({}))).collect();
    let book = book(limits.clone());
    book.check(&limits[31]).unwrap();
    book.check(&quota(33, json!({}))).unwrap_err();
}

const SELECTORS: [&str; 6] = ["*", "ai.*", "ai.x", "ai.x.*", "ai.x.y", "b"];

/// A limit with small differences to others, so that some meet and some do not.
fn fields() -> impl Strategy<Value = Value> {
    let scope = (
        prop::sample::select(&["organization", "team", "project", "user"][..]),
        prop::sample::select(&["*", "a", "b"][..]),
    );
    let matches = prop::collection::btree_map(
        prop::sample::select(&["model", "region"][..]),
        prop::sample::select(&["1", "2"][..]),
        0..=2,
    );
    let selector = prop::sample::select(&SELECTORS[..]);
    (scope, selector, matches).prop_map(|((kind, id), selector, matches)| {
        let id = if kind == "organization" { "*" } else { id };
        json!({"scope": {"kind": kind, "id": id}, "selector": selector, "match": matches})
    })
}

/// Every request that limits made of [`fields`] can tell from another.
fn every_request() -> Vec<Event> {
    let mut all = vec![String::new()];
    for (key, values) in [
        ("cat", &["ai.x", "ai.x.y", "ai.x.z", "ai.z", "b", "ai"][..]),
        ("team", &["", "a", "b", "c"]),
        ("project", &["", "a", "b", "c"]),
        ("user", &["", "a", "b", "c"]),
        ("model", &["", "1", "2", "3"]),
        ("region", &["", "1", "2", "3"]),
    ] {
        let with = |words: &String| {
            let words = words.clone();
            values.iter().map(move |value| match *value {
                "" => words.clone(),
                value => format!("{words} {key}={value}"),
            })
        };
        all = all.iter().flat_map(with).collect();
    }
    all.iter().map(|words| usage(words)).collect()
}

#[test]
fn a_limit_is_refused_exactly_when_some_request_would_meet_too_many() {
    let requests = every_request();
    let groups = prop::collection::vec((fields(), 1..24_usize), 2..8);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let (refused, written) = (Cell::new(0), Cell::new(0));
    runner
        .run(&groups, |groups| {
            let all = groups
                .iter()
                .flat_map(|(fields, times)| repeated(*times, fields.clone()));
            let limits: Vec<Limit> = (1..).zip(all).map(|(n, fields)| quota(n, fields)).collect();
            let (last, others) = limits.split_last().unwrap();
            // Limits of one group are alike, so one of each is asked.
            let shapes: Vec<(Limit, usize)> = groups
                .into_iter()
                .map(|(fields, times)| (quota(1, fields), times))
                .collect();
            let met = |request: &Event| {
                let meets = |(limit, times): &(Limit, usize)| limit.concerns(request).map(|_| *times);
                shapes.iter().filter_map(meets).sum::<usize>()
            };
            let meets = |request: &&Event| last.concerns(request).is_some();
            let most = requests.iter().filter(meets).map(met).max().unwrap();
            let answer = book(others.to_vec()).check(last);
            prop_assert_eq!(answer.is_err(), most > CELLS_MAX, "{} meet: {:?}", most, answer);
            let count = if most > CELLS_MAX { &refused } else { &written };
            count.set(count.get() + 1);
            Ok(())
        })
        .unwrap();
    assert!(
        refused.get() > 30 && written.get() > 30,
        "{refused:?} refused, {written:?} written"
    );
}
