//! The conditions of a query.

use super::{FILTER_VALUES_MAX, FILTERS_MAX, Judge};
use crate::flaw::FlawCode;
use crate::query::filter::{Filter, Glob, Test};
use crate::query::{FilterParts, QueryParts};
use crate::text::LABEL_BYTES_MAX;
use serde_json::Value;
use smol_str::SmolStr;
use std::collections::BTreeSet;

impl Judge {
    pub(super) fn filters(&mut self, parts: &QueryParts) -> Vec<Filter> {
        if !self.within("filters", parts.filters.len(), FILTERS_MAX) {
            return Vec::new();
        }
        parts
            .filters
            .iter()
            .enumerate()
            .filter_map(|(index, filter)| self.filter(&index.to_string(), filter))
            .collect()
    }

    fn filter(&mut self, index: &str, parts: &FilterParts) -> Option<Filter> {
        let field = self.field(&["filters", index, "field"], &parts.field);
        let at = ["filters", index, "value"];
        let test = match parts.op.as_str() {
            "eq" => self.text(&at, &parts.value).map(|t| Test::OneOf([t].into())),
            "ne" => self.text(&at, &parts.value).map(|t| Test::NoneOf([t].into())),
            "in" => self.texts(&at, &parts.value).map(Test::OneOf),
            "not_in" => self.texts(&at, &parts.value).map(Test::NoneOf),
            "matches" => self
                .text(&at, &parts.value)
                .map(|pattern| Test::Matches(Glob::new(&pattern))),
            "exists" => match parts.value {
                Value::Bool(wanted) => Some(Test::Exists(wanted)),
                Value::Null => Some(Test::Exists(true)),
                _ => {
                    self.flaw(&at, FlawCode::Type, "exists takes true or false");
                    None
                }
            },
            other => {
                let ops = ["eq", "ne", "in", "not_in", "matches", "exists"];
                self.not_allowed(&["filters", index, "op"], other, &ops);
                None
            }
        };
        Some(Filter {
            field: field?,
            test: test?,
        })
    }

    fn text(&mut self, at: &[&str], value: &Value) -> Option<SmolStr> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                self.flaw(at, FlawCode::Type, "write one text; in and not_in take a list");
                return None;
            }
        };
        if text.is_empty() || text.len() > LABEL_BYTES_MAX {
            let detail = format!("write 1 to {LABEL_BYTES_MAX} bytes; exists asks whether a field is there");
            self.flaw(at, FlawCode::Text, detail);
            return None;
        }
        Some(text.into())
    }

    fn texts(&mut self, at: &[&str; 3], value: &Value) -> Option<BTreeSet<SmolStr>> {
        let Value::Array(values) = value else {
            self.flaw(at, FlawCode::Type, "write a list of texts");
            return None;
        };
        if values.len() > FILTER_VALUES_MAX {
            self.flaw(
                at,
                FlawCode::TooMany,
                format!("at most {FILTER_VALUES_MAX} texts"),
            );
            return None;
        }
        let [filters, filter, field] = *at;
        let mut texts = BTreeSet::new();
        for (index, value) in values.iter().enumerate() {
            texts.extend(self.text(&[filters, filter, field, &index.to_string()], value));
        }
        Some(texts)
    }
}
