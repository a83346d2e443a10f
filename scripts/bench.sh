#!/usr/bin/env bash
# `make bench`: measures the figures on this machine, release build. Arguments go to the bench.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/toolchain.sh rust compiler

exec cargo run --locked --release -p tollgate-bench -- "$@"
