use super::*;
use crate::locate::{Found, Target};
use expect_test::{Expect, expect};
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

/// Sends a batch to a server that gives these answers in turn (`200` for each event recorded, `drop` hangs up) and
/// shows what it saw, what was waited for and what came of it.
fn check(events: u64, script: &'static [&str], want: Expect) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target {
        url: format!("http://{}", listener.local_addr().unwrap()),
        key: None,
        found: Found::Named,
        data: None,
    };
    let server = std::thread::spawn(move || {
        script
            .iter()
            .map(|answer| serve_one(&listener, answer))
            .collect::<Vec<_>>()
    });
    let client = Client::new(target, Duration::from_secs(10)).unwrap();
    let waits = RefCell::new(Vec::new());
    let wait = |_: &str, pause: Duration| waits.borrow_mut().push(pause.as_millis());
    let mut portion = Portion::default();
    (1..=events).for_each(|row| portion.add(row, Ok(format!("{{\"id\":\"{row}\"}}"))));
    let sent = Delivery::new(&client, Duration::from_secs(10), &wait).send(portion.batch);
    let outcome = match sent {
        Ok(receipts) => receipts
            .iter()
            .map(|receipt| format!("{}:{:?}", receipt.position, receipt.status))
            .collect::<Vec<_>>()
            .join(" "),
        Err(error) => error.to_string().lines().next().unwrap_or_default().to_owned(),
    };
    let saw = server.join().unwrap().join(" ");
    want.assert_eq(&format!("saw {saw}\nwaited {:?}\n{outcome}\n", waits.borrow()));
}

/// Reads one request, gives one answer, and tells how many events the request had.
fn serve_one(listener: &TcpListener, answer: &str) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let events: Vec<serde_json::Value> = serde_json::from_slice(&body).unwrap();
    let (status, header) = answer.split_once(' ').unwrap_or((answer, "x-none: 0"));
    let body = match status {
        "drop" => return events.len().to_string(),
        "200" => results(&events),
        _ => serde_json::json!({"title": "not now"}).to_string(),
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\n{header}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    events.len().to_string()
}

fn results(events: &[serde_json::Value]) -> String {
    let results: Vec<_> = events
        .iter()
        .enumerate()
        .map(|(index, event)| serde_json::json!({"index": index, "id": event["id"], "status": "recorded", "cost": null}))
        .collect();
    serde_json::json!({ "results": results }).to_string()
}

#[test]
fn a_busy_or_absent_server_is_asked_again() {
    check(
        2,
        &["503 retry-after: 2", "429", "drop", "200"],
        expect![[r#"
        saw 2 2 2 2
        waited [2000, 200, 400]
        1:Recorded 2:Recorded
    "#]],
    );
}

#[test]
fn a_batch_that_is_too_large_is_halved() {
    check(
        5,
        &["413", "413", "200", "200", "200"],
        expect![[r#"
        saw 5 2 1 1 3
        waited []
        1:Recorded 2:Recorded 3:Recorded 4:Recorded 5:Recorded
    "#]],
    );
    check(
        1,
        &["413"],
        expect![[r#"
        saw 1
        waited []
        1:Rejected
    "#]],
    );
}

#[test]
fn what_trying_again_would_not_change_ends_it() {
    check(
        1,
        &["401"],
        expect![[r#"
        saw 1
        waited []
        not now
    "#]],
    );
    check(
        1,
        &["503 retry-after: 60"],
        expect![[r#"
        saw 1
        waited []
        not now
    "#]],
    );
}

#[test]
fn an_answer_for_too_few_events_is_no_success() {
    let items = [1, 2].map(|position| Item {
        position,
        json: String::new(),
    });
    let body = r#"{"results":[{"index":1,"status":"recorded","cost":"0.1","currency":"USD"}]}"#;
    let error = receipt::read(body, &items).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server answered for 1 of 2 events; nothing more was sent"
    );
    let body = r#"{"results":[{"index":2,"status":"recorded"},{"index":0,"status":"recorded"}]}"#;
    assert!(receipt::read(body, &items).is_err());
}

#[test]
fn costs_are_summed_exactly_per_currency() {
    let item = [Item {
        position: 3,
        json: String::new(),
    }];
    let mut tally = Tally::default();
    for result in [
        r#""recorded","cost":"0.1","currency":"USD""#,
        r#""recorded","cost":"0.000000000002","currency":"USD""#,
        r#""recorded","cost":"-1","currency":"EUR""#,
        r#""recorded","cost":null,"reason":"no_price""#,
        r#""duplicate","cost":"5","currency":"USD""#,
        r#""rejected","problem":{"title":"not an event","errors":[{"pointer":"/category","detail":"unknown"}]}"#,
        r#""conflict""#,
    ] {
        let body = format!("{{\"results\":[{{\"index\":0,\"status\":{result}}}]}}");
        tally.add(&receipt::read(&body, &item).unwrap()[0]).unwrap();
    }
    expect![[r#"
        {"conflict":1,"cost":{"EUR":"-1","USD":"0.100000000002"},"duplicate":1,"events":7,"recorded":4,"rejected":1,"unpriced":1}
        row 3: not an event: /category: unknown
        row 3: the same id is recorded with another content
        Conflict
    "#]].assert_eq(&format!(
        "{}\n{}\n{:?}\n",
        tally.answer(),
        tally.problems("row").join("\n"),
        tally.exit()
    ));
}
