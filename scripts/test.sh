#!/usr/bin/env bash
# `make test`: formatting, lints, every test of the workspace, documentation tests. Stops at the first step that fails.
# cargo-nextest runs the tests when it is installed, `cargo test` otherwise; both run the same tests.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/toolchain.sh rust compiler curl lints

log=$(mktemp)
trap 'rm -f "$log"' EXIT

step() { printf '\n== %s\n' "$*"; }

run_tests() {
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --locked --workspace --no-fail-fast
  else
    cargo test --locked --workspace --no-fail-fast --lib --bins --tests
  fi
}

step "formatting"
cargo fmt --all --check
step "lints"
cargo clippy --locked --workspace --all-targets -- -D warnings
step "documentation tests"
cargo test --locked --workspace --doc 2>&1 | tee "$log"
step "tests"
run_tests 2>&1 | tee -a "$log"

step "closing lines of the runners"
grep -E '^ *Summary \[|^test result:' "$log"
