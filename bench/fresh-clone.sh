#!/usr/bin/env bash
# P20: how long from a fresh clone until `make run` answers. Must: 8 minutes; goal: 6.
#
#   bench/fresh-clone.sh [--cold]
#
# Clones this repository's HEAD into an empty folder and builds there from nothing. The downloaded crates of this
# user's cargo are used; with --cold they are downloaded again, as on a machine that never built anything. Runs alone,
# because nothing else measures well beside a build. Prints seconds and writes target/bench/P20.json.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
seconds_max=480

folder=$(mktemp -d "${TMPDIR:-/tmp}/tollgate-fresh.XXXXXX")
making=
finish() {
  # The server by the id it noted; make ends when it does.
  if [ -f "$note" ]; then kill "$(noted pid)" 2>/dev/null || true; fi
  if [ -n "$making" ]; then kill "$making" 2>/dev/null || true; wait "$making" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap finish EXIT
note="$folder/state/tollgate/server.json"

noted() { sed -E "s/.*\"$1\":\"?([^\",}]+).*/\1/" "$note"; }

# Only what a new user has: no target folder from elsewhere, no state of another server.
unset CARGO_TARGET_DIR RUSTFLAGS
# The server notes its address and id when it listens.
export XDG_DATA_HOME="$folder/data" XDG_STATE_HOME="$folder/state" XDG_CONFIG_HOME="$folder/config"
if [ "${1:-}" = --cold ]; then export CARGO_HOME="$folder/cargo"; fi

started=$(date +%s.%N)
git clone --quiet "$here" "$folder/tollgate"
make -C "$folder/tollgate" run ARGS="--listen 127.0.0.1:0" >"$folder/log" 2>&1 &
making=$!

until [ -f "$note" ] && curl -sf "$(noted url)/healthz" >/dev/null; do
  if ! kill -0 "$making" 2>/dev/null; then
    tail -n 20 "$folder/log" >&2
    echo "make run ended before it answered" >&2
    exit 1
  fi
  sleep 0.2
done
taken=$(awk -v from="$started" -v to="$(date +%s.%N)" 'BEGIN { printf "%.1f", to - from }')

mkdir -p "$here/target/bench"
printf '{"rows":[{"id":"P20","what":"fresh clone until make run answers","unit":"s","product":%s,"must":%s}]}\n' \
  "$taken" "$seconds_max" >"$here/target/bench/P20.json"
echo "P20: $taken s from a fresh clone until make run answers (must: $seconds_max s)"
