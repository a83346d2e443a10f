//! Marks for later that do not say what is missing and why.

use super::Finding;
use crate::token::Kind;
use crate::tree::{File, Tree};

pub(super) const REFUSES: &str = "a TODO or FIXME without a reason: 'TODO: <at least three words>'";

const MARKS: [&str; 4] = ["TODO", "FIXME", "XXX", "HACK"];

/// Fewer words than this name a thing but no reason.
const REASON_WORDS_MIN: usize = 3;

pub(super) fn findings(tree: &Tree) -> Vec<Finding> {
    tree.files().flat_map(in_file).collect()
}

fn in_file(file: &File) -> Vec<Finding> {
    let tokens = file.tokens();
    let comments = tokens.iter().filter(|token| token.kind == Kind::Comment);
    let lines = comments.flat_map(|comment| comment.text.lines().zip(comment.line..));
    let bare = lines.filter_map(|(text, line)| Some((bare_mark(text)?, line)));
    bare.map(|(mark, line)| {
        Finding::new(
            &file.path,
            line,
            format!("{mark} without a reason: '{mark}: what is missing and why'"),
        )
    })
    .collect()
}

/// The mark in a line of comment that has no reason after it.
fn bare_mark(line: &str) -> Option<&'static str> {
    let text = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    MARKS.into_iter().find(|mark| {
        let Some(at) = text.find(mark) else { return false };
        let after = &text[at + mark.len()..];
        let is_word = !after.starts_with(char::is_alphanumeric)
            && !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '\'' || c == '_');
        // A sentence about such marks is none: a mark begins the comment or is followed by a colon.
        let is_mark = at == 0 || after.starts_with([':', '(']);
        let reason = after.split_once(':').map_or("", |(_, reason)| reason);
        is_word && is_mark && reason.split_whitespace().count() < REASON_WORDS_MIN
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::check;
    use super::*;

    #[test]
    fn a_mark_needs_three_words_of_reason() {
        check(
            findings,
            "
            == a.rs
            // TODO
            fn f() {} // FIXME: later
            /* a
             * XXX fix this some time soon
             */
            // Slow. TODO(me): faster
            == b.py
            x = 1  # TODO: later
            == c.sql
            -- HACK
            ",
            &expect![[r#"
                a.rs:1: TODO without a reason: 'TODO: what is missing and why'
                a.rs:2: FIXME without a reason: 'FIXME: what is missing and why'
                a.rs:4: XXX without a reason: 'XXX: what is missing and why'
                a.rs:6: TODO without a reason: 'TODO: what is missing and why'
                b.py:1: TODO without a reason: 'TODO: what is missing and why'
                c.sql:1: HACK without a reason: 'HACK: what is missing and why'
            "#]],
        );
    }

    #[test]
    fn a_reason_a_string_and_a_sentence_about_marks_are_fine() {
        check(
            findings,
            "
            == a.rs
            // TODO: stream the body once the parser can resume
            // FIXME(prices): rounds twice, see the test below
            // A bare TODO is refused.
            const MARK: &str = \"TODO\";
            // TODOS is a list
            ",
            &expect![[""]],
        );
    }
}
