//! The account at the end: what one client was told, held against what is recorded and what that adds up to.

use crate::client::Client;
use crate::load::{Fate, Told};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tollgate_testkit::model::curve;
use tollgate_testkit::model::number::{Exact, MONEY_PLACES, exact, half_even, text, whole};

/// Most events that one page or request takes here.
const PART: usize = 1000;

/// One client's organization, as it is recorded.
#[derive(Debug)]
pub(crate) struct Account<'a> {
    told: &'a Told,
    client: &'a Client,
    /// Every event of the organization, voids too.
    recorded: Vec<Value>,
}

impl<'a> Account<'a> {
    /// Reads everything that is recorded of an organization.
    pub(crate) fn of(told: &'a Told, client: &'a Client) -> Self {
        let mut recorded: Vec<Value> = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!(
                "/v1/events?organization={}&limit={PART}{cursor}",
                told.organization
            );
            let (status, page) = client.call("GET", &path, "").unwrap();
            assert_eq!(status, 200, "{page}");
            recorded.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        Self {
            told,
            client,
            recorded,
        }
    }

    /// Finds everything in order, or panics.
    pub(crate) fn settle(&self, graduated: &Value) {
        self.every_event_once();
        self.every_void_once();
        self.totals(graduated);
        self.resends();
    }

    fn events(&self) -> impl Iterator<Item = &Value> {
        self.recorded
            .iter()
            .filter(|event| event.get("corrects").is_none())
    }

    /// I9, I10: recorded is what was acknowledged and some of what was not answered, each once and as it was said.
    fn every_event_once(&self) {
        let mut there: BTreeMap<&str, &Value> = BTreeMap::new();
        for event in self.events() {
            let twice = there.insert(event["id"].as_str().unwrap(), event);
            assert!(twice.is_none(), "recorded twice: {event}");
        }
        for said in &self.told.said {
            let event = there.remove(said.id.as_str());
            assert!(
                event.is_some() || said.recorded != Fate::Acknowledged,
                "acknowledged and lost: {said:?}"
            );
            assert!(
                event.is_none() || said.recorded != Fate::Unasked,
                "recorded and never sent: {said:?}"
            );
            if let Some(event) = event {
                let measures = json!({
                    "input_tokens": said.input.to_string(), "output_tokens": said.output.to_string(), "requests": "1",
                });
                assert_eq!(event["measures"], measures, "{said:?}");
            }
        }
        assert!(there.is_empty(), "recorded and never sent: {there:?}");
    }

    fn every_void_once(&self) {
        let voided: Vec<&str> = self
            .recorded
            .iter()
            .filter_map(|event| event["corrects"].as_str())
            .collect();
        let once: BTreeSet<&str> = voided.iter().copied().collect();
        assert_eq!(voided.len(), once.len(), "something is voided twice");
        let asked = self.told.said.iter().filter(|said| said.voided != Fate::Unasked);
        let asked: BTreeMap<&str, Fate> = asked
            .map(|said| (said.event.as_deref().unwrap(), said.voided))
            .collect();
        assert!(
            once.iter().all(|event| asked.contains_key(event)),
            "voided and never asked"
        );
        for (event, fate) in asked {
            assert!(
                fate != Fate::Acknowledged || once.contains(event),
                "the void of {event} is lost"
            );
        }
    }

    /// I8: what a query adds up is what is recorded, and it costs what the whole comes to.
    fn totals(&self, graduated: &Value) {
        let sum = |of: &dyn Fn(&Value) -> &Value| -> Exact {
            self.recorded
                .iter()
                .map(|event| exact(of(event).as_str().unwrap()))
                .sum()
        };
        let [input, output, requests] = ["input_tokens", "output_tokens", "requests"]
            .map(|measure| sum(&|event| &event["measures"][measure]));
        let standing: i64 = requests.to_integer().try_into().unwrap();
        let due = half_even(&curve::total(graduated, &input, standing), MONEY_PLACES);
        let cost = due + &output * exact("10") / whole(1_000_000);
        assert_eq!(
            text(&sum(&|event| &event["cost"])),
            text(&cost),
            "the charges of {}",
            self.told.organization
        );
        let question = json!({
            "measures": ["cost", "requests", "input_tokens", "output_tokens"], "from": "2020-01-01T00:00:00Z",
            "to": "2030-01-01T00:00:00Z",
            "filters": [{"field": "organization", "op": "eq", "value": self.told.organization}],
        });
        let (status, answer) = self
            .client
            .call("POST", "/v1/query", &question.to_string())
            .unwrap();
        assert_eq!(status, 200, "{answer}");
        for (measure, want) in [
            ("cost", cost),
            ("requests", requests),
            ("input_tokens", input),
            ("output_tokens", output),
        ] {
            assert_eq!(
                answer["total"][measure],
                text(&want),
                "{measure} of {}",
                self.told.organization
            );
        }
    }

    /// What was acknowledged is known for what it is.
    fn resends(&self) {
        let acknowledged: Vec<Value> = self
            .told
            .acknowledged()
            .map(|said| said.body(&self.told.organization))
            .collect();
        for part in acknowledged.chunks(PART) {
            let body = Value::from(part.to_vec()).to_string();
            let (status, answer) = self.client.call("POST", "/v1/events", &body).unwrap();
            assert_eq!(
                (status, &answer["duplicate"]),
                (200, &json!(part.len())),
                "{}",
                self.told.organization
            );
        }
    }
}
