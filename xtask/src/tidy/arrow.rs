//! Arrows between the crates of the workspace, and what a crate may not take from outside.
//!
//! The map is the table in CONTRIBUTING.md. Reads only the manifests: what cargo itself refuses (a cycle, say) is not looked for.

use toml::{Table, Value};

use super::Finding;
use crate::tree::{File, Tree};

pub(super) const REFUSES: &str =
    "an arrow between crates that the map does not have, or a dependency that a crate must do without";

/// The crates of the workspace, each with those it may depend on.
const MAP: [(&str, &[&str]); 11] = [
    ("tollgate-core", &[]),
    ("tollgate-engine", &["tollgate-core"]),
    ("tollgate-store", EDGE),
    ("tollgate-redis", EDGE),
    ("tollgate-rabbitmq", EDGE),
    ("tollgate-gateway", EDGE),
    ("tollgate-server", EDGE),
    ("tollgate", ALL),
    ("tollgate-testkit", EDGE),
    ("tollgate-bench", ALL),
    ("xtask", &[]),
];

const EDGE: &[&str] = &["tollgate-core", "tollgate-engine"];

const ALL: &[&str] = &[
    "tollgate-core",
    "tollgate-engine",
    "tollgate-store",
    "tollgate-redis",
    "tollgate-rabbitmq",
    "tollgate-gateway",
    "tollgate-server",
];

/// Every crate's tests may use it; beside the tests only the benches do.
const TESTKIT: &str = "tollgate-testkit";

/// Dependencies that some crates must do without, tests aside.
const WITHOUT: [(&str, &[&str], &str); 8] = [
    ("tokio", CORE, "the core is not asynchronous"),
    ("async-trait", CORE, "the core is not asynchronous"),
    ("futures", CORE, "the core is not asynchronous"),
    ("rand", CORE, "the core has no randomness: take it as an argument"),
    ("uuid", CORE, "the core makes no ids: take them as arguments"),
    ("tracing", CORE, "the core says nothing: answer with a value"),
    ("anyhow", LIBRARIES, "libraries return typed errors: thiserror"),
    (
        "proptest",
        LIBRARIES,
        "a test's tool stands under [dev-dependencies]",
    ),
];

const CORE: &[&str] = &["tollgate-core"];

const LIBRARIES: &[&str] = &[
    "tollgate-core",
    "tollgate-engine",
    "tollgate-store",
    "tollgate-redis",
    "tollgate-rabbitmq",
    "tollgate-gateway",
    "tollgate-server",
];

pub(super) fn findings(tree: &Tree) -> Vec<Finding> {
    let manifests = tree
        .files()
        .filter(|file| file.name() == "Cargo.toml" && !file.is_generated());
    manifests
        .flat_map(|file| in_manifest(file).unwrap_or_else(|finding| vec![finding]))
        .collect()
}

fn in_manifest(file: &File) -> Result<Vec<Finding>, Finding> {
    let manifest: Table = file.text.parse().map_err(|error: toml::de::Error| {
        Finding::new(&file.path, 0, format!("not a manifest: {}", error.message()))
    })?;
    let Some(name) = manifest
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(Value::as_str)
    else {
        return Ok(Vec::new());
    };
    let Some((_, allowed)) = MAP.iter().find(|(of, _)| *of == name) else {
        let says =
            format!("the crate '{name}' has no place in the map: give it one in xtask/src/tidy/arrow.rs");
        return Err(Finding::new(&file.path, 0, says));
    };
    let refusals = dependencies(&manifest).filter_map(|(table, key, dependency)| {
        let why = refusal(name, allowed, table, dependency)?;
        Some(Finding::new(&file.path, line_of(&file.text, key), why))
    });
    Ok(refusals.collect())
}

/// The kind of each dependency, its key and the name of its package; those of single platforms included.
fn dependencies(manifest: &Table) -> impl Iterator<Item = (&'static str, &str, &str)> {
    const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let platforms = manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(Table::values);
    let holders = platforms.filter_map(Value::as_table).chain([manifest]);
    holders.flat_map(|holder| {
        TABLES.into_iter().flat_map(move |table| {
            let entries = holder.get(table).and_then(Value::as_table).into_iter().flatten();
            entries.map(move |(key, value)| {
                (
                    table,
                    key.as_str(),
                    value.get("package").and_then(Value::as_str).unwrap_or(key),
                )
            })
        })
    })
}

/// Why the crate `name` may not have `dependency` in `table`, where it may not.
fn refusal(name: &str, allowed: &[&str], table: &str, dependency: &str) -> Option<String> {
    let for_tests = table == "dev-dependencies";
    if dependency == TESTKIT {
        let fine = for_tests || name == "tollgate-bench";
        return (!fine).then(|| format!("'{TESTKIT}' is for tests: it belongs under [dev-dependencies]"));
    }
    if MAP.iter().any(|(ours, _)| *ours == dependency) {
        return (!allowed.contains(&dependency))
            .then(|| format!("'{name}' may not depend on '{dependency}': the map has no such arrow"));
    }
    let (_, _, why) = WITHOUT
        .iter()
        .find(|(without, crates, _)| *without == dependency && crates.contains(&name))?;
    (!for_tests).then(|| format!("'{name}' does without '{dependency}': {why}"))
}

/// The first line that assigns to `key`, 0 where none does.
fn line_of(text: &str, key: &str) -> usize {
    let assigns = |line: &str| {
        line.strip_prefix(key)
            .is_some_and(|rest| rest.starts_with([' ', '.', '=']))
    };
    text.lines().position(assigns).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::check;
    use super::*;

    #[test]
    fn an_arrow_that_the_map_does_not_have_is_refused() {
        check(
            findings,
            "
            == crates/tollgate-core/Cargo.toml
            [package]
            name = 'tollgate-core'
            [dependencies]
            tollgate-engine.workspace = true
            == crates/tollgate-gateway/Cargo.toml
            [package]
            name = 'tollgate-gateway'
            [dependencies]
            disk = { package = 'tollgate-store', path = '../tollgate-store' }
            [dev-dependencies]
            tollgate-server = { path = '../tollgate-server' }
            [target.'cfg(unix)'.build-dependencies]
            tollgate = { path = '../tollgate' }
            == crates/tollgate-cache/Cargo.toml
            [package]
            name = 'tollgate-cache'
            == crates/tollgate-server/Cargo.toml
            [package]
            name = 'tollgate-server'
            [dependencies]
            tollgate-testkit.workspace = true
            == crates/tollgate-redis/Cargo.toml
            [package
            ",
            &expect![[r#"
                crates/tollgate-cache/Cargo.toml: the crate 'tollgate-cache' has no place in the map: give it one in xtask/src/tidy/arrow.rs
                crates/tollgate-core/Cargo.toml:4: 'tollgate-core' may not depend on 'tollgate-engine': the map has no such arrow
                crates/tollgate-gateway/Cargo.toml:8: 'tollgate-gateway' may not depend on 'tollgate': the map has no such arrow
                crates/tollgate-gateway/Cargo.toml:4: 'tollgate-gateway' may not depend on 'tollgate-store': the map has no such arrow
                crates/tollgate-gateway/Cargo.toml:6: 'tollgate-gateway' may not depend on 'tollgate-server': the map has no such arrow
                crates/tollgate-redis/Cargo.toml: not a manifest: unclosed table, expected `]`
                crates/tollgate-server/Cargo.toml:4: 'tollgate-testkit' is for tests: it belongs under [dev-dependencies]
            "#]],
        );
    }

    #[test]
    fn what_a_crate_does_without_is_refused_outside_its_tests() {
        check(
            findings,
            "
            == crates/tollgate-core/Cargo.toml
            [package]
            name = 'tollgate-core'
            [dependencies]
            tokio = '1'
            [dev-dependencies]
            tollgate-testkit.workspace = true
            rand = '0.9'
            == crates/tollgate-store/Cargo.toml
            [package]
            name = 'tollgate-store'
            [dependencies]
            anyhow = '1'
            tokio = '1'
            ",
            &expect![[r#"
                crates/tollgate-core/Cargo.toml:4: 'tollgate-core' does without 'tokio': the core is not asynchronous
                crates/tollgate-store/Cargo.toml:4: 'tollgate-store' does without 'anyhow': libraries return typed errors: thiserror
            "#]],
        );
    }

    #[test]
    fn the_map_has_no_way_back() {
        for (from, to) in MAP
            .iter()
            .flat_map(|(from, to)| to.iter().map(move |to| (from, to)))
        {
            let (_, onward) = MAP.iter().find(|(name, _)| name == to).unwrap();
            assert!(!onward.contains(from), "{from} and {to} depend on each other");
            assert!(
                onward
                    .iter()
                    .all(|far| MAP.iter().any(|(name, all)| name == from && all.contains(far)))
            );
        }
    }
}
