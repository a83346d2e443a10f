//! Tests that do not run, that wait for a time instead of an event, or that fail when a port is taken.

use super::Finding;
use crate::function::close;
use crate::test_code::TestCode;
use crate::token::{Kind, Language, Token, reads};
use crate::tree::{File, Tree};

pub(super) const IGNORED_REFUSES: &str = "a test that is ignored, skipped or singled out";

pub(super) const SLEEP_REFUSES: &str = "a test that sleeps: wait for the event, or move the simulated clock";

pub(super) const PORT_REFUSES: &str = "a test that binds a fixed port: bind port 0 and ask which it became";

pub(super) fn ignored(tree: &Tree) -> Vec<Finding> {
    tree.files()
        .flat_map(|file| at_code(file, "a test that does not run is no test", is_ignored))
        .collect()
}

pub(super) fn sleeping(tree: &Tree) -> Vec<Finding> {
    in_tests(tree, "a test that sleeps proves the machine's speed", is_sleep)
}

pub(super) fn fixed_ports(tree: &Tree) -> Vec<Finding> {
    in_tests(tree, "a fixed port may be taken: bind port 0", is_fixed_port)
}

/// The places in test code where `finds` holds.
fn in_tests(tree: &Tree, says: &str, finds: fn(Language, &[Token<'_>], usize) -> bool) -> Vec<Finding> {
    let tests = TestCode::of(tree);
    let found = tree.files().flat_map(|file| {
        let places = at_code(file, says, finds);
        places
            .into_iter()
            .filter(|finding| tests.contains(file, finding.line))
            .collect::<Vec<_>>()
    });
    found.collect()
}

/// The places in `file` where `finds` holds for the code from an index on.
fn at_code(file: &File, says: &str, finds: fn(Language, &[Token<'_>], usize) -> bool) -> Vec<Finding> {
    let Some(language) = file.language else {
        return Vec::new();
    };
    let code = file.code();
    let at = (0..code.len()).filter(|at| finds(language, &code, *at));
    at.map(|at| Finding::new(&file.path, code[at].line, says))
        .collect()
}

fn is_ignored(language: Language, code: &[Token<'_>], at: usize) -> bool {
    match language {
        Language::Rust => {
            let conditional = || {
                let attribute = reads(code, at, "# [ cfg_attr (");
                attribute
                    && code[at..close(code, at + 1)]
                        .windows(2)
                        .any(|pair| pair[0].is(",") && pair[1].is("ignore"))
            };
            reads(code, at, "# [ ignore") || conditional()
        }
        Language::Script => ["it", "test", "describe"].iter().any(|suite| {
            ["skip", "only", "todo", "fixme"]
                .iter()
                .any(|how| reads(code, at, &format!("{suite} . {how}")))
        }),
        Language::Python => [
            "pytest . mark . skip",
            "pytest . mark . skipif",
            "unittest . skip",
            "pytest . skip",
        ]
        .iter()
        .any(|skip| reads(code, at, skip)),
        Language::Dashes | Language::Hashes => false,
    }
}

fn is_sleep(language: Language, code: &[Token<'_>], at: usize) -> bool {
    let called = code.get(at + 1).is_some_and(|next| next.is("("));
    let after = |mark: &str| at > 0 && code[at - 1].is(mark);
    match language {
        Language::Rust => {
            let sleeps = ["sleep", "sleep_ms", "sleep_until"]
                .iter()
                .any(|name| code[at].is(name));
            // A method is the clock's own, and the simulated clock may sleep; `fn` declares one.
            let of_module =
                !after(":") || (at >= 3 && ["thread", "time"].iter().any(|module| code[at - 3].is(module)));
            sleeps && called && !after(".") && !after("fn") && of_module
        }
        Language::Python => reads(code, at, "time . sleep (") || reads(code, at, "asyncio . sleep ("),
        Language::Script => called && (code[at].is("setTimeout") || code[at].is("waitForTimeout")),
        Language::Dashes | Language::Hashes => false,
    }
}

/// Whether something is bound to an address that names its port.
fn is_fixed_port(_: Language, code: &[Token<'_>], at: usize) -> bool {
    let address = code
        .get(at + 2)
        .filter(|token| token.kind == Kind::Literal)
        .map_or("", Token::content);
    let port = address.rsplit_once(':').map_or("", |(_, port)| port);
    reads(code, at, "bind (") && port.parse::<u16>().is_ok_and(|port| port != 0)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::check;
    use super::*;

    #[test]
    fn a_test_that_does_not_run_is_refused() {
        check(
            ignored,
            "
            == a.rs
            #[test]
            #[ignore = \"slow\"]
            fn a() {}
            #[cfg_attr(miri, ignore)]
            fn b() {}
            #[serde(default, ignore)]
            struct C; // #[ignore]
            const D: &str = \"#[ignore]\";
            == a.test.ts
            it.skip('a', () => {})
            describe.only('a', () => {})
            items.skip(1)
            == test_a.py
            @pytest.mark.skipif(True)
            def test_a(): pass
            ",
            &expect![[r#"
                a.rs:2: a test that does not run is no test
                a.rs:4: a test that does not run is no test
                a.test.ts:1: a test that does not run is no test
                a.test.ts:2: a test that does not run is no test
                test_a.py:1: a test that does not run is no test
            "#]],
        );
    }

    #[test]
    fn a_test_that_sleeps_is_refused_wherever_tests_stand() {
        check(
            sleeping,
            "
            == crates/a/src/lib.rs
            #[cfg(test)]
            mod checks;
            fn product() { std::thread::sleep(second); }
            #[cfg(test)]
            mod tests {
                fn a() { std::thread::sleep(second); }
            }
            #[cfg(all(test, unix))]
            mod more { fn a() { thread::sleep_ms(1); } }
            #[tokio::test]
            async fn b() { tokio::time::sleep(second).await; }
            fn product_again() { sleep(second); }
            == crates/a/src/checks.rs
            fn c() { thread::sleep(second); }
            == crates/a/src/checks/deep.rs
            fn d() { sleep_until(then); }
            == crates/a/src/part.rs
            #[cfg(test)]
            mod tests;
            == crates/a/src/part/tests.rs
            use std::thread::sleep;
            fn e() { sleep(second); }
            == crates/a/tests/http.rs
            fn f() { time::sleep(second); }
            == crates/tollgate-testkit/src/clock.rs
            fn g() { thread::sleep(second); }
            == web/src/a.spec.ts
            await page.waitForTimeout(100)
            == sdk/test_a.py
            time.sleep(1)
            ",
            &expect![[r#"
                crates/a/src/checks.rs:1: a test that sleeps proves the machine's speed
                crates/a/src/checks/deep.rs:1: a test that sleeps proves the machine's speed
                crates/a/src/lib.rs:6: a test that sleeps proves the machine's speed
                crates/a/src/lib.rs:9: a test that sleeps proves the machine's speed
                crates/a/src/lib.rs:11: a test that sleeps proves the machine's speed
                crates/a/src/part/tests.rs:2: a test that sleeps proves the machine's speed
                crates/a/tests/http.rs:1: a test that sleeps proves the machine's speed
                crates/tollgate-testkit/src/clock.rs:1: a test that sleeps proves the machine's speed
                sdk/test_a.py:1: a test that sleeps proves the machine's speed
                web/src/a.spec.ts:1: a test that sleeps proves the machine's speed
            "#]],
        );
    }

    #[test]
    fn the_clock_may_sleep() {
        check(
            sleeping,
            "
            == crates/tollgate-testkit/src/clock.rs
            impl Clock for Simulated {
                async fn sleep(&self, length: Span) {}
            }
            fn f(clock: &Simulated) { clock.sleep(second); Clock::sleep(clock, second); }
            ",
            &expect![[""]],
        );
    }

    #[test]
    fn a_test_that_binds_a_fixed_port_is_refused() {
        check(
            fixed_ports,
            "
            == crates/a/tests/http.rs
            fn a() { TcpListener::bind(\"127.0.0.1:8787\"); }
            fn b() { TcpListener::bind(\"127.0.0.1:0\"); TcpListener::bind(address); }
            const PRINTED: &str = \"127.0.0.1:8787\";
            == crates/a/src/lib.rs
            fn product() { TcpListener::bind(\"127.0.0.1:8787\"); }
            ",
            &expect![[r#"
                crates/a/tests/http.rs:1: a fixed port may be taken: bind port 0
            "#]],
        );
    }
}
