//! What an organization of the sample is like: its teams, what they use, and when.
//!
//! Only the words for it; the three organizations themselves stand in their own files.

use super::chance::Spread;

/// An organization.
#[derive(Debug)]
pub(super) struct Character {
    /// Its id, as events name it.
    pub(super) id: &'static str,
    /// Its name for people.
    pub(super) name: &'static str,
    /// The IANA zone in which it works.
    pub(super) zone: &'static str,
    /// How its usage changes over the history.
    pub(super) growth: Growth,
    /// Its teams.
    pub(super) teams: &'static [Team],
    /// The levels that are read at fixed hours.
    pub(super) levels: &'static [Level],
    /// What a request costs it in the categories that the default prices leave out, in USD.
    pub(super) tariff: &'static [(&'static str, &'static str)],
}

/// From so much, in thousandths, on the first day to so much on the last, with an optional step up on one day.
#[derive(Debug)]
pub(super) struct Growth {
    pub(super) first: u64,
    pub(super) last: u64,
    /// The day of a launch, from 0, and what it multiplies by from then on.
    pub(super) launch: Option<(u64, u64)>,
}

/// A team: people, and what they set going.
#[derive(Debug)]
pub(super) struct Team {
    pub(super) name: &'static str,
    pub(super) users: &'static [&'static str],
    pub(super) streams: &'static [Stream],
}

/// One kind of usage of a team.
#[derive(Debug)]
pub(super) struct Stream {
    /// Its part of the events' ids; unlike any other of the organization.
    pub(super) name: &'static str,
    pub(super) category: &'static str,
    pub(super) project: &'static str,
    pub(super) by: By,
    pub(super) rhythm: &'static Rhythm,
    /// Events in the busiest hour of a working day halfway through the history.
    pub(super) peak: u64,
    /// What each event is one of.
    pub(super) choices: &'static [Choice],
}

/// Who is named on an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// A person of the team.
    User,
    /// A person, and the session in which several calls belong together.
    Session,
    /// Nobody: a machine did it.
    Machine,
}

/// How busy it is, in thousandths of the busiest hour.
#[derive(Debug)]
pub(super) struct Rhythm {
    /// By local hour of the day.
    pub(super) hours: [u64; 24],
    /// By day of the week, Monday first.
    pub(super) days: [u64; 7],
}

/// One of the things that events of a stream may be.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) weight: u64,
    pub(super) dimensions: &'static [(&'static str, &'static str)],
    pub(super) measures: &'static [(&'static str, Spread)],
}

/// A gauge that is read every [`LEVEL_HOURS`].
#[derive(Debug)]
pub(super) struct Level {
    /// Its part of the events' ids.
    pub(super) name: &'static str,
    pub(super) category: &'static str,
    pub(super) team: &'static str,
    pub(super) project: &'static str,
    pub(super) class: &'static str,
    /// The level at the beginning of the history.
    pub(super) start_bytes: u64,
    /// What is added in an hour, on average.
    pub(super) hourly_bytes: u64,
}

/// Hours between two readings of a level.
pub(super) const LEVEL_HOURS: u64 = 6;

/// People at desks: a morning, a lunch, an afternoon, and hardly a weekend.
pub(super) const OFFICE: Rhythm = Rhythm {
    hours: [
        20, 10, 5, 5, 5, 15, 60, 200, 600, 880, 1000, 980, 720, 840, 990, 1000, 900, 680, 380, 240, 180, 120,
        80, 40,
    ],
    days: [950, 1000, 1000, 970, 840, 170, 130],
};

/// Jobs that wait for the night, most of all on working days.
pub(super) const NIGHTLY: Rhythm = Rhythm {
    hours: [
        700, 1000, 1000, 900, 500, 150, 30, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 30, 60, 120, 250,
        450,
    ],
    days: [900, 1000, 1000, 1000, 950, 450, 400],
};

/// Customers all over the world: never quiet, busiest in the evening, a little slower at the weekend.
pub(super) const WORLDWIDE: Rhythm = Rhythm {
    hours: [
        620, 520, 450, 400, 380, 400, 460, 540, 620, 680, 720, 740, 740, 740, 760, 790, 830, 880, 940, 990,
        1000, 960, 860, 740,
    ],
    days: [930, 960, 980, 1000, 970, 720, 680],
};
