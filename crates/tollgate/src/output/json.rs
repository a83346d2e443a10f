//! JSON out: the server's text, laid out but otherwise untouched.
//!
//! Not parsed and printed again, because that would reorder fields and rewrite numbers.

use super::Sheet;
use std::io::{self, Write};

const INDENT: &str = "  ";

/// Writes each row on a line of its own.
pub(super) fn write_lines(sheet: &Sheet, out: &mut impl Write) -> io::Result<()> {
    sheet
        .rows
        .iter()
        .try_for_each(|row| writeln!(out, "{}", compact(row.raw().get())))
}

/// The JSON text with one field or item a line.
pub(crate) fn indented(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let tokens: Vec<&str> = tokens(text).collect();
    for (at, token) in tokens.iter().enumerate() {
        let next_closes = tokens.get(at + 1).is_some_and(|next| matches!(*next, "}" | "]"));
        let opened = at > 0 && matches!(tokens[at - 1], "{" | "[");
        match *token {
            "{" | "[" => {
                out.push_str(token);
                depth += 1;
                if !next_closes {
                    break_line(&mut out, depth);
                }
            }
            "}" | "]" => {
                depth = depth.saturating_sub(1);
                if !opened {
                    break_line(&mut out, depth);
                }
                out.push_str(token);
            }
            "," => {
                out.push(',');
                break_line(&mut out, depth);
            }
            ":" => out.push_str(": "),
            other => out.push_str(other),
        }
    }
    out
}

/// The JSON text without white space between its tokens.
fn compact(text: &str) -> String {
    tokens(text).collect()
}

fn break_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.push_str(&INDENT.repeat(depth));
}

/// The tokens of JSON text that is known to be well-formed.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim_ascii();
    std::iter::from_fn(move || {
        let length = match rest.as_bytes().first()? {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            b'"' => string_bytes(rest),
            _ => rest
                .find(|c: char| c.is_ascii_whitespace() || matches!(c, ',' | ':' | '}' | ']'))
                .unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        rest = after.trim_ascii_start();
        Some(token)
    })
}

fn string_bytes(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn layout_changes_and_nothing_else() {
        let text = r#" {"z":1.10,"a":[],"s":"a,\"{b} \\","o":{"n":[1e400,true,null],"e":{}}} "#;
        expect![[r#"
            {
              "z": 1.10,
              "a": [],
              "s": "a,\"{b} \\",
              "o": {
                "n": [
                  1e400,
                  true,
                  null
                ],
                "e": {}
              }
            }"#]]
        .assert_eq(&indented(text));
        assert_eq!(compact(&indented(text)), text.trim());
        assert_eq!(indented("12"), "12");
    }
}
