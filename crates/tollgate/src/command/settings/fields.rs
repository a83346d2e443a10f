//! The fields of a setting on their way to the server.
//!
//! Kept as the text they were written in: an amount written as a JSON number must not pass through a float.

use crate::failure::Failure;
use anyhow::Context;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// The fields of a JSON object by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(BTreeMap<String, Box<RawValue>>);

impl Fields {
    /// Reads a JSON file, or stdin for `-`.
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let mut text = String::new();
        if file == Path::new("-") {
            std::io::stdin()
                .read_to_string(&mut text)
                .context("stdin cannot be read")?;
        } else {
            text = std::fs::read_to_string(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
        }
        Self::parse(&text).map_err(|error| {
            let failure = Failure::usage(format!("{} is no JSON object: {error}", file.display()));
            failure
                .with_hint("write one object, as `get -o json` prints it")
                .into()
        })
    }

    /// Reads JSON text.
    pub(super) fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text).map(Self)
    }

    /// Writes a field, if a flag gave it.
    pub(super) fn put<T: Serialize>(&mut self, name: &str, value: Option<T>) -> Result<(), String> {
        if let Some(value) = value {
            let text = to_raw_value(&value).map_err(|error| error.to_string())?;
            self.0.insert(name.to_owned(), text);
        }
        Ok(())
    }

    /// Whether it has such a field.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The object as JSON text.
    pub(super) fn to_json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(&self.0)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_flag_touches_stays_as_it_was_written() {
        let mut fields =
            Fields::parse(r#"{"components": {"a": {"amount": 0.1234567890123456789}}, "b": 1}"#).unwrap();
        fields.put("b", Some("x")).unwrap();
        fields.put("c", None::<&str>).unwrap();
        assert_eq!(
            fields.to_json().unwrap(),
            r#"{"b":"x","components":{"a": {"amount": 0.1234567890123456789}}}"#
        );
        assert!(Fields::parse("[1]").is_err());
    }
}
