//! Every rung at its edges, for every priority. Ceilings are 10,000, so that an amount is a percentage without its point.

use crate::ground::{amount, budget, quota};
use serde_json::{Value, json};
use tollgate_core::decision::{Decision, Standing, decide};
use tollgate_core::limit::{Amount, Balance, Limit, Priority};

const EDGES: [&str; 33] = [
    "0", "0.01", "69.99", "70", "70.01", "74.99", "75", "79.99", "80", "80.01", "89.99", "90", "90.99", "91",
    "94.99", "95", "95.01", "97.99", "98", "98.01", "99.99", "100", "100.01", "104.99", "105", "105.01",
    "109.99", "110", "110.01", "119", "121", "1000", "1000.01",
];
const PRIORITIES: [Priority; 3] = [Priority::Deferrable, Priority::Normal, Priority::Critical];

/// What a percentage of a ceiling of 10,000 is in its unit.
fn share(limit: &Limit, percent: &str) -> Amount {
    Amount(amount(limit, percent).0 * 100)
}

fn decided(limit: &Limit, (committed, held): (Amount, Amount), adds: Amount, priority: Priority) -> Decision {
    let event = crate::ground::usage("user=u1");
    let concerned = crate::ground::book([limit.clone()]).concerned(&event, event.at);
    let balance = Balance {
        settled: committed.minus(held),
        held,
    };
    decide(
        &[Standing {
            concerned: concerned.into_iter().next().unwrap(),
            balance: Some(balance),
            amount: Some(adds),
        }],
        priority,
    )
}

fn word(decision: &Decision) -> String {
    match (decision.delay_ms, decision.refusal) {
        (_, Some(_)) => decision.action.as_str().to_uppercase(),
        (Some(delay), None) => format!("{} {delay}", decision.action.as_str()),
        (None, None) => decision.action.as_str().to_owned(),
    }
}

/// One line for each stretch of edges at which the answers are the same: where it begins, and the answer to each priority.
fn table(answer: impl Fn(&str, Priority) -> String) -> String {
    let mut table = String::new();
    let mut last = Vec::new();
    for percent in EDGES {
        let answers: Vec<String> = PRIORITIES
            .iter()
            .map(|priority| answer(percent, *priority))
            .collect();
        if answers != last {
            let line = format!("{percent:>7}  {:16} {:16} {}", answers[0], answers[1], answers[2]);
            table.push_str(line.trim_end());
            table.push('\n');
        }
        last = answers;
    }
    table
}

/// What is advised when so much is committed already and nothing more is asked for, whoever holds it.
fn advice(limit: &Limit) -> String {
    table(|percent, priority| {
        let committed = share(limit, percent);
        let words = [Amount::ZERO, committed, Amount(committed.0 / 3)]
            .map(|held| word(&decided(limit, (committed, held), Amount::ZERO, priority)));
        assert!(words.iter().all(|word| *word == words[0]), "{percent}: {words:?}");
        words[0].clone()
    })
}

/// What becomes of a use that takes a fresh limit up to so much at once, and of the last part of it.
fn refusals(limit: &Limit) -> String {
    table(|percent, priority| {
        let whole = share(limit, percent);
        let at_once = decided(limit, (Amount::ZERO, Amount::ZERO), whole, priority);
        assert!(whole == Amount::ZERO || at_once.is_allowed() || at_once.refusing().count() == 1);
        let last = Amount(whole.0.min(1));
        let by_parts = decided(limit, (whole.minus(last), Amount::ZERO), last, priority);
        assert_eq!(at_once.is_allowed(), by_parts.is_allowed(), "{percent}");
        word(&at_once)
    })
}

fn check(limit: Value, want_advice: &str, want_refusals: &str) {
    let plain = |text: &str| {
        text.lines()
            .map(str::trim_end)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    };
    let trimmed = |text: &str| {
        plain(text)
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
    };
    for made in [quota(1, limit.clone()), budget(1, limit.clone())] {
        assert_eq!(
            trimmed(&advice(&made)),
            trimmed(want_advice),
            "advice of {limit}:\n{}",
            advice(&made)
        );
        assert_eq!(
            trimmed(&refusals(&made)),
            trimmed(want_refusals),
            "refusals of {limit}:\n{}",
            refusals(&made)
        );
    }
}

#[test]
fn the_standard_ladder_at_every_edge() {
    check(
        json!({"mode": "ladder", "thresholds": []}),
        "     0  none             none             none
             70  warn             warn             warn
             80  notify           notify           notify
             90  throttle 1000    throttle 1000    throttle 1000
             91  throttle 2000    throttle 2000    throttle 2000
          94.99  throttle 5000    throttle 5000    throttle 5000
             95  downgrade 6000   downgrade 6000   downgrade 6000
          97.99  downgrade 8000   downgrade 8000   downgrade 8000
             98  switch 9000      switch 9000      switch 9000
          99.99  switch 10000     switch 10000     switch 10000
            100  queue 11000      switch 11000     switch 11000
         104.99  queue 15000      switch 15000     switch 15000
            105  queue 16000      switch 16000     switch 16000
         109.99  queue 20000      switch 20000     switch 20000
            110  queue 21000      switch 21000     switch 21000
            119  queue 30000      switch 30000     switch 30000",
        "     0  none             none             none
         105.01  BLOCK            BLOCK            none
         110.01  BLOCK            BLOCK            BLOCK",
    );
}

/// The ladder of a tier as a rung at each of its four numbers, in the words of LIM-5.
fn tier_ladder(warn: &str, throttle: u32, downgrade: u32) -> String {
    let every = |percent: &str, word: &str| format!("{percent} {word} {word} {word}");
    let mut lines = vec![every("0", "none"), every(warn, "warn")];
    let delay = |percent: &str| {
        let whole: f64 = percent.parse().unwrap();
        (whole >= f64::from(throttle)).then(|| ((whole - f64::from(throttle)) as u32 + 1).min(30) * 1000)
    };
    for percent in EDGES {
        let Some(delay) = delay(percent) else { continue };
        let whole: f64 = percent.parse().unwrap();
        let action = if whole >= f64::from(downgrade) {
            "downgrade"
        } else {
            "throttle"
        };
        let answer = format!("{action} {delay}");
        if !lines.last().unwrap().contains(&answer) {
            lines.push(every(percent, &answer));
        }
    }
    lines.join("\n")
}

#[test]
fn the_ladder_of_every_tier_at_every_edge() {
    for (tier, warn, throttle, downgrade, blocked) in [
        ("free", "70", 80, 90, "100.01"),
        ("premium", "80", 90, 95, "100.01"),
        ("enterprise", "90", 95, 98, "105.01"),
    ] {
        let limit = budget(1, json!({"tier": tier, "thresholds": []}));
        let words = |text: &str| {
            let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
            text.lines().map(line).collect::<Vec<_>>()
        };
        assert_eq!(
            words(&advice(&limit)),
            words(&tier_ladder(warn, throttle, downgrade)),
            "{tier}"
        );
        let refused = format!("0 none none none\n{blocked} BLOCK BLOCK BLOCK");
        assert_eq!(words(&refusals(&limit)), words(&refused), "{tier}");
    }
}

#[test]
fn a_threshold_warns_in_every_mode_and_never_more() {
    let warns = "0 none none none
                 75 warn warn warn";
    let nothing = "0 none none none";
    check(json!({"mode": "soft"}), warns, nothing);
    check(
        json!({"mode": "hard"}),
        warns,
        "0 none none none\n100.01 BLOCK BLOCK BLOCK",
    );
    check(json!({"mode": "soft", "thresholds": []}), nothing, nothing);
    check(
        json!({"mode": "soft", "thresholds": ["1000"]}),
        "0 none none none\n1000 warn warn warn",
        nothing,
    );
    // A shadow is looked at and says nothing.
    check(json!({"mode": "shadow"}), nothing, nothing);
    // Below its first rung a ladder gives what the thresholds say, above it what is stronger.
    check(
        json!({"mode": "ladder", "thresholds": ["0.01"], "rungs": [{"at": 80, "action": "notify"}]}),
        "0 none none none\n0.01 warn warn warn\n80 notify notify notify",
        nothing,
    );
}

#[test]
fn a_rung_concerns_requests_up_to_its_priority() {
    check(
        json!({"mode": "ladder", "thresholds": [], "rungs": [
            {"at": "100", "action": "block"},
            {"at": "75", "action": "block", "up_to": "normal"},
            {"at": "70", "action": "block", "up_to": "deferrable"},
            {"at": "0.01", "action": "queue", "up_to": "deferrable"},
            {"at": "80", "action": "warn"},
        ]}),
        "0     none   none   none
         0.01  queue  none   none
         80    queue  warn   warn",
        "0       none   none   none
         70.01   BLOCK  none   none
         79.99   BLOCK  BLOCK  none
         100.01  BLOCK  BLOCK  BLOCK",
    );
}

#[test]
fn a_percentage_of_an_uneven_ceiling_is_reached_on_the_exact_amount() {
    // 70 % of 3 nano-units are 2.1 of them: two have not come to it, three have.
    let limit = quota(
        1,
        json!({"limit": "0.000000003", "mode": "ladder", "thresholds": [], "rungs": [
            {"at": 70, "action": "notify"}, {"at": 105, "action": "block"},
        ]}),
    );
    let action = |committed| {
        word(&decided(
            &limit,
            (Amount(committed), Amount::ZERO),
            Amount::ZERO,
            Priority::Normal,
        ))
    };
    assert_eq!(
        [0, 1, 2, 3, 4].map(action),
        ["none", "none", "none", "notify", "notify"]
    );
    // 105 % are 3.15: three fit, four do not.
    let fits = |adds| decided(&limit, Default::default(), Amount(adds), Priority::Normal).is_allowed();
    assert_eq!([3, 4].map(fits), [true, false]);
}
