//! Problem codes and configuration keys that their pages do not mention.
//!
//! A page mentions a word by writing it between backticks. What the page says about it is for the reader of the change.

use toml::{Table, Value};

use super::Finding;
use crate::function::body;
use crate::token::Kind;
use crate::tree::{File, Tree};

pub(super) const PROBLEM_REFUSES: &str =
    "a problem code (a literal in 'fn as_str' of a problem.rs or code.rs) not in docs/problems.md";

pub(super) const SETTING_REFUSES: &str =
    "a key of crates/tollgate/src/default.toml, set or commented out, not in docs/configuration.md";

const PROBLEMS_PAGE: &str = "docs/problems.md";
const SETTINGS_PAGE: &str = "docs/configuration.md";
const SETTINGS: &str = "crates/tollgate/src/default.toml";

pub(super) fn problems(tree: &Tree) -> Vec<Finding> {
    let tables = tree
        .files()
        .filter(|file| ["problem.rs", "code.rs"].contains(&file.name()));
    let codes = tables.flat_map(|file| {
        codes(file)
            .into_iter()
            .map(move |(line, code)| (file, line, code))
    });
    let missing = codes.filter(|(_, _, code)| !mentions(tree, PROBLEMS_PAGE, code));
    missing
        .map(|(file, line, code)| {
            Finding::new(
                &file.path,
                line,
                format!("the problem '{code}' is not described in {PROBLEMS_PAGE}"),
            )
        })
        .collect()
}

/// The literals that `as_str` answers with.
fn codes(file: &File) -> Vec<(usize, &str)> {
    let code = file.code();
    let body = body(&code, "as_str").unwrap_or_default();
    let literals = body.iter().filter(|token| token.kind == Kind::Literal);
    literals.map(|token| (token.line, token.content())).collect()
}

pub(super) fn settings(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.file(SETTINGS) else {
        return Vec::new();
    };
    let keys = match keys(&file.text) {
        Ok(keys) => keys,
        Err(says) => return vec![Finding::new(&file.path, 0, says)],
    };
    let missing = keys.into_iter().filter(|key| !mentions(tree, SETTINGS_PAGE, key));
    missing
        .map(|key| {
            Finding::new(
                &file.path,
                0,
                format!("the key '{key}' is not described in {SETTINGS_PAGE}"),
            )
        })
        .collect()
}

/// The dotted keys of a settings file, those that stand in a comment with an example of their value included.
fn keys(text: &str) -> Result<Vec<String>, String> {
    let shown: String = text
        .lines()
        .map(|line| format!("{}\n", uncommented(line).unwrap_or(line)))
        .collect();
    let table: Table = shown
        .parse()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
    let mut keys = Vec::new();
    flatten("", &table, &mut keys);
    Ok(keys)
}

/// The assignment or table header in a line of comment, where there is one.
fn uncommented(line: &str) -> Option<&str> {
    let inside = line.trim_start().strip_prefix('#')?.trim_start();
    let key = inside.split_once(" = ").map_or(inside, |(key, _)| key);
    let is_name =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '[' | ']');
    let is_header = inside.starts_with('[') && inside.ends_with(']');
    let is_key = key.chars().all(is_name) && (key != inside || is_header);
    (is_key && inside.parse::<Table>().is_ok()).then_some(inside)
}

fn flatten(prefix: &str, table: &Table, keys: &mut Vec<String>) {
    for (key, value) in table {
        match value {
            Value::Table(inner) => flatten(&format!("{prefix}{key}."), inner, keys),
            _ => keys.push(format!("{prefix}{key}")),
        }
    }
}

fn mentions(tree: &Tree, page: &str, word: &str) -> bool {
    tree.file(page)
        .is_some_and(|file| file.text.contains(&format!("`{word}`")))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::check;
    use super::*;

    #[test]
    fn a_problem_code_stands_in_its_page() {
        check(
            problems,
            "
            == crates/tollgate-server/src/problem.rs
            impl Code {
                /// As \"printed\".
                pub fn as_str(self) -> &'static str {
                    match self {
                        Code::Field => \"unknown_field\", // \"not this\"
                        Code::Large => \"too_large\",
                    }
                }
                fn title(self) -> &'static str { \"Too large\" }
            }
            == crates/tollgate-server/src/other.rs
            fn as_str() -> &'static str { \"other\" }
            == docs/problems.md
            `unknown_field` and too_large
            ",
            &expect![[r#"
                crates/tollgate-server/src/problem.rs:6: the problem 'too_large' is not described in docs/problems.md
            "#]],
        );
    }

    #[test]
    fn a_missing_page_mentions_nothing() {
        check(
            problems,
            "
            == crates/a/src/code.rs
            fn as_str(self) -> &'static str { \"gone\" }
            ",
            &expect![[r#"
                crates/a/src/code.rs:1: the problem 'gone' is not described in docs/problems.md
            "#]],
        );
    }

    #[test]
    fn a_key_stands_in_its_page_even_when_it_is_off_by_default() {
        check(
            settings,
            "
            == crates/tollgate/src/default.toml
            # Where it listens, for example = this is prose
            listen = '127.0.0.1:8787'
            [store]
            commit_bytes_max = 8
            # folder = '/var/lib/tollgate'
            # [store.tls]
            # key = 'x'
            == docs/configuration.md
            | `listen` | `store.commit_bytes` |
            ",
            &expect![[r#"
                crates/tollgate/src/default.toml: the key 'store.commit_bytes_max' is not described in docs/configuration.md
                crates/tollgate/src/default.toml: the key 'store.folder' is not described in docs/configuration.md
                crates/tollgate/src/default.toml: the key 'store.tls.key' is not described in docs/configuration.md
            "#]],
        );
    }
}
