//! Random usage.

use super::{instant, maybe, one_of};
use crate::fixture::{CHAT, DISK, NOON, SEAT, Sent, usage};
use proptest::prelude::*;
use tollgate_core::time::Timestamp;

/// Amounts at and around the tiers of [`super::price_draft`], with and without a fraction.
const AMOUNTS: &[&str] = &[
    "1",
    "0",
    "2",
    "10",
    "99.5",
    "100",
    "101",
    "1000",
    "0.000000001",
    "123456.789",
];

/// Random usage of the made-up categories and of one that ships, by `acme` or another organization.
pub fn sent() -> impl Strategy<Value = Sent> {
    let what = (category_and_amounts(), dimensions(), maybe(0.1, one_of(AMOUNTS)));
    let who = (scope(), 0..24_u8, maybe(0.2, Just("ide")));
    let extra = (
        maybe(0.08, one_of(AMOUNTS)),
        maybe(0.05, Just(r#"{"trace": [1, 2.50]}"#)),
    );
    (what, who, instant(), extra).prop_map(
        |((amounts, dimensions, requests), (scope, id, source), at, (cost, metadata))| {
            let [organization, team, project, user] = scope;
            let (category, measures) = amounts;
            let mut sent = usage(organization.unwrap_or("acme"))
                .category(category)
                .id(format!("e{id}"))
                .at(&at);
            sent.measures = measures
                .into_iter()
                .map(|(name, amount)| (name.to_owned(), amount.to_owned()))
                .collect();
            for (key, value) in dimensions {
                sent = sent.dimension(key, value);
            }
            if let Some(requests) = requests {
                sent = sent.measure("requests", requests);
            }
            let own = |text: Option<&str>| text.map(str::to_owned);
            // Whoever counts users must name one.
            let user = user.or((category == SEAT).then_some("u1"));
            let (team, project, user) = (own(team), own(project), own(user));
            Sent {
                team,
                project,
                user,
                source: own(source),
                cost: own(cost),
                metadata: own(metadata),
                ..sent
            }
        },
    )
}

fn scope() -> impl Strategy<Value = [Option<&'static str>; 4]> {
    let organization = prop_oneof![3 => Just("acme"), 2 => Just("beta")];
    let (team, project) = (maybe(0.3, one_of(&["core", "ops"])), maybe(0.2, Just("editor")));
    let user = maybe(0.5, one_of(&["u1", "u2", "u3"]));
    (organization, team, project, user).prop_map(|(o, t, p, u)| [Some(o), t, p, u])
}

/// Random usage by one user within a few days, so that nearly all of it meets in the same running totals and series.
pub fn dense_sent() -> impl Strategy<Value = Sent> {
    let when = (0..6_i64, prop_oneof![4 => Just(0_i64), 1 => Just(500_001_i64)]);
    (category_and_amounts(), 0..1000_u16, when, maybe(0.1, Just("m1"))).prop_map(
        |((category, measures), id, (hours, micros), model)| {
            let at = crate::fixture::at(NOON).plus_seconds(hours * 5 * 3600).micros() + micros;
            let at = Timestamp::from_micros(at).to_string();
            let mut sent = usage("acme").category(category).id(id).user("u1").at(&at);
            sent.measures = measures
                .into_iter()
                .map(|(name, amount)| (name.to_owned(), amount.to_owned()))
                .collect();
            model.map_or(sent.clone(), |model| sent.model(model))
        },
    )
}

type Amounts = (&'static str, Vec<(&'static str, &'static str)>);

fn category_and_amounts() -> impl Strategy<Value = Amounts> {
    let of = |category: &'static str, measures: &'static [&'static str], most: usize| {
        let chosen = proptest::sample::subsequence(measures, 0..=most);
        (chosen, proptest::collection::vec(one_of(AMOUNTS), measures.len()))
            .prop_map(move |(chosen, amounts)| (category, chosen.into_iter().zip(amounts).collect()))
    };
    prop_oneof![
        6 => of(CHAT, &["input", "output", "cached", "seconds"], 4),
        3 => of(DISK, &["bytes", "reads"], 2),
        1 => of(SEAT, &["requests"], 0),
        2 => of("api.request", &["requests"], 0),
    ]
}

fn dimensions() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let model = maybe(0.7, one_of(&["m1", "m2", "m3"])).prop_map(|value| Some(("model", value?)));
    let region = maybe(0.3, one_of(&["eu", "us"])).prop_map(|value| Some(("region", value?)));
    // Nobody declared this one, so rollups do not keep it.
    let session = maybe(0.2, one_of(&["s1", "s2"])).prop_map(|value| Some(("session_id", value?)));
    (model, region, session).prop_map(|(a, b, c)| [a, b, c].into_iter().flatten().collect())
}

/// A use of a category with every combination of the dimensions that prices match, by two organizations, at each of
/// these instants: whatever two random prices can tie for is among them.
pub fn every_use(category: &str, instants: &[String]) -> Vec<Sent> {
    let with = |uses: Vec<Sent>, key: &str, values: [&str; 3]| -> Vec<Sent> {
        let set = |sent: &Sent, value: &str| match value {
            "" => sent.clone(),
            value => sent.clone().dimension(key, value),
        };
        uses.iter()
            .flat_map(|sent| values.map(|value| set(sent, value)))
            .collect()
    };
    let uses = ["acme", "beta"].map(|organization| usage(organization).category(category));
    let uses = with(
        with(uses.into(), "model", ["", "m1", "m2"]),
        "region",
        ["", "eu", "us"],
    );
    instants
        .iter()
        .flat_map(|at| uses.iter().map(|sent| sent.clone().at(at)))
        .collect()
}
