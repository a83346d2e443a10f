//! T1: a server that is killed at any moment loses nothing it acknowledged and counts nothing twice.
//!
//! Four clients send usage, send it again and take it back, while the server is killed and started again. At the end
//! every acknowledgement is held against the record, and the record against its totals. `TOLLGATE_KILL_ROUNDS` and
//! `TOLLGATE_KILL_SEED` ask for more kills and for other moments.
#![allow(clippy::unwrap_used, reason = "a test")]

mod account;
mod client;
mod load;
#[path = "../machine/mod.rs"]
mod machine;

use account::Account;
use client::Client;
use load::{Dice, Door, work};
use machine::{Machine, Server};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const WORKERS: u64 = 4;
/// How soon a killed server must answer again.
const BACK_WITHIN: Duration = Duration::from_secs(3);

#[test]
fn a_server_that_is_killed_at_any_moment_loses_nothing_and_counts_nothing_twice() {
    let (rounds, seed) = (
        asked("TOLLGATE_KILL_ROUNDS", 20),
        asked("TOLLGATE_KILL_SEED", 20_260_122),
    );
    eprintln!("{rounds} kills, TOLLGATE_KILL_SEED={seed}");
    let machine = Machine::new();
    let mut server = machine.serve(&[]);
    let first = client(&machine, &server);
    let (status, answer) = first.call("POST", "/v1/prices", &price().to_string()).unwrap();
    assert_eq!(status, 201, "{answer}");

    let door = Arc::new(Door::default());
    door.open(first);
    let (acknowledged, acknowledgements) = channel();
    let workers: Vec<_> = (0..WORKERS)
        .map(|number| {
            let (door, acknowledged) = (door.clone(), acknowledged.clone());
            std::thread::spawn(move || work(number, Dice::new(seed * WORKERS + number), &door, &acknowledged))
        })
        .collect();
    drop(acknowledged);
    let mut dice = Dice::new(seed ^ u64::MAX);
    let mut slowest = Duration::ZERO;
    for _ in 0..rounds {
        wait_for_a_random_moment(&mut dice, &acknowledgements);
        server.kill();
        let (started, back) = start(&machine);
        server = started;
        slowest = slowest.max(back);
        door.open(client(&machine, &server));
    }
    wait_for_a_random_moment(&mut dice, &acknowledgements);
    door.close();
    let told: Vec<_> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();

    let last = client(&machine, &server);
    for told in &told {
        Account::of(told, &last).settle(&price()["components"]["input_tokens"]);
    }
    machine.run(&["verify"]).expect(0);
    let events: usize = told.iter().map(|told| told.acknowledged().count()).sum();
    eprintln!("{events} events acknowledged; slowest start {slowest:?}");
    assert!(
        slowest <= BACK_WITHIN,
        "a killed server took {slowest:?} to answer again"
    );
}

/// A price whose running totals must survive, beside a plain one.
fn price() -> Value {
    let tiers = json!([
        {"up_to": "10000", "unit_amount": "0.001", "flat_amount": "1"},
        {"up_to": "100000", "unit_amount": "0.0007"},
        {"up_to": null, "unit_amount": "0.000333333333"},
    ]);
    json!({
        "category": "ai.completion", "match": {"model": "k"}, "currency": "USD",
        "effective_from": "2020-01-01T00:00:00Z",
        "components": {
            "input_tokens": {"model": "graduated", "tiers": tiers, "period": "total"},
            "output_tokens": {"model": "per_million", "amount": "10"},
        },
    })
}

/// Some acknowledgements further on, and a little while that falls anywhere in the next commit.
fn wait_for_a_random_moment(dice: &mut Dice, acknowledgements: &Receiver<()>) {
    // Those of the server before do not count.
    while acknowledgements.try_recv().is_ok() {}
    for _ in 0..dice.below(30) {
        acknowledgements.recv().unwrap();
    }
    let _ = acknowledgements.recv_timeout(Duration::from_micros(dice.below(20_000)));
}

#[allow(
    clippy::disallowed_methods,
    reason = "how long a start takes is what is measured"
)]
fn start(machine: &Machine) -> (Server, Duration) {
    let begun = Instant::now();
    let server = machine.serve(&[]);
    let (status, answer) = client(machine, &server).call("GET", "/readyz", "").unwrap();
    assert_eq!(status, 200, "{answer}");
    (server, begun.elapsed())
}

fn client(machine: &Machine, server: &Server) -> Client {
    let key = std::fs::read_to_string(machine.path(".local/share/tollgate/admin.key")).unwrap();
    let address = server.url.strip_prefix("http://").unwrap();
    Client::new(address, key.trim())
}

#[allow(
    clippy::disallowed_methods,
    reason = "the length of a test run is asked for from outside the program"
)]
fn asked(name: &str, normal: u64) -> u64 {
    std::env::var(name).map_or(normal, |text| text.parse().unwrap())
}
