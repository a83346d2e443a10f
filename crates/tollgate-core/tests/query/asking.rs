//! Asking: from usage and a query written in a table to an answer written as text.

use crate::usage::{Used, catalog, cells, currency_of, raw};
use expect_test::Expect;
use tollgate_core::frame::Frame;
use tollgate_core::query::{Field, Form, QueryParts, Tally, TallyError, UsageQuery};
use tollgate_core::time::Timestamp;

pub(crate) fn instant(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().micros()
}

pub(crate) fn parse(query: &str, now: &str) -> UsageQuery {
    let parts: QueryParts = serde_json::from_str(query).unwrap();
    UsageQuery::new(&parts, &catalog(), now.parse().unwrap()).unwrap()
}

pub(crate) fn answer(query: &UsageQuery, frames: &[Frame]) -> Result<serde_json::Value, TallyError> {
    let mut tally = Tally::new(query, currency_of);
    for frame in frames {
        tally.add(frame)?;
    }
    Ok(serde_json::to_value(tally.finish()?).unwrap())
}

/// Answers as a store would: each stretch in the coarsest form that answers.
pub(crate) fn planned(query: &UsageQuery, events: &[Used]) -> Result<serde_json::Value, TallyError> {
    let needs = query.needs();
    // The only dimension that the categories of these tests declare.
    let kept = |field: &Field| !matches!(field, Field::Dimension(key) if key.as_str() != "model");
    let all_kept = needs.fields.iter().all(kept);
    let frames: Vec<Frame> = needs
        .reads
        .iter()
        .map(|read| {
            let within = |e: &&Used| read.window.contains(Timestamp::from_micros(e.at));
            let events: Vec<Used> = events.iter().filter(within).cloned().collect();
            match read.form {
                Form::Cells if all_kept => cells(&events),
                _ => raw(&events),
            }
        })
        .collect();
    answer(query, &frames)
}

/// Reads usage written as `time category key=value…`; numbers are measures in whole units, `cost` is in whole units of
/// money, `void=n` takes back the n-th line (from 1).
pub(crate) fn usage(text: &str) -> Vec<Used> {
    let mut events: Vec<Used> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace();
        let id = u128::try_from(events.len()).unwrap() + 1;
        let mut event = Used {
            id,
            at: instant(&format!("2026-01-{}Z", words.next().unwrap())),
            category: words.next().unwrap().to_owned(),
            organization: "acme".to_owned(),
            requests: 1_000_000_000,
            ..Used::default()
        };
        for word in words {
            let (key, value) = word.split_once('=').unwrap();
            let own = || Some(value.to_owned());
            match (key, value.parse::<i128>()) {
                ("void", Ok(line)) => event = events[usize::try_from(line).unwrap() - 1].void(id),
                ("id", Ok(id)) => event.id = u128::try_from(id).unwrap(),
                ("cost", Ok(units)) => event.cost = Some(units * 1_000_000_000_000),
                ("requests", Ok(units)) => event.requests = units * 1_000_000_000,
                (_, Ok(units)) => drop(event.measures.insert(key.to_owned(), units * 1_000_000_000)),
                ("organization", _) => event.organization = value.to_owned(),
                ("team", _) => event.team = own(),
                ("project", _) => event.project = own(),
                ("user", _) => event.user = own(),
                _ => drop(event.dimensions.insert(key.to_owned(), value.to_owned())),
            }
        }
        events.push(event);
    }
    events
}

pub(crate) const JANUARY: &str = r#""from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z""#;

/// Asks about January; the answer is given a row a line, then the total, and must be the same from cells.
#[track_caller]
pub(crate) fn check(events: &str, query: &str, want: Expect) {
    let events = usage(events);
    let query = parse(&format!("{{{JANUARY}, {query}}}"), "2026-06-01T00:00:00Z");
    let whole = answer(&query, &[raw(&events)]).unwrap();
    assert_eq!(planned(&query, &events).unwrap(), whole, "as planned");
    let mut text = String::new();
    for row in whole["rows"].as_array().unwrap() {
        text.push_str(&format!("{row}\n"));
    }
    let more = if whole["truncated"] == true { " …" } else { "" };
    text.push_str(&format!("total {}{more}\n", whole["total"]));
    want.assert_eq(&text);
}

/// A few calls for many tables.
pub(crate) const CALLS: &str = "
    01T10:00:00 ai.chat      user=u1 model=gpt a=10 cost=1
    01T11:00:00 ai.chat      user=u2 model=gpt a=20 b=5 cost=2
    02T10:00:00 ai.chat.deep user=u1 model=opus team=core a=40 cost=4
    02T10:00:00 ai.chat      user=u3 a=80
    03T10:00:00 seats.active user=u1
    03T11:00:00 seats.active user=u1
    03T12:00:00 seats.active user=u2
";
