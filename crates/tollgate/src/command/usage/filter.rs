//! Conditions as they are typed: `provider=openai`, `model!=a,b`, `category~ai.*`, `session_id?`.

use crate::assignment::split;
use serde::Serialize;
use std::str::FromStr;

/// A condition, as `POST /v1/query` takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Filter {
    field: String,
    op: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Operand>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Operand {
    One(String),
    Many(Vec<String>),
}

impl Filter {
    /// A condition on a field that is, or matches, what was said.
    pub(super) fn of_field(field: &str, value: &str) -> Self {
        let op = if value.contains('*') { "matches" } else { "eq" };
        Self {
            field: field.to_owned(),
            op,
            value: Some(Operand::One(value.to_owned())),
        }
    }
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (field, op, values) = match text.find(['=', '~', '!', '?']) {
            Some(at) => {
                let (field, rest) = text.split_at(at);
                let (op, values) = operator(rest).ok_or_else(|| explain(text))?;
                (field.trim(), op, values)
            }
            None => return Err(explain(text)),
        };
        if field.is_empty() {
            return Err(explain(text));
        }
        let mut values: Vec<String> = split(values).collect();
        let (op, value) = match (op, values.len()) {
            ("exists", _) => ("exists", None),
            ("eq", 1) | ("ne", 1) | ("matches", _) => (op, Some(Operand::One(values.swap_remove(0)))),
            ("eq", _) => ("in", Some(Operand::Many(values))),
            _ => ("not_in", Some(Operand::Many(values))),
        };
        Ok(Self {
            field: field.to_owned(),
            op,
            value,
        })
    }
}

fn operator(rest: &str) -> Option<(&'static str, &str)> {
    let known = [("!=", "ne"), ("=", "eq"), ("~", "matches")];
    if rest == "?" {
        return Some(("exists", ""));
    }
    known
        .into_iter()
        .find_map(|(sign, op)| Some((op, rest.strip_prefix(sign)?)))
}

fn explain(text: &str) -> String {
    format!("`{text}` is no condition; write field=value, field!=value, field=one,two, field~ai.* or field?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let got = match text.parse::<Filter>() {
            Ok(filter) => serde_json::to_string(&filter).unwrap(),
            Err(_) => "refused".to_owned(),
        };
        assert_eq!(got, want, "{text}");
    }

    #[test]
    fn conditions_become_filters() {
        check(
            "provider=openai",
            r#"{"field":"provider","op":"eq","value":"openai"}"#,
        );
        check(
            "provider!=openai",
            r#"{"field":"provider","op":"ne","value":"openai"}"#,
        );
        check(
            "provider=openai,xai",
            r#"{"field":"provider","op":"in","value":["openai","xai"]}"#,
        );
        check(
            "provider!=openai,xai",
            r#"{"field":"provider","op":"not_in","value":["openai","xai"]}"#,
        );
        check(
            "category~ai.*",
            r#"{"field":"category","op":"matches","value":"ai.*"}"#,
        );
        check("session_id?", r#"{"field":"session_id","op":"exists"}"#);
        check(
            r"endpoint=/a?b\,c=d",
            r#"{"field":"endpoint","op":"eq","value":"/a?b,c=d"}"#,
        );
        check("team=", r#"{"field":"team","op":"eq","value":""}"#);
        check("provider", "refused");
        check("=openai", "refused");
        check("a?b", "refused");
        check("a!b", "refused");
    }
}
