//! The price book: which price an event has, and which prices tie.

use crate::ground::{event, parts, price};
use tollgate_core::money::Currency;
use tollgate_core::price::{Price, PriceBook};

const FLAT: &str = r#""components": {"tokens": {"model": "flat", "amount": "1"}}"#;

fn priced(number: u128, fields: &str) -> Price {
    let comma = if fields.is_empty() { "" } else { ", " };
    price(number, &format!("{{{fields}{comma}{FLAT}}}"))
}

fn book(prices: &[&str]) -> PriceBook {
    let mut book = PriceBook::default();
    for (number, fields) in (1..).zip(prices) {
        let price = priced(number, fields);
        book.check(&price).unwrap();
        book.insert(price);
    }
    book
}

#[test]
fn own_prices_come_first_then_the_more_specific_then_the_later() {
    let book = book(&[
        "",
        r#""match": {"provider": "p"}"#,
        r#""match": {"provider": "p", "model": "m"}"#,
        r#""organization": "acme""#,
        r#""organization": "acme", "match": {"model": "special"}"#,
        r#""match": {"provider": "p"}, "effective_from": "2026-02-01T00:00:00Z", "effective_until": "2026-03-01T00:00:00Z""#,
        r#""match": {"provider": "e"}, "currency": "EUR""#,
        r#""match": {"provider": "old"}, "effective_until": "2026-01-01T00:00:00Z""#,
    ]);
    let check = |words: &[&str], currency: &str, want: Option<u128>| {
        let got = book.price_for(&event("e", words), currency.parse().unwrap());
        assert_eq!(got.map(|price| price.id().bits()), want, "{words:?} {currency}");
    };
    check(&["org=globex"], "USD", Some(1));
    check(&["org=globex", "provider=p"], "USD", Some(2));
    check(&["org=globex", "provider=p", "model=m"], "USD", Some(3));
    check(&["org=globex", "provider=p", "model=other"], "USD", Some(2));
    check(&["org=acme", "provider=p", "model=m"], "USD", Some(4));
    check(&["org=acme", "model=special"], "USD", Some(5));
    let p = ["org=globex", "provider=p"];
    check(&[p[0], p[1], "at=2026-01-31T23:59:59.999999Z"], "USD", Some(2));
    check(&[p[0], p[1], "at=2026-02-01T00:00:00Z"], "USD", Some(6));
    check(&[p[0], p[1], "at=2026-02-28T23:59:59.999999Z"], "USD", Some(6));
    check(&[p[0], p[1], "at=2026-03-01T00:00:00Z"], "USD", Some(2));
    check(&[p[0], p[1], "at=2019-12-31T23:59:59Z"], "USD", None);
    check(&["org=globex", "provider=e"], "EUR", Some(7));
    check(&["org=globex", "provider=e"], "USD", Some(1));
    check(&["org=globex"], "EUR", None);
    check(&["org=globex", "provider=old"], "USD", Some(1));
    check(
        &["org=globex", "provider=old", "at=2025-12-31T23:59:59Z"],
        "USD",
        Some(8),
    );
}

#[test]
fn what_keeps_a_price_from_matching_is_said_within_so_many_looks() {
    let book = book(&[
        r#""match": {"provider": "p", "model": "m", "region": "eu"}"#,
        r#""match": {"provider": "p", "model": "m"}"#,
        r#""match": {"provider": "e", "model": "x"}, "currency": "EUR""#,
        r#""organization": "acme", "match": {"provider": "p", "tier": "1"}"#,
    ]);
    let check = |words: &[&str], looks: usize, want: &str| {
        let mut looks = looks;
        let got = book.near_miss(&event("e", words), Currency::USD, &mut looks);
        let got = got.map_or("nothing".to_owned(), |near| near.to_string());
        assert_eq!(got, want, "{words:?}");
    };
    let of_model = "prices of test.use match on model and provider; the event has no provider";
    check(&["org=globex", "model=m"], 10, of_model);
    check(&["org=globex", "model=m", "region=us"], 10, of_model);
    // The price for its model is in another currency, and those in its own are for other models.
    check(&["org=globex", "model=x"], 10, "nothing");
    check(&["org=globex", "model=m"], 0, "nothing");
    let of_tier = "prices of test.use match on provider and tier; the event has no tier";
    check(&["org=acme", "provider=p"], 10, of_tier);
    let in_euro = "prices of test.use that match are in EUR; the currency of globex is USD";
    check(&["org=globex", "provider=e", "model=x"], 0, in_euro);
}

#[test]
fn ties_are_refused_when_written() {
    #[track_caller]
    fn check(first: &str, second: &str, ties: bool) {
        for (first, second) in [(first, second), (second, first)] {
            let got = book(&[first]).check(&priced(9, second));
            assert_eq!(got.is_err(), ties, "{first} | {second}");
        }
    }
    let from = |match_: &str, from: &str| {
        format!(r#""match": {match_}, "effective_from": "{from}-01-01T00:00:00Z""#)
    };
    check("", "", true);
    check("", r#""effective_from": "2026-01-01T00:00:00Z""#, false);
    check("", r#""organization": "acme""#, false);
    check(r#""organization": "acme""#, r#""organization": "acme""#, true);
    check(r#""organization": "acme""#, r#""organization": "globex""#, false);
    check("", r#""currency": "EUR""#, false);
    check("", r#""match": {"model": "m"}"#, false);
    check(r#""match": {"model": "m"}"#, r#""match": {"model": "n"}"#, false);
    check(
        r#""match": {"model": "m"}"#,
        r#""match": {"provider": "p"}"#,
        true,
    );
    check(
        r#""match": {"model": "m", "provider": "p"}"#,
        r#""match": {"model": "m", "region": "r"}"#,
        true,
    );
    check(
        r#""match": {"model": "m", "provider": "p"}"#,
        r#""match": {"model": "n", "region": "r"}"#,
        false,
    );
    // Another start is history for the same match, and no answer between different ones.
    check(
        &from(r#"{"model": "m"}"#, "2025"),
        &from(r#"{"model": "m"}"#, "2026"),
        false,
    );
    check(
        &from(r#"{"model": "m"}"#, "2025"),
        &from(r#"{"provider": "p"}"#, "2026"),
        true,
    );
    check(
        r#""match": {"model": "m"}, "effective_until": "2026-01-01T00:00:00Z""#,
        &from(r#"{"provider": "p"}"#, "2026"),
        false,
    );
    check(
        r#""match": {"model": "m"}, "effective_until": "2026-01-01T00:00:00.000001Z""#,
        &from(r#"{"provider": "p"}"#, "2026"),
        true,
    );
}

#[test]
fn a_price_can_be_replaced_taken_out_and_closed() {
    let mut book = book(&[
        r#""match": {"model": "m"}"#,
        r#""match": {"provider": "p"}, "effective_from": "2021-01-01T00:00:00Z", "effective_until": "2022-01-01T00:00:00Z", "organization": "acme""#,
    ]);
    let again = priced(1, r#""match": {"model": "n"}"#);
    book.check(&again).unwrap();
    assert!(book.insert(again).is_some());
    let usd = Currency::USD;
    assert!(book.price_for(&event("e", &["model=m"]), usd).is_none());
    assert!(book.price_for(&event("e", &["model=n"]), usd).is_some());

    let id = book.price_for(&event("e", &["model=n"]), usd).unwrap().id();
    book.close(id, "2026-01-15T12:00:00Z".parse().unwrap()).unwrap();
    assert!(book.price_for(&event("e", &["model=n"]), usd).is_none());
    let before = event("e", &["model=n", "at=2026-01-15T11:59:59.999999Z"]);
    assert!(book.price_for(&before, usd).is_some());
    let closed = book.price(id).unwrap();
    assert_eq!(
        closed.parts().effective_until.as_deref(),
        Some("2026-01-15T12:00:00Z")
    );
    let early = book
        .close(id, "2020-01-01T00:00:00Z".parse().unwrap())
        .unwrap_err();
    assert_eq!(early.pointer, "/effective_until");

    assert!(book.remove(id).is_some());
    assert!(book.remove(id).is_none());
    assert!(book.close(id, "2027-01-01T00:00:00Z".parse().unwrap()).is_err());
    assert_eq!(book.len(), 1);
    assert_eq!(book.iter().count(), 1);
}

#[test]
fn an_end_cannot_be_put_off_into_the_time_of_another_price() {
    let mut book = book(&[
        r#""match": {"model": "m"}, "effective_until": "2026-01-01T00:00:00Z""#,
        r#""match": {"provider": "p"}, "effective_from": "2026-01-01T00:00:00Z""#,
    ]);
    let id = book.iter().next().unwrap().id();
    let refused = book
        .close(id, "2026-06-01T00:00:00Z".parse().unwrap())
        .unwrap_err();
    assert_eq!(refused.code.as_str(), "price_tie");
    assert_eq!(
        book.price(id).unwrap().parts(),
        &parts(&format!(
            r#"{{"match": {{"model": "m"}}, "effective_until": "2026-01-01T00:00:00Z", {FLAT}}}"#
        ))
    );
}
