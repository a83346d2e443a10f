//! Source text cut into words, marks, literals and comments, so that a rule never mistakes a string for code.
//!
//! Not a parser, and deliberately forgiving: it knows where literals and comments begin and end in each language, and
//! nothing else. Unfinished literals end with the text.

use crate::span::{
    nested_comment, python_literal, quoted_on_a_line, regular_expression, rust_literal, template,
};

/// A language whose literals and comments are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Rust,
    /// TypeScript and JavaScript.
    Script,
    Python,
    /// SQL and Lua: comments start with `--`.
    Dashes,
    /// Shell, TOML, make: comments start with `#` after white space.
    Hashes,
}

impl Language {
    /// The language that the ending of `path` names.
    pub(crate) fn of(path: &str) -> Option<Language> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let ending = name.rsplit_once('.').map_or(name, |(_, ending)| ending);
        Some(match ending {
            "rs" => Language::Rust,
            "ts" | "tsx" | "mts" | "js" | "jsx" | "mjs" => Language::Script,
            "py" => Language::Python,
            "sql" | "lua" => Language::Dashes,
            "sh" | "toml" | "yml" | "yaml" | "Makefile" => Language::Hashes,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier, a keyword or a number.
    Word,
    /// One character that is nothing else.
    Mark,
    /// A string or character, with its quotes; in scripts also a template or a regular expression.
    Literal,
    /// A comment, with what opens and closes it.
    Comment,
}

/// A piece of source text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    /// Line of its first character, from 1.
    pub(crate) line: usize,
    /// Bytes before it on its line.
    pub(crate) column: usize,
}

impl<'a> Token<'a> {
    /// Whether it is code that reads `text`: a word or a mark.
    pub(crate) fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Mark) && self.text == text
    }

    /// Line breaks inside it.
    pub(crate) fn breaks(&self) -> usize {
        self.text.matches('\n').count()
    }

    /// What stands between the quotes of a literal.
    pub(crate) fn content(&self) -> &'a str {
        let quote = |c: char| matches!(c, '"' | '\'' | '`');
        let open = self.text.find(quote).map_or(0, |at| at + 1);
        let close = self.text.rfind(quote).unwrap_or(self.text.len()).max(open);
        &self.text[open..close]
    }
}

/// Cuts `text` into tokens; white space is dropped.
pub(crate) fn tokens(language: Language, text: &str) -> Vec<Token<'_>> {
    let mut scan = Scan {
        language,
        text,
        at: 0,
        value_before: false,
    };
    let (mut line, mut line_start, mut counted) = (1, 0, 0);
    let mut found = Vec::new();
    while let Some((kind, start)) = scan.next() {
        for (offset, _) in text[counted..start].match_indices('\n') {
            line += 1;
            line_start = counted + offset + 1;
        }
        counted = start;
        found.push(Token {
            kind,
            text: &text[start..scan.at],
            line,
            column: start - line_start,
        });
    }
    found
}

/// Whether the code at an index reads like `text`, in words and marks separated by spaces.
pub(crate) fn reads(code: &[Token<'_>], at: usize, text: &str) -> bool {
    text.split(' ')
        .enumerate()
        .all(|(offset, part)| code.get(at + offset).is_some_and(|token| token.is(part)))
}

/// Where the scan stands.
struct Scan<'a> {
    language: Language,
    text: &'a str,
    at: usize,
    /// Whether the token before could end a value, which makes a `/` in a script a division.
    value_before: bool,
}

impl Scan<'_> {
    /// Moves past the next token and answers its kind and where it began.
    fn next(&mut self) -> Option<(Kind, usize)> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        let start = self.at;
        let first = self.rest().chars().next()?;
        let length = self.comment().map(|length| (Kind::Comment, length));
        let (kind, length) = length
            .or_else(|| self.literal().map(|length| (Kind::Literal, length)))
            .or_else(|| word(self.rest()).map(|length| (Kind::Word, length)))
            .unwrap_or((Kind::Mark, first.len_utf8()));
        self.at = start + length;
        if kind != Kind::Comment {
            self.value_before = kind != Kind::Mark || matches!(first, ')' | ']' | '}');
            // `return /x/` is a regular expression although a word stands before it.
            self.value_before &= !matches!(&self.text[start..self.at], "return" | "case" | "typeof");
        }
        Some((kind, start))
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// The length of the comment that starts here.
    fn comment(&self) -> Option<usize> {
        let rest = self.rest();
        let to_line_end = || rest.find('\n').unwrap_or(rest.len());
        match self.language {
            Language::Rust | Language::Script if rest.starts_with("//") => Some(to_line_end()),
            Language::Rust if rest.starts_with("/*") => Some(nested_comment(rest)),
            Language::Script | Language::Dashes if rest.starts_with("/*") => {
                Some(rest.find("*/").map_or(rest.len(), |at| at + 2))
            }
            Language::Dashes if rest.starts_with("--") => Some(to_line_end()),
            Language::Python if rest.starts_with('#') => Some(to_line_end()),
            Language::Hashes if rest.starts_with('#') && self.after_white_space() => Some(to_line_end()),
            _ => None,
        }
    }

    fn after_white_space(&self) -> bool {
        self.text[..self.at]
            .chars()
            .next_back()
            .is_none_or(char::is_whitespace)
    }

    /// The length of the literal that starts here.
    fn literal(&self) -> Option<usize> {
        let rest = self.rest();
        match self.language {
            Language::Rust => rust_literal(rest),
            Language::Python => python_literal(rest),
            Language::Script => match rest.chars().next()? {
                quote @ ('"' | '\'') => Some(quoted_on_a_line(rest, quote)),
                '`' => Some(template(rest)),
                '/' if !self.value_before => regular_expression(rest),
                _ => None,
            },
            Language::Dashes | Language::Hashes => match rest.chars().next()? {
                quote @ ('"' | '\'') => Some(quoted_on_a_line(rest, quote)),
                _ => None,
            },
        }
    }
}

fn word(rest: &str) -> Option<usize> {
    let end = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(rest.len());
    (end > 0).then_some(end)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(language: Language, text: &str, expected: &Expect) {
        let shown = tokens(language, text)
            .iter()
            .map(|token| format!("{:?} {}", token.kind, token.text.replace('\n', "⏎")))
            .collect::<Vec<_>>();
        expected.assert_eq(&(shown.join("\n") + "\n"));
    }

    #[test]
    fn rust_tells_lifetimes_from_characters_and_raw_strings_from_raw_names() {
        check(
            Language::Rust,
            r##"fn r#type<'a>(x: &'a str) { '\'' 'é' r#"a"b"# b"\"" /* a /* b */ c */ "//" } // end"##,
            &expect![[r##"
                Word fn
                Word r
                Mark #
                Word type
                Mark <
                Mark '
                Word a
                Mark >
                Mark (
                Word x
                Mark :
                Mark &
                Mark '
                Word a
                Word str
                Mark )
                Mark {
                Literal '\''
                Literal 'é'
                Literal r#"a"b"#
                Literal b"\""
                Comment /* a /* b */ c */
                Literal "//"
                Mark }
                Comment // end
            "##]],
        );
    }

    #[test]
    fn scripts_tell_division_from_regular_expressions_and_nest_templates() {
        check(
            Language::Script,
            "a / b; x = /[/'\"]\\//g; `t ${ `in ${'}'}` } end` 'it' // c\nreturn /x/",
            &expect![[r#"
                Word a
                Mark /
                Word b
                Mark ;
                Word x
                Mark =
                Literal /[/'"]\//
                Word g
                Mark ;
                Literal `t ${ `in ${'}'}` } end`
                Literal 'it'
                Comment // c
                Word return
                Literal /x/
            "#]],
        );
    }

    #[test]
    fn python_strings_span_lines_and_keep_their_hashes() {
        check(
            Language::Python,
            "x = r'#' # c\n'''a\n\"b'''\n",
            &expect![[r#"
                Word x
                Mark =
                Literal r'#'
                Comment # c
                Literal '''a⏎"b'''
            "#]],
        );
    }

    #[test]
    fn a_hash_inside_a_shell_word_is_no_comment() {
        check(
            Language::Hashes,
            "a=${b#c} # d",
            &expect![[r#"
                Word a
                Mark =
                Mark $
                Mark {
                Word b
                Mark #
                Word c
                Mark }
                Comment # d
            "#]],
        );
    }

    #[test]
    fn what_never_ends_ends_with_the_text() {
        for (language, text) in [
            (Language::Rust, "\"abc"),
            (Language::Rust, "r#\"abc\""),
            (Language::Rust, "/* /* */"),
            (Language::Script, "`a ${ `"),
            (Language::Script, "`a\\"),
            (Language::Script, "/* é"),
            (Language::Python, "'''é"),
            (Language::Dashes, "'é"),
        ] {
            let found = tokens(language, text);
            assert_eq!(found.len(), 1, "{text:?} became {found:?}");
            assert_eq!(found[0].text, text);
        }
    }

    #[test]
    fn tokens_know_where_they_stand() {
        let found = tokens(Language::Rust, "a\n  \"b\nc\" d");
        let places = found
            .iter()
            .map(|token| (token.line, token.column, token.breaks()))
            .collect::<Vec<_>>();
        assert_eq!(places, [(1, 0, 0), (2, 2, 1), (3, 3, 0)]);
    }
}
