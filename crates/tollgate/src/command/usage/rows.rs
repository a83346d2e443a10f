//! The answer to a question as rows and columns, and what else a person should know about it.

use super::request::Request;
use super::{Aggregate, Bucket};
use crate::output::{Column, Row, Sheet};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use tollgate_core::flaw::pointer;

/// The rows with their columns, and notes for stderr.
pub(super) fn sheet(answer: String, request: &Request) -> anyhow::Result<(Sheet, Vec<String>)> {
    let mut sheet = Sheet::of_list(answer, "rows", Vec::new())?;
    let answered: Value = serde_json::from_str(&sheet.answer)?;
    for row in &mut sheet.rows {
        show_time(row, request);
        show_absent(row, request);
        show_change(row, &request.measures);
    }
    for row in sheet.rows.iter_mut().chain(&mut sheet.total) {
        show_unknown(row);
    }
    sheet.columns = columns(&sheet, request);
    let notes = notes(&answered, sheet.rows.len());
    Ok((sheet, notes))
}

fn columns(sheet: &Sheet, request: &Request) -> Vec<Column> {
    let has = |field: &str| {
        let mut values = sheet.rows.iter().map(|row| &row.value()[field]);
        values.any(|value| !value.is_null() && *value != 0)
    };
    let mut columns = Vec::new();
    if request.bucket != Bucket::None {
        columns.push(Column::text(bucket_title(request.bucket), "/bucket_start"));
    }
    columns.extend(
        request
            .group_by
            .iter()
            .map(|field| Column::text(field, &pointer(&[field]))),
    );
    columns.extend(
        request
            .measures
            .iter()
            .map(|measure| Column::number(measure, &pointer(&[measure]))),
    );
    for column in [
        Column::text("currency", "/currency"),
        Column::number("unpriced", "/unpriced"),
    ] {
        if has(&column.title) && !request.group_by.contains(&column.title) {
            columns.push(column);
        }
    }
    if has("previous") {
        columns.push(Column::number("change", "/change"));
    }
    // An average or a percentile is no part of a whole.
    let parts = matches!(request.aggregate, Aggregate::Sum | Aggregate::Count);
    if let (true, Some(first), 2..) = (parts, request.measures.first(), sheet.rows.len()) {
        columns.push(Column::share(&pointer(&[first])));
    }
    columns
}

fn notes(answer: &Value, rows: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if answer["truncated"] == true {
        notes.push(format!("only the first {rows} rows; --limit shows more"));
    }
    match &answer["total"]["unpriced"] {
        Value::String(count) if count != "0" => notes.push(unpriced(count)),
        Value::Number(count) if count.as_u64() != Some(0) => notes.push(unpriced(&count.to_string())),
        _ => {}
    }
    notes
}

fn unpriced(count: &str) -> String {
    format!("{count} events have no price and are not in the cost; `tollgate prices create` gives them one")
}

fn bucket_title(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Minute => "minute",
        Bucket::Hour => "hour",
        Bucket::Day => "day",
        Bucket::Week => "week of",
        Bucket::Month => "month",
        Bucket::Year => "year",
        Bucket::None => "",
    }
}

/// The start of a stretch of time as people of the zone write it.
fn show_time(row: &mut Row, request: &Request) {
    let start = row.value()["bucket_start"]
        .as_str()
        .and_then(|text| text.parse::<Timestamp>().ok());
    if let Some(start) = start {
        row.show_as("bucket_start", readable(start, request.bucket, &request.zone));
    }
}

fn readable(start: Timestamp, bucket: Bucket, zone: &TimeZone) -> String {
    let local = start.to_zoned(zone.clone());
    let pattern = match bucket {
        Bucket::Year => "%Y",
        Bucket::Month => "%Y-%m",
        Bucket::Day | Bucket::Week => "%Y-%m-%d",
        // Where clocks go back an hour comes twice, so the offset is part of its name.
        _ if *zone == TimeZone::UTC => "%Y-%m-%d %H:%M",
        _ => "%Y-%m-%d %H:%M %:z",
    };
    local.strftime(pattern).to_string()
}

/// A row for events that lack a field says so, rather than show nothing.
fn show_absent(row: &mut Row, request: &Request) {
    for field in &request.group_by {
        if row.value()[field.as_str()].is_null() {
            row.show_as(field, "(none)".to_owned());
        }
    }
}

/// A cost that nobody knows says so: an empty cell would look like nothing.
fn show_unknown(row: &mut Row) {
    let value = row.value();
    let is_asked = value.get("cost").is_some_and(Value::is_null);
    if is_asked && value["unpriced"].as_i64().is_some_and(|count| count > 0) {
        row.show_as("cost", "unknown".to_owned());
    }
}

/// The first measure's change against the period before. Floating point is good enough for a percentage to look at.
fn show_change(row: &mut Row, measures: &[String]) {
    let Some(measure) = measures.first() else { return };
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<f64>().ok());
    let (now, before) = (
        number(&row.value()[measure]),
        number(&row.value()["previous"][measure]),
    );
    if let (Some(now), Some(before)) = (now, before)
        && before != 0.0
    {
        row.show_as(
            "change",
            format!("{:+.1} %", (now - before) / before.abs() * 100.0),
        );
    }
}
