//! The command line against a real server: every command, its output and its exit code.
#![allow(clippy::unwrap_used, reason = "a test")]

mod machine;

use machine::{Machine, shared};

const PRICE: [&str; 13] = [
    "prices",
    "create",
    "--category",
    "ai.completion",
    "--component",
    "input_tokens=per-million:2.50",
    "--component",
    "output_tokens=per-million:10.00",
    "--currency",
    "USD",
    "--effective-from",
    "2020-01-01T00:00:00Z",
    "--match",
];

fn price(machine: &Machine, model: &str) {
    let matching = format!("provider=openai,model={model}");
    machine.run(&[&PRICE[..], &[&matching]].concat()).expect(0);
}

fn import(machine: &Machine, file: &str, model: &str, prefix: &str) -> machine::Outcome {
    let set = format!("organization=azure,user=code,provider=openai,model={model}");
    let map = "timestamp=TIMESTAMP,input_tokens=ContextTokens,output_tokens=GeneratedTokens";
    machine.run(&[
        "import",
        "csv",
        file,
        "--category",
        "ai.completion",
        "--map",
        map,
        "--set",
        &set,
        "--id-prefix",
        prefix,
        "-o",
        "json",
    ])
}

fn total(machine: &Machine, user: &str, measure: &str) -> String {
    let answer = machine
        .run(&[
            "usage",
            "-m",
            measure,
            "--user",
            user,
            "--from",
            "2020-01-01",
            "--to",
            "2030-01-01",
            "-o",
            "json",
        ])
        .expect(0)
        .json();
    answer["total"][measure].as_str().unwrap().to_owned()
}

#[test]
fn the_six_services_are_recorded_with_their_cost() {
    let machine = Machine::new();
    let _server = machine.serve(&[]);
    let lines = [
        (
            "api-request /users --method GET --status 200",
            "api.request",
            "requests",
            "1",
        ),
        (
            "storage --bytes 5368709120 --hours 24",
            "storage.gb_hours",
            "byte_hours",
            "128849018880",
        ),
        (
            "bandwidth --bytes 524288000 --direction egress",
            "bandwidth.transfer",
            "bytes",
            "524288000",
        ),
        (
            "compute --cpu-seconds 3600.5",
            "compute.cpu",
            "cpu_seconds",
            "3600.5",
        ),
        (
            "database-query SELECT --duration-ms 45",
            "database.query",
            "duration_ms",
            "45",
        ),
        (
            "function sendEmail --duration-ms 120 --memory-mb 256",
            "functions.invocation",
            "memory_mb",
            "256",
        ),
    ];
    for (line, category, measure, amount) in lines {
        let words: Vec<&str> = ["track"].into_iter().chain(line.split(' ')).collect();
        let tracked = machine
            .run(&[&words[..], &["--organization", "acme", "-o", "json"]].concat())
            .expect(0)
            .json();
        let result = &tracked["results"][0];
        assert_eq!(result["status"], "recorded", "{line}: {tracked}");
        assert_eq!(result["cost_source"], "priced", "{line}: {tracked}");
        let event = machine
            .run(&["events", "get", result["event"].as_str().unwrap(), "-o", "json"])
            .expect(0)
            .json();
        assert_eq!(
            (&event["category"], &event["measures"][measure]),
            (&category.into(), &amount.into()),
            "{event}"
        );
        assert_eq!(event["cost"], result["cost"]);
    }
    let table = machine.run(&["cost", "--last", "1d"]).expect(0).out;
    assert!(lines.iter().all(|line| table.contains(line.1)), "{table}");
}

#[test]
fn a_file_imported_twice_is_counted_once() {
    let machine = Machine::new();
    let _server = machine.serve(&[]);
    price(&machine, "m");
    let rows = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n\
                2023-11-16 18:17:04.0319600,3180,8\n";
    let file = machine.file("trace.csv", rows);
    let first = import(&machine, &file, "m", "p").expect(0).json();
    // 7988 × 2.50 + 18 × 10.00, per million.
    assert_eq!(
        (&first["recorded"], &first["cost"]["USD"]),
        (&2.into(), &"0.02015".into())
    );
    let second = import(&machine, &file, "m", "p").expect(0).json();
    assert_eq!(
        (&second["recorded"], &second["duplicate"]),
        (&0.into(), &2.into())
    );
    let changed = machine.file("changed.csv", &rows.replace("3180", "3181"));
    let third = import(&machine, &changed, "m", "p").expect(6);
    assert_eq!(
        (&third.json()["duplicate"], &third.json()["conflict"]),
        (&1.into(), &1.into())
    );
    assert!(third.err.contains("row 2: "), "{}", third.err);
    let broken = machine.file(
        "broken.csv",
        &format!("{rows}yesterday,1,1\n2023-11-16 18:17:05,-1,1\n1\n"),
    );
    let fourth = import(&machine, &broken, "m", "p").expect(1);
    assert_eq!(fourth.json()["rejected"], 3);
    assert!(
        ["row 3: ", "row 4: ", "row 5: "]
            .iter()
            .all(|row| fourth.err.contains(row)),
        "{}",
        fourth.err
    );
    assert_eq!(
        (
            total(&machine, "code", "cost"),
            total(&machine, "code", "requests")
        ),
        ("0.02015".into(), "2".into())
    );
    machine.run(&["verify"]).expect(0);
}

/// On the whole trace where it is present beside the repository; the test above has the same on a few rows.
#[test]
fn a_real_trace_comes_to_the_known_total() {
    let Some(file) = shared("data/azure_llm_2023_code.csv") else {
        return;
    };
    let machine = Machine::new();
    let _server = machine.serve(&[]);
    price(&machine, "trace-code");
    let first = import(&machine, file.to_str().unwrap(), "trace-code", "code")
        .expect(0)
        .json();
    assert_eq!(
        (&first["recorded"], &first["cost"]["USD"]),
        (&8819.into(), &"47.608895".into())
    );
    assert_eq!(total(&machine, "code", "cost"), "47.608895");
}

#[test]
fn a_voided_event_costs_nothing_any_more() {
    let machine = Machine::new();
    let _server = machine.serve(&[]);
    let event = r#"{"category":"api.request","organization":"acme","user":"v","cost":"2.5"}"#;
    let tracked = machine
        .run_with(&["track", "-", "-o", "json"], event)
        .expect(0)
        .json();
    let id = tracked["results"][0]["event"].as_str().unwrap();
    assert_eq!(total(&machine, "v", "cost"), "2.5");
    machine.run(&["events", "void", id]).expect(0);
    assert_eq!(total(&machine, "v", "cost"), "0");
    machine.run(&["events", "void", id]).expect(0);
    assert_eq!(total(&machine, "v", "cost"), "0");
    machine.run(&["verify"]).expect(0);
}

#[test]
fn settings_are_created_changed_and_deleted() {
    let machine = Machine::new();
    let _server = machine.serve(&[]);
    let category =
        "categories create --name video.encoding --unit seconds --measure seconds --primary seconds";
    machine.run(&category.split(' ').collect::<Vec<_>>()).expect(0);
    machine.run(&category.split(' ').collect::<Vec<_>>()).expect(6);
    machine
        .run(&[
            "categories",
            "update",
            "video.encoding",
            "--dimension",
            "codec,preset",
        ])
        .expect(0);
    let category = machine
        .run(&["categories", "get", "video.encoding", "-o", "json"])
        .expect(0)
        .json();
    assert_eq!(category["dimensions"], serde_json::json!(["codec", "preset"]));
    let file = machine.file(
        "price.json",
        r#"{"category":"video.encoding","currency":"USD","effective_from":"2026-01-01T00:00:00Z",
            "components":{"seconds":{"model":"per_minute","amount":"0.06"}}}"#,
    );
    let price = machine
        .run(&["prices", "create", &file, "-o", "json"])
        .expect(0)
        .json();
    let id = price["id"].as_str().unwrap();
    machine
        .run(&[
            "prices",
            "update",
            id,
            "--effective-until",
            "2027-01-01T00:00:00Z",
        ])
        .expect(0);
    let changed = machine.run(&["prices", "get", id, "-o", "json"]).expect(0).json();
    assert_eq!(changed["effective_until"], "2027-01-01T00:00:00Z");
    machine.run(&["prices", "delete", id]).expect(0);
    machine.run(&["prices", "get", id]).expect(3);
    machine.run(&["categories", "delete", "video.encoding"]).expect(0);
    machine
        .run(&["organizations", "create", "--id", "acme", "--currency", "EUR"])
        .expect(0);
    let list = machine.run(&["organizations", "list", "-o", "csv"]).expect(0).out;
    assert!(list.contains("acme,acme,EUR"), "{list}");
}

#[test]
fn a_key_does_what_its_role_says() {
    let machine = Machine::new();
    let server = machine.serve(&[]);
    let made = machine.run(&[
        "keys",
        "create",
        "--name",
        "ci",
        "--role",
        "ingest",
        "--organization",
        "acme",
        "-o",
        "json",
    ]);
    let made = made.expect(0).json();
    let as_ci = |arguments: &[&str]| {
        let connection = [
            "--url",
            &server.url,
            "--api-key",
            made["secret"].as_str().unwrap(),
        ];
        machine.run(&[arguments, &connection[..]].concat())
    };
    as_ci(&["track", "api-request", "/x"]).expect(0);
    let refused = as_ci(&["usage"]).expect(4);
    assert!(refused.err.contains("hint: "), "{}", refused.err);
    machine
        .run(&["keys", "delete", made["id"].as_str().unwrap()])
        .expect(0);
    as_ci(&["track", "api-request", "/x"]).expect(4);
}

#[test]
fn a_command_without_a_server_says_what_to_do() {
    let machine = Machine::new();
    let nobody = machine.run(&["usage", "--url", "http://127.0.0.1:9"]).expect(7);
    for remedy in ["tollgate serve", "TOLLGATE_URL", "--url"] {
        assert!(nobody.err.contains(remedy), "{}", nobody.err);
    }
    assert_eq!(nobody.out, "");
    machine.run(&["usage", "--url", "nonsense"]).expect(2);
}

#[test]
fn wrong_questions_and_input_name_what_would_be_right() {
    let machine = Machine::new();
    let _server = machine.serve(&[]);
    let unknown = machine
        .run(&["usage", "-m", "input_token", "--category", "ai.completion"])
        .expect(2);
    assert!(unknown.err.contains("input_tokens"), "{}", unknown.err);
    machine
        .run(&["events", "get", "evt_00000000000000000000000000000000"])
        .expect(3);
    let rejected = machine
        .run_with(
            &["track", "-"],
            "{\"category\":\"no.such\",\"organization\":\"o\"}\nnonsense\n",
        )
        .expect(1);
    assert!(
        rejected.err.contains("event 1: ") && rejected.err.contains("event 2: "),
        "{}",
        rejected.err
    );
    let column = machine.file("f.csv", "n\n1\n");
    machine
        .run(&[
            "import",
            "csv",
            &column,
            "--category",
            "c",
            "--map",
            "input_tokens=m",
        ])
        .expect(2);
    machine
        .run(&[
            "import",
            "csv",
            "/nowhere.csv",
            "--category",
            "c",
            "--map",
            "input_tokens=m",
        ])
        .expect(1);
}

#[test]
fn every_format_carries_the_same_rows() {
    let machine = Machine::new();
    let _server = machine.serve(&[]);
    let event =
        r#"[{"category":"api.request","organization":"o","dimensions":{"endpoint":"=1+1"},"cost":"1.10"}]"#;
    machine.run_with(&["track", "-"], event).expect(0);
    let show = |format: &str| machine.run(&["top", "endpoint", "-o", format]).expect(0).out;
    assert!(show("table").contains("=1+1"));
    assert!(show("csv").contains("\n'=1+1,1.1,1\n"), "{}", show("csv"));
    assert!(show("md").contains("| =1+1 | 1.1 | 1 |"));
    let line: serde_json::Value = serde_json::from_str(show("ndjson").trim()).unwrap();
    assert_eq!(
        (&line["endpoint"], &line["cost"]),
        (&"=1+1".into(), &"1.1".into())
    );
}
