# Zhudai's workshop. `make run` and `make test` are the two commands; `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
ZHUDAI := $(BIN)/python -m cli
JOBS ?= 2

.PHONY: help setup run up seed check test oldest outside laws schema docs bench lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The lock lists the whole closure, so nothing is resolved at install time (--no-deps) and every file is checked by its hash.
$(INSTALLED): requirements-dev.txt pyproject.toml .ci/setup
	@PYTHON="$(PYTHON)" sh .ci/setup
	@touch $(INSTALLED)

setup: $(INSTALLED) ## environment from the lock file (with uv when present, else pip)

run: setup ## database, migrations, demo, server and console on 127.0.0.1:8000
	@$(ZHUDAI) run

up: run ## same as run

seed: setup ## load the demo into the database (deterministic)
	@$(ZHUDAI) demo

check: setup ## format, lint, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check ## everything that CI checks: check, tests with branch coverage, the outside audits
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --cov --cov-report=term

oldest: setup ## the database's own tests on PostgreSQL 15, as an external server (where it is installed)
	$(BIN)/python .ci/oldest.py

outside: setup ## the whole demonstration's journal before three other bookkeeping programs and the verifier
	ZHUDAI_DEMO=whole $(BIN)/python -m pytest tests/outside

laws: setup ## only the laws of the ledger and the business
	$(BIN)/python -m pytest tests/laws tests/model

schema: setup ## print the GraphQL schema into graphql_api/schema.graphql
	@$(ZHUDAI) schema > graphql_api/schema.graphql.new && mv graphql_api/schema.graphql.new graphql_api/schema.graphql

docs: setup ## write docs/reference anew from the code, and run every block of the guides
	$(BIN)/python -m tests.laws.table > docs/reference/laws.md.new && mv docs/reference/laws.md.new docs/reference/laws.md
	$(BIN)/python -m pytest -q tests/docs

bench: setup ## the benchmarks, results as JSON with ratios
	@$(ZHUDAI) bench

lock: setup ## compile requirements*.txt from requirements*.in (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --override requirements-overrides.txt requirements.in -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --override requirements-overrides.txt requirements-dev.in -o requirements-dev.txt

clean: ## remove caches and the environment; .data (the embedded database) stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov build dist
