//! Events out of a file or a pipe, one after the other.
//!
//! Invariant: what stands in the input is either sent as it stands, or refused with its place; nothing is left out.

use super::attribution::fresh_id;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use serde_json::value::RawValue;
use std::io::BufRead;

/// An event of the input, or what is wrong with it, and where it stands: a line, or a place in a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) position: u64,
    pub(super) event: Result<String, String>,
}

/// Reads every event and hands it on as soon as it is there, until `hand_on` answers that nobody wants more.
pub(super) fn read(mut from: impl BufRead, mut hand_on: impl FnMut(Input) -> bool) -> anyhow::Result<()> {
    let mut first = String::new();
    let mut blank_lines = 0;
    loop {
        if from.read_line(&mut first)? == 0 {
            return Ok(());
        }
        if !first.trim().is_empty() {
            break;
        }
        blank_lines += 1;
        first.clear();
    }
    // A first line that is an object of its own promises that every line is; then events need not wait for the end.
    if first.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(&first).is_ok() {
        return lines(first, blank_lines + 1, from, hand_on);
    }
    from.read_to_string(&mut first)?;
    for (event, position) in document(&first).into_iter().zip(1..) {
        if !hand_on(Input { position, event }) {
            break;
        }
    }
    Ok(())
}

fn lines(
    first: String,
    number: u64,
    from: impl BufRead,
    mut hand_on: impl FnMut(Input) -> bool,
) -> anyhow::Result<()> {
    for (line, position) in std::iter::once(Ok(first)).chain(from.lines()).zip(number..) {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let event = match serde_json::from_str::<&RawValue>(&line) {
            Ok(event) => Ok(with_id(event.get())),
            Err(error) => Err(format!("it is no JSON: {error}")),
        };
        if !hand_on(Input { position, event }) {
            break;
        }
    }
    Ok(())
}

/// The events of a whole document: the items of an array, or objects one after the other.
fn document(text: &str) -> Vec<Result<String, String>> {
    if text.trim_start().starts_with('[') {
        return match serde_json::from_str::<Vec<&RawValue>>(text) {
            Ok(events) => events.into_iter().map(|event| Ok(with_id(event.get()))).collect(),
            Err(error) => vec![Err(format!("it is no JSON: {error}"))],
        };
    }
    let events = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    events
        .map(|event| match event {
            Ok(event) => Ok(with_id(event.get())),
            Err(error) => Err(format!("it is no JSON: {error}")),
        })
        .collect()
}

/// The event with an id of its own where it has none; the rest of its text stays as it is.
fn with_id(event: &str) -> String {
    #[derive(Deserialize)]
    struct Identity {
        #[serde(default, rename = "id", deserialize_with = "any")]
        given: bool,
    }
    fn any<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
        IgnoredAny::deserialize(value).map(|_| true)
    }
    // What is no object, or has two ids, is left for the server to refuse.
    let lacks_id = serde_json::from_str::<Identity>(event).is_ok_and(|identity| !identity.given);
    match event.trim_start().strip_prefix('{') {
        Some(fields) if lacks_id => {
            let comma = if fields.trim_start().starts_with('}') {
                ""
            } else {
                ","
            };
            format!("{{\"id\":\"{}\"{comma}{fields}", fresh_id())
        }
        _ => event.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    /// Reads a text and shows the events; ids that were made up show as `NEW`.
    fn check(text: &str, want: Expect) {
        let mut shown = String::new();
        read(text.as_bytes(), |input| {
            let event = input
                .event
                .unwrap_or_else(|problem| format!("refused: {problem}"));
            let id = event
                .strip_prefix("{\"id\":\"")
                .and_then(|rest| rest.get(..36))
                .filter(|id| id.contains('-'));
            let event = id.map_or(event.clone(), |id| event.replace(id, "NEW"));
            shown.push_str(&format!("{} {event}\n", input.position));
            true
        })
        .unwrap();
        want.assert_eq(&shown);
    }

    #[test]
    fn lines_are_events_and_a_broken_one_does_not_stop_the_rest() {
        check(
            "\n{\"id\":\"a\",\"n\":1.10}\n\n  {\"n\":1e400}\nnonsense\n{}\n[1]\n{\"id\":null}\n",
            expect![[r#"
                2 {"id":"a","n":1.10}
                4 {"id":"NEW","n":1e400}
                5 refused: it is no JSON: expected ident at line 1 column 2
                6 {"id":"NEW"}
                7 [1]
                8 {"id":null}
            "#]],
        );
    }

    #[test]
    fn a_document_is_an_object_or_an_array() {
        check(
            "{\n  \"n\": 1\n}\n{\"id\":\n\"b\"}",
            expect![[r#"
                1 {"id":"NEW",
                  "n": 1
                }
                2 {"id":
                "b"}
            "#]],
        );
        check(
            "[ {\"id\":\"a\"},\n {\"n\":\"0.1\"} ]",
            expect![[r#"
                1 {"id":"a"}
                2 {"id":"NEW","n":"0.1"}
            "#]],
        );
        check(
            "[{\"id\":\"a\"},",
            expect![[r#"
            1 refused: it is no JSON: EOF while parsing a value at line 1 column 12
        "#]],
        );
        check("   \n", expect![[""]]);
    }

    #[test]
    fn reading_stops_when_nobody_wants_more() {
        let mut seen = 0;
        read("{}\n{}\n{}\n".as_bytes(), |_| {
            seen += 1;
            seen < 2
        })
        .unwrap();
        assert_eq!(seen, 2);
    }
}
