//! What a server says about itself: whether it answers, its parts, the key and its clock.

use super::{Finding, Session};
use crate::client::{Answer, Client, Path};
use crate::clock;
use crate::locate::{Found, Target};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use serde_json::Value;

/// Seconds the clocks may differ before times on events look wrong. The `Date` header has whole seconds.
const CLOCK_SECONDS: i64 = 5;
const START: &str = "start one with `tollgate serve`, or say where one is: TOLLGATE_URL or --url";

/// Looks at a server.
pub(super) fn look(session: &Session, target: &Target) -> anyhow::Result<Vec<Finding>> {
    let client = Client::new(target.clone(), session.config.client.request_timeout())?;
    let ready = match client.try_get(&Path::of(["readyz"])) {
        Ok(answer) => answer,
        Err(error) => {
            return Ok(vec![Finding::fail(
                "server",
                client.silence(&error).to_string(),
                START,
            )]);
        }
    };
    let mut findings = vec![Finding::ok(
        "server",
        format!("{} answers ({})", target.url, how(target.found)),
    )];
    findings.extend(parts(&ready));
    findings.push(key(&client, target));
    findings.extend(ready.date().and_then(|date| clocks(&date, clock::now())));
    Ok(findings)
}

fn how(found: Found) -> &'static str {
    match found {
        Found::Named => "named by a flag or TOLLGATE_URL",
        Found::Noted => "noted by the running server",
        Found::Default => "the default address",
    }
}

/// One finding for each part that `/readyz` names, or one for all of them.
fn parts(ready: &Answer) -> Vec<Finding> {
    let remedy = "read the server's log; it says why";
    let answered: Value = serde_json::from_str(&ready.body).unwrap_or(Value::Null);
    let named = answered["parts"].as_object().into_iter().flatten();
    let mut findings: Vec<Finding> = named
        .map(|(name, state)| {
            let said = state.as_str().or(state["status"].as_str()).unwrap_or("unknown");
            match said {
                "ok" | "up" | "ready" => Finding::ok(name, said),
                down => Finding::fail(name, down, remedy),
            }
        })
        .collect();
    if findings.is_empty() {
        findings.push(if ready.is_success() {
            Finding::ok("readiness", "every part is up")
        } else {
            Finding::fail(
                "readiness",
                format!("the server answered {}", ready.status),
                remedy,
            )
        });
    }
    findings
}

fn key(client: &Client, target: &Target) -> Finding {
    let Some(key) = &target.key else {
        return Finding::fail(
            "key",
            "none was given or found",
            "set TOLLGATE_API_KEY, or pass --api-key",
        );
    };
    // Enough to recognise it by, and useless to anybody else.
    let shown: String = key.chars().take(6).collect();
    match client.try_get(&Path::of(["v1", "categories"]).with("limit", Some(1))) {
        Ok(answer) if answer.is_success() => Finding::ok("key", format!("{shown}… is accepted")),
        Ok(answer) if answer.status == 403 => Finding::warn(
            "key",
            format!("{shown}… may not read settings"),
            "fine for a key that only sends events",
        ),
        Ok(answer) if answer.status == 401 => Finding::fail(
            "key",
            format!("{shown}… is not known to this server"),
            "use a key of this server",
        ),
        Ok(answer) => Finding::warn(
            "key",
            format!("the server answered {}", answer.status),
            "try again",
        ),
        Err(error) => Finding::fail("key", client.silence(&error).message, START),
    }
}

/// How far the server's clock is from the one here.
fn clocks(date: &str, now: Timestamp) -> Option<Finding> {
    let there = DateTimeParser::new().parse_timestamp(date).ok()?;
    let apart = now.as_second() - there.as_second();
    Some(match apart.abs() {
        0..=CLOCK_SECONDS => Finding::ok("clock", "the server's and this machine's agree"),
        seconds => Finding::warn(
            "clock",
            format!(
                "the server is {seconds} s {}",
                if apart > 0 { "behind" } else { "ahead" }
            ),
            "set both clocks by NTP; events ahead of the server's clock may be rejected",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::Health;

    #[test]
    fn clocks_may_differ_by_a_few_seconds() {
        let now: Timestamp = "2026-01-30T16:45:23Z".parse().unwrap();
        let at = |date: &str| clocks(date, now).unwrap();
        assert_eq!(at("Fri, 30 Jan 2026 16:45:20 GMT").health, Health::Ok);
        assert_eq!(
            at("Fri, 30 Jan 2026 16:44:23 GMT").found,
            "the server is 60 s behind"
        );
        assert_eq!(
            at("Fri, 30 Jan 2026 17:45:23 GMT").found,
            "the server is 3600 s ahead"
        );
        assert_eq!(clocks("yesterday", now), None);
    }
}
