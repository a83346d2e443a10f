//! `tollgate doctor`: looks at everything between a person and an answer, and says what to do about each part.
//!
//! Every part is looked at even when one before it fails; only what cannot be asked without a server is left out.

mod local;
mod remote;

use super::Session;
use crate::failure::Exit;
use crate::output::{Column, Output, Row, Sheet};
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;

/// `tollgate doctor`.
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    #[command(flatten)]
    output: Output,
}

/// How well a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    Ok,
    Warn,
    Fail,
}

/// What was found about one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    part: String,
    health: Health,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Finding {
    fn ok(part: &str, found: impl Into<String>) -> Self {
        Self {
            part: part.to_owned(),
            health: Health::Ok,
            found: found.into(),
            remedy: None,
        }
    }

    fn warn(part: &str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            health: Health::Warn,
            remedy: Some(remedy.into()),
            ..Self::ok(part, found)
        }
    }

    fn fail(part: &str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            health: Health::Fail,
            remedy: Some(remedy.into()),
            ..Self::ok(part, found)
        }
    }
}

impl Doctor {
    /// Looks and reports; the exit code is a failure when something must be done.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        let target = session.target();
        let mut findings = vec![Finding::ok("configuration", "every source of it can be read")];
        findings.extend(remote::look(session, &target)?);
        // A server that was named may be on another machine, and then the folders here are none of its business.
        if let Some(data) = &target.data {
            findings.extend(local::look(data));
        }
        let worst = findings.iter().map(|finding| finding.health).max();
        self.output.print(&sheet(&findings)?)?;
        Ok(if worst == Some(Health::Fail) {
            Exit::Failure
        } else {
            Exit::Ok
        })
    }
}

fn sheet(findings: &[Finding]) -> anyhow::Result<Sheet> {
    let texts = findings
        .iter()
        .map(serde_json::to_string)
        .collect::<serde_json::Result<Vec<_>>>()?;
    let answer = format!("{{\"findings\":[{}]}}", texts.join(","));
    let rows = texts
        .into_iter()
        .map(|text| Row::parse(RawValue::from_string(text)?));
    let columns = vec![
        Column::text("", "/health"),
        Column::text("part", "/part"),
        Column::text("found", "/found"),
        Column::text("what to do", "/remedy"),
    ];
    Ok(Sheet {
        answer,
        columns,
        rows: rows.collect::<serde_json::Result<_>>()?,
        total: None,
    })
}
