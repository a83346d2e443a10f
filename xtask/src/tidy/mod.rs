//! The rules of the house, each a function from the repository's files to the places where it is broken.
//!
//! A rule lives in the module named for its subject, with its own tests on made-up trees. Here stand only the list of rules and
//! what they have in common. What clippy, rustfmt or cargo-deny can say is not said again.

mod arrow;
mod dependency;
mod documented;
mod name;
mod page;
mod path;
mod pure;
mod reason;
mod size;
mod sql;
mod test;

use std::fmt;
use std::fmt::Write as _;

use crate::tree::Tree;

/// A rule: its name, what it refuses, and the function that finds where.
struct Rule {
    name: &'static str,
    refuses: &'static str,
    find: fn(&Tree) -> Vec<Finding>,
}

impl Rule {
    const fn new(name: &'static str, refuses: &'static str, find: fn(&Tree) -> Vec<Finding>) -> Rule {
        Rule { name, refuses, find }
    }
}

const RULES: [Rule; 15] = [
    Rule::new("size", size::REFUSES, size::findings),
    Rule::new("name", name::REFUSES, name::findings),
    Rule::new("arrow", arrow::REFUSES, arrow::findings),
    Rule::new("pure", pure::REFUSES, pure::findings),
    Rule::new("dependency", dependency::REFUSES, dependency::findings),
    Rule::new("reason", reason::REFUSES, reason::findings),
    Rule::new("sql", sql::REFUSES, sql::findings),
    Rule::new("ignored", test::IGNORED_REFUSES, test::ignored),
    Rule::new("sleep", test::SLEEP_REFUSES, test::sleeping),
    Rule::new("port", test::PORT_REFUSES, test::fixed_ports),
    Rule::new("problem", documented::PROBLEM_REFUSES, documented::problems),
    Rule::new("setting", documented::SETTING_REFUSES, documented::settings),
    Rule::new("link", page::LINK_REFUSES, page::links),
    Rule::new("decision", page::DECISION_REFUSES, page::decisions),
    Rule::new("path", path::REFUSES, path::findings),
];

/// A place where a rule is broken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    /// The line, from 1; 0 where the whole file is meant.
    line: usize,
    says: String,
}

impl Finding {
    fn new(path: &str, line: usize, says: impl Into<String>) -> Finding {
        Finding {
            path: path.to_owned(),
            line,
            says: says.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.says),
            line => write!(f, "{}:{line}: {}", self.path, self.says),
        }
    }
}

/// Every place where a rule is broken, each said with the rule's name.
pub(crate) fn findings(tree: &Tree) -> Vec<String> {
    RULES
        .iter()
        .flat_map(|rule| {
            (rule.find)(tree)
                .into_iter()
                .map(|finding| format!("{finding} [{}]", rule.name))
        })
        .collect()
}

/// The rules, one a line.
pub(crate) fn list() -> String {
    let mut text = String::new();
    for rule in &RULES {
        writeln!(text, "{:<11} refuses {}", rule.name, rule.refuses)
            .expect("writing to a string does not fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::Expect;

    use super::*;

    /// Runs one rule on the tree that `script` makes.
    pub(super) fn check(find: fn(&Tree) -> Vec<Finding>, script: &str, expected: &Expect) {
        let found = find(&Tree::of(script));
        expected.assert_eq(
            &found
                .iter()
                .map(|finding| format!("{finding}\n"))
                .collect::<String>(),
        );
    }

    #[test]
    fn the_repository_is_tidy() {
        let tree = Tree::read(crate::root()).unwrap();
        assert!(
            tree.file("xtask/src/tidy/mod.rs").is_some(),
            "the repository's own files were read"
        );
        let found = findings(&tree);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    #[test]
    fn every_rule_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
    }
}
