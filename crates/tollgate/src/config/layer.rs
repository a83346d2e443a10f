//! The sources of configuration laid over each other, remembering where each value came from.
//!
//! The documented default names every key and, by its value, the type of each; so a key that is not in it is unknown.
//! Not here: what the values mean. The parent module parses them.

use crate::environment::Environment;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use tollgate_core::nearest::nearest;
use toml::{Table, Value};

/// What starts the name of a variable that is a key.
const VARIABLE_PREFIX: &str = "TOLLGATE_";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The compiled-in default.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// A command-line flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => path.display().fmt(f),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sourced {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// Every key (`section.name`) with the value of the last source that names it.
#[derive(Debug)]
pub(crate) struct Layers {
    values: BTreeMap<String, Sourced>,
    problems: Vec<String>,
    notes: Vec<String>,
}

/// A variable name of the source documents: the key it stands for, and the factor to that key's unit.
pub(super) struct Alias {
    pub(super) variable: &'static str,
    pub(super) key: &'static str,
    pub(super) factor: i64,
}

pub(super) const ALIASES: &[Alias] = &[
    Alias {
        variable: "USAGE_BATCH_SIZE",
        key: "client.batch_events",
        factor: 1,
    },
    Alias {
        variable: "USAGE_BATCH_TIMEOUT",
        key: "client.batch_timeout_ms",
        factor: 1000,
    },
    Alias {
        variable: "USAGE_STORAGE_PATH",
        key: "store.data",
        factor: 1,
    },
];

/// Documented names that stand for nothing in this version; saying so beats ignoring them in silence.
const WITHOUT_COUNTERPART: &[&str] = &[
    "USAGE_ALERT_CHANNELS",
    "USAGE_ALERT_CRITICAL",
    "USAGE_ALERT_EXCEEDED",
    "USAGE_ALERT_WARNING",
    "USAGE_ASYNC_PROCESSING",
    "USAGE_ASYNC_WORKERS",
    "USAGE_BUDGET_ALERTS",
    "USAGE_CACHE_MAX_SIZE",
    "USAGE_CACHE_TTL_SECONDS",
    "USAGE_COST_TRACKING",
    "USAGE_DATA_RETENTION_DAYS",
    "USAGE_DB_COLLECTION_PREFIX",
    "USAGE_EMAIL_RECIPIENTS",
    "USAGE_JSON_COMPRESSION",
    "USAGE_RATE_LIMIT_RPS",
    "USAGE_STORAGE_TYPE",
    "USAGE_TRACKING_ENABLED",
    "USAGE_WEBHOOK_URL",
];

impl Layers {
    /// Starts with the documented default.
    pub(crate) fn of_default() -> Self {
        let default: Table = super::DEFAULT
            .parse()
            .expect("the compiled-in default is TOML, which a test asserts");
        let values = leaves(&default)
            .map(|(key, value)| {
                (
                    key,
                    Sourced {
                        value: value.clone(),
                        origin: Origin::Default,
                    },
                )
            })
            .collect();
        Self {
            values,
            problems: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Lays a file over what is there.
    pub(crate) fn add_file(&mut self, path: &Path, text: &str) {
        let table: Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                self.problems
                    .push(format!("{}: {}", path.display(), error.to_string().trim_end()));
                return;
            }
        };
        for (name, value) in &table {
            if !value.is_table() {
                self.refuse_unknown(name, name, &Origin::File(path.to_owned()));
            }
        }
        for (key, value) in leaves(&table) {
            let origin = Origin::File(path.to_owned());
            match self
                .values
                .get(&key)
                .map(|known| known.value.type_str() == value.type_str())
            {
                None => self.refuse_unknown(&key, &key, &origin),
                Some(false) => self.refuse_type(&key, &format!("`{value}`"), &origin),
                Some(true) => self.set(key, value.clone(), origin),
            }
        }
    }

    /// Lays the environment over what is there: first the names of the source documents, then `TOLLGATE_SECTION__KEY`.
    pub(crate) fn add_environment(&mut self, environment: &Environment) {
        for Alias {
            variable,
            key,
            factor,
        } in ALIASES
        {
            if let Some(text) = environment.value(variable) {
                self.set_text(key, text, (*variable).to_owned(), *factor);
            }
        }
        for name in WITHOUT_COUNTERPART {
            if environment.value(name).is_some() {
                self.notes.push(format!(
                    "{name} has no counterpart in this version and is not used"
                ));
            }
        }
        for (name, text) in environment.starting_with(VARIABLE_PREFIX) {
            let rest = &name[VARIABLE_PREFIX.len()..];
            let key = rest.to_ascii_lowercase().replacen("__", ".", 1);
            if self.values.contains_key(&key) {
                self.set_text(&key, text, name.to_owned(), 1);
            } else if rest.contains("__") {
                self.refuse_unknown(&key, name, &Origin::Variable(name.to_owned()));
            } else {
                self.note_missing_underscore(name, rest);
            }
        }
    }

    /// Lays a flag over what is there.
    pub(crate) fn add_flag(&mut self, key: &str, value: impl Into<Value>, flag: &'static str) {
        debug_assert!(self.values.contains_key(key), "{key} is no key");
        self.set(key.to_owned(), value.into(), Origin::Flag(flag));
    }

    /// Every key with its value, in order.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &Sourced)> {
        self.values.iter().map(|(key, sourced)| (key.as_str(), sourced))
    }

    /// What is wrong so far, each with its source.
    pub(crate) fn problems(&self) -> &[String] {
        &self.problems
    }

    /// What a person should know although nothing is wrong.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    fn set(&mut self, key: String, value: Value, origin: Origin) {
        self.values.insert(key, Sourced { value, origin });
    }

    fn set_text(&mut self, key: &str, text: &str, variable: String, factor: i64) {
        let origin = Origin::Variable(variable);
        let parsed = match self.values.get(key).map(|known| &known.value) {
            Some(Value::Integer(_)) => text
                .parse::<i64>()
                .ok()
                .and_then(|n| n.checked_mul(factor))
                .map(Value::Integer),
            Some(Value::Boolean(_)) => text.parse().ok().map(Value::Boolean),
            _ => Some(Value::String(text.to_owned())),
        };
        match parsed {
            Some(value) => self.set(key.to_owned(), value, origin),
            None => self.refuse_type(key, &format!("`{text}`"), &origin),
        }
    }

    fn refuse_type(&mut self, key: &str, found: &str, origin: &Origin) {
        let wanted = match self.values.get(key).map(|known| &known.value) {
            Some(Value::Integer(_)) => "a whole number",
            Some(Value::Boolean(_)) => "true or false",
            _ => "text in quotes",
        };
        self.problems
            .push(format!("{origin}: {key} wants {wanted}, found {found}"));
    }

    fn refuse_unknown(&mut self, key: &str, shown: &str, origin: &Origin) {
        let known: Vec<&str> = self.values.keys().map(String::as_str).collect();
        let sections = known.iter().map(|key| section_of(key));
        let advice = match nearest(key, known.iter().copied().chain(sections.clone())) {
            Some(meant) => format!("did you mean {}?", spelled_like(meant, origin)),
            None if sections.clone().any(|section| section == section_of(key)) => {
                let there = known.iter().filter(|known| section_of(known) == section_of(key));
                format!(
                    "known here: {}",
                    there
                        .map(|key| spelled_like(key, origin))
                        .collect::<Vec<_>>()
                        .join(", ")
                )
            }
            None => "`tollgate config default` lists every key".to_owned(),
        };
        match origin {
            Origin::Variable(_) => self.problems.push(format!("{shown}: unknown key; {advice}")),
            _ => self
                .problems
                .push(format!("{origin}: unknown key {shown}; {advice}")),
        }
    }

    /// One underscore is what people forget; but orchestrators set names such as `TOLLGATE_PORT` on their own, so this
    /// is no error.
    fn note_missing_underscore(&mut self, name: &str, rest: &str) {
        let meant = self
            .values
            .keys()
            .find(|key| key.replace('.', "_").eq_ignore_ascii_case(rest));
        if let Some(key) = meant {
            let right = spelled_like(key, &Origin::Variable(name.to_owned()));
            self.notes
                .push(format!("{name} is not used; did you mean {right}?"));
        }
    }
}

/// The keys of the documented default that a table holds, as `section.name`.
fn leaves(table: &Table) -> impl Iterator<Item = (String, &Value)> {
    table
        .iter()
        .filter_map(|(section, inner)| Some((section, inner.as_table()?)))
        .flat_map(|(section, inner)| {
            inner
                .iter()
                .map(move |(name, value)| (format!("{section}.{name}"), value))
        })
}

fn section_of(key: &str) -> &str {
    key.split('.').next().unwrap_or(key)
}

/// A key as one would write it in that source.
fn spelled_like(key: &str, origin: &Origin) -> String {
    match origin {
        Origin::Variable(_) => variable_of(key),
        _ => key.to_owned(),
    }
}

/// The environment variable that sets a key.
pub(crate) fn variable_of(key: &str) -> String {
    format!(
        "{VARIABLE_PREFIX}{}",
        key.to_ascii_uppercase().replacen('.', "__", 1)
    )
}
