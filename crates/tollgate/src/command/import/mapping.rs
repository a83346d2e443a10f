//! Which column becomes what: from `--map` and `--set` to the JSON event of a row.
//!
//! Invariant: numbers are carried as the text that stands in the file; nothing here computes.

use super::timestamp;
use crate::assignment::{Assignments, pairs};
use crate::failure::Failure;
use csv::StringRecord;
use serde::Serialize;
use std::collections::BTreeMap;
use tollgate_core::nearest::nearest;

/// The source of imported events unless `--set source=…` names one.
const SOURCE: &str = "import";
/// Fields of an event that `--set` and `--map` reach by name.
const SCOPES: [&str; 5] = ["organization", "team", "project", "user", "source"];
/// Fields of an event that are no dimension and cannot be the same for every row.
const RESERVED: [&str; 8] = [
    "id",
    "timestamp",
    "category",
    "measures",
    "dimensions",
    "metadata",
    "quantity",
    "cost",
];

/// What a column or a constant becomes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Timestamp,
    Id,
    Quantity,
    Cost,
    Scope(&'static str),
    Dimension(String),
    Measure(String),
}

impl Field {
    /// What a `--map` target names: an event field, `dimension.NAME`, else a measure.
    fn of_target(name: &str) -> Self {
        match name {
            "timestamp" => Self::Timestamp,
            "id" => Self::Id,
            "quantity" => Self::Quantity,
            "cost" => Self::Cost,
            _ => match (
                scope(name),
                name.strip_prefix("dimension."),
                name.strip_prefix("measure."),
            ) {
                (Some(scope), ..) => Self::Scope(scope),
                (None, Some(dimension), _) => Self::Dimension(dimension.to_owned()),
                (None, None, measure) => Self::Measure(measure.unwrap_or(name).to_owned()),
            },
        }
    }

    /// What a `--set` key names: a scope, the source, else a dimension.
    fn of_constant(name: &str) -> Result<Self, String> {
        if RESERVED.contains(&name) {
            return Err(format!("--set {name}: every row has its own; map a column to it"));
        }
        let dimension = name.strip_prefix("dimension.").unwrap_or(name);
        Ok(scope(name).map_or_else(|| Self::Dimension(dimension.to_owned()), Self::Scope))
    }

    fn is_optional(&self) -> bool {
        !matches!(self, Self::Timestamp | Self::Id)
    }
}

fn scope(name: &str) -> Option<&'static str> {
    SCOPES.into_iter().find(|scope| *scope == name)
}

/// What was asked for, before the file is open.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    pub(super) category: String,
    pub(super) id_prefix: Option<String>,
    columns: Vec<(Field, String)>,
    constants: BTreeMap<Field, String>,
}

impl Mapping {
    /// Reads `--map` and `--set`, and reports all that is wrong with them at once.
    pub(super) fn new(category: &str, map: &[Assignments], set: &[Assignments]) -> Result<Self, Failure> {
        let (mut columns, mut constants, mut problems) = (Vec::new(), BTreeMap::new(), Vec::new());
        for (target, column) in pairs(map) {
            let field = Field::of_target(target);
            if columns.iter().any(|(other, _)| *other == field) {
                problems.push(format!("--map {target}: mapped twice"));
            }
            columns.push((field, column.to_owned()));
        }
        for (key, value) in pairs(set) {
            match Field::of_constant(key) {
                Ok(field) if columns.iter().any(|(mapped, _)| *mapped == field) => {
                    problems.push(format!("--set {key}: a column is mapped to it"));
                }
                Ok(field) if constants.contains_key(&field) => {
                    problems.push(format!("--set {key}: set twice"))
                }
                Ok(field) => drop(constants.insert(field, value.to_owned())),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            return Ok(Self {
                category: category.to_owned(),
                id_prefix: None,
                columns,
                constants,
            });
        }
        Err(Failure::usage("--map and --set do not fit together").with_details(problems))
    }

    /// Whether a column holds the ids.
    pub(super) fn has_id(&self) -> bool {
        self.columns.iter().any(|(field, _)| *field == Field::Id)
    }

    /// Whether a column holds the times.
    pub(super) fn has_timestamp(&self) -> bool {
        self.columns.iter().any(|(field, _)| *field == Field::Timestamp)
    }

    /// Finds the columns in a header.
    pub(super) fn resolve(self, header: &StringRecord) -> Result<Plan, Failure> {
        let names: Vec<&str> = header.iter().map(str::trim).collect();
        let (mut columns, mut problems) = (Vec::new(), Vec::new());
        for (field, name) in self.columns {
            let mut found = names
                .iter()
                .enumerate()
                .filter(|(_, column)| **column == name)
                .map(|(at, _)| at);
            match (found.next(), found.next()) {
                (Some(at), None) => columns.push((field, at)),
                (Some(_), Some(_)) => problems.push(format!("the file has more than one column `{name}`")),
                (None, _) => problems.push(match nearest(&name, names.iter().copied()) {
                    Some(meant) => format!("the file has no column `{name}`; did you mean `{meant}`?"),
                    None => format!("the file has no column `{name}`"),
                }),
            }
        }
        if !problems.is_empty() {
            let hint = format!("its columns are {}", names.join(", "));
            return Err(Failure::usage("--map names columns the file does not have")
                .with_details(problems)
                .with_hint(hint));
        }
        Ok(Plan {
            category: self.category,
            id_prefix: self.id_prefix.unwrap_or_default(),
            columns,
            constants: self.constants,
        })
    }
}

/// How to turn a row into an event.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    category: String,
    id_prefix: String,
    columns: Vec<(Field, usize)>,
    constants: BTreeMap<Field, String>,
}

/// An event as it is sent; the order of fields is the order people read them in.
#[derive(Debug, Default, Serialize)]
struct Event<'a> {
    id: String,
    source: &'a str,
    category: &'a str,
    #[serde(flatten)]
    scope: BTreeMap<&'static str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    measures: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    dimensions: BTreeMap<&'a str, &'a str>,
}

impl<'a> Event<'a> {
    fn put(&mut self, field: &'a Field, value: &'a str) -> Result<(), String> {
        match field {
            Field::Timestamp => self.timestamp = Some(timestamp::parse(value)?.to_string()),
            Field::Id => self.id = value.to_owned(),
            Field::Quantity => self.quantity = Some(value),
            Field::Cost => self.cost = Some(value),
            Field::Scope("source") => self.source = value,
            Field::Scope(name) => drop(self.scope.insert(name, value)),
            Field::Dimension(name) => drop(self.dimensions.insert(name, value)),
            Field::Measure(name) => drop(self.measures.insert(name, value)),
        }
        Ok(())
    }
}

impl Plan {
    /// The JSON event of a row; the error says what is wrong with the row.
    pub(super) fn event(&self, row: u64, record: &StringRecord) -> Result<String, String> {
        let mut event = Event {
            id: format!("{}-{row}", self.id_prefix),
            source: SOURCE,
            category: &self.category,
            ..Event::default()
        };
        for (field, value) in &self.constants {
            event.put(field, value)?;
        }
        for (field, at) in &self.columns {
            match record.get(*at).map(str::trim) {
                // An empty cell says nothing about an amount or a name; a time or an id cannot be left out of one row.
                None | Some("") if field.is_optional() => {}
                None | Some("") => return Err(format!("its {} is empty", label(field))),
                Some(value) => event.put(field, value)?,
            }
        }
        serde_json::to_string(&event).map_err(|error| error.to_string())
    }
}

fn label(field: &Field) -> &str {
    match field {
        Field::Timestamp => "timestamp",
        Field::Id => "id",
        Field::Quantity => "quantity",
        Field::Cost => "cost",
        Field::Scope(name) => name,
        Field::Dimension(name) | Field::Measure(name) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    /// Maps the rows of a small file and shows the events, or what is wrong.
    fn check(map: &str, set: &str, file: &str, want: Expect) {
        let flags = |text: &str| {
            text.split_whitespace()
                .map(|flag| flag.parse().unwrap())
                .collect::<Vec<_>>()
        };
        want.assert_eq(
            &rows(&flags(map), &flags(set), file).unwrap_or_else(|failure| format!("{failure}\n")),
        );
    }

    fn rows(map: &[Assignments], set: &[Assignments], file: &str) -> Result<String, Failure> {
        let mut mapping = Mapping::new("ai.completion", map, set)?;
        mapping.id_prefix = Some("p".to_owned());
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(file.as_bytes());
        let plan = mapping.resolve(reader.headers().unwrap())?;
        let rows = reader
            .records()
            .zip(1..)
            .map(|(record, row)| match plan.event(row, &record.unwrap()) {
                Ok(event) => format!("{event}\n"),
                Err(problem) => format!("row {row}: {problem}\n"),
            });
        Ok(rows.collect())
    }

    #[test]
    fn a_row_becomes_an_event() {
        check(
            "timestamp=TIMESTAMP,input_tokens=ContextTokens,output_tokens=GeneratedTokens",
            "organization=azure,user=code,provider=openai,model=trace-code",
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04,0.10,\n",
            expect![[r#"
                {"id":"p-1","source":"import","category":"ai.completion","organization":"azure","user":"code","timestamp":"2023-11-16T18:17:03.97996Z","measures":{"input_tokens":"4808","output_tokens":"10"},"dimensions":{"model":"trace-code","provider":"openai"}}
                {"id":"p-2","source":"import","category":"ai.completion","organization":"azure","user":"code","timestamp":"2023-11-16T18:17:04Z","measures":{"input_tokens":"0.10"},"dimensions":{"model":"trace-code","provider":"openai"}}
            "#]],
        );
    }

    #[test]
    fn columns_reach_every_field() {
        check(
            "id=a,team=b,dimension.region=c,measure.id=d,quantity=e cost=f",
            "source=old-system dimension.organization=x",
            "a,b,c,d,e,f,ignored\nk,t,\"eu, \"\"west\"\"\",1,2,3,z\n",
            expect![[r#"
                {"id":"k","source":"old-system","category":"ai.completion","team":"t","quantity":"2","cost":"3","measures":{"id":"1"},"dimensions":{"organization":"x","region":"eu, \"west\""}}
            "#]],
        );
    }

    #[test]
    fn a_row_without_time_or_id_is_named() {
        check(
            "timestamp=t,id=i",
            "",
            "t,i\n,1\n2026-01-01T00:00:00Z,\nyesterday,3\n2026-01-01T00:00:00Z\n",
            expect![[r#"
                row 1: its timestamp is empty
                row 2: its id is empty
                row 3: `yesterday` is no time; write 2026-01-30T16:45:23Z, or 2026-01-30 16:45:23 for UTC
                row 4: its id is empty
            "#]],
        );
    }

    #[test]
    fn all_that_is_wrong_with_the_flags_is_said_at_once() {
        check(
            "a=x,a=y,user=z",
            "user=u,id=1,k=1 k=2",
            "x\n",
            expect![[r#"
                --map and --set do not fit together
                  --map a: mapped twice
                  --set user: a column is mapped to it
                  --set id: every row has its own; map a column to it
                  --set k: set twice
            "#]],
        );
        check(
            "input_tokens=ContextToken,output_tokens=nowhere,user=b",
            "",
            "ContextTokens,b,b\n1,2,3\n",
            expect![[r#"
                --map names columns the file does not have
                  the file has no column `ContextToken`; did you mean `ContextTokens`?
                  the file has no column `nowhere`
                  the file has more than one column `b`
            "#]],
        );
    }
}
