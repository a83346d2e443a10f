//! Names that say nothing about what is inside.
//!
//! Looks at the names of crates, source files, modules and types. A name is refused when its last word is empty of meaning
//! (`UsageManager`, `string_util`), or its first word only sets it off from another (`NewEvent`, `common_types`).

use super::Finding;
use crate::token::{Kind, Language};
use crate::tree::{File, Tree};

pub(super) const REFUSES: &str = "a crate, file, module or type named util, helper, common, misc, manager, service, processor, data, info, impl, base, v2, new or enhanced";

/// Words that end no name.
const EMPTY: [&str; 18] = [
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "misc",
    "manager",
    "managers",
    "service",
    "services",
    "processor",
    "processors",
    "data",
    "info",
    "impl",
    "base",
    "new",
    "enhanced",
];

/// Words that begin no name.
const COMPARING: [&str; 8] = [
    "util", "utils", "helper", "helpers", "common", "misc", "new", "enhanced",
];

/// Words of the languages that introduce a name.
const INTRODUCES: [&str; 8] = [
    "mod",
    "struct",
    "enum",
    "trait",
    "union",
    "type",
    "class",
    "interface",
];

pub(super) fn findings(tree: &Tree) -> Vec<Finding> {
    let sources = tree.files().filter(|file| {
        matches!(
            file.language,
            Some(Language::Rust | Language::Script | Language::Python)
        ) && !file.is_generated()
    });
    sources
        .flat_map(|file| in_path(file).into_iter().chain(in_text(file)))
        .collect()
}

/// The names in the path: of the crate, the folders inside its sources, and the file.
fn in_path(file: &File) -> Option<Finding> {
    let stem = file.name().split('.').next().unwrap_or_default();
    let parts: Vec<&str> = file.folder().split('/').collect();
    let sources = parts
        .iter()
        .position(|part| ["src", "tests", "benches"].contains(part))
        .unwrap_or(parts.len());
    let module = parts
        .iter()
        .skip(sources.saturating_sub(1))
        .copied()
        .chain([stem]);
    let bad = module
        .into_iter()
        .find_map(|name| refused(name).map(|word| (name, word)));
    bad.map(|(name, word)| Finding::new(&file.path, 0, says(name, &word)))
}

fn in_text(file: &File) -> Vec<Finding> {
    let code = file.code();
    let introduced = code.windows(2).filter(|pair| {
        let introduces = pair[0].kind == Kind::Word && INTRODUCES.contains(&pair[0].text);
        // An associated type is named by the trait that it belongs to, and that may be another's.
        let associated =
            pair[0].text == "type" && pair[0].column > 0 && file.language == Some(Language::Rust);
        introduces && !associated && pair[1].kind == Kind::Word
    });
    let found = introduced.filter_map(|pair| {
        let word = refused(pair[1].text)?;
        Some(Finding::new(&file.path, pair[1].line, says(pair[1].text, &word)))
    });
    found.collect()
}

fn says(name: &str, word: &str) -> String {
    format!("'{name}' is named '{word}': say what it is")
}

/// The word for which `name` is refused.
fn refused(name: &str) -> Option<String> {
    let words = words(name);
    let last = words
        .last()
        .filter(|word| EMPTY.contains(&word.as_str()) || is_version(word));
    last.or_else(|| words.first().filter(|word| COMPARING.contains(&word.as_str())))
        .cloned()
}

/// Whether `word` is `v` and a number: the second of something, with the first left standing.
fn is_version(word: &str) -> bool {
    word.strip_prefix('v')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// The words of a name in snake, kebab or camel case, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut starts = true;
    for c in name.chars() {
        if c == '_' || c == '-' {
            starts = true;
            continue;
        }
        if starts || c.is_uppercase() {
            words.push(String::new());
        }
        starts = false;
        words
            .last_mut()
            .expect("a word was started before its first character")
            .extend(c.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::check;
    use super::*;

    #[test]
    fn names_of_crates_files_and_folders_are_refused() {
        check(
            findings,
            "
            == crates/tollgate-common/src/lib.rs
            == crates/a/src/util.rs
            == crates/a/src/event_data.rs
            == crates/a/src/helpers/mod.rs
            == crates/a/src/price_v2.rs
            == web/src/new-event.test.ts
            == crates/a/tests/common/mod.rs
            ",
            &expect![[r#"
                crates/a/src/event_data.rs: 'event_data' is named 'data': say what it is
                crates/a/src/helpers/mod.rs: 'helpers' is named 'helpers': say what it is
                crates/a/src/price_v2.rs: 'price_v2' is named 'v2': say what it is
                crates/a/src/util.rs: 'util' is named 'util': say what it is
                crates/a/tests/common/mod.rs: 'common' is named 'common': say what it is
                crates/tollgate-common/src/lib.rs: 'tollgate-common' is named 'common': say what it is
                web/src/new-event.test.ts: 'new-event' is named 'new': say what it is
            "#]],
        );
    }

    #[test]
    fn names_of_types_and_modules_are_refused() {
        check(
            findings,
            "
            == a.rs
            pub struct UsageManager;
            enum EventInfo {}
            trait BaseService {}
            mod misc {}
            type NewEvent = Event;
            == b.ts
            export interface RowData { a: string }
            == c.py
            class EnhancedClient: pass
            ",
            &expect![[r#"
                a.rs:1: 'UsageManager' is named 'manager': say what it is
                a.rs:2: 'EventInfo' is named 'info': say what it is
                a.rs:3: 'BaseService' is named 'service': say what it is
                a.rs:4: 'misc' is named 'misc': say what it is
                a.rs:5: 'NewEvent' is named 'new': say what it is
                b.ts:1: 'RowData' is named 'data': say what it is
                c.py:1: 'EnhancedClient' is named 'enhanced': say what it is
            "#]],
        );
    }

    #[test]
    fn names_that_only_contain_such_a_word_are_fine() {
        check(
            findings,
            "
            == crates/a/src/metadata.rs
            pub struct BaseUrl;
            struct Database;
            struct ServiceAccount;
            struct DataFolder;
            impl Service<Request> for Gate { type Data = Bytes; }
            fn new() {} // struct Manager
            == crates/a/data/prices.json
            == crates/a/src/base_url.rs
            == web/generated/data.ts
            ",
            &expect![[""]],
        );
    }
}
