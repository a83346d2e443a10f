//! Numbers of other metering systems that need a record: an event that is sent twice, a hold and what becomes of it.
//!
//! The cases stand in `../shared/cases/metering.json`, seen from the repository's root, where that exists; elsewhere a
//! small file of our own, of the same shape, is run. Here are the kinds `dedupe`, `ingest_validation` and `enforcement`; the core's
//! test of the same name answers for every other kind and fails on one that nobody knows.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
#![allow(
    clippy::print_stdout,
    reason = "the list of cases and what became of them is wanted"
)]

mod dedupe;
mod enforcement;

use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;

/// One case of the file.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    /// `<peer>.<topic>.<variant>`.
    id: String,
    kind: String,
    pub(crate) input: Value,
    pub(crate) expected: Value,
}

/// What became of a case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was run: our answer and the case's.
    Run { got: String, want: String },
    /// We answer otherwise, and why; the judge has made sure that we do.
    Differs(&'static str),
    /// Nobody knows what it asks.
    Unknown(String),
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

fn read(text: &str) -> Vec<Case> {
    serde_json::from_str::<File>(text).unwrap().cases
}

fn judge(case: &Case) -> Option<Verdict> {
    match case.kind.as_str() {
        "dedupe" => Some(dedupe::judge(case)),
        "enforcement" => Some(enforcement::judge(case)),
        "ingest_validation" => Some(Verdict::Unknown(format!(
            "an input of a shape not met before: {}",
            case.input
        ))),
        // The core's test answers for it.
        _ => None,
    }
}

fn run(cases: &[Case]) {
    let mut wrong = Vec::new();
    for (case, verdict) in cases.iter().filter_map(|case| Some((case, judge(case)?))) {
        let (is_wrong, line) = match verdict {
            Verdict::Run { got, want } => (
                got != want,
                format!("run      {}: got {got}, want {want}", case.id),
            ),
            Verdict::Differs(reason) => (false, format!("differs  {}: {reason}", case.id)),
            Verdict::Unknown(what) => (true, format!("UNKNOWN  {}: {what}", case.id)),
        };
        println!("{line}");
        wrong.extend(is_wrong.then_some(line));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_that_needs_a_record_is_accounted_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = root.join("../shared/cases/metering.json");
    match std::fs::read_to_string(&shared) {
        Ok(text) => run(&read(&text)),
        Err(_) => println!(
            "{} is not there; our own few cases run beside this",
            shared.display()
        ),
    }
}

#[test]
fn our_own_few_cases_run_everywhere() {
    let cases = read(include_str!("own.json"));
    run(&cases);
    let runs = cases
        .iter()
        .filter(|case| matches!(judge(case), Some(Verdict::Run { .. })));
    assert_eq!(runs.count(), 12);
}

#[test]
fn a_case_that_nobody_understands_is_told_apart() {
    for (kind, input) in [
        ("dedupe", json!({"events": "something new"})),
        (
            "dedupe",
            json!({"events": [{"id": "1", "v": "1"}], "phase_of_moon": "full"}),
        ),
        ("dedupe", json!({"events": [{"id": "1", "v": "1", "ttl": "1h"}]})),
        ("ingest_validation", json!({"anything": 1})),
        ("enforcement", json!({"balance": "5"})),
        (
            "enforcement",
            json!({"balance": "5", "concurrent": 2, "amount_each": "1", "overage": "bill"}),
        ),
        (
            "enforcement",
            json!({"balances": ["5"], "hold": "1", "ops": ["transmogrify"]}),
        ),
        (
            "enforcement",
            json!({"scopes": {"galaxy:milky": "5"}, "reserve": "1"}),
        ),
    ] {
        let case = json!({"id": "x.y", "kind": kind, "input": input, "expected": {"sum": "1"}});
        let verdict = judge(&serde_json::from_value(case).unwrap());
        assert!(
            matches!(verdict, Some(Verdict::Unknown(_))),
            "{input}: {verdict:?}"
        );
    }
}
