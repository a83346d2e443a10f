//! What happens in the sample besides everyday usage, and when: a price that changes, an outage with retries, and an
//! agent that runs away.
//!
//! Dates are counted back from the end of the history and fall on working days of the organization they happen to.

use super::acme::ACME;
use super::chance::Spread;
use super::character::{By, Character, Choice, OFFICE, Stream, Team};
use super::northwind::NORTHWIND;
use anyhow::Context as _;
use jiff::civil::{Date, Weekday};
use jiff::{ToSpan as _, Zoned};
use std::ops::Range;
use tollgate_core::time::Timestamp;
use tollgate_core::zone::Zone;

/// How many days back a month begins at the earliest in which [`ACME`] pays its new price from the first day.
const PRICE_DAYS_BACK: i64 = 30;
/// The outage is on the last Wednesday so many days back or earlier.
const OUTAGE_DAYS_BACK: i64 = 33;
const OUTAGE_HOURS: Range<i8> = 10..12;
/// The agent runs away on the last Tuesday so many days back or earlier.
const RUNAWAY_DAYS_BACK: i64 = 12;
const RUNAWAY_HOURS: Range<i8> = 13..18;

/// When it happens.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// From when [`ACME`] pays its own price for [`REPRICED_MODEL`].
    pub(super) price_from: Timestamp,
    /// While the interface of [`NORTHWIND`] fails and its callers try again.
    pub(super) outage: Range<Timestamp>,
    /// While an agent of [`ACME`] runs in circles.
    pub(super) runaway: Range<Timestamp>,
}

impl Story {
    /// The story of the history that ends at `until`.
    pub(super) fn until(until: Timestamp) -> anyhow::Result<Self> {
        let acme = end(&ACME, until)?;
        let northwind = end(&NORTHWIND, until)?;
        let month = acme
            .checked_sub(PRICE_DAYS_BACK.days())?
            .first_of_month()?
            .start_of_day()?;
        Ok(Self {
            price_from: month.timestamp().into(),
            outage: hours(&northwind, OUTAGE_DAYS_BACK, Weekday::Wednesday, OUTAGE_HOURS)?,
            runaway: hours(&acme, RUNAWAY_DAYS_BACK, Weekday::Tuesday, RUNAWAY_HOURS)?,
        })
    }
}

/// The end of the history on the clocks of an organization.
fn end(character: &Character, until: Timestamp) -> anyhow::Result<Zoned> {
    let instant = until.to_jiff().context("the history ends beyond the calendar")?;
    Ok(instant.to_zoned(Zone::parse(character.zone)?.rules().clone()))
}

fn hours(
    end: &Zoned,
    days_back: i64,
    weekday: Weekday,
    hours: Range<i8>,
) -> anyhow::Result<Range<Timestamp>> {
    let from = end.date().checked_sub(days_back.days())?;
    let date: Date = from.tomorrow()?.nth_weekday(-1, weekday)?;
    let at = |hour| -> anyhow::Result<Timestamp> {
        Ok(date
            .at(hour, 0, 0, 0)
            .to_zoned(end.time_zone().clone())?
            .timestamp()
            .into())
    };
    Ok(at(hours.start)?..at(hours.end)?)
}

/// The model that [`ACME`] gets cheaper than everybody else.
pub(super) const REPRICED_MODEL: &str = "claude-sonnet-5-5";

/// The price that [`ACME`] pays for it, as `POST /v1/prices` takes it.
pub(super) fn repriced(story: &Story) -> serde_json::Value {
    let per_million = |amount: &str| serde_json::json!({"model": "per_million", "amount": amount});
    serde_json::json!({
        "category": "ai.completion",
        "match": {"provider": "anthropic", "model": REPRICED_MODEL},
        "currency": "USD",
        "organization": ACME.id,
        "effective_from": story.price_from,
        "components": {
            "input_tokens": per_million("1.60"),
            "cache_read_tokens": per_million("0.08"),
            "cache_write_5m_tokens": per_million("2.00"),
            "cache_write_1h_tokens": per_million("3.20"),
            "output_tokens": per_million("8.00"),
        },
    })
}

/// What the callers of [`NORTHWIND`] get during the outage.
pub(super) const OUTAGE: Stream = Stream {
    name: "api-outage",
    category: "api.request",
    project: "contracts",
    by: By::Machine,
    rhythm: &OFFICE,
    peak: 90,
    choices: &[
        Choice {
            weight: 6,
            dimensions: &[("endpoint", "/v1/search"), ("method", "POST"), ("status", "503")],
            measures: &[("requests", Spread(20, 900))],
        },
        Choice {
            weight: 3,
            dimensions: &[
                ("endpoint", "/v1/documents"),
                ("method", "GET"),
                ("status", "500"),
            ],
            measures: &[("requests", Spread(10, 300))],
        },
        Choice {
            weight: 1,
            dimensions: &[("endpoint", "/v1/search"), ("method", "POST"), ("status", "200")],
            measures: &[("requests", Spread(5, 200))],
        },
    ],
};

/// How often an event of the outage is sent again under its own id, at most.
pub(super) const RESENDS_MAX: u64 = 3;

/// Whose agent it is that runs away.
pub(super) const RUNAWAY_TEAM: Team = Team {
    name: "agents",
    users: &["viktor"],
    streams: &[RUNAWAY],
};

/// What it does: the same question over and over, with everything it said before in front.
const RUNAWAY: Stream = Stream {
    name: "runaway",
    category: "ai.completion",
    project: "agents",
    by: By::Session,
    rhythm: &OFFICE,
    peak: 36,
    choices: &[Choice {
        weight: 1,
        dimensions: &[
            ("provider", "anthropic"),
            ("model", "claude-opus-5-5"),
            ("action", "agent"),
        ],
        measures: &[
            ("input_tokens", Spread(32_000, 192_000)),
            ("cache_read_tokens", Spread(96_000, 288_000)),
            ("cache_write_1h_tokens", Spread(10_000, 60_000)),
            ("output_tokens", Spread(1_600, 12_800)),
        ],
    }],
};
