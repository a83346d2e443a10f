#!/usr/bin/env bash
# `make bench`: measures the figures on this machine, release build. Arguments go to the bench.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/toolchain.sh rust compiler

# The product as it ships is measured too, so it is built beside the bench.
cargo build --locked --release -p tollgate -p tollgate-bench
exec cargo run --locked --release --quiet -p tollgate-bench -- "$@"
