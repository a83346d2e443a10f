//! Kind `dedupe`: the first statement under an id stays; the same again is a duplicate, another one a conflict.

use crate::{Case, Verdict};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::sync::Arc;
use tollgate_engine::clock::Clock;
use tollgate_engine::store::{MemoryStore, Outcome, Store};
use tollgate_testkit::conformance::in_runtime;
use tollgate_testkit::fixture::{CHAT, Sent, at, identity, usage};
use tollgate_testkit::model::number::{exact, text};
use tollgate_testkit::site::{Opener, Site};

const LAST_WINS: &str = "there the last statement under an id counts, or every one; here the first does and another one is a conflict";

/// What symbolic times count from.
const START: &str = "2026-01-01T00:00:00Z";

struct InMemory;

#[async_trait]
impl Opener for InMemory {
    async fn open(&self, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
        Arc::new(MemoryStore::new(identity(), clock))
    }
}

pub(crate) fn judge(case: &Case) -> Verdict {
    let stranger = case
        .input
        .as_object()
        .and_then(|input| input.keys().find(|field| *field != "events"));
    if let Some(field) = stranger {
        return Verdict::Unknown(format!("dedupe with {field}"));
    }
    let sent = match &case.input["events"] {
        Value::String(told) => told_in_words(told),
        Value::Array(events) => events.iter().map(event).collect(),
        _ => None,
    };
    let Some(sent) = sent else {
        return Verdict::Unknown(format!("events of another shape: {}", case.input["events"]));
    };
    let tally = record(&sent);
    let Some((got, want)) = compared(&tally, &case.expected) else {
        return Verdict::Unknown(format!("expectations of another kind: {}", case.expected));
    };
    if got != want && tally["conflict"] != "0" {
        return Verdict::Differs(LAST_WINS);
    }
    Verdict::Run { got, want }
}

/// One event: an id, and where they are given a time, a value and a source.
fn event(event: &Value) -> Option<Sent> {
    let fields = event.as_object()?;
    if fields
        .keys()
        .any(|field| !["id", "t", "v", "source"].contains(&field.as_str()))
    {
        return None;
    }
    let sent = usage("acme")
        .category(CHAT)
        .id(event["id"].as_str()?)
        .measure("input", event["v"].as_str()?);
    let sent = match fields.get("t") {
        None => sent,
        Some(time) => sent.at(&moment(time.as_str()?)?),
    };
    Some(match fields.get("source") {
        None => sent,
        Some(source) => sent.source(source.as_str()?),
    })
}

/// A time, or so many days after the start.
fn moment(time: &str) -> Option<String> {
    let Some(days) = time.strip_prefix('+').and_then(|rest| rest.strip_suffix('d')) else {
        return time
            .parse::<tollgate_core::time::Timestamp>()
            .ok()
            .map(|_| time.to_owned());
    };
    Some(
        at(START)
            .plus_seconds(days.parse::<i64>().ok()? * 86_400)
            .to_string(),
    )
}

/// The story of one source, which tells its events in words: five values on five days, the last of them sent again.
fn told_in_words(told: &str) -> Option<Vec<Sent>> {
    let value = |day: u32, value: &str| {
        let sent = json!({"id": day.to_string(), "t": format!("+{day}d"), "v": value});
        event(&sent).unwrap()
    };
    let mut sent: Vec<Sent> = (1..=4).map(|day| value(day, &day.to_string())).collect();
    let has = |words: &[&str]| words.iter().all(|word| told.contains(word));
    if has(&[
        "values 1,2,3,4,5",
        "5th is sent twice",
        "same transaction_id",
        "same timestamp",
        "first 10 then 5",
    ]) {
        sent.extend([value(5, "10"), value(5, "5")]);
    } else if has(&[
        "as above plus the same transaction_id",
        "NEW timestamp",
        "value 100",
    ]) {
        sent.extend([
            value(5, "10"),
            value(5, "5"),
            value(5, "100").at("2026-01-09T00:00:00Z"),
        ]);
    } else {
        return None;
    }
    Some(sent)
}

/// Records one after the other and adds up what is there.
fn record(sent: &[Sent]) -> Value {
    in_runtime(async {
        let site = Site::open(&InMemory).await;
        let mut ends = [0, 0, 0];
        for one in sent {
            match site.record_one(one).await {
                Outcome::Recorded { .. } => ends[0] += 1,
                Outcome::Duplicate(_) => ends[1] += 1,
                Outcome::Conflict => ends[2] += 1,
            }
        }
        let mut tally = json!({
            "recorded": ends[0].to_string(), "duplicate": ends[1].to_string(), "conflict": ends[2].to_string(),
        });
        for aggregate in ["sum", "count", "max", "min"] {
            let question = json!({
                "measures": ["input"], "aggregate": aggregate, "from": "2020-01-01T00:00:00Z", "to": "2030-01-01T00:00:00Z",
                "filters": [],
            });
            tally[aggregate] = json!(site.ask(&question).await.total["input"]);
        }
        tally["last"] = json!(
            site.recorded()
                .await
                .last()
                .map(|stored| stored.event.quantity("input").to_string())
        );
        tally
    })
}

/// What was expected, and what there is of the same; `None` when something is expected that nobody here counts.
fn compared(tally: &Value, expected: &Value) -> Option<(String, String)> {
    let mut lines = (Vec::new(), Vec::new());
    for (name, want) in expected.as_object()? {
        let got = tally.get(name)?.as_str()?;
        let want = want.as_str().map_or_else(|| want.to_string(), str::to_owned);
        lines.0.push(format!("{name} {got}"));
        lines.1.push(format!("{name} {}", text(&exact(&want))));
    }
    (!lines.0.is_empty()).then(|| (lines.0.join(", "), lines.1.join(", ")))
}
