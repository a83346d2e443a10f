//! The list under `[bans]` of deny.toml, applied to Cargo.lock.
//!
//! cargo-deny reads the same list and knows more (features, platforms, licenses); it takes minutes to build, and this takes none.
//! The lock names every package that some platform may need, so that this rule is the stricter of the two.

use toml::{Table, Value};

use super::Finding;
use crate::tree::Tree;

pub(super) const REFUSES: &str = "a crate in Cargo.lock that deny.toml bans, or holds to other crates";

/// A crate that may not be depended on, but for its wrappers.
struct Ban {
    name: String,
    wrappers: Vec<String>,
    reason: String,
}

pub(super) fn findings(tree: &Tree) -> Vec<Finding> {
    let (Some(rules), Some(lock)) = (tree.file("deny.toml"), tree.file("Cargo.lock")) else {
        return Vec::new();
    };
    let bans = match bans(&rules.text) {
        Ok(bans) => bans,
        Err(says) => return vec![Finding::new(&rules.path, 0, says)],
    };
    let packages = match lock.text.parse::<Table>() {
        Ok(lock) => array(&lock, "package").to_vec(),
        Err(error) => return vec![Finding::new(&lock.path, 0, error.message())],
    };
    let broken = bans
        .iter()
        .flat_map(|ban| packages.iter().filter_map(|package| breach(ban, package)));
    broken.map(|says| Finding::new(&lock.path, 0, says)).collect()
}

/// How `package` breaks `ban`: by being what is banned, or by depending on it.
fn breach(ban: &Ban, package: &Value) -> Option<String> {
    let package = package.as_table()?;
    let name = package.get("name")?.as_str()?;
    if name == ban.name {
        return ban
            .wrappers
            .is_empty()
            .then(|| format!("'{name}' is not taken: {}", ban.reason));
    }
    // An entry is a name, with the version where several are locked.
    let dependencies = array(package, "dependencies").iter().filter_map(Value::as_str);
    let depends = dependencies
        .filter_map(|entry| entry.split(' ').next())
        .any(|dependency| dependency == ban.name);
    let held = !ban.wrappers.is_empty() && !ban.wrappers.iter().any(|wrapper| wrapper == name);
    (depends && held).then(|| format!("'{name}' may not depend on '{}': {}", ban.name, ban.reason))
}

/// The list under `[bans]` in the text of a deny.toml.
fn bans(text: &str) -> Result<Vec<Ban>, String> {
    let rules: Table = text
        .parse()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
    let bans = rules
        .get("bans")
        .and_then(Value::as_table)
        .ok_or("there is no [bans]")?;
    let strings = |entry: &Table, key: &str| {
        array(entry, key)
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let string = |entry: &Table, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    let entries = array(bans, "deny").iter().map(|entry| {
        let entry = entry.as_table().ok_or("an entry of [bans] deny is no table")?;
        let name = string(entry, "crate").ok_or("an entry of [bans] deny names no crate")?;
        let reason = string(entry, "reason").ok_or_else(|| format!("the ban of '{name}' has no reason"))?;
        Ok(Ban {
            wrappers: strings(entry, "wrappers"),
            name,
            reason,
        })
    });
    entries.collect()
}

fn array<'a>(table: &'a Table, key: &str) -> &'a [Value] {
    table
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::check;
    use super::*;

    #[test]
    fn a_banned_crate_and_a_driver_out_of_its_crates_are_refused() {
        check(
            findings,
            "
            == deny.toml
            [bans]
            deny = [
                { crate = 'rusqlite', wrappers = ['tollgate-store'], reason = 'go through the port' },
                { crate = 'chrono', reason = 'calendar time is jiff' },
                { crate = 'sqlx', reason = 'never' },
            ]
            == Cargo.lock
            [[package]]
            name = 'chrono'
            [[package]]
            name = 'rusqlite'
            [[package]]
            name = 'tollgate-store'
            dependencies = ['rusqlite 0.41.0']
            [[package]]
            name = 'tollgate-server'
            dependencies = ['axum', 'rusqlite']
            ",
            &expect![[r#"
                Cargo.lock: 'tollgate-server' may not depend on 'rusqlite': go through the port
                Cargo.lock: 'chrono' is not taken: calendar time is jiff
            "#]],
        );
    }

    #[test]
    fn a_list_that_cannot_be_read_is_said() {
        let cases = [
            ("[bans", "deny.toml: unclosed table, expected `]`\n"),
            ("[licenses]", "deny.toml: there is no [bans]\n"),
            (
                "[bans]\ndeny = [{ name = 'a' }]",
                "deny.toml: an entry of [bans] deny names no crate\n",
            ),
            (
                "[bans]\ndeny = [{ crate = 'a' }]",
                "deny.toml: the ban of 'a' has no reason\n",
            ),
        ];
        for (rules, says) in cases {
            let found = findings(&Tree::of(&format!("== deny.toml\n{rules}\n== Cargo.lock\n")));
            assert_eq!(
                found
                    .iter()
                    .map(|finding| format!("{finding}\n"))
                    .collect::<String>(),
                says,
                "{rules}"
            );
        }
    }
}
