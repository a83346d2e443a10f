//! `check`, `hold`, `settle`, `release` and `extend`: may this go ahead, and what came of it.
//!
//! Not here: what limits there are (`quotas`, `budgets`), and running a command under a hold ([`super::run`]).

mod request;
mod shown;

pub(crate) use request::Request;

use super::Session;
use crate::client::{Answer, Client, Path};
use crate::failure::{Exit, Failure};
use crate::output::{Output, say};
use anyhow::Context;
use clap::Args;
use serde_json::{Map, Value, json};

/// `tollgate check`.
#[derive(Args, Debug)]
#[command(after_help = "Exit code 5 when a limit would deny it. Changes nothing.")]
pub(crate) struct Check {
    #[command(flatten)]
    request: Request,
    #[command(flatten)]
    output: Output,
}

/// `tollgate hold`.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit code 5 when a limit denies it. Settle or release the hold when the use is over."
)]
pub(crate) struct Hold {
    #[command(flatten)]
    request: Request,
    /// Seconds that the hold is open [default: the server's, 60]
    #[arg(long, value_name = "SECONDS")]
    ttl: Option<u32>,
    /// Id of the hold: the same request under it is answered with the same hold
    #[arg(long)]
    id: Option<String>,
    #[command(flatten)]
    output: Output,
}

/// `tollgate settle`.
#[derive(Args, Debug)]
pub(crate) struct Settle {
    /// The hold
    hold: String,
    #[command(flatten)]
    amounts: request::Amounts,
    #[command(flatten)]
    output: Output,
}

/// `tollgate release`.
#[derive(Args, Debug)]
pub(crate) struct Release {
    /// The hold
    hold: String,
    #[command(flatten)]
    output: Output,
}

/// `tollgate extend`.
#[derive(Args, Debug)]
pub(crate) struct Extend {
    /// The hold
    hold: String,
    /// Seconds from now on
    #[arg(long, value_name = "SECONDS")]
    ttl: u32,
    #[command(flatten)]
    output: Output,
}

impl Check {
    /// Asks and shows what limits say.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        let client = session.client()?;
        let body = Value::Object(self.request.body().map_err(Failure::usage)?).to_string();
        let answer = client.post(&Path::of(["v1", "check"]), body)?.body;
        let parsed: Value = serde_json::from_str(&answer).context("the server's answer cannot be read")?;
        shown::print(answer, &self.output)?;
        shown::say_suggestion(&parsed);
        if parsed["decision"] == "deny" {
            say("denied");
            return Ok(Exit::Denied);
        }
        Ok(Exit::Ok)
    }
}

impl Hold {
    /// Places a hold and shows it.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        let client = session.client()?;
        let mut body = self.request.body().map_err(Failure::usage)?;
        put(&mut body, "ttl_seconds", self.ttl);
        put(&mut body, "id", self.id);
        let answer = place(&client, body)?;
        let parsed: Value =
            serde_json::from_str(&answer.body).context("the server's answer cannot be read")?;
        shown::print(answer.body, &self.output)?;
        if answer.status == 429 {
            say(parsed["detail"].as_str().unwrap_or("denied"));
            return Ok(Exit::Denied);
        }
        shown::say_suggestion(&parsed);
        say(&format!(
            "hold {} until {}",
            parsed["hold"]["id"].as_str().unwrap_or_default(),
            parsed["hold"]["expires_at"].as_str().unwrap_or_default()
        ));
        Ok(Exit::Ok)
    }
}

impl Settle {
    /// Records what a hold's use came to.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        let client = session.client()?;
        let mut body = Map::new();
        self.amounts.write(&mut body).map_err(Failure::usage)?;
        if body.is_empty() {
            let failure = Failure::usage("nothing says what was used");
            return Err(failure
                .with_hint("give --measure or --cost; `tollgate release` gives a hold back unused")
                .into());
        }
        let answer = settle(&client, &self.hold, body)?;
        let parsed: Value = serde_json::from_str(&answer).context("the server's answer cannot be read")?;
        let result = &parsed["results"][0];
        let status = result["status"].as_str().unwrap_or_default();
        shown::print_fields(result.to_string(), &self.output)?;
        for (mark, remark) in [
            ("late", "the hold's time was over; what was used is counted"),
            ("unheld", "the hold had been released; what was used is counted"),
        ] {
            if parsed[mark] == true {
                say(remark);
            }
        }
        Ok(match status {
            "conflict" => Exit::Conflict,
            "rejected" => Exit::Usage,
            _ => Exit::Ok,
        })
    }
}

impl Release {
    /// Gives a hold back.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        shown::print_fields(release(&session.client()?, &self.hold)?, &self.output)?;
        Ok(Exit::Ok)
    }
}

impl Extend {
    /// Gives a hold more time.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        shown::print_fields(extend(&session.client()?, &self.hold, self.ttl)?, &self.output)?;
        Ok(Exit::Ok)
    }
}

/// Places a hold; a denial is an answer, anything else that is no success an error.
pub(crate) fn place(client: &Client, body: Map<String, Value>) -> anyhow::Result<Answer> {
    let answer = client
        .try_post(&Path::of(["v1", "holds"]), Value::Object(body).to_string())
        .map_err(|error| client.silence(&error))?;
    if answer.is_success() || answer.status == 429 {
        Ok(answer)
    } else {
        Err(client.refusal(&answer).into())
    }
}

/// Records what a hold's use came to and answers what the server says.
pub(crate) fn settle(client: &Client, hold: &str, body: Map<String, Value>) -> anyhow::Result<String> {
    let path = Path::of(["v1", "holds", hold, "settle"]);
    Ok(client.post(&path, Value::Object(body).to_string())?.body)
}

/// Gives a hold back and answers how it stands.
pub(crate) fn release(client: &Client, hold: &str) -> anyhow::Result<String> {
    Ok(client
        .post(&Path::of(["v1", "holds", hold, "release"]), "{}".to_owned())?
        .body)
}

/// Gives a hold so many seconds from now on and answers how it stands.
pub(crate) fn extend(client: &Client, hold: &str, ttl_seconds: u32) -> anyhow::Result<String> {
    let body = json!({ "ttl_seconds": ttl_seconds }).to_string();
    Ok(client
        .post(&Path::of(["v1", "holds", hold, "extend"]), body)?
        .body)
}

/// Writes a field, if there is a value.
fn put(body: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        body.insert(name.to_owned(), value.into());
    }
}
