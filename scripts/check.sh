#!/usr/bin/env bash
# `make check`: everything that judges the code without running it.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/toolchain.sh rust compiler lints deny

cargo fmt --all --check
cargo run --locked --quiet -p xtask -- tidy
cargo clippy --locked --workspace --all-targets -- -D warnings
# Advisories are left out: they need a database from the network and change while the code does not.
cargo deny --locked check --allow unused-wrapper bans licenses sources
