//! Where the tests stand: in folders, files, modules and functions of their own.
//!
//! Its tests are those of the rules that ask it (`tidy::test`, `tidy::pure`).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::function::close;
use crate::token::{Language, reads};
use crate::tree::{File, Tree};

/// Which lines of a tree are test code.
pub(crate) struct TestCode {
    /// Lines of modules and functions that are compiled for tests only, by path.
    ranges: BTreeMap<String, Vec<RangeInclusive<usize>>>,
    /// Paths, without `.rs`, of modules that another file declares for tests only.
    modules: BTreeSet<String>,
}

impl TestCode {
    pub(crate) fn of(tree: &Tree) -> TestCode {
        let mut tests = TestCode {
            ranges: BTreeMap::new(),
            modules: BTreeSet::new(),
        };
        for file in tree.files().filter(|file| file.language == Some(Language::Rust)) {
            tests.read(file);
        }
        tests
    }

    /// Whether `line` of `file` is test code.
    pub(crate) fn contains(&self, file: &File, line: usize) -> bool {
        let ranges = self.ranges.get(&file.path).map_or(&[][..], Vec::as_slice);
        is_test_file(file)
            || self.is_test_module(&file.path)
            || ranges.iter().any(|range| range.contains(&line))
    }

    fn is_test_module(&self, path: &str) -> bool {
        let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
        self.modules.iter().any(|module| {
            path.strip_prefix(module.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    fn read(&mut self, file: &File) {
        const MARKS: [&str; 4] = [
            "# [ cfg ( test ) ]",
            "# [ cfg ( all ( test",
            "# [ test ]",
            "# [ tokio : : test",
        ];
        let code = file.code();
        for start in (0..code.len()).filter(|at| MARKS.iter().any(|mark| reads(&code, *at, mark))) {
            let Some(end) =
                (close(&code, start + 1)..code.len()).find(|at| code[*at].is("{") || code[*at].is(";"))
            else {
                continue;
            };
            if code[end].is("{") {
                let lines = code[start].line..=code[close(&code, end)].line;
                self.ranges.entry(file.path.clone()).or_default().push(lines);
            } else if code[end - 2].is("mod") {
                let stem = file.path.trim_end_matches(".rs");
                let is_root = ["lib", "main", "mod"]
                    .iter()
                    .any(|root| file.name() == format!("{root}.rs"));
                let folder = if is_root { file.folder() } else { stem };
                self.modules.insert(format!("{folder}/{}", code[end - 1].text));
            }
        }
    }
}

/// Whether all of a file is test code, by where it stands and how it is called.
fn is_test_file(file: &File) -> bool {
    let in_tests = file
        .folder()
        .split('/')
        .any(|part| part == "tests" || part == "tollgate-testkit");
    let stem = file.name().split_once('.').map_or(file.name(), |(stem, _)| stem);
    let named = ["tests", "conftest"].contains(&stem) || stem.ends_with("_test") || stem.ends_with("_tests");
    let by_ending = [".test.", ".spec."].iter().any(|part| file.name().contains(part));
    in_tests || named || by_ending || stem.starts_with("test_") && file.language == Some(Language::Python)
}
