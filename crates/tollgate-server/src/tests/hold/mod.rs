//! Checks and holds over HTTP: scripts of what callers do, and what each is answered.

mod answer;
mod crowd;
mod wrong;

use super::client::Call;
use super::ground::Ground;
use expect_test::{Expect, expect};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A caller that knows its holds by the names a script gives them.
struct Script {
    ground: Ground,
    holds: BTreeMap<String, String>,
}

/// Runs a script and shows what each line was answered. A line is a verb, the name of a hold where one is meant, and the
/// fields of the body as `name=JSON` or `name=text`.
async fn check(script: &str, want: Expect) {
    let mut run = Script {
        ground: Ground::new().await,
        holds: BTreeMap::new(),
    };
    let mut shown = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let answer = run.line(line).await;
        shown.push_str(&format!("{line:34} {answer}\n"));
    }
    want.assert_eq(&shown);
}

fn fields<'l>(words: impl Iterator<Item = &'l str>) -> Map<String, Value> {
    let field = |word: &str| {
        let (name, text) = word.split_once('=').unwrap();
        let value = serde_json::from_str(text).unwrap_or_else(|_| text.into());
        (name.to_owned(), value)
    };
    words.map(field).collect()
}

impl Script {
    async fn line(&mut self, line: &str) -> String {
        let mut words = line.split_whitespace().peekable();
        let verb = words.next().unwrap();
        let name = words.next_if(|word| !word.contains('=')).unwrap_or_default();
        let body = fields(words);
        match verb {
            "budget" | "quota" => self.limit(verb, body).await,
            "check" | "place" => self.ask(verb, name, body).await,
            "pass" => {
                self.ground.pass(name.parse().unwrap());
                self.ground.engine.tend().await.unwrap();
                String::new()
            }
            _ => self.step(verb, name, body).await,
        }
    }

    async fn limit(&self, kind: &str, mut body: Map<String, Value>) -> String {
        body.entry("name").or_insert_with(|| kind.into());
        body.entry("organization").or_insert_with(|| "acme".into());
        let made = self.ground.post(&format!("/v1/{kind}s"), &body.into()).await;
        made.ok();
        made.status.to_string()
    }

    async fn ask(&mut self, verb: &str, name: &str, mut body: Map<String, Value>) -> String {
        body.entry("organization").or_insert_with(|| "acme".into());
        body.entry("category").or_insert_with(|| "ai.completion".into());
        if !name.is_empty() {
            body.insert("id".to_owned(), name.into());
        }
        let path = if verb == "check" { "/v1/check" } else { "/v1/holds" };
        let reply = self.ground.post(path, &body.into()).await;
        let value = reply.value();
        if let Some(id) = value["hold"]["id"].as_str() {
            self.holds.insert(name.to_owned(), id.to_owned());
        }
        let limits = value["limits"].as_array().cloned().unwrap_or_default();
        let limits = limits.iter().map(|limit| {
            let text = |field: &str| limit[field].as_str().unwrap_or("?").to_owned();
            format!(
                "{} {}+{}/{}",
                text("name"),
                text("used"),
                text("held"),
                text("limit")
            )
        });
        let words = ["decision", "action", "code"].map(|field| value[field].as_str());
        let words: Vec<&str> = words.into_iter().flatten().collect();
        let limits = limits.collect::<Vec<_>>().join(", ");
        format!("{} {}: {limits}", reply.status, words.join(" "))
    }

    async fn step(&self, verb: &str, name: &str, body: Map<String, Value>) -> String {
        let id = self.holds.get(name).map_or(name, String::as_str);
        let call = match verb {
            "show" => Call::new("GET", &format!("/v1/holds/{id}")),
            verb => Call::new("POST", &format!("/v1/holds/{id}/{verb}")).json(&body.into()),
        };
        let reply = self.ground.send(call).await;
        if reply.status >= 400 {
            return reply.problem().replace(id, name);
        }
        let value = reply.value();
        let hold = if verb == "settle" { &value["hold"] } else { &value };
        let mut words = Vec::new();
        for status in ["recorded", "duplicate", "conflict", "rejected"] {
            words.extend((value[status] == 1).then(|| status.to_owned()));
        }
        words.push(hold["state"].as_str().unwrap_or("no hold").to_owned());
        for flag in ["late", "unheld"] {
            words.extend((value[flag] == true).then(|| flag.to_owned()));
        }
        let overrun = value["overrun"].as_array().cloned().unwrap_or_default();
        words.extend(overrun.iter().map(|over| {
            format!(
                "{} over by {}",
                over["kind"].as_str().unwrap(),
                over["amount"].as_str().unwrap()
            )
        }));
        words.extend(
            value["results"][0]["problem"]["detail"]
                .as_str()
                .map(str::to_owned),
        );
        words
            .join(", ")
            .replace(hold["event"].as_str().unwrap_or("-"), "evt_…")
    }
}

#[tokio::test]
async fn what_is_held_gives_way_to_what_was_used() {
    check(
        "budget limit=10
         check cost=10
         place a cost=4
         check cost=7
         place b cost=7
         settle a cost=3.5
         show a
         check cost=6.5
         place b cost=6.5
         settle b cost=8
         check cost=0
         check cost=0.01",
        expect![[r#"
            budget limit=10                    201
            check cost=10                      200 allow none: budget 0+0/10
            place a cost=4                     200 allow none: budget 0+4/10
            check cost=7                       200 deny block budget_exceeded: budget 0+4/10
            place b cost=7                     429 budget_exceeded: budget 0+4/10
            settle a cost=3.5                  recorded, settled
            show a                             settled
            check cost=6.5                     200 allow none: budget 3.5+0/10
            place b cost=6.5                   200 allow none: budget 3.5+6.5/10
            settle b cost=8                    recorded, settled, budget over by 1.5
            check cost=0                       200 allow warn: budget 11.5+0/10
            check cost=0.01                    200 deny block budget_exceeded: budget 11.5+0/10
        "#]],
    )
    .await;
}

#[tokio::test]
async fn repeating_a_step_answers_the_first_time_and_changes_nothing() {
    check(
        "budget limit=10
         place a cost=4
         place a cost=4
         place a cost=5
         place a cost=4 ttl_seconds=61
         check cost=0
         settle a cost=3
         settle a cost=3
         settle a cost=2
         settle a cost=3 id=other
         place a cost=4
         release a
         check cost=0
         place b cost=4
         release b
         release b
         place b cost=4
         check cost=0
         place c cost=8
         place c cost=1",
        expect![[r#"
            budget limit=10                    201
            place a cost=4                     200 allow none: budget 0+4/10
            place a cost=4                     200 allow none: budget 0+4/10
            place a cost=5                     409 already_exists: 
            place a cost=4 ttl_seconds=61      409 already_exists: 
            check cost=0                       200 allow none: budget 0+4/10
            settle a cost=3                    recorded, settled
            settle a cost=3                    duplicate, settled
            settle a cost=2                    conflict, settled, the hold was settled before by another event, evt_…; what was used besides is an event of its own: send it to /v1/events
            settle a cost=3 id=other           conflict, settled, the hold was settled before by another event, evt_…; what was used besides is an event of its own: send it to /v1/events
            place a cost=4                     200 allow none: budget 0+4/10
            release a                          settled
            check cost=0                       200 allow none: budget 3+0/10
            place b cost=4                     200 allow none: budget 3+4/10
            release b                          released
            release b                          released
            place b cost=4                     200 allow none: budget 3+4/10
            check cost=0                       200 allow none: budget 3+0/10
            place c cost=8                     429 budget_exceeded: budget 3+0/10
            place c cost=1                     200 allow none: budget 3+1/10
        "#]],
    )
    .await;
}

#[tokio::test]
async fn what_was_used_is_recorded_whatever_became_of_the_hold() {
    check(
        "budget limit=10
         place a cost=10 ttl_seconds=30
         check cost=1
         pass 30
         show a
         check cost=1
         settle a cost=9
         check cost=0
         place b cost=1
         release b
         settle b cost=2
         settle hld_00000000000000000000000000000000 cost=1
         settle hld_00000000000000000000000000000000 cost=1 category=ai.completion organization=acme id=mine
         settle hld_00000000000000000000000000000000 cost=1 category=ai.completion organization=acme id=mine
         check cost=0",
        expect![[r#"
            budget limit=10                    201
            place a cost=10 ttl_seconds=30     200 allow none: budget 0+10/10
            check cost=1                       200 deny block budget_exceeded: budget 0+10/10
            pass 30                            
            show a                             expired
            check cost=1                       200 allow none: budget 0+0/10
            settle a cost=9                    recorded, settled, late
            check cost=0                       200 allow warn: budget 9+0/10
            place b cost=1                     200 allow warn: budget 9+1/10
            release b                          released
            settle b cost=2                    recorded, settled, unheld
            settle hld_00000000000000000000000000000000 cost=1 404 not_found: there is no hold hld_00000000000000000000000000000000
            settle hld_00000000000000000000000000000000 cost=1 category=ai.completion organization=acme id=mine recorded, no hold, unheld
            settle hld_00000000000000000000000000000000 cost=1 category=ai.completion organization=acme id=mine duplicate, no hold, unheld
            check cost=0                       200 allow warn: budget 12+0/10
        "#]],
    )
    .await;
}

#[tokio::test]
async fn an_open_hold_is_extended_and_one_that_has_ended_is_not() {
    check(
        "budget limit=10
         place a cost=10 ttl_seconds=30
         pass 20
         extend a ttl_seconds=\"60\"
         pass 59
         show a
         pass 1
         show a
         extend a ttl_seconds=60
         extend hld_00000000000000000000000000000000 ttl_seconds=60
         place b cost=1
         release b
         extend b ttl_seconds=60",
        expect![[r#"
            budget limit=10                    201
            place a cost=10 ttl_seconds=30     200 allow none: budget 0+10/10
            pass 20                            
            extend a ttl_seconds="60"          open
            pass 59                            
            show a                             open
            pass 1                             
            show a                             expired
            extend a ttl_seconds=60            409 in_use: the hold a has ended (expired); place another one
            extend hld_00000000000000000000000000000000 ttl_seconds=60 404 not_found: there is no hold hld_00000000000000000000000000000000
            place b cost=1                     200 allow none: budget 0+1/10
            release b                          released
            extend b ttl_seconds=60            409 in_use: the hold b has ended (released); place another one
        "#]],
    )
    .await;
}

#[tokio::test]
async fn every_mode_and_kind_of_limit_says_what_it_is() {
    check(
        r#"quota name=minute measure=requests window=minute limit=2
         quota name=tokens measure=input_tokens window=day limit=1000 selector=ai.*
         budget name=shadow limit=1 mode=shadow
         budget name=soft limit=1 mode=soft thresholds=[50]
         place a measures={"input_tokens":900} cost=2
         settle a measures={"input_tokens":900} cost=2
         check measures={"input_tokens":200} cost=1
         check measures={"input_tokens":100}
         check measures={"input_tokens":100} cost=0
         place b quantity=5 category=ai.embedding cost=0
         place c measures={"input_tokens":500} cost=0
         pass 60
         check measures={"input_tokens":100} cost=0
         budget name=hard limit=1
         check measures={"input_tokens":100} dimensions={"model":"nobody"}"#,
        expect![[r#"
            quota name=minute measure=requests window=minute limit=2 201
            quota name=tokens measure=input_tokens window=day limit=1000 selector=ai.* 201
            budget name=shadow limit=1 mode=shadow 201
            budget name=soft limit=1 mode=soft thresholds=[50] 201
            place a measures={"input_tokens":900} cost=2 200 allow none: minute 0+1/2, tokens 0+900/1000, shadow 0+2/1, soft 0+2/1
            settle a measures={"input_tokens":900} cost=2 recorded, settled
            check measures={"input_tokens":200} cost=1 200 deny block quota_exceeded: minute 1+0/2, tokens 900+0/1000, shadow 2+0/1, soft 2+0/1
            check measures={"input_tokens":100} 200 allow warn: minute 1+0/2, tokens 900+0/1000, shadow 2+0/1, soft 2+0/1
            check measures={"input_tokens":100} cost=0 200 allow warn: minute 1+0/2, tokens 900+0/1000, shadow 2+0/1, soft 2+0/1
            place b quantity=5 category=ai.embedding cost=0 200 allow warn: minute 1+1/2, tokens 900+5/1000, shadow 2+0/1, soft 2+0/1
            place c measures={"input_tokens":500} cost=0 429 quota_exceeded: minute 1+1/2, tokens 900+5/1000, shadow 2+0/1, soft 2+0/1
            pass 60                            
            check measures={"input_tokens":100} cost=0 200 allow warn: minute 0+0/2, tokens 900+0/1000, shadow 2+0/1, soft 2+0/1
            budget name=hard limit=1           201
            check measures={"input_tokens":100} dimensions={"model":"nobody"} 200 deny block no_price: minute 0+0/2, tokens 900+0/1000, shadow 2+0/1, soft 2+0/1, hard 2+0/1
        "#]],
    )
    .await;
}
