//! What the core may not do: talk to the world, wait, or compute with floats.
//!
//! The manifest (rule `arrow`) keeps out the libraries; this keeps out the same things of the standard library, and sees to it that
//! the core's stricter lints stay on.

use super::Finding;
use crate::test_code::TestCode;
use crate::token::reads;
use crate::tree::{File, Tree};

pub(super) const REFUSES: &str = "IO, threads, async, clocks or floats in the core, 'tidy: forced, <reason>' above the line aside, or a core without its stricter lints";

const CORE: &str = "crates/tollgate-core/src/";

/// Modules of `std` that reach outside the process or beside the thread.
const WORLD: [&str; 6] = ["env", "fs", "net", "os", "process", "thread"];

const WORDS: [(&str, &str); 6] = [
    ("f32", "floats are not exact"),
    ("f64", "floats are not exact"),
    ("async", "the core does not wait"),
    ("await", "the core does not wait"),
    ("Instant", "time is an argument"),
    ("SystemTime", "time is an argument"),
];

/// What the line above such a place says where another crate's interface forces it.
const FORCED: &str = "tidy: forced, ";

/// Lints that the attributes of the core's root deny.
const LINTS: [&str; 5] = [
    "missing_docs",
    "float_arithmetic",
    "as_conversions",
    "arithmetic_side_effects",
    "indexing_slicing",
];

pub(super) fn findings(tree: &Tree) -> Vec<Finding> {
    let tests = TestCode::of(tree);
    let core = tree
        .files()
        .filter(|file| file.path.starts_with(CORE) && file.name().ends_with(".rs"));
    let impure = core.flat_map(|file| in_file(file, &tests));
    let lax = tree
        .file("crates/tollgate-core/src/lib.rs")
        .into_iter()
        .flat_map(missing_lints);
    impure.chain(lax).collect()
}

fn in_file(file: &File, tests: &TestCode) -> Vec<Finding> {
    let code = file.code();
    let lines: Vec<&str> = file.text.lines().collect();
    let forced = |line: usize| line >= 2 && lines[line - 2].contains(FORCED);
    let places =
        (0..code.len()).filter(|at| !tests.contains(file, code[*at].line) && !forced(code[*at].line));
    let found = places.filter_map(|at| {
        let token = &code[at];
        let of_std = at >= 3 && reads(&code, at - 3, "std : :");
        let why = if of_std && WORLD.contains(&token.text) {
            "the core does not touch the world"
        } else {
            WORDS
                .iter()
                .find(|(word, _)| token.is(word))
                .map(|(_, why)| *why)?
        };
        Some(Finding::new(
            &file.path,
            token.line,
            format!("'{}' in the core: {why}", token.text),
        ))
    });
    found.collect()
}

fn missing_lints(root: &File) -> Vec<Finding> {
    let tokens = root.tokens();
    let missing = LINTS
        .iter()
        .filter(|lint| !tokens.iter().any(|token| token.is(lint)));
    missing
        .map(|lint| Finding::new(&root.path, 0, format!("the core denies the lint '{lint}'")))
        .collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::check;
    use super::*;

    #[test]
    fn the_core_talks_to_nobody_and_has_no_floats() {
        check(
            findings,
            "
            == crates/tollgate-core/src/money.rs
            use std::fs::File;
            use std::fmt;
            /// Not an f64.
            fn f(x: f64) -> &'static str { \"f64\" }
            async fn g() {}
            // tidy: forced, the trait hands numbers over so
            fn visit_f64(x: f64) {}
            #[cfg(test)]
            mod tests { use std::fs; const X: f64 = 1.0; }
            == crates/tollgate-engine/src/lib.rs
            use std::thread;
            ",
            &expect![[r#"
                crates/tollgate-core/src/money.rs:1: 'fs' in the core: the core does not touch the world
                crates/tollgate-core/src/money.rs:4: 'f64' in the core: floats are not exact
                crates/tollgate-core/src/money.rs:5: 'async' in the core: the core does not wait
            "#]],
        );
    }

    #[test]
    fn the_core_keeps_its_stricter_lints() {
        check(
            findings,
            "
            == crates/tollgate-core/src/lib.rs
            #![deny(missing_docs, clippy::float_arithmetic, clippy::as_conversions)]
            // clippy::indexing_slicing
            ",
            &expect![[r#"
                crates/tollgate-core/src/lib.rs: the core denies the lint 'arithmetic_side_effects'
                crates/tollgate-core/src/lib.rs: the core denies the lint 'indexing_slicing'
            "#]],
        );
    }
}
