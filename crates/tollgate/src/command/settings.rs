//! `categories`, `prices`, `keys`, `organizations`: list, get, create, update and delete, the same for each.
//!
//! Not here: what a thing is made of. Each kind says its path, its columns and its flags in a module of its own.

use super::Session;
use crate::client::{Client, Path};
use crate::failure::{Exit, Failure};
use crate::output::{Column, Output, Row, Sheet, say};
use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::io::Read;

/// Things asked for with each request of a list.
const PAGE: u32 = 500;

/// A kind of thing that has settings; its value is the flags that describe one.
pub(crate) trait Kind: Args {
    /// The path after `/v1/`.
    const PATH: &'static str;
    /// The field that names one in a path.
    const ID: &'static str;
    /// The columns of a list.
    fn columns() -> Vec<Column>;
    /// Says things shorter in a list.
    fn show(_row: &mut Row) {}
    /// Writes the fields that flags gave into the JSON of one.
    fn write(&self, fields: &mut Map<String, Value>) -> Result<(), String>;
    /// What to say on stderr once one was created.
    fn remark(_created: &Value) -> Option<String> {
        None
    }
}

/// What can be done with a kind of thing.
#[derive(Debug, Subcommand)]
pub(crate) enum Action<K: Kind> {
    /// Show all
    List(List),
    /// Show one
    Get(One),
    /// Create one, from a JSON file, from flags, or from both (a flag wins)
    Create(Body<K>),
    /// Change one: flags change their fields, a JSON file replaces all
    Update(Update<K>),
    /// Delete one
    Delete(One),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only of this organization
    #[arg(long)]
    organization: Option<String>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct One {
    /// Its id or name
    id: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct Body<K: Kind> {
    /// JSON file that describes it; `-` reads stdin
    file: Option<std::path::PathBuf>,
    #[command(flatten)]
    flags: K,
    #[command(flatten)]
    output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct Update<K: Kind> {
    /// Its id or name
    id: String,
    #[command(flatten)]
    body: Body<K>,
}

/// A page of a list.
#[derive(Deserialize)]
struct Page {
    data: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

impl<K: Kind> Action<K> {
    /// Does it.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        let client = session.client()?;
        match self {
            Self::List(list) => {
                let path = root::<K>().with("organization", list.organization.as_ref());
                let mut sheet = all(&client, &path, K::columns(), None)?;
                sheet.rows.iter_mut().for_each(K::show);
                list.output.print(&sheet)?;
            }
            Self::Get(one) => {
                one.output
                    .print(&Sheet::of_fields(client.get(&path_of::<K>(&one.id))?.body)?)?;
            }
            Self::Create(body) => create(&client, body)?,
            Self::Update(update) => change(&client, update)?,
            Self::Delete(one) => {
                let path = path_of::<K>(&one.id);
                let etag = client.get(&path)?.etag();
                client.delete(&path, etag.as_deref())?;
                say(&format!("deleted {}", one.id));
            }
        }
        Ok(Exit::Ok)
    }
}

/// Every page of a list as one sheet, or as many rows as are wanted.
pub(super) fn all(
    client: &Client,
    path: &Path,
    columns: Vec<Column>,
    most: Option<usize>,
) -> anyhow::Result<Sheet> {
    let (mut items, mut cursor) = (Vec::new(), None);
    let more = loop {
        let wanted = most.map_or(PAGE, |most| {
            PAGE.min(u32::try_from(most - items.len()).unwrap_or(PAGE))
        });
        let page = path
            .clone()
            .with("limit", Some(wanted))
            .with("cursor", cursor.as_ref());
        let answer = client.get(&page)?;
        let page: Page = serde_json::from_str(&answer.body).context("the server's answer is no list")?;
        items.extend(page.data);
        cursor = page.next_cursor;
        if cursor.is_none() || most.is_some_and(|most| items.len() >= most) {
            break cursor;
        }
    };
    let list: Vec<&str> = items.iter().map(|item| item.get()).collect();
    let answer = format!(
        "{{\"data\":[{}],\"next_cursor\":{}}}",
        list.join(","),
        serde_json::to_string(&more)?
    );
    let rows = items
        .into_iter()
        .map(Row::parse)
        .collect::<serde_json::Result<_>>()?;
    Ok(Sheet {
        answer,
        columns,
        rows,
        total: None,
    })
}

fn create<K: Kind>(client: &Client, body: Body<K>) -> anyhow::Result<()> {
    let mut fields = match &body.file {
        Some(file) => read(file)?,
        None => Map::new(),
    };
    body.flags.write(&mut fields).map_err(Failure::usage)?;
    if fields.is_empty() {
        let failure = Failure::usage("nothing says what to create");
        return Err(failure
            .with_hint("name a JSON file, `-` for stdin, or use the flags; --help shows them")
            .into());
    }
    let answer = client.post(&root::<K>(), Value::Object(fields).to_string())?;
    let remark = K::remark(&serde_json::from_str(&answer.body)?);
    body.output.print(&Sheet::of_fields(answer.body)?)?;
    remark.iter().for_each(|remark| say(remark));
    Ok(())
}

fn change<K: Kind>(client: &Client, update: Update<K>) -> anyhow::Result<()> {
    let path = path_of::<K>(&update.id);
    let there = client.get(&path)?;
    let mut fields = match &update.body.file {
        Some(file) => read(file)?,
        None => {
            writable::<K>(serde_json::from_str(&there.body).context("the server's answer cannot be read")?)
        }
    };
    let before = fields.clone();
    update.body.flags.write(&mut fields).map_err(Failure::usage)?;
    if update.body.file.is_none() && fields == before {
        return Err(Failure::usage("nothing says what to change")
            .with_hint("--help shows the flags")
            .into());
    }
    let answer = client.put(&path, Value::Object(fields).to_string(), there.etag().as_deref())?;
    update.body.output.print(&Sheet::of_fields(answer.body)?)?;
    Ok(())
}

/// What was answered without what only the server writes.
fn writable<K: Kind>(mut fields: Map<String, Value>) -> Map<String, Value> {
    for name in ["id", "created_at", "updated_at", "version", "etag"] {
        if name != K::ID || name == "id" {
            fields.remove(name);
        }
    }
    fields
}

fn read(file: &std::path::Path) -> anyhow::Result<Map<String, Value>> {
    let mut text = String::new();
    if file == std::path::Path::new("-") {
        std::io::stdin()
            .read_to_string(&mut text)
            .context("stdin cannot be read")?;
    } else {
        text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    }
    serde_json::from_str(&text).map_err(|error| {
        let message = format!("{} is no JSON object: {error}", file.display());
        Failure::usage(message)
            .with_hint("one object, as `get -o json` prints it")
            .into()
    })
}

fn root<K: Kind>() -> Path {
    Path::of(["v1", K::PATH])
}

fn path_of<K: Kind>(id: &str) -> Path {
    Path::of(["v1", K::PATH, id])
}

/// Writes a text field, if a flag gave it.
pub(super) fn put(fields: &mut Map<String, Value>, name: &str, value: Option<&String>) {
    if let Some(value) = value {
        fields.insert(name.to_owned(), Value::String(value.clone()));
    }
}
