//! Paths of one developer's machine, which mean nothing on another.

use super::Finding;
use crate::tree::Tree;

pub(super) const REFUSES: &str = "a path of somebody's machine";

/// Beginnings of such paths, written so that this file does not contain them.
const MACHINE_PATHS: [&str; 3] = [
    concat!("/", "work/"),
    concat!("/", "root/"),
    concat!("/", "Users/"),
];

pub(super) fn findings(tree: &Tree) -> Vec<Finding> {
    let lines = tree.files().flat_map(|file| {
        file.text
            .lines()
            .zip(1..)
            .map(move |(text, line)| (file, text, line))
    });
    let found = lines.filter_map(|(file, text, line)| {
        let path = MACHINE_PATHS.into_iter().find(|path| starts_a_path(text, path))?;
        Some(Finding::new(
            &file.path,
            line,
            format!("'{path}' is a path of somebody's machine"),
        ))
    });
    found.collect()
}

/// Whether `start` stands in `text` as the beginning of a path, not inside one.
fn starts_a_path(text: &str, start: &str) -> bool {
    text.match_indices(start).any(|(at, _)| {
        !text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '~' | '}' | ')'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_from_the_root_are_refused() {
        let script = "
            == README.md
            See /WORK/main and `/ROOT/.cargo`.
            https://example.com/WORK/1 and ./WORK/2 ~/WORK/3 and $HOME/WORK/4 are fine.
            == a.rs
            const HOME: &str = \"/ROOT/x\";
            ";
        let found = findings(&Tree::of(&script.replace("WORK", "work").replace("ROOT", "root")));
        let places = found
            .iter()
            .map(|finding| (&*finding.path, finding.line))
            .collect::<Vec<_>>();
        assert_eq!(places, [("README.md", 1), ("a.rs", 1)]);
    }
}
