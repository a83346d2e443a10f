#!/usr/bin/env bash
# `make run`: builds the release binary and serves sample data. Arguments go to `tollgate serve`.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/toolchain.sh rust compiler

printf '%s\n' \
  "Building the release binary: about five minutes the first time on two cores, seconds after that." \
  "Then Tollgate serves 90 days of sample data on http://127.0.0.1:8787; it prints its address and where the key is." \
  "Stop it with Ctrl-C." >&2
# Sample data stays in a folder of its own, away from what `tollgate serve` keeps.
exec cargo run --locked --release --bin tollgate -- serve --demo --data data/demo "$@"
