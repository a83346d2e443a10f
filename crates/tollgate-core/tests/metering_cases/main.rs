//! Numbers of other metering systems, run on ours.
//!
//! The cases stand in `../shared/cases/metering.json`, seen from the repository's root, where that exists; elsewhere a
//! small file of our own, of the same shape, is run. Each case is judged by the shape of its input, never by its id, so
//! that a case nobody has seen is run too. One file answers for one kind; a case that no file understands fails.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
#![allow(
    clippy::print_stdout,
    reason = "the list of cases and what became of them is wanted"
)]

mod aggregate;
mod cost;
#[path = "../ground/mod.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod ground;
mod price;
mod window;

use serde::Deserialize;
use serde_json::Value;
use std::path::Path;
use tollgate_core::decimal::Decimal;

/// One case of the file.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    /// `<peer>.<topic>.<variant>`.
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) input: Value,
    pub(crate) expected: Value,
    /// Decimal places that the source rounds to before it compares.
    #[serde(default)]
    pub(crate) round_to: Option<u64>,
}

/// What became of a case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was run: our answer and the case's.
    Run { got: String, want: String },
    /// We answer otherwise, and why; the judge has made sure that we do.
    Differs(&'static str),
    /// There is nothing here that it could be run on, and why.
    NoCounterpart(&'static str),
    /// It needs a record; the test of this name that runs it is of this crate.
    Elsewhere(&'static str),
    /// Nobody knows what it asks.
    Unknown(String),
}

impl Case {
    /// The peer whose test the numbers come from.
    pub(crate) fn peer(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// A text field of the input; empty when absent or null.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.input.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the input has a field that is not null.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.input.get(field).is_some_and(|value| !value.is_null())
    }

    /// The first field of the input that is not among those a judge understands.
    pub(crate) fn stranger(&self, known: &[&str]) -> Option<&str> {
        let fields = self.input.as_object()?.keys();
        fields.map(String::as_str).find(|field| !known.contains(field))
    }
}

/// A number in one spelling.
pub(crate) fn normal(text: &str) -> String {
    Decimal::parse(text).unwrap().to_string()
}

fn judge(case: &Case) -> Verdict {
    match case.kind.as_str() {
        "price" => price::judge(case),
        "cost" => cost::judge(case),
        "aggregate" => aggregate::judge(case),
        "windowing" => window::judge(case),
        "dedupe" | "ingest_validation" | "enforcement" => Verdict::Elsewhere("tollgate-engine"),
        "credit_burn" => Verdict::NoCounterpart("prepaid credits are not ours yet"),
        other => Verdict::Unknown(format!("no file answers for kind {other}")),
    }
}

fn cases() -> Vec<Case> {
    #[derive(Deserialize)]
    struct File {
        cases: Vec<Case>,
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = root.join("../shared/cases/metering.json");
    let text = std::fs::read_to_string(&shared).unwrap_or_else(|_| {
        println!("{} is not there; running our own few numbers", shared.display());
        include_str!("own.json").to_owned()
    });
    let file: File = serde_json::from_str(&text).unwrap();
    file.cases
}

fn run(cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        let verdict = judge(case);
        let line = match &verdict {
            Verdict::Run { got, want } if got == want => format!("run             {} = {got}", case.id),
            Verdict::Run { got, want } => format!("WRONG           {}: got {got}, want {want}", case.id),
            Verdict::Differs(reason) => format!("differs         {}: {reason}", case.id),
            Verdict::NoCounterpart(reason) => format!("no counterpart  {}: {reason}", case.id),
            Verdict::Elsewhere(of) => format!("elsewhere       {}: metering_cases of {of}", case.id),
            Verdict::Unknown(what) => format!("UNKNOWN         {}: {what}", case.id),
        };
        println!("{line}");
        let is_wrong = match &verdict {
            Verdict::Run { got, want } => got != want,
            Verdict::Unknown(_) => true,
            Verdict::Differs(_) | Verdict::NoCounterpart(_) | Verdict::Elsewhere(_) => false,
        };
        wrong.extend(is_wrong.then_some(line));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_of_another_system_is_accounted_for() {
    let cases = cases();
    assert!(!cases.is_empty());
    run(&cases);
}

#[test]
fn our_own_few_numbers_run_everywhere() {
    #[derive(Deserialize)]
    struct File {
        cases: Vec<Case>,
    }
    let file: File = serde_json::from_str(include_str!("own.json")).unwrap();
    run(&file.cases);
    let not_run = file
        .cases
        .iter()
        .filter(|case| !matches!(judge(case), Verdict::Run { .. }));
    assert_eq!(
        not_run.map(|case| &case.id).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
}

#[test]
fn a_case_that_nobody_understands_is_told_apart() {
    let judge_json = |json: Value| judge(&serde_json::from_value(json).unwrap());
    for (kind, input) in [
        ("weather", serde_json::json!({})),
        ("price", serde_json::json!({"model": "auction", "units": "1"})),
        (
            "price",
            serde_json::json!({"model": "unit", "unit_price": "1", "units": "1", "phase_of_moon": "full"}),
        ),
        (
            "cost",
            serde_json::json!({"lines": [["1", "2"]], "currency": "EUR"}),
        ),
    ] {
        let case =
            serde_json::json!({"id": "x.y", "kind": kind, "input": input, "expected": {"amount": "1"}});
        assert!(matches!(judge_json(case.clone()), Verdict::Unknown(_)), "{case}");
    }
}
