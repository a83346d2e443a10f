//! The server as a process: starting, stopping, being killed, and what stands in its way.
#![allow(clippy::unwrap_used, reason = "a test")]

mod machine;

use machine::Machine;
use std::os::unix::fs::PermissionsExt;

const EVENTS: &str = r#"{"id":"a","category":"api.request","organization":"acme"}
{"id":"b","category":"api.request","organization":"acme","quantity":"3"}
"#;

#[test]
fn the_first_start_makes_a_key_that_the_command_line_finds() {
    let machine = Machine::new();
    let server = machine.serve(&[]);
    let key = machine.path(".local/share/tollgate/admin.key");
    assert_eq!(
        std::fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(std::fs::read_to_string(&key).unwrap().starts_with("tg_"));
    let list = machine
        .run(&["categories", "list", "-o", "json"])
        .expect(0)
        .json();
    assert!(
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|category| category["name"] == "ai.completion")
    );
    let (status, said) = server.stop();
    assert!(status.success(), "{said}");
    assert!(!machine.path(".local/state/tollgate/server.json").exists());
    assert!(said.contains("admin.key"), "{said}");
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    let machine = Machine::new();
    let server = machine.serve(&[]);
    machine.run_with(&["track", "-"], EVENTS).expect(0);
    server.kill();
    let server = machine.serve(&[]);
    let again = machine
        .run_with(&["track", "-", "-o", "json"], EVENTS)
        .expect(0)
        .json();
    assert_eq!((&again["recorded"], &again["duplicate"]), (&0.into(), &2.into()));
    let verified = machine.run(&["verify", "-o", "json"]).expect(0).json();
    assert_eq!(
        (&verified["clean"], &verified["events"]),
        (&true.into(), &2.into())
    );
    assert!(server.stop().0.success());
}

#[test]
fn a_demo_fills_an_empty_folder_across_a_kill_and_then_says_that_it_is_there() {
    let machine = Machine::new();
    // Before the first organization is there, nothing has been begun that could be cut off.
    let server = machine.serve(&["--demo"]);
    while organization_names(&machine).is_empty() {}
    server.kill();
    let server = machine.serve(&["--demo"]);
    while !organization_names(&machine).contains(&"Acme Editor (sample)".to_owned()) {}
    let verified = machine.run(&["verify", "-o", "json"]).expect(0).json();
    assert_eq!(verified["clean"], true);
    let events = verified["events"].as_u64().unwrap();
    assert!((60_000..120_000).contains(&events), "{events} events");
    assert!(server.stop().1.contains("days of sample data are in"));
    let server = machine.serve(&["--demo"]);
    assert_eq!(
        machine.run(&["verify", "-o", "json"]).expect(0).json()["events"],
        events
    );
    assert!(server.stop().1.contains("the sample data is there already"));
}

/// The names that the server knows; each call is a process of its own, so that asking until something is there is no hurry.
fn organization_names(machine: &Machine) -> Vec<String> {
    let list = machine
        .run(&["organizations", "list", "-o", "json"])
        .expect(0)
        .json();
    let rows = list["data"].as_array().unwrap().iter();
    rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_demo_leaves_a_folder_with_other_usage_alone() {
    let machine = Machine::new();
    let server = machine.serve(&[]);
    machine.run_with(&["track", "-"], EVENTS).expect(0);
    assert!(server.stop().0.success());
    let server = machine.serve(&["--demo"]);
    let verified = machine.run(&["verify", "-o", "json"]).expect(0).json();
    assert_eq!(verified["events"], 2);
    assert!(server.stop().1.contains("the store holds other usage"));
}

#[test]
fn a_folder_is_served_by_one_process() {
    let machine = Machine::new();
    let _server = machine.serve(&[]);
    let second = machine.run(&["serve", "--listen", "127.0.0.1:0"]).expect(1);
    assert!(second.err.contains("in use by process"), "{}", second.err);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let machine = Machine::new();
    let server = machine.serve(&[]);
    let address = server.url.strip_prefix("http://").unwrap();
    let data = machine.path("other").display().to_string();
    let second = machine
        .run(&["serve", "--data", &data, "--listen", address])
        .expect(1);
    assert!(
        second.err.contains(address) && second.err.contains("--listen"),
        "{}",
        second.err
    );
}

#[test]
fn logs_are_json_when_asked_for_and_stdout_stays_empty() {
    let machine = Machine::new();
    let mut command = machine.command(&["serve", "--listen", "127.0.0.1:0"]);
    command
        .env("TOLLGATE_LOG__FORMAT", "json")
        .env("TOLLGATE_SERVER__LISTN", "x");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("TOLLGATE_SERVER__LISTN: unknown key; did you mean TOLLGATE_SERVER__LISTEN?"),
        "{said}"
    );
}

#[test]
fn doctor_finds_nothing_wrong_with_a_server_that_runs_and_says_what_to_do_without_one() {
    let machine = Machine::new();
    let server = machine.serve(&[]);
    let well = machine.run(&["doctor", "-o", "json"]).expect(0).json();
    let failed = well["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["health"] == "fail");
    assert_eq!(failed.count(), 0, "{well}");
    server.kill();
    let without = machine.run(&["doctor"]).expect(1);
    assert!(without.out.contains("tollgate serve"), "{}", without.out);
}
