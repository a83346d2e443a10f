//! Where the functions of a file begin and end, and how long they are.
//!
//! A function's length leaves out the lines that continue a literal: a table in a string is data. Comments and blank lines
//! count: they are read too.

use crate::token::{Kind, Language, Token};
use crate::tree::File;

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function<'a> {
    pub(crate) name: &'a str,
    /// The line that names it.
    pub(crate) line: usize,
    /// Lines of code from there to the end of its body.
    pub(crate) length: usize,
}

/// The name of a function and the index of the brace that opens its body.
type Head<'a> = (&'a str, usize);

/// The functions of `file`, in the order of their beginnings.
pub(crate) fn functions(file: &File) -> Vec<Function<'_>> {
    let code = file.code();
    match file.language {
        Some(Language::Rust) => braced(&code, rust_head),
        Some(Language::Script) => braced(&code, script_head),
        Some(Language::Python) => indented(&code),
        _ => Vec::new(),
    }
}

/// The body, with its braces, of the first Rust function called `name`.
pub(crate) fn body<'t, 'a>(code: &'t [Token<'a>], name: &str) -> Option<&'t [Token<'a>]> {
    let start = code
        .windows(2)
        .position(|pair| pair[0].is("fn") && pair[1].is(name))?;
    let (_, open) = rust_head(code, start)?;
    Some(&code[open..=close(code, open)])
}

/// The index of the brace that closes the one at `open`, or of the last token.
pub(crate) fn close(code: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in code.iter().enumerate().skip(open) {
        if token.is("{") || token.is("(") || token.is("[") {
            depth += 1;
        } else if token.is("}") || token.is(")") || token.is("]") {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    code.len() - 1
}

/// The functions whose heads `head` finds, asked at every index.
fn braced<'a>(code: &[Token<'a>], head: fn(&[Token<'a>], usize) -> Option<Head<'a>>) -> Vec<Function<'a>> {
    let heads = (0..code.len()).filter_map(|start| head(code, start).map(|(name, open)| (start, name, open)));
    heads
        .map(|(start, name, open)| function(name, &code[start..=close(code, open)]))
        .collect()
}

/// The function that consists of `tokens`.
fn function<'a>(name: &'a str, tokens: &[Token<'a>]) -> Function<'a> {
    let first = tokens.first().map_or(0, |token| token.line);
    let last = tokens.last().map_or(0, |token| token.line + token.breaks());
    let in_literals: usize = tokens
        .iter()
        .filter(|token| token.kind == Kind::Literal)
        .map(Token::breaks)
        .sum();
    Function {
        name,
        line: first,
        length: last + 1 - first - in_literals,
    }
}

fn rust_head<'a>(code: &[Token<'a>], start: usize) -> Option<Head<'a>> {
    let name = code
        .get(start + 1)
        .filter(|name| code[start].is("fn") && name.kind == Kind::Word)?;
    let mut at = start + 2;
    while let Some(token) = code.get(at) {
        match token.text {
            "{" => return Some((name.text, at)),
            ";" => return None,
            "(" | "[" => at = close(code, at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Functions, methods and arrows with a body; the callback of `describe` is a chapter, not a function.
fn script_head<'a>(code: &[Token<'a>], start: usize) -> Option<Head<'a>> {
    const NOT_METHODS: [&str; 7] = ["if", "for", "while", "switch", "catch", "with", "return"];
    let token = code[start];
    if token.is("=") && code.get(start + 1).is_some_and(|next| next.is(">")) {
        let open = start + 2;
        let line = code
            .iter()
            .position(|first| first.line == token.line)
            .unwrap_or(start);
        let chapter = code[line].is("describe");
        return code
            .get(open)
            .filter(|brace| brace.is("{") && !chapter)
            .map(|_| ("=>", open));
    }
    let opens = code.get(start + 1).is_some_and(|next| next.is("("));
    if token.kind != Kind::Word || !opens || NOT_METHODS.contains(&token.text) {
        return None;
    }
    let after = close(code, start + 1) + 1;
    match code.get(after)?.text {
        "{" => Some((token.text, after)),
        // A return type: the body's brace is the first that ends its line.
        ":" => (after..code.len())
            .take_while(|at| !code[*at].is(";"))
            .find(|at| code[*at].is("{") && code.get(at + 1).is_none_or(|next| next.line > code[*at].line))
            .map(|open| (token.text, open)),
        _ => None,
    }
}

/// Functions of a language whose bodies are indented.
fn indented<'a>(code: &[Token<'a>]) -> Vec<Function<'a>> {
    let mut found = Vec::new();
    for (start, pair) in code.windows(2).enumerate().filter(|(_, pair)| pair[0].is("def")) {
        let line_before = code[..start].iter().rposition(|token| token.line != pair[0].line);
        let margin = code[line_before.map_or(0, |at| at + 1)].column;
        let colon = colon(code, start);
        let body = code[colon..]
            .iter()
            .take_while(|token| token.line == code[colon].line || token.column > margin);
        found.push(function(pair[1].text, &code[start..colon + body.count()]));
    }
    found
}

/// The index of the colon that ends the head which starts at an index. The lines of a head may stand at any indentation.
fn colon(code: &[Token<'_>], start: usize) -> usize {
    let mut at = start;
    while at + 1 < code.len() && !code[at].is(":") {
        let opens = code[at].is("(") || code[at].is("[") || code[at].is("{");
        at = if opens { close(code, at) + 1 } else { at + 1 };
    }
    at.min(code.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Tree;

    fn check(script: &str, expected: &[(&str, usize, usize)]) {
        let tree = Tree::of(script);
        let found = tree.files().flat_map(functions).collect::<Vec<_>>();
        let found = found
            .iter()
            .map(|function| (function.name, function.line, function.length));
        assert_eq!(found.collect::<Vec<_>>(), expected, "{script}");
    }

    #[test]
    fn rust_functions_end_with_their_body() {
        check(
            "
            == a.rs
            trait T { fn open(&self, bytes: [u8; 4]) -> fn(u8) -> u8; }

            /// Says { nothing }.
            pub fn outer<'a>(
                x: &'a str,
            ) where T: Sized {
                // {
                fn inner() { '{'; }
            }
            ",
            &[("outer", 4, 6), ("inner", 8, 1)],
        );
    }

    #[test]
    fn lines_inside_a_literal_do_not_count() {
        check(
            "
            == a.rs
            fn f() {
                check(
                    \"one
                     two
                     three\",
                );
            }
            ",
            &[("f", 1, 5)],
        );
    }

    #[test]
    fn script_functions_methods_and_arrows_are_found() {
        check(
            "
            == a.ts
            export function f(x: number): { a: string } {
              if (x) { return g() }
            }
            class A {
              method(a = (b)) {
              }
            }
            const arrow = (x) => {
            }
            const value = (x) => ({ a: 1 })
            describe('chapter', () => {
            })
            ",
            &[("f", 1, 3), ("method", 5, 2), ("=>", 8, 2)],
        );
    }

    #[test]
    fn python_functions_end_where_the_indentation_does() {
        check(
            "
            == a.py
            def one(
                x,
            ) -> dict[
                str, int
            ]:
                return '''
            text
            '''

            class A:
                async def two(self): return 1
                x = 1
            ",
            &[("one", 1, 6), ("two", 11, 1)],
        );
    }
}
