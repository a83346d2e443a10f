# The four things one does with this repository. Each works on a fresh Debian machine with Rust and make.
.DEFAULT_GOAL := help
.PHONY: help run test check bench

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-7s %s\n", $$1, $$2}'

run: ## Build the release binary and serve 90 days of sample data (ARGS="--listen ADDR" and others pass through)
	@scripts/run.sh $(ARGS)

test: ## Check formatting and lints, then run every test
	@scripts/test.sh

check: ## Formatting, lints, repository rules and dependency rules, without the tests
	@scripts/check.sh

bench: ## Measure the figures, each beside its anchor (ARGS passes through)
	@scripts/bench.sh $(ARGS)
