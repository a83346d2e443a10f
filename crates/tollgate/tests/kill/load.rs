//! The load: what one client sends, and what it has been told of it.

use crate::client::Client;
use serde_json::{Value, json};
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex};

/// What a client knows of something it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It never asked.
    Unasked,
    /// It asked and was not answered: it may be so or not.
    Maybe,
    /// It was told that it is so.
    Acknowledged,
}

/// One event of a client.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) id: String,
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) recorded: Fate,
    pub(crate) voided: Fate,
    /// The server's id, once it was told.
    pub(crate) event: Option<String>,
}

/// Everything that one client sent, for an organization of its own.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) organization: String,
    pub(crate) said: Vec<Said>,
}

impl Said {
    /// The event's body; the same whenever it is sent.
    pub(crate) fn body(&self, organization: &str) -> Value {
        json!({
            "id": self.id, "source": "kill", "category": "ai.completion", "organization": organization,
            "timestamp": "2026-01-15T12:00:00Z", "dimensions": {"model": "k"},
            "measures": {"input_tokens": self.input, "output_tokens": self.output},
        })
    }
}

impl Told {
    /// The events that the client was told are recorded.
    pub(crate) fn acknowledged(&self) -> impl Iterator<Item = &Said> {
        self.said
            .iter()
            .filter(|said| said.recorded == Fate::Acknowledged)
    }
}

/// Numbers that are the same for the same seed.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most
    }

    /// Some of these, one at least where there is one.
    fn some<'a, T>(&mut self, of: &'a [T]) -> Vec<&'a T> {
        let count = if of.is_empty() { 0 } else { 1 + self.below(10) };
        (0..count)
            .map(|_| &of[usize::try_from(self.below(of.len() as u64)).unwrap()])
            .collect()
    }
}

/// Where clients find the server that is up now.
#[derive(Debug, Default)]
pub(crate) struct Door {
    inside: Mutex<(u64, Option<Client>)>,
    opened: Condvar,
}

/// No server will be started any more.
const CLOSED: u64 = u64::MAX;

impl Door {
    /// Lets clients through to a new server.
    pub(crate) fn open(&self, client: Client) {
        let mut inside = self.inside.lock().unwrap();
        *inside = (inside.0 + 1, Some(client));
        self.opened.notify_all();
    }

    /// Sends clients home.
    pub(crate) fn close(&self) {
        self.inside.lock().unwrap().0 = CLOSED;
        self.opened.notify_all();
    }

    /// Waits for another server than the one of this number; `None` when all is over.
    fn pass(&self, after: u64) -> Option<(u64, Client)> {
        let mut inside = self.inside.lock().unwrap();
        while inside.0 == after {
            inside = self.opened.wait(inside).unwrap();
        }
        (inside.0 != CLOSED).then(|| (inside.0, inside.1.clone().unwrap()))
    }

    fn is_closed(&self) -> bool {
        self.inside.lock().unwrap().0 == CLOSED
    }
}

/// Sends usage until the door closes.
pub(crate) fn work(number: u64, mut dice: Dice, door: &Door, acknowledged: &Sender<()>) -> Told {
    let mut told = Told {
        organization: format!("o{number}"),
        said: Vec::new(),
    };
    let mut server = 0;
    while let Some((next, client)) = door.pass(server) {
        server = next;
        while !door.is_closed() && told.step(&mut dice, &client).is_ok() {
            // Nobody counts any more once the last round is over.
            let _ = acknowledged.send(());
        }
    }
    told
}

impl Told {
    fn step(&mut self, dice: &mut Dice, client: &Client) -> Result<(), std::io::Error> {
        match dice.below(10) {
            0 | 1 => self.void_one(dice, client),
            2 => self.resend(dice, client, Fate::Acknowledged),
            3 => self.resend(dice, client, Fate::Maybe),
            _ => {
                let first = self.said.len();
                for place in first..first + 1 + usize::try_from(dice.below(40)).unwrap() {
                    let (input, output) = (1 + dice.below(300), dice.below(100));
                    let (id, recorded, voided) = (format!("e{place}"), Fate::Unasked, Fate::Unasked);
                    self.said.push(Said {
                        id,
                        input,
                        output,
                        recorded,
                        voided,
                        event: None,
                    });
                }
                self.send(&(first..self.said.len()).collect::<Vec<_>>(), client)
            }
        }
    }

    fn resend(&mut self, dice: &mut Dice, client: &Client, fate: Fate) -> Result<(), std::io::Error> {
        let all: Vec<usize> = (0..self.said.len())
            .filter(|place| self.said[*place].recorded == fate)
            .collect();
        let places: Vec<usize> = dice.some(&all).into_iter().copied().collect();
        if places.is_empty() {
            Ok(())
        } else {
            self.send(&places, client)
        }
    }

    fn send(&mut self, places: &[usize], client: &Client) -> Result<(), std::io::Error> {
        let batch: Vec<Value> = places
            .iter()
            .map(|place| self.said[*place].body(&self.organization))
            .collect();
        for place in places {
            let said = &mut self.said[*place];
            if said.recorded == Fate::Unasked {
                // Stays so when there is no answer.
                said.recorded = Fate::Maybe;
            }
        }
        let (status, answer) = client.call("POST", "/v1/events", &Value::from(batch).to_string())?;
        assert_eq!(status, 200, "{answer}");
        for (place, result) in places.iter().zip(answer["results"].as_array().unwrap()) {
            let said = &mut self.said[*place];
            let status = result["status"].as_str().unwrap();
            let allowed: &[&str] = match said.recorded {
                Fate::Acknowledged => &["duplicate"],
                _ => &["recorded", "duplicate"],
            };
            assert!(allowed.contains(&status), "{said:?} is {result}");
            said.recorded = Fate::Acknowledged;
            said.event = Some(result["event"].as_str().unwrap().to_owned());
        }
        Ok(())
    }

    fn void_one(&mut self, dice: &mut Dice, client: &Client) -> Result<(), std::io::Error> {
        let known: Vec<usize> = (0..self.said.len())
            .filter(|place| self.said[*place].event.is_some())
            .collect();
        let Some(place) = dice.some(&known).first().copied().copied() else {
            return Ok(());
        };
        let said = &mut self.said[place];
        let before = said.voided;
        if before == Fate::Unasked {
            said.voided = Fate::Maybe;
        }
        let path = format!("/v1/events/{}/void", said.event.as_deref().unwrap());
        let (status, answer) = client.call("POST", &path, "")?;
        assert_eq!(status, 200, "{answer}");
        let end = answer["status"].as_str().unwrap();
        let allowed: &[&str] = match before {
            Fate::Acknowledged => &["duplicate"],
            Fate::Maybe => &["recorded", "duplicate"],
            Fate::Unasked => &["recorded"],
        };
        assert!(allowed.contains(&end), "the void of {said:?} is {answer}");
        said.voided = Fate::Acknowledged;
        Ok(())
    }
}
