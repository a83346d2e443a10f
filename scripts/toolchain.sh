#!/usr/bin/env bash
# Makes sure that what the build needs is there, and installs what it may. Arguments name the needs, in order:
#   rust       cargo itself; never installed for you
#   compiler   a C compiler (SQLite, zstd and ring are C inside)
#   curl       curl, for the examples of README.md
#   lints      rustfmt and clippy
#   deny       cargo-deny, built from source when missing (about four minutes on two cores, once)
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

rust() {
  command -v cargo >/dev/null || die "cargo is not on the PATH: install Rust 1.95 or newer (https://rustup.rs)"
}

# Installs Debian packages, named after the thing they are for, or says how.
install() {
  local what=$1
  shift
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    say "installing $what"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  else
    die "$what is missing: on Debian, 'sudo apt-get install $*'"
  fi
}

compiler() {
  command -v cc >/dev/null || install "a C compiler" gcc libc6-dev
}

curl() {
  command -v /usr/bin/curl >/dev/null || install curl curl
}

lints() {
  if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
    command -v rustup >/dev/null || die "rustfmt or clippy is missing: install both with your Rust"
    say "installing rustfmt and clippy"
    rustup component add rustfmt clippy
  fi
}

deny() {
  cargo deny --version >/dev/null 2>&1 && return
  say "installing cargo-deny, once: it is built from source and takes about four minutes on two cores"
  cargo install --locked cargo-deny --version '^0.20'
}

for need in "$@"; do
  case "$need" in
    rust | compiler | curl | lints | deny) "$need" ;;
    *) die "toolchain.sh does not know '$need'" ;;
  esac
done
