//! Kind `aggregate`: what many events come to.

use crate::ground::{category, event};
use crate::{Case, Verdict, normal};
use serde_json::{Value, json};
use tollgate_core::catalog::Catalog;
use tollgate_core::charge::{Charge, Unpriced};
use tollgate_core::decimal::{Decimal, DecimalError};
use tollgate_core::event::Event;
use tollgate_core::frame::FrameBuilder;
use tollgate_core::id::IdentityKey;
use tollgate_core::money::Currency;
use tollgate_core::quantity::Quantity;
use tollgate_core::query::{QueryParts, Tally, UsageQuery};
use tollgate_core::time::Timestamp;

const PRORATED: &str =
    "an amount for part of a period belongs to subscriptions, which are not ours; a gauge is time-weighted";
const BELOW_ZERO: &str = "an amount below zero is refused when it is sent; a void takes an event back";
const TOO_FINE: &str =
    "quantities have nine decimal places; a finer one is refused when it is sent, not rounded";

/// The stretch that symbolic times lie in.
const FROM: &str = "2026-01-01T00:00:00Z";
const TO: &str = "2026-03-01T00:00:00Z";
const NOW: &str = "2030-01-01T00:00:00Z";
const DAY_SECONDS: i64 = 86_400;

pub(crate) fn judge(case: &Case) -> Verdict {
    let known: &[&str] = match case.text("agg") {
        "weighted_sum" => &["agg", "from", "to", "initial", "events"],
        "sum,count" => &["agg", "from", "to", "events"],
        "unique_count" => &["agg", "ops"],
        "latest" => &["agg", "values"],
        "prorated_sum" | "prorated_values" => return Verdict::NoCounterpart(PRORATED),
        "" if case.has("values") => &["values", "names"],
        other => return Verdict::Unknown(format!("aggregate {other:?}")),
    };
    if let Some(field) = case.stranger(known) {
        return Verdict::Unknown(format!("{} with {field}", case.text("agg")));
    }
    let judged = match case.text("agg") {
        "weighted_sum" => weighted_sum(case),
        "sum,count" => sum_and_count(case),
        "unique_count" => unique_count(case),
        "latest" => latest(case),
        _ => every_aggregate(case),
    };
    judged.unwrap_or_else(|| Verdict::Unknown(format!("an input of another shape: {}", case.input)))
}

/// Changes are made levels; the mean level is the weighted sum.
fn weighted_sum(case: &Case) -> Option<Verdict> {
    let (from, to) = (moment(case.text("from"))?, moment(case.text("to"))?);
    let mut level = nano(case.text("initial")).ok()?;
    let mut sets = vec![(from.plus_seconds(-1), level)];
    for change in case.input["events"].as_array()? {
        level += nano(change["v"].as_str()?).ok()?;
        sets.push((moment(change["t"].as_str()?)?, level));
    }
    if sets.iter().any(|(_, level)| *level < 0) {
        return Some(Verdict::NoCounterpart(BELOW_ZERO));
    }
    let events = sets.iter().enumerate().map(|(place, (at, level))| {
        let level = Quantity::from_nano(*level);
        numbered(place, &[&format!("at={at}"), &format!("bytes={level}")])
    });
    let query = json!({"measures": ["bytes"], "aggregate": "avg", "from": from, "to": to});
    let answer = ask(&query, &events.collect::<Vec<_>>());
    let places = case.expected_places();
    Some(Verdict::Run {
        got: rounded(answer["total"]["bytes"].as_str()?, places),
        want: normal(case.expected["value"].as_str()?),
    })
}

/// The end of the stretch is not in it.
fn sum_and_count(case: &Case) -> Option<Verdict> {
    let mut events = Vec::new();
    for (place, used) in case.input["events"].as_array()?.iter().enumerate() {
        let at = match used["day"].as_i64() {
            Some(day) => moment(&format!("day {day}"))?,
            None => moment(used["t"].as_str()?)?,
        };
        let tokens = format!("tokens={}", used["v"].as_str()?);
        events.push(numbered(place, &[&format!("at={at}"), &tokens]));
    }
    let (from, to) = (moment(case.text("from"))?, moment(case.text("to"))?);
    let total = |aggregate: &str| {
        let query = json!({"measures": ["tokens"], "aggregate": aggregate, "from": from, "to": to});
        shown(&ask(&query, &events)["total"]["tokens"])
    };
    Some(Verdict::Run {
        got: format!("{} of {}", total("sum"), total("count")),
        want: format!(
            "{} of {}",
            shown(&case.expected["sum"]),
            shown(&case.expected["count"])
        ),
    })
}

/// Adding is being used by somebody; removing is taking that back.
fn unique_count(case: &Case) -> Option<Verdict> {
    let identity = IdentityKey::from_bytes([7; 16]);
    let mut events: Vec<Event> = Vec::new();
    for (place, op) in case.input["ops"].as_array()?.iter().enumerate() {
        let (op, user) = op.as_str()?.split_once(' ')?;
        match op {
            "add" => events.push(numbered(place, &[&format!("user={user}")])),
            "remove" => {
                let is_user = |event: &&Event| {
                    let same = event
                        .scope
                        .user
                        .as_ref()
                        .is_some_and(|known| known.as_str() == user);
                    same && event.corrects.is_none()
                };
                let voids: Vec<Event> = events.iter().filter(is_user).map(|e| e.void(&identity)).collect();
                events.extend(voids);
            }
            _ => return None,
        }
    }
    let query = json!({"measures": ["people"], "from": FROM, "to": TO});
    Some(Verdict::Run {
        got: shown(&ask(&query, &events)["total"]["people"]),
        want: shown(&case.expected["value"]),
    })
}

/// The latest of levels is the one that still holds.
fn latest(case: &Case) -> Option<Verdict> {
    let values: Vec<&str> = texts(&case.input["values"])?;
    if values.iter().any(|value| value.starts_with('-')) {
        return Some(Verdict::NoCounterpart(BELOW_ZERO));
    }
    Some(Verdict::Run {
        got: held(&values),
        want: shown(&case.expected["value"]),
    })
}

/// One table of events, some without the value, asked for everything.
fn every_aggregate(case: &Case) -> Option<Verdict> {
    let values = case.input["values"].as_array()?;
    let given: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
    for value in &given {
        match nano(value) {
            Err(DecimalError::TooPrecise(_)) => return Some(Verdict::Differs(TOO_FINE)),
            other => drop(other.ok()?),
        }
    }
    let names = case.input["names"].as_array();
    let events = values.iter().enumerate().map(|(place, value)| {
        let mut words: Vec<String> = value
            .as_str()
            .map(|v| format!("tokens={v}"))
            .into_iter()
            .collect();
        let name = names.and_then(|names| names.get(place)).and_then(Value::as_str);
        words.extend(name.map(|name| format!("name={name}")));
        numbered(place, &words.iter().map(String::as_str).collect::<Vec<_>>())
    });
    let events: Vec<Event> = events.collect();
    let of_tokens = |aggregate: &str| {
        let query = json!({"measures": ["tokens"], "aggregate": aggregate, "from": FROM, "to": TO});
        shown(&ask(&query, &events)["rows"][0]["tokens"])
    };
    let distinct = || {
        let query = json!({"aggregate": "count_distinct", "field": "name", "from": FROM, "to": TO});
        shown(&ask(&query, &events)["total"]["count_distinct"])
    };
    let (mut got, mut want) = (Vec::new(), Vec::new());
    for (name, expected) in case.expected.as_object()? {
        let ours = match name.as_str() {
            "sum" | "sum_exact" => of_tokens("sum"),
            "avg" | "openmeter_avg" => of_tokens("avg"),
            "min" => of_tokens("min"),
            "max" => of_tokens("max"),
            "latest" if given.is_empty() => "null".to_owned(),
            "latest" => held(&given),
            "unique_count" | "unique_count_name" => distinct(),
            "count" => shown(
                &ask(
                    &json!({"measures": ["requests"], "aggregate": "count", "from": FROM, "to": TO}),
                    &events,
                )["total"]["requests"],
            ),
            // What a float made of the exact sum.
            "openmeter_float_sum" => continue,
            _ => return None,
        };
        let expected = match (expected.as_str(), name.ends_with("avg")) {
            // A mean is rounded at twelve places here; the other system's float has other digits beyond.
            (Some(text), true) => rounded(text, 12),
            _ => shown(expected),
        };
        got.push(format!("{name} {ours}"));
        want.push(format!("{name} {expected}"));
    }
    Some(Verdict::Run {
        got: got.join(", "),
        want: want.join(", "),
    })
}

/// The level that holds after these were set one after another.
fn held(levels: &[&str]) -> String {
    let start: Timestamp = FROM.parse().unwrap();
    let events = levels.iter().enumerate().map(|(place, level)| {
        let at = start.plus_seconds(i64::try_from(place).unwrap());
        numbered(place, &[&format!("at={at}"), &format!("bytes={level}")])
    });
    let query = json!({"measures": ["bytes"], "aggregate": "avg", "from": "2026-02-01T00:00:00Z", "to": TO});
    shown(&ask(&query, &events.collect::<Vec<_>>())["total"]["bytes"])
}

impl Case {
    /// Decimal places that the source rounds to before it compares.
    fn expected_places(&self) -> u8 {
        u8::try_from(self.round_to.unwrap_or(12)).unwrap()
    }
}

fn ask(query: &Value, events: &[Event]) -> Value {
    let mut frame = FrameBuilder::default();
    for event in events {
        frame.push(event, &Charge::unpriced(Unpriced::NoPrice));
    }
    let catalog: Catalog = [category().clone()].into_iter().collect();
    let parts: QueryParts = serde_json::from_value(query.clone()).unwrap();
    let query = UsageQuery::new(&parts, &catalog, NOW.parse().unwrap()).unwrap();
    let mut tally = Tally::new(&query, |_| Currency::USD);
    tally.add(&frame.finish()).unwrap();
    serde_json::to_value(tally.finish().unwrap()).unwrap()
}

/// An event whose id rises with its place, as arrival does.
fn numbered(place: usize, words: &[&str]) -> Event {
    event(&format!("event{place:06}"), words)
}

/// RFC 3339, or `day 3 12:00`.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let mut words = text.strip_prefix("day ")?.split(' ');
    let days: i64 = words.next()?.parse().ok()?;
    let (hours, minutes) = words.next().unwrap_or("0:0").split_once(':')?;
    let seconds = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
    let start: Timestamp = FROM.parse().unwrap();
    Some(start.plus_seconds(days * DAY_SECONDS + seconds))
}

fn nano(text: &str) -> Result<i128, DecimalError> {
    text.parse::<Quantity>().map(Quantity::nano)
}

fn texts(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), normal)
}

/// Rounded half up, as the sources do.
fn rounded(text: &str, places: u8) -> String {
    let exact = Decimal::parse(text).unwrap();
    let Some(down) = exact.scale().checked_sub(places).filter(|down| *down > 0) else {
        return exact.to_string();
    };
    let unit = 10_i128.pow(u32::from(down));
    let half_up = (exact.mantissa() + unit / 2).div_euclid(unit);
    Decimal::from_parts(half_up, places).to_string()
}
