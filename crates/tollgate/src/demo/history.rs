//! The history: every event of the sample, hour by hour, the same for the same end.
//!
//! Each hour of each kind of usage has a chance of its own, so that an hour does not depend on those before it.

use super::acme::ACME;
use super::chance::Chance;
use super::character::{By, Character, LEVEL_HOURS, Level, Stream, Team};
use super::globex::GLOBEX;
use super::northwind::{API, NORTHWIND};
use super::story::{OUTAGE, RESENDS_MAX, RUNAWAY_TEAM, Story, repriced};
use anyhow::Context as _;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::borrow::Cow;
use tollgate_core::event::Draft;
use tollgate_core::time::{MICROS_PER_SECOND, Timestamp};
use tollgate_core::zone::Zone;

/// The organizations of the sample.
pub(super) const CHARACTERS: [&Character; 3] = [&ACME, &NORTHWIND, &GLOBEX];
/// Days of history.
pub(super) const DAYS: u64 = 90;
/// Hours of history.
pub(super) const HOURS: u64 = DAYS * 24;
/// The source that every event of the sample names.
pub(super) const SOURCE: &str = "demo";

const HOUR_SECONDS: u64 = 3600;
/// Sessions that a team has open in one hour.
const SESSIONS: u64 = 3;

/// The whole history, made when it is asked for.
#[derive(Debug)]
pub(super) struct History {
    from: Timestamp,
    zones: Vec<TimeZone>,
    pub(super) story: Story,
}

/// A draft and its time, by which the drafts of an hour are sorted.
type Timed = (Timestamp, Draft<'static>);

impl History {
    /// The history of the [`DAYS`] up to the hour in which `now` falls.
    pub(super) fn until(now: Timestamp) -> anyhow::Result<Self> {
        let hour_micros = signed(HOUR_SECONDS).saturating_mul(MICROS_PER_SECOND);
        let until = Timestamp::from_micros(now.micros().div_euclid(hour_micros).saturating_mul(hour_micros));
        let zone = |character: &&Character| Ok(Zone::parse(character.zone)?.rules().clone());
        Ok(Self {
            from: until.plus_seconds(-signed(HOURS * HOUR_SECONDS)),
            zones: CHARACTERS.iter().map(zone).collect::<anyhow::Result<_>>()?,
            story: Story::until(until)?,
        })
    }

    /// The first instant of an hour, counted from 0; that of [`HOURS`] is the end.
    pub(super) fn start(&self, hour: u64) -> Timestamp {
        self.from.plus_seconds(signed(hour * HOUR_SECONDS))
    }

    /// The prices that the organizations have of their own, as `POST /v1/prices` takes them.
    pub(super) fn prices(&self) -> Vec<serde_json::Value> {
        let tariffs = CHARACTERS.iter().flat_map(|character| {
            character.tariff.iter().map(|(category, amount)| {
                serde_json::json!({
                    "category": category,
                    "currency": "USD",
                    "organization": character.id,
                    "effective_from": self.from,
                    "components": {"requests": {"model": "per_unit", "amount": amount}},
                })
            })
        });
        tariffs.chain([repriced(&self.story)]).collect()
    }

    /// What was sent in one hour, in order of time; resends stand at the end.
    pub(super) fn hour(&self, hour: u64) -> anyhow::Result<Vec<Draft<'static>>> {
        let mut timed = Vec::new();
        let mut resent = Vec::new();
        for (character, zone) in CHARACTERS.iter().zip(&self.zones) {
            let mut place = Place::new(self, character, hour, zone)?;
            place.everyday();
            place.levels();
            place.story(&self.story, &mut resent);
            timed.append(&mut place.timed);
        }
        timed.sort_by_key(|(at, _)| *at);
        Ok(timed.into_iter().map(|(_, draft)| draft).chain(resent).collect())
    }
}

/// One hour of one organization.
struct Place<'h> {
    character: &'h Character,
    hour: u64,
    start: Timestamp,
    local: DateTime,
    timed: Vec<Timed>,
}

impl<'h> Place<'h> {
    fn new(history: &History, character: &'h Character, hour: u64, zone: &TimeZone) -> anyhow::Result<Self> {
        let start = history.start(hour);
        let local = zone.to_datetime(
            start
                .to_jiff()
                .context("the history begins beyond the calendar")?,
        );
        Ok(Self {
            character,
            hour,
            start,
            local,
            timed: Vec::new(),
        })
    }

    fn everyday(&mut self) {
        for team in self.character.teams {
            for stream in team.streams {
                let mut chance = self.chance(stream.name);
                let count = self.expected(stream, &mut chance);
                self.emit(team, stream, count, &mut chance);
            }
        }
    }

    fn levels(&mut self) {
        if self.hour.is_multiple_of(LEVEL_HOURS) {
            for level in self.character.levels {
                let draft = self.reading(level);
                self.timed.push((self.start, draft));
            }
        }
    }

    fn story(&mut self, story: &Story, resent: &mut Vec<Draft<'static>>) {
        if self.character.id == ACME.id && story.runaway.contains(&self.start) {
            for stream in RUNAWAY_TEAM.streams {
                let mut chance = self.chance(stream.name);
                self.emit(&RUNAWAY_TEAM, stream, stream.peak, &mut chance);
            }
        }
        if self.character.id == NORTHWIND.id && story.outage.contains(&self.start) {
            let team = NORTHWIND
                .teams
                .iter()
                .find(|team| team.streams.iter().any(|stream| stream.name == API));
            let mut chance = self.chance(OUTAGE.name);
            let before = self.timed.len();
            self.emit(
                team.expect("the outage hits a stream that is there"),
                &OUTAGE,
                OUTAGE.peak,
                &mut chance,
            );
            for (_, draft) in &self.timed[before..] {
                for _ in 0..chance.below(RESENDS_MAX + 1) {
                    resent.push(draft.clone());
                }
            }
        }
    }

    /// How many events a stream has in this hour: what its rhythm and growth say, give or take a third.
    fn expected(&self, stream: &Stream, chance: &mut Chance) -> u64 {
        let growth = &self.character.growth;
        let launched = growth
            .launch
            .filter(|(day, _)| self.hour >= day * 24)
            .map_or(1000, |(_, factor)| factor);
        let factors = [
            stream.rhythm.hours[index(self.local.hour())],
            stream.rhythm.days[index(self.local.weekday().to_monday_zero_offset())],
            (growth.first * (HOURS - self.hour) + growth.last * self.hour) / HOURS,
            launched,
            700 + chance.below(600),
        ];
        let thousandths = factors
            .iter()
            .fold(stream.peak * 1000, |amount, factor| amount * factor / 1000);
        thousandths / 1000 + u64::from(chance.below(1000) < thousandths % 1000)
    }

    fn emit(&mut self, team: &Team, stream: &Stream, count: u64, chance: &mut Chance) {
        for number in 0..count {
            let choice = chance.pick(stream.choices, |choice| choice.weight);
            let milliseconds = chance.below(HOUR_SECONDS * 1000);
            let at = Timestamp::from_micros(self.start.micros().saturating_add(signed(milliseconds * 1000)));
            let mut draft = self.draft(stream.name, number, at);
            draft.category = Some(stream.category.into());
            draft.team = Some(team.name.into());
            draft.project = Some(stream.project.into());
            draft.dimensions = choice
                .dimensions
                .iter()
                .map(|(key, value)| ((*key).into(), (*value).into()))
                .collect();
            if stream.by != By::Machine {
                // Of two draws the lower: the first names of the list use more than the last.
                let people = u64::try_from(team.users.len()).unwrap_or_default();
                let person = chance.below(people).min(chance.below(people));
                draft.user = usize::try_from(person)
                    .ok()
                    .and_then(|person| team.users.get(person))
                    .map(|name| (*name).into());
            }
            if stream.by == By::Session {
                let session = format!("{}-{:04}-{}", stream.name, self.hour, chance.below(SESSIONS));
                draft.dimensions.push(("session_id".into(), session.into()));
            }
            let amount = |(measure, spread): &(&'static str, _)| {
                (
                    Cow::Borrowed(*measure),
                    Cow::Owned(chance.within(*spread).to_string()),
                )
            };
            draft.measures = choice.measures.iter().map(amount).collect();
            self.timed.push((at, draft));
        }
    }

    fn reading(&self, level: &Level) -> Draft<'static> {
        let noise = self.chance(level.name).below(level.hourly_bytes * LEVEL_HOURS);
        let bytes = level.start_bytes + level.hourly_bytes * self.hour + noise;
        let mut draft = self.draft(level.name, 0, self.start);
        draft.category = Some(level.category.into());
        draft.team = Some(level.team.into());
        draft.project = Some(level.project.into());
        draft.dimensions.push(("class".into(), level.class.into()));
        draft.quantity = Some(bytes.to_string().into());
        draft
    }

    fn draft(&self, stream: &str, number: u64, at: Timestamp) -> Draft<'static> {
        Draft {
            id: Some(format!("{stream}-{:04}-{number:03}", self.hour).into()),
            source: Some(SOURCE.into()),
            organization: Some(self.character.id.into()),
            timestamp: Some(at.to_string().into()),
            ..Draft::default()
        }
    }

    fn chance(&self, name: &str) -> Chance {
        Chance::of(&format!("{}/{name}", self.character.id), self.hour)
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).expect("ninety days in microseconds are far below 2^63")
}

fn index(small: i8) -> usize {
    usize::try_from(small).expect("hours and days of the week are not negative")
}
