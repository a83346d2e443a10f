//! `categories`, `prices`, `quotas`, `budgets`, `keys`, `organizations`: list, get, create, update and delete, the same for each.
//!
//! Not here: what a thing is made of. Each kind says its path, its columns and its flags in a module of its own.

mod category;
mod fields;
mod key;
mod limit;
mod list;
mod organization;
mod price;

pub(super) use category::Category;
pub(super) use key::Key;
pub(super) use limit::{Budget, Quota};
pub(super) use list::all;
pub(super) use organization::Organization;
pub(super) use price::Price;

use super::Session;
use crate::client::{Client, Path};
use crate::failure::{Exit, Failure};
use crate::output::{Column, Output, Row, Sheet, say};
use clap::{Args, Subcommand};
use fields::Fields;
use serde_json::Value;

/// A kind of thing that has settings; its value is the flags that describe one.
pub(crate) trait Kind: Args {
    /// The path after `/v1/`.
    const PATH: &'static str;
    /// The flags that narrow a list.
    type Only: Args + Narrow;
    /// The columns of a list.
    fn columns() -> Vec<Column>;
    /// Says things shorter in a list.
    fn show(_row: &mut Row) {}
    /// Writes the fields that flags gave into the JSON of one; a stored one has an id already.
    fn write(&self, fields: &mut Fields) -> Result<(), String>;
    /// What to say on stderr once one was written.
    fn remarks(_written: &Value) -> Vec<String> {
        Vec::new()
    }
}

/// Flags that narrow a list.
pub(crate) trait Narrow {
    /// Adds what was asked for to the path of the list.
    fn narrow(&self, path: Path) -> Path;
}

/// No flags: the list is short.
#[derive(Args, Debug)]
pub(crate) struct Everything {}

impl Narrow for Everything {
    fn narrow(&self, path: Path) -> Path {
        path
    }
}

/// What can be done with a kind of thing.
#[derive(Debug, Subcommand)]
pub(crate) enum Action<K: Kind> {
    /// Show all
    List(List<K::Only>),
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
pub(crate) struct List<O: Args> {
    #[command(flatten)]
    only: O,
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

impl<K: Kind> Action<K> {
    /// Does it.
    pub(crate) fn run(self, session: &Session) -> anyhow::Result<Exit> {
        let client = session.client()?;
        match self {
            Self::List(list) => {
                let path = list.only.narrow(root::<K>());
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

fn create<K: Kind>(client: &Client, body: Body<K>) -> anyhow::Result<()> {
    let mut fields = match &body.file {
        Some(file) => Fields::read(file)?,
        None => Fields::default(),
    };
    body.flags.write(&mut fields).map_err(Failure::usage)?;
    let json = fields.to_json()?;
    if json == "{}" {
        let failure = Failure::usage("nothing says what to create");
        return Err(failure
            .with_hint("name a JSON file, `-` for stdin, or use the flags; --help shows them")
            .into());
    }
    show_written::<K>(client.post(&root::<K>(), json)?.body, body.output)
}

fn change<K: Kind>(client: &Client, update: Update<K>) -> anyhow::Result<()> {
    let path = path_of::<K>(&update.id);
    let there = client.get(&path)?;
    let before = Fields::parse(&there.body)?;
    let mut fields = match &update.body.file {
        Some(file) => Fields::read(file)?,
        None => before.clone(),
    };
    update.body.flags.write(&mut fields).map_err(Failure::usage)?;
    let json = fields.to_json()?;
    if json == before.to_json()? {
        return Err(Failure::usage("nothing says what to change")
            .with_hint("--help shows the flags")
            .into());
    }
    show_written::<K>(
        client.put(&path, json, there.etag().as_deref())?.body,
        update.body.output,
    )
}

fn show_written<K: Kind>(answer: String, output: Output) -> anyhow::Result<()> {
    let remarks = K::remarks(&serde_json::from_str(&answer)?);
    output.print(&Sheet::of_fields(answer)?)?;
    remarks.iter().for_each(|remark| say(remark));
    Ok(())
}

fn root<K: Kind>() -> Path {
    Path::of(["v1", K::PATH])
}

fn path_of<K: Kind>(id: &str) -> Path {
    Path::of(["v1", K::PATH, id])
}
