//! SQL files that no code includes.

use std::collections::BTreeSet;

use super::Finding;
use crate::token::Kind;
use crate::tree::{File, Tree};

pub(super) const REFUSES: &str = "an SQL file that no include_str! names";

pub(super) fn findings(tree: &Tree) -> Vec<Finding> {
    let included: BTreeSet<String> = tree.files().flat_map(includes).collect();
    let unused = tree
        .files()
        .filter(|file| file.name().ends_with(".sql") && !included.contains(&file.path));
    unused
        .map(|file| Finding::new(&file.path, 0, "nobody includes this SQL file"))
        .collect()
}

/// The paths that `file` includes.
fn includes(file: &File) -> Vec<String> {
    let code = file.code();
    let calls = code.windows(4).filter(|call| {
        call[0].is("include_str") && call[1].is("!") && call[2].is("(") && call[3].kind == Kind::Literal
    });
    calls.map(|call| file.beside(call[3].content())).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::check;
    use super::*;

    #[test]
    fn an_sql_file_is_included_by_its_path() {
        check(
            findings,
            "
            == crates/a/src/store/open.rs
            const ONE: &str = include_str!(\"one.sql\");
            const TWO: &str = include_str!(
                \"../sql/two.sql\"
            );
            // include_str!(\"three.sql\")
            == crates/a/src/store/one.sql
            == crates/a/src/sql/two.sql
            == crates/a/src/store/three.sql
            == crates/a/src/sql/one.sql
            ",
            &expect![[r#"
                crates/a/src/sql/one.sql: nobody includes this SQL file
                crates/a/src/store/three.sql: nobody includes this SQL file
            "#]],
        );
    }
}
