//! Pages that lead nowhere, and decisions that no page leads to.
//!
//! Only links inside the repository: what the rest of the world does with its addresses is not ours to test.

use super::Finding;
use crate::tree::{File, Tree};

pub(super) const LINK_REFUSES: &str = "a link in a page to a file that is not there";

pub(super) const DECISION_REFUSES: &str =
    "a decision in docs/adr that its README does not list, or whose number is taken";

const DECISIONS: &str = "docs/adr/";
const DECISIONS_PAGE: &str = "docs/adr/README.md";

pub(super) fn links(tree: &Tree) -> Vec<Finding> {
    let pages = tree.files().filter(|file| file.name().ends_with(".md"));
    let links = pages.flat_map(|page| {
        page_links(page)
            .into_iter()
            .map(move |(line, link)| (page, line, link))
    });
    let dead = links.filter(|(page, _, link)| !tree.has(&page.beside(link)));
    dead.map(|(page, line, link)| Finding::new(&page.path, line, format!("'{link}' is not there")))
        .collect()
}

/// The files that a page links to, with the lines where it does. Examples between fences are no links.
fn page_links(page: &File) -> Vec<(usize, &str)> {
    let mut in_fence = false;
    let mut found = Vec::new();
    for (line, text) in (1..).zip(page.text.lines()) {
        in_fence ^= text.trim_start().starts_with("```");
        let targets = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split_once(')'))
            .map(|(target, _)| target);
        let files = targets.map(|target| target.split('#').next().unwrap_or_default());
        let local = files.filter(|file| !in_fence && !file.is_empty() && !file.contains(':'));
        found.extend(local.map(|file| (line, file)));
    }
    found
}

pub(super) fn decisions(tree: &Tree) -> Vec<Finding> {
    let listed = tree.file(DECISIONS_PAGE).map(page_links).unwrap_or_default();
    let mut taken = "";
    let mut found = Vec::new();
    for file in tree
        .files()
        .filter(|file| file.path.starts_with(DECISIONS) && file.path != DECISIONS_PAGE)
    {
        let number = file.name().split('-').next().unwrap_or_default();
        if number.len() != 4 || !number.bytes().all(|b| b.is_ascii_digit()) {
            found.push(Finding::new(
                &file.path,
                0,
                "a decision is called NNNN-short-imperative.md",
            ));
        } else if number == taken {
            found.push(Finding::new(
                &file.path,
                0,
                format!("the number {number} is taken"),
            ));
        }
        if !listed.iter().any(|(_, link)| *link == file.name()) {
            found.push(Finding::new(
                &file.path,
                0,
                format!("{DECISIONS_PAGE} does not list this decision"),
            ));
        }
        taken = number;
    }
    found
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::check;
    use super::*;

    #[test]
    fn a_link_leads_to_a_file_or_a_folder() {
        check(
            links,
            "
            == README.md
            [map](MAP.md#parts) and [docs](docs/) and [adr](docs/adr) and [gone](GONE.md#x), [too](./docs/gone.md)
            [web](https://example.com/a) [mail](mailto:a@example.com) [here](#here)
            ```
            [no](link.md)
            ```
            == MAP.md
            == docs/adr/0001-a.md
            [up](../../README.md) [wrong](../README.md)
            ",
            &expect![[r#"
                README.md:1: 'GONE.md' is not there
                README.md:1: './docs/gone.md' is not there
                docs/adr/0001-a.md:1: '../README.md' is not there
            "#]],
        );
    }

    #[test]
    fn a_decision_is_listed_and_has_a_number_of_its_own() {
        check(
            decisions,
            "
            == docs/adr/README.md
            | [0001](0001-a.md) | | [0002](0002-c.md)
            == docs/adr/0001-a.md
            == docs/adr/0001-b.md
            == docs/adr/0002-c.md
            == docs/adr/three.md
            ",
            &expect![[r#"
                docs/adr/0001-b.md: the number 0001 is taken
                docs/adr/0001-b.md: docs/adr/README.md does not list this decision
                docs/adr/three.md: a decision is called NNNN-short-imperative.md
                docs/adr/three.md: docs/adr/README.md does not list this decision
            "#]],
        );
    }
}
